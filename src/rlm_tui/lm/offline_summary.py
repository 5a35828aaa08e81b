"""Strategies for summaries: of a long text with a focus, piece by piece, and of any text in a short run."""

from __future__ import annotations

from rlm_tui.lm.offline_cell import WORDS_OF, Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_PIECES = 40
_PARTS = 8
_ONE_QUESTION = 12_000


def plan_summary(turn: PlannerTurn) -> Cell:
    """The next cell for `document, focus -> summary, key_points, coverage_pct`."""
    calls = turn.calls(_PIECES, kept=2)
    return next_cell(turn, [_MAP, _reduce(calls) if calls else _PICK, _JOIN], _SUBMIT_SUMMARY)


def plan_short_summary(turn: PlannerTurn) -> Cell:
    """The next cell for `text -> summary`: small enough that its whole history can be read."""
    text = turn.input("text")
    long = text is not None and text.length > _ONE_QUESTION
    match turn.calls(_PARTS + 1):
        case 0:
            ask = _BEGINNING
        case 1 if long:
            ask = _ASK_FIRST
        case calls if long:
            ask = _ask_parts(calls - 1)
        case _:
            ask = _ASK_ONCE
    return next_cell(turn, [_LOOK, ask], _SUBMIT_SHORT)


_MAP = cell(
    "To summarize all of it, all of it has to be read: I cut the document into pieces that a call takes.",
    """
    import re

    warning = ""
    print(f"{len(document):,} characters")
    print(peek(document, 0, 300))
    """,
    shared=WORDS_OF,
)


def _reduce(calls: int) -> Cell:
    return cell(
        "One question for each piece, all in one batch: what in it bears on the focus.",
        f"""
        size = max(2000, -(-len(document) // {calls}))
        pieces = chunk_by_size(document, size, 0)[:{calls}]
        replies = llm_query_batched([
            f"Summarize in at most one sentence what is said of this: {{focus}}\\n\\nPassage:\\n{{piece}}"
            for piece in pieces
        ])
        good = [not reply.startswith("[ERROR]") for reply in replies]
        covered = sum(len(piece) for piece, fine in zip(pieces, good) if fine)
        coverage_pct = round(100 * min(1, covered / max(1, len(document))), 1)
        print(len(pieces), "pieces of", size, "characters;", coverage_pct, "% covered")
        """,
    )


_PICK = cell(
    "No sub-LM call is allowed, so nothing can be read by one, and the coverage is 0. I pick sentences that "
    "share words with the focus from the beginning, and say so.",
    """
    sentences = re.split(r"\\n\\s*\\n|(?<=[.!?])\\s+|(?<=[。！？])", peek(document, 0, 200_000))
    replies = [one for one in sentences if 20 <= len(one) <= 400 and not one.startswith("#")]
    good = [True] * len(replies)
    coverage_pct = 0.0
    warning = "No sub-LM call is allowed, so nothing was read; these sentences stand in the document. "
    print(len(sentences), "sentences at the beginning,", len(replies), "of a fit length")
    """,
)

_JOIN = cell(
    "I join what was found: each point once, those that share words with the focus first.",
    """
    words = {word[:5] for word in words_of(focus, 4)}
    said = [" ".join(reply.split()) for reply, fine in zip(replies, good) if fine]
    points = [point for point in dict.fromkeys(said) if point not in ("", "NONE")]
    points.sort(key=lambda point: -sum(word in point.lower() for word in words))
    key_points = [point[:300] for point in points[:8]]
    summary = warning + (" ".join(key_points[:4]) or "Nothing in the document could be summarized.")
    print(summary[:600])
    """,
)

_SUBMIT_SUMMARY = cell(
    "The coverage is what was really read, so I submit it with the points.",
    """
    found = globals()
    SUBMIT(
        summary=found.get("summary", "No summary: a cell before this one failed."),
        key_points=found.get("key_points", []),
        coverage_pct=float(found.get("coverage_pct", 0)),
    )
    """,
)

_LOOK = cell(
    "I look at the text first: how long it is, how it begins, what it repeats.",
    """
    import collections, re

    words = collections.Counter(re.findall(r"[A-Za-z]{5,}", text.lower()))
    print(f"{len(text):,} characters; its words: {[word[:30] for word, _ in words.most_common(8)]}")
    print(peek(text, 0, 300))
    """,
)

_ASK_ONCE = cell(
    "The text fits into one question, so I ask once, and keep the answer in a variable to look at.",
    """
    summary = llm_query(f"Summarize the passage in at most three sentences.\\n\\nPassage:\\n{text}")
    print(summary)
    """,
)


def _ask_parts(parts: int) -> Cell:
    return cell(
        "The text is too long for one question: I ask about its parts in one batch, then about the answers.",
        f"""
        size = max({_ONE_QUESTION}, -(-len(text) // {parts}))
        parts = chunk_by_size(text, size, 0)
        wanted = "Summarize the passage in at most three sentences."
        replies = llm_query_batched([f"{{wanted}}\\n\\nPassage:\\n{{part}}" for part in parts])
        told = "\\n".join(reply for reply in replies if not reply.startswith("[ERROR]"))
        summary = llm_query(f"{{wanted}}\\n\\nPassage:\\n{{told}}")
        print(len(parts), "parts of", size, "characters")
        print(summary)
        """,
    )


_ASK_FIRST = cell(
    "The text is too long for one question, and one is all that is allowed: I ask about its beginning and "
    "say so.",
    f"""
    asked = f"Summarize the passage in at most three sentences.\\n\\nPassage:\\n{{text[:{_ONE_QUESTION}]}}"
    summary = f"{{llm_query(asked)}} (Read: the first {_ONE_QUESTION:,} of {{len(text):,}} characters.)"
    print(summary)
    """,
)

_BEGINNING = cell(
    "No sub-LM call is allowed, so there is no summary to be had. I say how the text begins, and that.",
    """
    summary = "No sub-LM call is allowed, so nothing was summarized. The text begins: "
    summary += " ".join(text[:300].split())
    print(summary)
    """,
)

_SUBMIT_SHORT = cell(
    "I have seen the summary, so I submit it. What led to it stands in the history, uncut.",
    """
    SUBMIT(summary=globals().get("summary", "No summary: a cell before this one failed."))
    """,
)
