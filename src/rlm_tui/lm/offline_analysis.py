"""Strategies for one text: analyze it for a query, describe its structure."""

from __future__ import annotations

from rlm_tui.lm.offline_cell import WORDS_OF, Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn
from rlm_tui.lm.offline_several import several_documents

_EXAMINED = 8


def plan_analysis(turn: PlannerTurn) -> Cell:
    """The next cell for `document, query -> findings, answer, sections_examined`."""
    asked = turn.calls(_EXAMINED, kept=2)
    examine = _examine(asked, _ASK) if asked else _examine(_EXAMINED, _READ)
    conclude = _CONCLUDE
    if several_documents(turn):
        conclude = Cell(_CONCLUDE.reasoning, f"{_CONCLUDE.code}\n{_NAMED.code}")
    return next_cell(turn, [_SECTIONS, examine, conclude], _SUBMIT_ANALYSIS)


def plan_structure(turn: PlannerTurn) -> Cell:
    """The next cell for `text -> headers, code_blocks, structure_summary` with the tool regex_extract."""
    return next_cell(turn, [_EXTRACT, _DESCRIBE if turn.calls(1) else _COUNT], _SUBMIT_STRUCTURE)


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
    shared=WORDS_OF,
)

_ASK = """\
wanted = f"Quote the sentences that answer this: {query}"
questions = [f"{wanted}\\n\\nPassage:\\n{passage}" for passage in passages]
replies = llm_query_batched(questions) if questions else []
sections_examined = len(questions)"""
_READ = r"""
ends = r"\n\s*\n|(?<=[.!?])\s+|(?<=[。！？])"
replies = ["\n".join(" ".join(one.split()) for one in re.split(ends, texts[at])) for at in best]
sections_examined = 0  # none was asked about: no sub-LM call is allowed"""


def _examine(sections: int, how: str) -> Cell:
    ranked = cell(
        "Words of the query that are rare in the document lead to where the answer is. I rank by them and "
        + ("ask about the best sections only." if how == _ASK else "read the best sections by code."),
        f"""
        words = set(words_of(query)) - {{
            "the", "and", "what", "which", "where", "who", "how", "does", "are", "was", "were", "with",
            "that", "this", "for", "from", "into", "not", "his", "her", "its", "many", "did", "has", "had",
            "have", "why", "when", "there", "is",
        }}
        low = [text.lower() for text in texts]
        seen_in = {{word: sum(word in text for text in low) for word in words}}
        weight = {{word: math.log(1 + len(texts) / count) ** 2 for word, count in seen_in.items() if count}}
        scores = [sum(value for word, value in weight.items() if word in text) for text in low]
        best = sorted(range(len(texts)), key=lambda at: -scores[at])[:{sections}]
        best = [at for at in best if scores[at] > 0]
        sentences = {{at: re.split(r"(?<=[.!?])\\s+|(?<=[。！？])", texts[at]) for at in best}}

        def near(at):
            held = [sum(v for w, v in weight.items() if w in one.lower()) for one in sentences[at]]
            middle = held.index(max(held))
            return " ".join(sentences[at][max(0, middle - 8):middle + 9])

        passages = [near(at) for at in best]
        """,
    )
    shown = cell(
        "",
        """
        print("words:", {word: seen_in[word] for word in sorted(weight, key=weight.get, reverse=True)[:8]})
        print(sections_examined, "of", len(texts), "sections examined")
        for reply in replies[:4]:
            print("-", reply[:160])
        """,
    )
    return Cell(ranked.reasoning, f"{ranked.code}\n{how}\n{shown.code}")


_CONCLUDE = cell(
    "I keep the sentences that hold most of the rare words, drop what says nothing, and check that each "
    "stands in the document. If the query turns on a word that the document does not have, I say so.",
    """
    read = " ".join(" ".join(texts[at].split()) for at in best)
    candidates = {}
    for reply in replies:
        if reply.startswith("[ERROR]") or "says nothing on this" in reply or reply.strip() == "NONE":
            continue
        for sentence in (line.strip(" -") for line in reply.splitlines()):
            value = sum(v for w, v in weight.items() if w in sentence.lower())
            if value and " ".join(sentence.split())[:60] in read:
                candidates[sentence[:600]] = max(value, candidates.get(sentence[:600], 0))
    ranked = sorted(candidates, key=candidates.get, reverse=True)
    findings = ranked[:6]
    answer = findings[0] if findings else "The document says nothing on this."
    strange = [word for word, count in seen_in.items() if not count and not re.match(f"[{JOINED}]", word)]
    absent = sorted(word for word in strange if not any(word[:max(4, len(word) - 2)] in text for text in low))
    held = sum(v for w, v in weight.items() if w in answer.lower())
    if findings and held < len(absent) * math.log(1 + len(texts)) ** 2:
        answer = f"The document has no {' or '.join(map(repr, absent))}. Nearest to the query: {answer}"
    print(answer)
    print(len(candidates), "sentences found,", len(findings), "kept")
    """,
)

_NAMED = cell(
    "",
    """
    flat = {name: " ".join(text.split()) for name, text in by_name.items()}
    for at, sentence in enumerate(findings):
        start = " ".join(sentence.split())[:60]
        name = next((name for name, text in flat.items() if start in text), "")
        findings[at] = f"{name}: {sentence}" if name else sentence
        answer = answer.replace(sentence, findings[at]) if at == 0 else answer
    print(findings)
    """,
)

_SUBMIT_ANALYSIS = cell(
    "The answer and the findings are sentences of the document.",
    """
    found = globals()
    SUBMIT(
        findings=found.get("findings", []),
        answer=found.get("answer", "No answer: a cell before this one failed."),
        sections_examined=int(found.get("sections_examined", 0)),
    )
    """,
)

_EXTRACT = cell(
    "There is a tool for patterns, regex_extract, that runs outside of the sandbox. I use it for headings "
    "and fences: its calls stand in the log like those of a sub-LM.",
    """
    headers = [one.strip() for one in regex_extract(pattern=r"^#{1,4} +(.+)$", text=text)]
    fences = regex_extract(pattern=r"^`{3}", text=text)
    code_blocks = len(fences) // 2

    def counted(number, noun):
        return f"{number} {noun if number == 1 else noun + 's'}"

    counts = f"{counted(len(headers), 'heading')} and {counted(code_blocks, 'block')} of code."
    print(counts)
    print(headers[:8])
    """,
)

_DESCRIBE = cell(
    "What the structure is about I let the sub-LM say, from the headings alone.",
    """
    outline = "\\n".join(header.rstrip(".") + "." for header in headers[:60]) or text[:2000]
    question = "Summarize what this outline is about in at most two sentences."
    about = llm_query(f"{question}\\n\\nPassage:\\n{outline}")
    structure_summary = f"{counts} {about}"
    print(structure_summary)
    """,
)

_COUNT = cell(
    "No sub-LM call is allowed, so I say what was counted, and that no more is known.",
    """
    structure_summary = f"{counts} What they are about was not asked: no sub-LM call is allowed."
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
        structure_summary=found.get("structure_summary", "Not described: a cell before this one failed."),
    )
    """,
)
