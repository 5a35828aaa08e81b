"""The strategy for `docs, query -> answer, sections, found_in_cache`: derive an index once, keep it.

The first run pays for the index with sub-LM calls; a later one, in a sandbox of its own, reads it back.
"""

from __future__ import annotations

from rlm_tui.lm.offline_cell import WORDS_OF, Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_GROUPS = 40
_ASKED = 4


def plan_caching(turn: PlannerTurn) -> Cell:
    """The next cell for answering from an index that lasts between runs."""
    calls = turn.calls(_GROUPS + _ASKED)
    asked = min(_ASKED, calls)
    index = _index(calls - asked) if calls >= 2 * _ASKED else _PLAIN_INDEX
    return next_cell(turn, [_LOOK, index, _answer(asked) if asked else _QUOTE], _SUBMIT)


_CUT = f"""{WORDS_OF}
def cut(text):
    found = chunk_by_headers(text, r"^#{{1,4}} ")
    if len(found) >= 4:
        return found
    return [
        {{"header": piece.strip()[:60], "content": piece, "start": at * 3800}}
        for at, piece in enumerate(chunk_by_size(text, 4000, 200))
    ]

def grouped(pieces, groups):
    size = max(1, -(-len(pieces) // groups))
    return [pieces[at:at + size] for at in range(0, len(pieces), size)]

def entry(part, about):
    end = part[-1]["start"] + len(part[-1]["content"]) + len(part[-1]["header"])
    titles = [one["header"].strip("# ")[:80] for one in part]
    return {{"titles": titles, "about": about, "start": part[0]["start"], "end": end}}

def passage(entry, length):
    return docs[entry["start"]:entry["end"]][:length]

def ranked(index, query):
    words = {{word.rstrip("s") for word in words_of(query, 4)}}

    def relevance(entry):
        said = (" ".join(entry["titles"]) + " " + entry["about"]).lower()
        inside = docs[entry["start"]:entry["end"]].lower()
        return 5 * sum(word in said for word in words) + sum(min(inside.count(word), 5) for word in words)

    scored = sorted(((relevance(entry), -at, entry) for at, entry in enumerate(index)), reverse=True)
    return [(score, entry) for score, _, entry in scored]
"""


_LOOK = cell(
    "What was derived from this very text may be in the volume already. I name it by the text's hash, so "
    "that another document, or a changed one, can't be mistaken for it.",
    """
    import hashlib, json, re, time

    key = hashlib.sha256(docs.encode("utf-8", "replace")).hexdigest()[:16]
    folder = f"cache/{key}"

    def load_cached():
        try:
            kept = load_from_volume(f"{folder}/document.txt")
            index = json.loads(load_from_volume(f"{folder}/index.json"))
        except FileNotFoundError:
            return None
        except ValueError:
            return None  # cut off while it was written
        return index if kept == docs and isinstance(index, list) else None

    index = load_cached()
    found_in_cache = index is not None
    print(f"{len(docs):,} characters, key {key}")
    print(f"the index is there: {len(index)} entries" if found_in_cache else "nothing is cached for it yet")
    """,
    shared=_CUT,
)


def _index(groups: int) -> Cell:
    return cell(
        "With an index in the volume there is nothing to build. Without one I cut the text at its headings, "
        "let the sub-LM say in one batch what each part is about, and write the document and the index to "
        "the volume: the index last, because a reader looks for it.",
        f"""
        began = time.monotonic()
        if not found_in_cache:
            parts = grouped(cut(docs), {groups})
            texts = [
                "\\n".join(f"{{one['header']}}\\n{{one['content'][:1200]}}" for one in part) for part in parts
            ]
            abouts = llm_query_batched([
                f"Summarize what the passage is about in at most one sentence.\\n\\nPassage:\\n{{text}}"
                for text in texts
            ])
            index = [entry(part, about) for part, about in zip(parts, abouts)]
            save_to_volume(f"{{folder}}/document.txt", docs)
            save_to_volume(f"{{folder}}/index.json", json.dumps(index, ensure_ascii=False, indent=1))
        built = "read from the volume" if found_in_cache else "built and written to the volume"
        print(f"{{len(index)}} entries {{built}} in {{time.monotonic() - began:.2f}} s")
        for one in index[:5]:
            print("  ", ", ".join(one["titles"])[:60], "-", one["about"][:80])
        """,
    )


_PLAIN_INDEX = cell(
    "With an index in the volume there is nothing to build. For a new one too few sub-LM calls are allowed: "
    "I index by headings and first words alone, and keep nothing of it, because a later run would take it "
    "for a whole one.",
    f"""
    if not found_in_cache:
        parts = grouped(cut(docs), {_GROUPS})
        index = [entry(part, " ".join(part[0]["content"][:400].split())[:160]) for part in parts]
    built = "read from the volume" if found_in_cache else "made of headings, and not kept"
    print(f"{{len(index)}} entries {{built}}")
    """,
)


def _answer(asked: int) -> Cell:
    return cell(
        "The index says where to look: I rank its entries by the words of the query, and ask the sub-LM "
        "about the passages behind the best ones only.",
        f"""
        best = [one for _, one in ranked(index, query)[:{asked}]]
        replies = llm_query_batched([f"{{query}}\\n\\nPassage:\\n{{passage(one, 6000)}}" for one in best])
        kept = [reply.strip() for reply in replies if reply.strip() and not reply.startswith("[ERROR]")]
        useful = [reply for reply in kept if "says nothing on this" not in reply and reply != "NONE"]
        answer = "\\n".join(dict.fromkeys(useful)) or "The document says nothing on this."
        print(answer)
        """,
    )


_QUOTE = cell(
    "The index says where to look: I rank its entries by the words of the query. No sub-LM call is allowed, "
    "so I quote how the best passage begins, and say so.",
    """
    quoted = [" ".join(passage(one, 500).split()) for score, one in ranked(index, query)[:1] if score]
    answer = "No sub-LM call is allowed, so nothing was asked. "
    answer += f"Nearest to the query: {quoted[0]}" if quoted else "No part shares a word with the query."
    print(answer)
    """,
)

_SUBMIT = cell(
    "The answer rests on passages that I have seen, and I know whether the index came from the volume.",
    """
    found = globals()
    SUBMIT(
        answer=found.get("answer", "No answer: a cell before this one failed."),
        sections=len(found.get("index") or []),
        found_in_cache=found.get("found_in_cache", False),
    )
    """,
)
