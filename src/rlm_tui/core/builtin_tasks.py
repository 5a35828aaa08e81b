"""The tasks that come with the program."""

from __future__ import annotations

from rlm_tui.core.content import CONTENT, KNOWLEDGE
from rlm_tui.core.demo_tasks import demo_tasks
from rlm_tui.core.events import Budgets
from rlm_tui.core.task import Task, make_task


def builtin_tasks() -> tuple[Task, ...]:
    """Every built-in task, the simplest first."""
    return (_basic(), _architecture(), _volume_cache(), *demo_tasks())


def _basic() -> Task:
    return make_task(
        name="basic",
        title="Answer by computing",
        signature="question -> answer: str",
        instructions=(
            "Answer the question by writing Python and running it, not from memory. Look at the question "
            "first and say how you will compute the answer; then compute it and print what you found; then "
            "check the printed result in another way before you SUBMIT it. The answer is one short text that "
            "a person can read without the code: it names the numbers or facts that were asked for, in the "
            "order asked. If the question can't be settled by computing, ask the sub-LM with llm_query and "
            "say in the answer that it comes from there."
        ),
        descriptions={
            "question": "What to find out.",
            "answer": "The answer, in one short text, with every number that was asked for.",
        },
        defaults={"question": "What are the first 12 Fibonacci numbers?"},
        blurb="A question is answered by writing Python, running it, and looking at what came out.",
        watch_for="The planner writes code, sees its output, and submits only what it has seen.",
        budgets=Budgets(max_iterations=10, max_llm_calls=20),
    )


def _architecture() -> Task:
    return make_task(
        name="architecture",
        title="Extract the architecture of a library",
        signature="docs, query -> modules: list[str], optimizers: list[str], design_principles: list[str]",
        instructions=(
            "`docs` is a long document, held as a str in the sandbox: never print all of it. Navigate first: "
            "its length, its beginning, its headings (chunk_by_headers) and where the words of `query` occur "
            "(grep). Choose the sections that bear on the query, and ask the sub-LM about them in one "
            "llm_query_batched call, each prompt holding one section and one precise question. Then merge "
            "the answers in Python: drop duplicates and whatever does not occur in `docs`, and keep the "
            "spelling of `docs`. Print the merged lists and look at them before you SUBMIT. modules: the "
            "building blocks that a program is composed of, by class name. optimizers: the classes that tune "
            "a program (also called teleprompters), by class name; none of them is also a module. "
            "design_principles: three to eight full sentences, each supported by the text. A list stays "
            "empty if the document has nothing of the kind."
        ),
        descriptions={
            "docs": "The documentation to read.",
            "query": "What to extract.",
            "modules": "Names of the classes that programs are composed of, as spelled in the document.",
            "optimizers": "Names of the classes that tune programs, as spelled in the document.",
            "design_principles": "Full sentences, each supported by the document.",
        },
        defaults={"query": "Extract all modules and optimizers"},
        document_input="docs",
        default_document=f"{CONTENT}/{KNOWLEDGE}",
        blurb="A document too long for a prompt is navigated by code; only what matters is asked about.",
        watch_for="The text never enters the prompt: headings, one batch of questions, a merge in Python.",
    )


def _volume_cache() -> Task:
    return make_task(
        name="volume-cache",
        title="Keep what was derived in the volume",
        signature="docs, query -> answer: str, sections: int, found_in_cache: bool",
        instructions=(
            "`docs` is a long document, held as a str in the sandbox: never print all of it. An index of it "
            "is derived once and kept in the volume for later runs. Its key is the first 16 hexadecimal "
            "digits of the sha256 of `docs` (UTF-8); it lies in `cache/<key>/` as document.txt (the text) "
            "and index.json (a list of {titles, about, start, end}). First look whether both can be "
            "loaded with load_from_volume and the kept text equals `docs`; then nothing is built and "
            "found_in_cache is True. Otherwise cut `docs` at its headings (chunk_by_headers), ask the sub-LM "
            "in one llm_query_batched call what each part is about, and save the text, then the index, with "
            "save_to_volume. Choose the parts that bear on `query` by the index, ask the sub-LM about those "
            "alone, print the answer and look at it before you SUBMIT. sections is the number of entries of "
            "the index."
        ),
        descriptions={
            "docs": "The document to answer from.",
            "query": "What to find out.",
            "answer": "The answer, in the document's own terms.",
            "sections": "How many entries the index has.",
            "found_in_cache": "Whether the index was in the volume already.",
        },
        defaults={"query": "How are the prompts of a program optimized?"},
        document_input="docs",
        default_document=f"{CONTENT}/{KNOWLEDGE}",
        blurb="The first run derives an index and keeps it in /data; run it again and it is found there.",
        watch_for="The second run makes a tenth of the calls: look into the Volume pane for what is kept.",
    )
