"""Strategies for one long text: analyze it for a query, summarize it with a focus, describe its structure."""

from __future__ import annotations

from rlm_tui.lm.offline_cell import Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_ASKED = 8


def plan_analysis(turn: PlannerTurn) -> Cell:
    """The next cell for `document, query -> findings, answer, sections_examined`."""
    asked = max(1, min(_ASKED, turn.max_calls - 2)) if turn.max_calls else _ASKED
    return next_cell(turn, [_SECTIONS, _rank(asked), _CONCLUDE], _SUBMIT_ANALYSIS)


def plan_summary(turn: PlannerTurn) -> Cell:
    """The next cell for `document, focus -> summary, key_points, coverage_pct`."""
    calls = max(1, turn.max_calls - 2) if turn.max_calls else 40
    return next_cell(turn, [_MAP, _reduce(min(40, calls)), _JOIN], _SUBMIT_SUMMARY)


def plan_short_summary(turn: PlannerTurn) -> Cell:
    """The next cell for `text -> summary`: small enough that its whole history can be read."""
    return next_cell(turn, [_READ, _ASK_ONCE], _SUBMIT_SHORT)


def plan_structure(turn: PlannerTurn) -> Cell:
    """The next cell for `text -> headers, code_blocks, structure_summary` with the tool regex_extract."""
    return next_cell(turn, [_EXTRACT, _DESCRIBE], _SUBMIT_STRUCTURE)


_SECTIONS = cell(
    "I cut the document where it cuts itself (headings, chapters, else equal pieces); I never print all of "
    "it.",
    """
    import math, re

    sections = chunk_by_headers(document, r"^(?:#{1,4} |CHAPTER |Chapter )")
    if len(sections) < 4 or max(len(one["content"]) for one in sections) > 20_000:
        sections = [{"header": "", "content": piece} for piece in chunk_by_size(document, 3000, 200)]
    texts = [f"{one['header']}\\n{one['content']}" for one in sections]
    print(f"{len(document):,} characters in {len(texts)} sections")
    print(peek(document, 0, 300))
    """,
)


def _rank(asked: int) -> Cell:
    return cell(
        "Words of the query that are rare in the document lead to where the answer is. I rank by them and "
        "ask about the best sections only.",
        f"""
        words = {{word.lower() for word in re.findall(r"[A-Za-z]{{3,}}", query)}} - {{
            "the", "and", "what", "which", "where", "who", "how", "does", "are", "was", "were", "with",
            "that", "this", "for", "from", "into", "not", "his", "her", "its", "many", "did", "has", "had",
            "have",
        }}
        low = [text.lower() for text in texts]
        seen_in = {{word: sum(word in text for text in low) for word in words}}
        weight = {{word: math.log(1 + len(texts) / count) ** 2 for word, count in seen_in.items() if count}}
        scores = [sum(value for word, value in weight.items() if word in text) for text in low]
        best = sorted(range(len(texts)), key=lambda at: -scores[at])[:{asked}]
        best = [at for at in best if scores[at] > 0]
        sentences = {{at: re.split(r"(?<=[.!?])\\s+", texts[at]) for at in best}}

        def near(at):
            held = [sum(v for w, v in weight.items() if w in one.lower()) for one in sentences[at]]
            middle = held.index(max(held))
            return " ".join(sentences[at][max(0, middle - 8):middle + 9])

        passages = [near(at) for at in best]
        wanted = f"Quote the sentences that answer this: {{query}}"
        questions = [f"{{wanted}}\\n\\nPassage:\\n{{passage}}" for passage in passages]
        replies = llm_query_batched(questions) if questions else []
        sections_examined = len(best)
        print("words:", {{word: seen_in[word] for word in sorted(weight, key=weight.get, reverse=True)[:8]}})
        print(sections_examined, "sections examined")
        for reply in replies[:4]:
            print("-", reply[:160])
        """,
    )


