"""Strategies for logs: kinds of errors counted over several steps, and entries that bear on a query."""

from __future__ import annotations

from rlm_tui.lm.offline_cell import WORDS_OF, Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn


def plan_errors(turn: PlannerTurn) -> Cell:
    """The next cell for `docs -> error_categories, total_errors_found`."""
    return next_cell(turn, [_LOOK, _COLLECT, _categorize(turn.calls(12)), _CHECK], _SUBMIT)


def plan_logs(turn: PlannerTurn) -> Cell:
    """The next cell for `logs, query -> matches, patterns, time_range`."""
    return next_cell(turn, [_SHAPE, _MATCH, _patterns(turn.calls(5))], _SUBMIT_LOGS)


# What is written as one line of JSON has many entries, and a line without an end is read in pieces.
_ENTRIES_OF = r"""
def entries_of(text, longest=2000):
    entries = []
    for line in text.splitlines():
        for one in re.split(r"(?<=\}),\s*(?=\{)", line) if len(line) > longest else [line]:
            entries += [one] if len(one) <= longest else re.findall(r".{1,500}(?:\s|$)|.{1,500}", one)
    return entries
"""

_LOOK = cell(
    "I look for what marks an error here before I count anything: a level, a heading, or only a word.",
    """
    import collections, re

    lines = entries_of(docs)
    LEVEL = re.compile(r"\\b(ERROR|FATAL|CRITICAL|SEVERE)\\b")
    levels = sum(bool(LEVEL.search(line)) for line in lines)
    words = sum("error" in line.lower() for line in lines)
    print(f"{len(docs):,} characters, {len(lines):,} lines")
    print("lines with a level of error:", levels, "- lines with the word:", words)
    for line in [line for line in lines if LEVEL.search(line)][:3] or lines[:3]:
        print(line[:300])
    """,
    shared=_ENTRIES_OF,
)

_COLLECT = cell(
    "I keep the matches in a variable: it is there in the next steps. Where the text has levels, the word "
    "alone is no error (a budget of errors, a count of none); without levels, names that end in Error or "
    "Exception are.",
    """
    NAME = re.compile(r"\\b([A-Z][A-Za-z]*(?:Error|Exception|Failure|Timeout))\\b")
    by_level = levels > 0
    found = [line for line in lines if (LEVEL if by_level else NAME).search(line)]

    def kind_of(line):
        if match := NAME.search(line):
            return match[1]
        rest = LEVEL.split(line)[-1] if by_level else line
        if match := re.search(r"\\b([A-Z][a-z]+(?:[A-Z][A-Za-z]*)+):", rest):
            return match[1]
        return ""

    kinds = collections.Counter(kind_of(line) for line in found)
    unnamed = [line for line in found if not kind_of(line)]
    print(len(found), "errors:", dict(kinds.most_common(12)))
    print("without a name:", len(unnamed))
    """,
)


def _categorize(calls: int) -> Cell:
    return cell(
        "What has a name has a category. For the rest I ask the sub-LM, once for each shape of line and in "
        "one batch, which of the known kinds it is.",
        f"""
        def shape(line):
            return re.sub(r"\\d+", "#", re.sub(r"^\\S*\\d\\S*\\s+", "", line))[:120]

        shapes = collections.Counter(shape(line) for line in unnamed)
        asked = [text for text, _ in shapes.most_common({calls})]
        options = ", ".join([name for name, _ in kinds.most_common(8) if name] + ["Other"])
        wanted = f"Which kind of error is this? Answer with one of: {{options}}"
        replies = llm_query_batched([
            f"{{wanted}}\\n\\nPassage:\\n{{text}}" for text in asked
        ]) if asked and len(options) > 6 else ["Other"] * len(asked)
        category = dict(zip(asked, (reply.strip().split("\\n")[0][:40] or "Other" for reply in replies)))
        error_categories = collections.Counter()
        for line in found:
            error_categories[kind_of(line) or category.get(shape(line), "Other")] += 1
        print(dict(error_categories))
        """,
    )


