"""The tasks that show one pattern each, beyond the three that the program opens with."""

from __future__ import annotations

from rlm_tui.core.content import CONTENT
from rlm_tui.core.events import Budgets
from rlm_tui.core.task import Task, make_task

HANDBOOK = f"{CONTENT}/api-handbook.md"
LOG = f"{CONTENT}/incident.log"
NARRATIVE = f"{CONTENT}/the-lighthouse-of-varn.txt"
_LONG = "is a long document, held as a str in the sandbox: never print all of it."


def demo_tasks() -> tuple[Task, ...]:
    """In the order in which they teach."""
    return (
        _api_endpoints(),
        _error_patterns(),
        _trajectory(),
        _custom_tool(),
        _analyze(),
        _summarize(),
        _logs(),
    )


def _api_endpoints() -> Task:
    return make_task(
        name="api-endpoints",
        title="List the endpoints of an API",
        signature="docs -> api_endpoints: list[str]",
        instructions=(
            f"`docs` {_LONG} It describes an HTTP API. Cut it at its headings (chunk_by_headers), find the "
            "sections in which addresses stand, and ask the sub-LM about all of them in one "
            "llm_query_batched call: the calls run in parallel. Aggregate in Python. An entry is written as "
            "METHOD /path, as the document spells it, with the placeholders of the path; each stands once. "
            "Leave out what the document says is gone, and what an example fills in with real ids. Print "
            "the list and look at it before you SUBMIT."
        ),
        descriptions={
            "docs": "The documentation of an API.",
            "api_endpoints": "Every endpoint that can be called, as METHOD /path.",
        },
        document_input="docs",
        default_document=HANDBOOK,
        blurb="Sixty endpoints among prose, old paths and examples: one batch of questions finds them.",
        watch_for="One llm_query_batched call holds all the questions; its bars overlap in the Calls pane.",
    )


def _error_patterns() -> Task:
    return make_task(
        name="error-patterns",
        title="Count the kinds of errors",
        signature="docs -> error_categories: dict[str, int], total_errors_found: int",
        instructions=(
            f"`docs` {_LONG} Work in steps and keep what you find in variables: they last from cell to cell. "
            "First look for what marks an error here (a level, a name that ends in Error), and for what only "
            "looks like one. Then collect the errors, then name a category for each: by the name that the "
            "text gives it, else by asking the sub-LM once for each shape of line. error_categories maps a "
            "category to how often it occurs; total_errors_found is the sum. Count in a second way before "
            "you SUBMIT."
        ),
        descriptions={
            "docs": "A log, or documentation with errors in it.",
            "error_categories": "How often each kind of error occurs, by its name in the text.",
            "total_errors_found": "How many errors there are in all.",
        },
        document_input="docs",
        default_document=LOG,
        blurb="Errors of five kinds, planted in a log in which much only looks bad, are counted in steps.",
        watch_for="Variables last from cell to cell: in their tab matches grow into categories.",
    )


def _trajectory() -> Task:
    return make_task(
        name="trajectory",
        title="Look at a run's own history",
        signature="text -> summary: str",
        instructions=(
            "Look at `text` first: how long it is and how it begins. Summarize it in at most three sentences "
            "with one question to the sub-LM (in pieces if it is longer than 12,000 characters), print the "
            "summary and look at it before you SUBMIT."
        ),
        descriptions={"text": "What to summarize.", "summary": "At most three sentences."},
        document_input="text",
        default_document=NARRATIVE,
        blurb="A short run whose history is the point: every reasoning, cell, output and prompt, uncut.",
        watch_for="[ and ] step through the iterations; the Prompt tab shows what the planner really saw.",
        budgets=Budgets(max_iterations=10, max_llm_calls=10),
    )


