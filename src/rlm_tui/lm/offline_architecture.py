"""The strategy for `docs, query -> modules, optimizers, design_principles`: navigate, query, synthesize.

It knows no library: which names are listed is for the sub-LM to extract from the sections that are sent.
"""

from __future__ import annotations

from rlm_tui.lm.offline_cell import WORDS_OF, Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_GROUPS = 12
_QUOTING = 8


def plan_architecture(turn: PlannerTurn) -> Cell:
    """The next cell for the architecture of what a document describes."""
    third = turn.calls(3 * _GROUPS, kept=2) // 3 or turn.calls(3) // 3
    ask = _ask(third, min(_QUOTING, third)) if third else _READ
    return next_cell(turn, [_LOOK, _NAVIGATE, ask, _MERGE], _SUBMIT)


_LOOK = cell(
    "I look at the shape of the text first: how long it is, how it begins, and whether it has headings.",
    """
    import re

    print(f"{len(docs):,} characters, {docs.count(chr(10)) + 1:,} lines")
    print("headings:", len(re.findall(r"^#{1,4} ", docs, flags=re.MULTILINE)))
    print("classes named:", len(set(re.findall(r"\\bclass ([A-Z]\\w+)", docs))))
    print("---")
    print(peek(docs, 0, 500))
    """,
    shared=WORDS_OF,
)

_NAVIGATE = cell(
    "Headings say where things are without reading everything, so I cut the text at them (source code at its "
    "definitions, plain text at equal sizes) and choose the sections that define classes or share words with "
    "the query.",
    """
    headings = len(re.findall(r"^#{2,4} ", docs, flags=re.MULTILINE))
    is_source = len(re.findall(r"^(?:class|def) .*:$", docs, flags=re.MULTILINE)) > headings
    sections = chunk_by_headers(docs, r"^(?:class|def|async def) " if is_source else r"^#{1,4} ")
    if len(sections) < 4:
        sections = [{"header": "", "content": piece} for piece in chunk_by_size(docs, 3000, 0)]
    words = {word.rstrip("s") for word in words_of(query, 4)}

    def relevance(section):
        opening = section["header"] + "\\n" + section["content"][:1500]
        defines = len(re.findall(r"\\bclass\\s+`?[A-Z]", opening[:400]))
        return 3 * min(defines, 2) + sum(word in opening.lower() for word in words)

    scored = [(relevance(section), section) for section in sections]
    ranked = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
    chosen = {}  # by title: what is said twice is read once
    for score, section in ranked:
        chosen.setdefault((section["header"] or section["content"][:80]).strip(), section)
        if len(chosen) == 240:
            break
    print(len(sections), "sections;", len(ranked), "bear on:", query, "-", len(chosen), "are read")
    for title in list(chosen)[:8]:
        print("  ", title[:80])
    chosen = list(chosen.values()) or sections[:240]
    """,
)


def _ask(groups: int, quoting: int) -> Cell:
    return cell(
        "Now the sub-LM reads for me: which modules and which optimizers each group of sections holds, and "
        "which sentences state a principle. One batch takes no longer than its slowest question.",
        f"""
        def grouped(pieces, count):
            size = max(1, -(-len(pieces) // count))
            return ["\\n\\n".join(pieces[at:at + size]) for at in range(0, len(pieces), size)]

        passages = grouped([f"{{one['header']}}\\n{{one['content'][:1200]}}" for one in chosen], {groups})
        marks = r"\\b(should|instead of|rather than|never|always|prefer|separate|compose)"
        speaking = [piece for piece in chunk_by_size(docs, 4000, 0) if re.search(marks, piece)]
        speaking = speaking[::max(1, len(speaking) // {quoting})][:{quoting}]

        about_modules = (
            "List the names of the modules in the passage: classes that a program is built of, "
            "called with the inputs of a signature to predict its outputs. One name a line, or NONE."
        )
        about_optimizers = (
            "List the names of the optimizers (also called teleprompters) in the passage: classes that "
            "compile a program, tuning its prompts on a trainset by a metric. One name a line, or NONE."
        )
        about_principles = (
            "Quote the sentences of the passage that state a design principle: what should, must, always "
            "or never be done, preferred, separated or composed. "
            f"At most {{max(3, 8 // max(1, len(speaking)))}}, one a line, or NONE."
        )
        jobs = [(about_modules, text) for text in passages] + [(about_optimizers, text) for text in passages]
        jobs += [(about_principles, text) for text in speaking]
        answers = llm_query_batched([f"{{ask}}\\n\\nPassage:\\n{{text}}" for ask, text in jobs])

        def lines_about(question):
            lines = {{}}
            for (ask, _), answer in zip(jobs, answers):
                if ask == question and not answer.startswith("[ERROR]"):
                    lines.update((line.strip(" -*`"), None) for line in answer.splitlines())
            return [line for line in lines if line and line != "NONE"]

        named_modules, named_optimizers = lines_about(about_modules), lines_about(about_optimizers)
        quoted = lines_about(about_principles)
        print(len(answers), "answers:", len(named_modules), "modules,", len(named_optimizers), "optimizers,",
              len(quoted), "sentences")
        print("modules:", named_modules)
        print("optimizers:", named_optimizers)
        """,
    )


