"""The strategy for `docs -> api_endpoints`: chunk, ask about every chunk in one batch, aggregate, verify."""

from __future__ import annotations

from rlm_tui.lm.offline_cell import Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_GROUPS = 24


def plan_endpoints(turn: PlannerTurn) -> Cell:
    """The next cell for listing the endpoints of an API."""
    groups = turn.calls(_GROUPS, kept=2)
    return next_cell(turn, [_LOOK, _ask(groups) if groups else _READ, _MERGE], _SUBMIT)


_LOOK = cell(
    "I look at the shape of the text first, and at how it writes the addresses of its endpoints.",
    """
    import re

    METHODS = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
    ENDPOINT = re.compile(rf"\\b({METHODS})\\b[`\\"' ]+(/[^\\s`\\"')\\],;<]*)")
    sections = chunk_by_headers(docs, r"^#{1,4} ")
    print(f"{len(docs):,} characters, {len(sections)} sections")
    print("looks like an endpoint:", len(ENDPOINT.findall(docs)), "times")
    for match in list(ENDPOINT.finditer(docs))[:5]:
        print("  ", docs[max(0, match.start() - 40):match.end() + 20].replace("\\n", " / "))
    """,
)


def _ask(groups: int) -> Cell:
    return cell(
        "Each section may define endpoints or only mention them, so I ask the sub-LM about all of them in "
        "one batch: the calls run in parallel, and no call sees more than its own sections.",
        f"""
        with_addresses = [one for one in sections if ENDPOINT.search(one["content"])]
        texts = [f"{{one['header']}}\\n{{one['content']}}" for one in with_addresses]
        if not texts:
            texts = [piece for piece in chunk_by_size(docs, 4000, 200) if ENDPOINT.search(piece)]
        size = max(1, -(-len(texts) // {groups}))
        parts = ["\\n".join(texts[at:at + size]) for at in range(0, len(texts), size)]
        replies = llm_query_batched([
            "Quote the sentences that say that something is gone, removed or was so until an earlier year."
            f"\\n\\nPassage:\\n{{part}}" for part in parts
        ]) if parts else []
        print(len(parts), "questions over", len(texts), "sections with addresses in them")
        print([reply[:100] for reply in replies[:3]])
        """,
    )


_READ = cell(
    "No sub-LM call is allowed, so I look by code for the lines that say that an endpoint is gone.",
    """
    GONE = re.compile(r"\\b(gone|removed|deprecated|retired|no longer|until \\d{4})\\b", re.IGNORECASE)
    replies = [line for line in docs.splitlines() if ENDPOINT.search(line) and GONE.search(line)]
    print(len(replies), "lines say that something is gone")
    print([reply[:100] for reply in replies[:3]])
    """,
)

_MERGE = cell(
    "I aggregate in Python: an endpoint stands in a line of its own or under a heading; what the sub-LM says "
    "is gone, and what is only mentioned in a sentence, is left out. Nothing is kept that the text lacks.",
    """
    told = [pair for reply in replies for pair in ENDPOINT.findall(reply)]
    gone = {f"{method} {address.rstrip('.')}" for method, address in told}
    defined, mentioned = {}, {}
    for line in docs.splitlines():
        for method, address in ENDPOINT.findall(line):
            name = f"{method} {address.rstrip('.')}"
            rest = ENDPOINT.sub("", line).strip(" `|-*#:.\\t")
            (mentioned if len(rest.split()) > 6 else defined).setdefault(name, line.strip())
    kept = defined or mentioned
    api_endpoints = sorted(name for name in kept if name not in gone)
    print(len(defined), "defined,", len(mentioned), "mentioned,", len(kept) - len(api_endpoints), "gone")
    print("\\n".join(api_endpoints[:8]))
    """,
)

_SUBMIT = cell(
    "Every entry stands in the document as it is written here.",
    """
    SUBMIT(api_endpoints=globals().get("api_endpoints", []))
    """,
)