def _custom_tool() -> Task:
    return make_task(
        name="custom-tool",
        title="Use a tool that runs on the host",
        signature="text -> headers: list[str], code_blocks: int, structure_summary: str",
        instructions=(
            "Describe the structure of `text`, which may be long: never print all of it. There is a tool, "
            "regex_extract(pattern, text), which runs outside of the sandbox: use it for the headings (lines "
            "that begin with #; without the #) and for the fences of code (lines that begin with ```; two "
            "make a block). Then let the sub-LM say in at most two sentences what the outline is about. "
            "Print what you found before you SUBMIT."
        ),
        descriptions={
            "text": "A text in Markdown.",
            "headers": "Every heading, in order, without its #.",
            "code_blocks": "How many fenced blocks of code there are.",
            "structure_summary": "What the structure is, in two or three sentences.",
        },
        document_input="text",
        default_document=HANDBOOK,
        tools=("regex_extract",),
        blurb="Cells call a Python function of the host, beside the sub-LM: regex_extract.",
        watch_for="The tool's calls stand in the Calls pane, with arguments, answer and milliseconds.",
    )


def _analyze() -> Task:
    return make_task(
        name="analyze",
        title="Answer from a long document",
        signature="document, query -> findings: list[str], answer: str, sections_examined: int",
        instructions=(
            f"`document` {_LONG} Cut it where it cuts itself (headings, chapters), rank the sections by the "
            "words of `query` that are rare in the document, and ask the sub-LM about the best ones in one "
            "llm_query_batched call. findings: the sentences of the document that the answer rests on. "
            "sections_examined: how many sections were asked about. Check that each finding stands in the "
            "document before you SUBMIT."
        ),
        descriptions={
            "document": "The document to answer from.",
            "query": "What to find out.",
            "findings": "Sentences of the document that the answer rests on.",
            "answer": "The answer, in one or two sentences.",
            "sections_examined": "How many sections the sub-LM was asked about.",
        },
        defaults={"query": "Where is the brass key?"},
        document_input="document",
        default_document=NARRATIVE,
        blurb="One sentence in two hundred thousand characters is the answer; code finds where to look.",
        watch_for="Most of the document is never read by an LM: compare its size with the tokens.",
    )


def _summarize() -> Task:
    return make_task(
        name="summarize",
        title="Summarize a long document",
        signature="document, focus -> summary: str, key_points: list[str], coverage_pct: float",
        instructions=(
            f"`document` {_LONG} All of it is to be read, by the sub-LM and in pieces: one question for each "
            "piece, in one llm_query_batched call, about what bears on `focus`. Then join the answers: each "
            "point once, the most important first. coverage_pct is the part of the document, in percent, "
            "that was really read: what failed is not counted. Print the summary before you SUBMIT."
        ),
        descriptions={
            "document": "The document to summarize.",
            "focus": "What the summary is to be about.",
            "summary": "Three to six sentences.",
            "key_points": "The most important points, one sentence each.",
            "coverage_pct": "How much of the document was read, in percent.",
        },
        defaults={"focus": "what happens, and to whom"},
        document_input="document",
        default_document=NARRATIVE,
        blurb="Map and reduce: every piece is read by a call of its own, and the answers are joined.",
        watch_for="coverage_pct is counted, not claimed: a call that fails is missing in it.",
    )


def _logs() -> Task:
    return make_task(
        name="logs",
        title="Find entries in a log",
        signature="logs, query -> matches: list[str], patterns: list[str], time_range: str",
        instructions=(
            "`logs` is a long log, held as a str in the sandbox: never print all of it. Look at its form "
            "first: its times, levels, services. Find the entries that bear on `query` by code, entries "
            "marked as errors first, and group them into patterns: entries that differ only in numbers are "
            "one. Ask the sub-LM what the most frequent patterns are about, in one llm_query_batched call. "
            "matches: the entries, as they stand, at most 200. patterns: one line each, with how often it "
            "occurs. time_range: from the first time in the log to the last, as they are written there."
        ),
        descriptions={
            "logs": "The log.",
            "query": "What to look for.",
            "matches": "Entries that bear on the query, as they stand in the log.",
            "patterns": "Kinds of matches, each with how often it occurs.",
            "time_range": "The first time in the log and the last, as in A to B.",
        },
        defaults={"query": "payment timeouts"},
        document_input="logs",
        default_document=LOG,
        blurb="Two megabytes of log, a question, and the few dozen lines that answer it.",
        watch_for="The matching is code and costs nothing; only the patterns are asked about.",
    )