_READ = cell(
    "There are three lists and fewer sub-LM calls, so I go by what the text says by itself: classes that "
    "derive from something named so, and sentences with the words of a rule.",
    """
    bases = re.findall(r"^(?:#+ )?class (\\w+)\\(([^)\\n]*)\\)", docs, flags=re.MULTILINE)
    named_modules = [name for name, base in bases if re.search(r"Module\\b", base)]
    named_optimizers = [name for name, base in bases if re.search(r"(Teleprompter|Optimizer)\\b", base)]
    prose = [" ".join(one["content"][:1200].split()) for one in chosen]
    said = [one for text in prose for one in re.findall(r"(?:^|(?<=\\. ))[A-Z][^.!?]{30,250}\\.", text)]
    rule = re.compile(r"\\b(should|rather than|instead of|never|always|prefer)\\b")
    quoted = [sentence for sentence in dict.fromkeys(said) if rule.search(sentence)][:8]
    print(len(named_modules), "modules,", len(named_optimizers), "optimizers,", len(quoted), "sentences")
    """,
)

_MERGE = cell(
    "I merge and verify in Python. What derives from one of a kind is of that kind; every name has to stand "
    "in the text; no optimizer is a module too; I keep the sentences that speak of the library itself.",
    """
    derived = re.findall(r"^(?:#+ )?class (\\w+)\\(([^)\\n]*)\\)", docs, flags=re.MULTILINE)
    derived += re.findall(r"\\b(\\w+) (?:is a kind of|extends|inherits from) ([\\w., ]+\\w)", docs)

    def with_heirs(names):
        known = set(names)
        while True:
            heirs = {name for name, bases in derived if known & set(re.findall(r"\\w+", bases))} - known
            if not heirs:
                return known
            known |= heirs

    def stands(name):
        return re.search(rf"\\b{re.escape(name)}\\b", docs) is not None

    optimizers = sorted(name for name in with_heirs(named_optimizers) if stands(name))
    modules = sorted(name for name in with_heirs(named_modules) if stands(name) and name not in optimizers)
    titles = " ".join(one["header"] for one in chosen).lower()
    topics = {word.rstrip("s") for word in re.findall(r"[a-z]{5,}", titles)} | words

    def weight(sentence):
        return sum(word.rstrip("s") in topics for word in set(re.findall(r"[a-z]{5,}", sentence.lower())))

    leaning = r"(It|This|That|They|These|Then|If|When|Note|Your?|Make)\\b"
    whole = [one for one in quoted if not re.match(leaning, one)]
    design_principles = sorted(whole or quoted, key=weight, reverse=True)[:8]
    print(len(modules), "modules, heirs included;", len(optimizers), "optimizers")
    print("modules =", modules)
    print("optimizers =", optimizers)
    print("design_principles =", design_principles)
    """,
)

_SUBMIT = cell(
    "I have seen the three lists and each was checked against the text, so I submit them.",
    """
    found = globals()
    SUBMIT(
        modules=found.get("modules", []),
        optimizers=found.get("optimizers", []),
        design_principles=found.get("design_principles", []),
    )
    """,
)