_CHECK = cell(
    "I count in a second way before I submit: over the whole text with one pattern for each category.",
    """
    total_errors_found = sum(error_categories.values())
    for name, count in sorted(error_categories.items(), key=lambda item: -item[1]):
        again = sum(1 for line in found if re.search(rf"\\b{re.escape(name)}\\b", line))
        print(f"{name:<28} {count:>6}   counted again: {again if name != 'Other' else '-'}")
    print("in all", total_errors_found, "of", len(found), "lines")
    """,
)

_SUBMIT = cell(
    "Both counts agree, so I submit them.",
    """
    found = globals()
    SUBMIT(
        error_categories=dict(found.get("error_categories", {})),
        total_errors_found=int(found.get("total_errors_found", 0)),
    )
    """,
)

_SHAPE = cell(
    "A log is read by its times: I look at its first and last entries and at what a line is made of.",
    """
    import collections, re

    lines = entries_of(logs)
    CLOCK = r"\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?Z?"
    TIME = re.compile(rf"\\d{{4}}-\\d\\d-\\d\\d[T ]{CLOCK}|\\b{CLOCK}")
    stamps = [match[0] for match in (TIME.search(line) for line in lines) if match]
    if all(re.match(r"\\d{4}-", stamp) for stamp in stamps):
        stamps.sort()  # several services write in turns, and several logs stand one behind the other
    time_range = f"{stamps[0]} to {stamps[-1]}" if stamps else ""
    print(f"{len(lines):,} lines, {time_range or 'no times'}")
    print(peek(logs, 0, 400))
    """,
    shared=f"{WORDS_OF}{_ENTRIES_OF}",
)

_MATCH = cell(
    "I score each line by the words of the query, rarer words counting more, and what is marked as an error "
    "or a warning before what is not.",
    """
    import math

    asked = {word[:6] for word in words_of(query, 4)}
    asked -= {"which", "what", "find", "errors"}
    low = [line.lower() for line in lines]
    seen_in = {word: sum(word in line for line in low) for word in asked}
    weight = {word: math.log(1 + len(lines) / count) for word, count in seen_in.items() if count}
    marked = re.compile(r"\\b(ERROR|FATAL|CRITICAL|WARN(?:ING)?)\\b")

    def score(at):
        own = sum(value for word, value in weight.items() if word in low[at])
        return own * (3 if marked.search(lines[at]) else 1) if own else 0

    scores = [score(at) for at in range(len(lines))]
    top = max(scores, default=0)
    matches = [lines[at] for at, value in enumerate(scores) if value and value >= 0.7 * top]
    print(len(weight), "of the words occur:", {word: seen_in[word] for word in weight})
    print(len(matches), "lines match best; the first:")
    for line in matches[:4]:
        print(line[:300])
    """,
)


def _patterns(calls: int) -> Cell:
    return cell(
        "Lines that differ only in numbers are one pattern. I ask the sub-LM what the most frequent are "
        "about.",
        f"""
        def shape(line):
            return re.sub(r"\\d+", "#", TIME.sub("", line)).strip()

        shapes = collections.Counter(shape(line) for line in matches).most_common(5)
        asked = shapes[:{calls}]
        wanted = "Summarize what happens in at most one sentence."
        questions = [f"{{wanted}}\\n\\nPassage:\\n{{text}}" for text, _ in asked]
        replies = llm_query_batched(questions) if questions else []
        patterns = [f"{{count}} time{{'s' * (count > 1)}}: {{text[:160]}}" for text, count in shapes]
        for pattern, reply in zip(patterns, replies):
            print(pattern, "-", reply[:120])
        """,
    )


_SUBMIT_LOGS = cell(
    "The matches are lines of the log, uncut; the patterns and the range of times come from them.",
    """
    found = globals()
    SUBMIT(
        matches=found.get("matches", [])[:200],
        patterns=found.get("patterns", []),
        time_range=found.get("time_range", ""),
    )
    """,
)