_CONCLUDE = cell(
    "I keep the sentences that hold most of the rare words, drop what says nothing, and check that each "
    "stands in the document.",
    """
    candidates = {}
    for reply in replies:
        if reply.startswith("[ERROR]") or "says nothing on this" in reply or reply.strip() == "NONE":
            continue
        for sentence in (line.strip(" -") for line in reply.splitlines()):
            value = sum(v for w, v in weight.items() if w in sentence.lower())
            if value and sentence[:60] in document:
                candidates[sentence] = max(value, candidates.get(sentence, 0))
    ranked = sorted(candidates, key=candidates.get, reverse=True)
    findings = ranked[:6]
    answer = findings[0] if findings else "The document says nothing on this."
    print(answer)
    print(len(candidates), "sentences found,", len(findings), "kept")
    """,
)

_SUBMIT_ANALYSIS = cell(
    "The answer and the findings are sentences of the document.",
    """
    found = globals()
    SUBMIT(
        findings=found.get("findings", []),
        answer=found.get("answer", ""),
        sections_examined=int(found.get("sections_examined", 0)),
    )
    """,
)

_MAP = cell(
    "To summarize all of it, all of it has to be read: I cut the document into pieces that a call takes.",
    """
    import re

    print(f"{len(document):,} characters")
    print(peek(document, 0, 300))
    """,
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


_JOIN = cell(
    "I join what was found: each point once, those that share words with the focus first.",
    """
    words = {word.lower()[:5] for word in re.findall(r"[A-Za-z]{4,}", focus)}
    said = [" ".join(reply.split()) for reply, fine in zip(replies, good) if fine]
    points = [point for point in dict.fromkeys(said) if point not in ("", "NONE")]
    points.sort(key=lambda point: -sum(word in point.lower() for word in words))
    key_points = [point[:300] for point in points[:8]]
    summary = " ".join(key_points[:4])
    print(summary[:600])
    """,
)

_SUBMIT_SUMMARY = cell(
    "The coverage is what was really read, so I submit it with the points.",
    """
    found = globals()
    SUBMIT(
        summary=found.get("summary", ""),
        key_points=found.get("key_points", []),
        coverage_pct=float(found.get("coverage_pct", 0)),
    )
    """,
)

_READ = cell(
    "I look at the text first: how long it is, how it begins, what it repeats.",
    """
    import collections, re

    words = collections.Counter(re.findall(r"[A-Za-z]{5,}", text.lower()))
    print(f"{len(text):,} characters; its words: {[word for word, _ in words.most_common(8)]}")
    print(peek(text, 0, 300))
    """,
)

_ASK_ONCE = cell(
    "The text fits into one question, so I ask once, and keep the answer in a variable to look at.",
    """
    summary = llm_query(f"Summarize the passage in at most three sentences.\\n\\nPassage:\\n{text[:12_000]}")
    print(summary)
    """,
)

_SUBMIT_SHORT = cell(
    "I have seen the summary, so I submit it. What led to it stands in the history, uncut.",
    """
    SUBMIT(summary=globals().get("summary", ""))
    """,
)

_EXTRACT = cell(
    "There is a tool for patterns, regex_extract, that runs outside of the sandbox. I use it for headings "
    "and fences: its calls stand in the log like those of a sub-LM.",
    """
    headers = [one.strip() for one in regex_extract(pattern=r"^#{1,4} +(.+)$", text=text)]
    fences = regex_extract(pattern=r"^`{3}", text=text)
    code_blocks = len(fences) // 2
    print(len(headers), "headings,", code_blocks, "blocks of code")
    print(headers[:8])
    """,
)

_DESCRIBE = cell(
    "What the structure is about I let the sub-LM say, from the headings alone.",
    """
    outline = "\\n".join(f"{header}." for header in headers[:60]) or text[:2000]
    question = "Summarize what this outline is about in at most two sentences."
    about = llm_query(f"{question}\\n\\nPassage:\\n{outline}")
    structure_summary = f"{len(headers)} headings and {code_blocks} blocks of code. {about}"
    print(structure_summary)
    """,
)

_SUBMIT_STRUCTURE = cell(
    "Headings and blocks were counted by the tool, so I submit them.",
    """
    found = globals()
    SUBMIT(
        headers=found.get("headers", []),
        code_blocks=int(found.get("code_blocks", 0)),
        structure_summary=found.get("structure_summary", ""),
    )
    """,
)
