"""Runs as lists of events, as a recorder would write them."""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_tui.core import events as e

DOCUMENT = e.DocumentReference(
    name="dspy-doc.txt", path="rlm_content/dspy-knowledge/dspy-doc.txt", size=97_412, characters=97_412
)
SIGNATURE = "docs, query -> modules: list[str], optimizers: list[str], design_principles: list[str]"


def value(text: str) -> e.Value:
    return e.Value(text, len(text))


class RunBuilder:
    """Writes events with `seq` and `at`; every method stands for one thing that happens in a run."""

    def __init__(self) -> None:
        self.events: list[e.AnyEvent] = []
        self.at = 0.0
        self._spans = 0

    def span(self, kind: str) -> str:
        self._spans += 1
        return f"{kind}-{self._spans}"

    def add(self, event: e.AnyEvent, after: float = 0.0) -> None:
        self.at = round(self.at + after, 4)
        self.events.append(msgspec.structs.replace(event, seq=len(self.events), at=self.at))

    def start(self, **changes: Any) -> RunBuilder:
        fields: dict[str, Any] = {
            "run_id": "20260101-120000-ab12",
            "task": "architecture",
            "signature": SIGNATURE,
            "documents": {"docs": DOCUMENT},
            "inputs": {"query": value("Which modules and optimizers are there?")},
            "planner": "offline/demo",
            "sub_lm": "offline/demo",
            "offline": True,
            "sandbox": e.SandboxDescription("local", True, "bubblewrap", "/data"),
            "versions": {"dspy": "3.4.1"},
        }
        self.add(e.RunStarted(span="run", **(fields | changes)))
        self.add(e.SandboxStarting(span="sandbox", parent="run", kind="local", phase="start"))
        confined = fields["sandbox"].confined if "sandbox" not in changes else changes["sandbox"].confined
        self.add(
            e.SandboxReady(span="sandbox", parent="run", kind="local", confined=confined, volume="/data"),
            0.05,
        )
        return self

    def iteration(self, n: int, *, of: int = 20, parent: str = "run") -> str:
        span = self.span("it")
        self.add(e.IterationStarted(span=span, parent=parent, n=n, of=of))
        return span

    def plan(
        self, span: str, reasoning: str, code: str, *, seconds: float = 1.2, stream: bool = False
    ) -> None:
        self.add(e.PlanStarted(span=span))
        if stream:
            self.deltas(span, "reasoning", reasoning, seconds / 2)
            self.deltas(span, "code", code, seconds / 2)
        self.add(
            e.PlanReady(
                span=span,
                reasoning=value(reasoning),
                code=value(code),
                prompt=value("Given the fields `docs`, `query`, produce the outputs.\n\n[[ ## docs ## ]] …"),
                usage=e.Usage(812, 121, 0.0004),
                seconds=seconds,
            ),
            0.0 if stream else seconds,
        )

    def deltas(self, span: str, field: e.PlanField, text: str, seconds: float) -> None:
        pieces = [text[at : at + 12] for at in range(0, len(text), 12)]
        for piece in pieces:
            self.add(e.PlanDelta(span=span, field=field, text=piece), seconds / len(pieces))

    def cell(self, iteration: str, code: str) -> str:
        span = self.span("cell")
        self.add(e.CellStarted(span=span, parent=iteration, code=value(code)), 0.001)
        return span

    def output(self, cell: str, text: str, stream: e.Stream = "stdout") -> None:
        self.add(e.CellOutput(span=cell, stream=stream, text=text), 0.01)

    def cell_done(
        self,
        cell: str,
        *,
        seconds: float = 0.3,
        error: e.ErrorDetail | None = None,
        status: e.CellStatus = "ok",
        **more: Any,
    ) -> None:
        status = "error" if error is not None else status
        self.add(e.CellFinished(span=cell, status=status, seconds=seconds, error=error, **more), seconds)

    def call(
        self,
        parent: str,
        prompt: str,
        *,
        name: str = "llm_query",
        kind: e.CallKind = "llm_query",
        batch: str = "",
        index: int | None = None,
        size: int | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> str:
        span = self.span("call")
        self.add(
            e.CallStarted(
                span=span,
                parent=parent,
                kind=kind,
                name=name,
                prompt=value(prompt),
                batch=batch,
                index=index,
                size=size,
                arguments=arguments or {},
                model="" if kind in ("tool", "llm_query_batched") else "offline/demo",
            ),
            0.002,
        )
        return span

    def answer(
        self,
        call: str,
        text: str,
        *,
        seconds: float = 0.8,
        tokens: tuple[int, int] | None = (560, 90),
        error: e.ErrorDetail | None = None,
        after: float = 0.1,
        cached: bool = False,
    ) -> None:
        usage = e.Usage(*tokens, 0.00021) if tokens is not None else None
        self.add(
            e.CallFinished(
                span=call, answer=value(text), usage=usage, seconds=seconds, error=error, cached=cached
            ),
            after,
        )

    def finish(
        self,
        status: e.RunStatus = "submitted",
        outputs: dict[str, Any] | None = None,
        error: e.ErrorDetail | None = None,
    ) -> RunBuilder:
        self.add(e.RunFinished(span="run", status=status, outputs=outputs or {}, error=error), 0.1)
        return self


def variables(run: RunBuilder, cell: str, *changed: e.Variable, total: int) -> None:
    run.add(e.VariablesChanged(span=cell, parent=cell, changed=list(changed), total=total))


MODULES = ("dspy.Predict", "dspy.ChainOfThought", "dspy.ReAct", "dspy.RLM", "dspy.Parallel", "dspy.Refine")
BATCH_CODE = """sections = chunk_by_headers(docs)
named = [s for s in sections if "class " in s["body"]]
answers = llm_query_batched([
    f"Which modules are defined here? {s['body'][:4000]}"
    for s in named
])
print(len(named), "sections, first:", named[0]["header"])"""


def running_run() -> RunBuilder:
    """An architecture run in its fourth iteration: two went well, one failed, a batch is under way."""
    run = RunBuilder().start()
    first = run.iteration(1)
    code = "print(type(docs), len(docs))\nprint(docs[:600])\n# what are the parts?\nprint(docs.count('## '))"
    run.plan(first, "Look at the shape of the text. I need its size and its first lines.", code, seconds=1.1)
    cell = run.cell(first, code)
    run.output(
        cell, "<class 'str'> 97412\n# DSPy reference\n\n## Modules\n\nclass dspy.Predict(signature)\n41\n"
    )
    variables(run, cell, e.Variable("docs", "str", 97_412, "# DSPy reference…"), total=1)
    run.cell_done(cell, seconds=0.21)
    second = run.iteration(2)
    code = "import re\nheadings = re.findall(r'^## (.+)$', docs, re.M)\nprint(len(headings))\nprint(headings)"
    run.plan(second, "Collect the headings. They tell which parts name modules.", code, seconds=1.4)
    cell = run.cell(second, code)
    run.output(cell, "41\n" + repr([f"heading {i}" for i in range(41)]) + "\n")
    listing = run.call(cell, "List the top-level modules named in these headings: Modules, Optimizers, …")
    run.answer(listing, "Predict, ChainOfThought, ReAct", seconds=1.2, tokens=(700, 112), after=1.2)
    variables(run, cell, e.Variable("headings", "list of str", 41, "['Modules', 'Optimizers', …"), total=2)
    run.cell_done(cell, seconds=0.34)
    third = run.iteration(3)
    code = 'parts = {s["title"]: s for s in sections}'
    run.plan(third, "Split by heading level. Each section becomes an entry.", code, seconds=0.9)
    cell = run.cell(third, code)
    run.output(cell, "splitting 41 sections\n")
    run.output(cell, "DeprecationWarning: title is gone\n", "stderr")
    trace = "Traceback (most recent call last):\n  File \"<cell 3>\", line 1, in <module>\nKeyError: 'title'"
    run.cell_done(cell, seconds=0.02, error=e.ErrorDetail("KeyError", "'title'", traceback=trace, line=1))
    fourth = run.iteration(4)
    reasoning = (
        "Ask about each section. The headings key is 'header', not 'title'. I will ask a sub-LM about each "
        "section that defines a class, in one batch."
    )
    run.plan(fourth, reasoning, BATCH_CODE, seconds=1.3, stream=True)
    cell = run.cell(fourth, BATCH_CODE)
    run.output(cell, "14 sections, first: dspy.Predict\n")
    variables(
        run,
        cell,
        e.Variable("sections", "list of dict", 41, "[{'header': 'dspy.Predict', …"),
        e.Variable("named", "list of dict", 14, "[{'header': 'dspy.Predict', …"),
        total=4,
    )
    batch = run.call(cell, "", name="llm_query_batched", kind="llm_query_batched", size=14)
    items = [
        run.call(
            batch, f"Which modules are defined here? {MODULES[i % 6]}: class …", batch=batch, index=i, size=14
        )
        for i in range(8)
    ]
    for i in range(6):
        failed = e.ErrorDetail("LMTimeout", "no answer in 30 s", "raise the timeout") if i == 4 else None
        run.answer(items[i], "" if failed else MODULES[i], seconds=0.9 + i / 5, error=failed,
                   tokens=None if failed else (540 + i * 11, 71 + i), after=0.4)  # fmt: skip
    return run


def finished_run() -> RunBuilder:
    """The same run to its end, submitted, with a nested RLM and a tool call on the way."""
    run = running_run()
    batch = next(ev.span for ev in run.events if isinstance(ev, e.CallStarted) and ev.size and not ev.batch)
    started = [ev.span for ev in run.events if isinstance(ev, e.CallStarted) and ev.batch == batch]
    answered = {ev.span for ev in run.events if isinstance(ev, e.CallFinished)}
    for span in started:
        if span not in answered:
            run.answer(span, "CodeAct")
    for i in range(8, 14):
        item = run.call(batch, f"Which modules are defined here? part {i}", batch=batch, index=i, size=14)
        run.answer(item, f"module {i}", seconds=0.5)
    run.answer(batch, "[14 answers]", tokens=None, seconds=4.1)
    cell = next(ev.span for ev in reversed(run.events) if isinstance(ev, e.CellStarted))
    run.cell_done(cell, seconds=4.2)
    fifth = run.iteration(5)
    code = "deep = rlm_query('Which design principles are named?', docs)\nSUBMIT(modules=found, deep=deep)"
    run.plan(fifth, "One question needs a reader of its own. Then submit.", code)
    cell = run.cell(fifth, code)
    nested = run.call(cell, "Which design principles does the text name?", name="dspy.RLM", kind="sub_rlm")
    child = run.iteration(1, of=5, parent=nested)
    run.plan(
        child, "Search for the word principle.", "print([l for l in docs.splitlines() if 'principle' in l])"
    )
    child_cell = run.cell(child, "print([l for l in docs.splitlines() if 'principle' in l])")
    run.output(child_cell, "['programming, not prompting', 'signatures']\n")
    run.cell_done(child_cell, seconds=0.05)
    run.answer(nested, "programming, not prompting; signatures", seconds=2.2, after=0.6)
    run.add(e.VolumeChanged(span=cell, written=["cache/headings.json"]))
    outputs = {
        "modules": list(MODULES),
        "optimizers": ["dspy.MIPROv2", "dspy.GEPA", "dspy.BootstrapFewShot"],
        "design_principles": ["Programming, not prompting", "Signatures say what, modules say how"],
    }
    run.cell_done(cell, seconds=2.4, status="submitted", submitted=outputs)
    return run.finish("submitted", outputs)


def failed_run() -> RunBuilder:
    """A run whose provider refused the key at the first planner turn."""
    run = RunBuilder().start(offline=False, planner="openai/gpt-5-mini", sub_lm="openai/gpt-5-nano")
    run.add(e.PlanStarted(span=run.iteration(1)))
    error = e.ErrorDetail(
        "LMAuth",
        "openai said 401: Incorrect API key provided.",
        "Set DSPY_LLM_API_KEY in .env, or try --lm offline.",
        "Traceback (most recent call last):\n  …\nAuthenticationError: 401",
    )
    return run.finish("failed", error=error)


def hostile_run() -> RunBuilder:
    """Every text is an attack on the terminal: escape sequences, markup, bidi overrides, half characters."""
    evil = "[bold red]x[/] \x1b]0;owned\x07\x1b[2J list[dict] \u202egnp.exe \ud800 tab\there"
    run = RunBuilder().start(task="evil [/b]", planner=evil)
    span = run.iteration(1)
    run.plan(span, evil, f"print({evil!r}) # {evil}", stream=True)
    cell = run.cell(span, "x")
    run.output(cell, evil + "\r\n" + "宽字符" * 40 + "\n")
    call = run.call(cell, evil)
    run.answer(call, evil)
    variables(run, cell, e.Variable("[/x]", "list[dict]", 3, evil), total=1)
    run.cell_done(cell, error=e.ErrorDetail("[Evil]", evil, evil, evil))
    return run.finish("failed", {"answer": evil}, e.ErrorDetail("[Evil]", evil, evil, evil))
