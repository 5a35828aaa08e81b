"""Event sequences for property tests: plausible runs with their true totals, and anything at all."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import msgspec
from hypothesis import strategies as st

from rlm_tui.core import events
from rlm_tui.core.events import AnyEvent, ErrorDetail, Totals, Usage, Value, Variable

SPANS = ["", "run", "iteration-1", "iteration-2", "cell-1", "call-1", "call-2", "call-3", "sandbox-1"]
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def json_values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Any JSON, with such texts in it."""
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**80), 2**80)
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )


JSON_VALUES = json_values(TEXTS)
SECONDS = st.floats(0, 1e6, allow_nan=False).map(lambda seconds: round(seconds, 4))


def of_annotation(annotation: Any, texts: st.SearchStrategy[str] = TEXTS) -> st.SearchStrategy[Any]:
    """Any value that a field of that type may hold."""
    origin, arguments = typing.get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return JSON_VALUES if texts is TEXTS else json_values(texts)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([of_annotation(argument, texts) for argument in arguments])
    if origin is list:
        return st.lists(of_annotation(arguments[0], texts), max_size=3)
    if origin is dict:
        return st.dictionaries(texts, of_annotation(arguments[1], texts), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return of_struct(annotation, texts)
    simple = {
        str: texts,
        int: st.integers(-5, 2**40),
        float: SECONDS,
        bool: st.booleans(),
        type(None): st.none(),
    }
    return simple[annotation]


def of_struct(kind: type[msgspec.Struct], texts: st.SearchStrategy[str] = TEXTS) -> st.SearchStrategy[Any]:
    """Any struct of that kind; spans come from a small pool, so that events meet."""
    named = {
        "span": st.sampled_from(SPANS),
        "parent": st.sampled_from(SPANS),
        "batch": st.sampled_from(SPANS),
    }
    hints = typing.get_type_hints(kind)
    fields = {
        name: named[name] if name in named else of_annotation(hints[name], texts)
        for name in kind.__struct_fields__
    }
    return st.builds(kind, **fields)


def any_event() -> st.SearchStrategy[AnyEvent]:
    """One event of any known kind, with anything in it."""
    kinds = [kind for kind in get_args(AnyEvent) if kind is not events.UnknownEvent]
    return st.sampled_from(kinds).flatmap(of_struct)


USAGES = st.none() | st.builds(
    Usage,
    prompt_tokens=st.none() | st.integers(0, 9999),
    completion_tokens=st.none() | st.integers(0, 9999),
    cost_usd=st.none() | st.integers(0, 1000).map(lambda micro: micro / 1e6),
    requests=st.integers(1, 3),
)
ERRORS = st.none() | st.builds(ErrorDetail, kind=st.just("LMRateLimit"), message=TEXTS)
NAMES = st.sampled_from(["docs", "sections", "answers", "x"])


@dataclass
class Script:
    """A run being written, and beside it the totals counted by a hand that never saw the fold."""

    draw: Any
    events: list[AnyEvent] = field(default_factory=list)
    spans: int = 0
    at: float = 0.0
    iterations: int = 0
    llm_calls: int = 0
    planner_calls: int = 0
    tool_calls: int = 0
    failed_calls: int = 0
    prompt: int = 0
    completion: int = 0
    tokens_known: bool = True
    cost: int = 0
    cost_known: bool = True
    offline: bool = False

    def span(self, kind: str) -> str:
        self.spans += 1
        return f"{kind}-{self.spans}"

    def emit(self, event: type[Any], /, **fields: Any) -> None:
        self.at = round(self.at + self.draw(st.integers(0, 20)) / 10, 4)
        self.events.append(event(seq=len(self.events), at=self.at, **fields))

    def spend(self, usage: Usage | None, cached: bool) -> None:
        self.prompt += (usage.prompt_tokens if usage else 0) or 0
        self.completion += (usage.completion_tokens if usage else 0) or 0
        self.cost += round(((usage.cost_usd if usage else 0) or 0) * 1e6)
        if cached:
            return
        if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
            self.tokens_known = False
        if (usage is None or usage.cost_usd is None) and not self.offline:
            self.cost_known = False

    def totals(self) -> Totals:
        return Totals(
            iterations=self.iterations,
            llm_calls=self.llm_calls,
            planner_calls=self.planner_calls,
            tool_calls=self.tool_calls,
            failed_calls=self.failed_calls,
            prompt_tokens=self.prompt,
            completion_tokens=self.completion,
            tokens_known=self.tokens_known,
            cost_usd=round(self.cost / 1e6, 9),
            cost_known=self.cost_known,
            seconds=self.at,
        )


def _value(text: str) -> Value:
    return Value(text=text, length=len(text))


def _iteration(script: Script, n: int, parent: str, depth: int) -> None:
    draw, span = script.draw, script.span("iteration")
    script.emit(events.IterationStarted, span=span, parent=parent, n=n, of=20)
    script.iterations += depth == 0
    streaming = draw(st.booleans())
    script.emit(events.PlanStarted, span=span, streaming=streaming)
    reasoning, code = draw(TEXTS), draw(TEXTS)
    if streaming:
        script.emit(events.PlanDelta, span=span, field="reasoning", text=reasoning)
        script.emit(events.PlanDelta, span=span, field="code", text=code[:5])
    usage, cached = draw(USAGES), draw(st.booleans())
    script.planner_calls += usage.requests if usage else 1
    script.spend(usage, cached)
    script.emit(
        events.PlanReady,
        span=span,
        reasoning=_value(reasoning),
        code=_value(code),
        usage=usage,
        cached=cached,
        seconds=draw(SECONDS),
    )
    if draw(st.booleans()):
        script.emit(events.Held, span=span, why="step", before="cell")
        if draw(st.booleans()):
            script.emit(events.CodeEdited, span=span, before=_value(code), after=_value("edited"))
        if draw(st.booleans()):
            script.emit(events.Remarked, span=span, text=draw(TEXTS))
        script.emit(events.Released, span=span, verb="step")
    _cell(script, span, depth)


def _cell(script: Script, iteration: str, depth: int) -> None:
    draw, span = script.draw, script.span("cell")
    script.emit(events.CellStarted, span=span, parent=iteration, code=_value("print(1)"))
    for text in draw(st.lists(TEXTS.filter(bool), max_size=2)):
        script.emit(
            events.CellOutput, span=span, stream=draw(st.sampled_from(["stdout", "stderr"])), text=text
        )
    for _ in range(draw(st.integers(0, 2))):
        _call(script, span, depth)
    status = draw(st.sampled_from(["ok", "error", "timeout", "lost", "submitted"]))
    script.emit(events.CellFinished, span=span, parent=iteration, status=status, seconds=draw(SECONDS))
    changed = [Variable(name=name, type="str") for name in draw(st.lists(NAMES, unique=True, max_size=3))]
    if changed:
        script.emit(events.VariablesChanged, span=span, changed=changed, total=len(changed))
    if draw(st.booleans()):
        script.emit(events.VolumeChanged, span=span, written=["cache/a"])


def _call(script: Script, cell: str, depth: int) -> None:
    kinds = ["llm_query", "predict", "llm_query_batched", "tool"] + (["sub_rlm"] if depth < 2 else [])
    kind, span = script.draw(st.sampled_from(kinds)), script.span("call")
    if kind in ("llm_query", "predict"):
        _request(script, kind, span, cell)
        return
    size = script.draw(st.integers(1, 4)) if kind == "llm_query_batched" else None
    script.emit(events.CallStarted, span=span, parent=cell, kind=kind, name=kind, size=size)
    failed_before = script.failed_calls
    if size is not None:
        items = [script.span("call") for _ in range(size)]
        for index, item in enumerate(items):
            _ask(script, "llm_query", item, span, batch=span, index=index)
        for item in script.draw(st.permutations(items)):
            _answer(script, item)
    elif kind == "sub_rlm":
        for n in range(script.draw(st.integers(0, 2))):
            _iteration(script, n + 1, span, depth + 1)
    error = script.draw(ERRORS)
    script.tool_calls += kind == "tool"
    item_failed = size is not None and script.failed_calls > failed_before
    script.failed_calls += error is not None and not item_failed
    script.emit(events.CallFinished, span=span, error=error)


def _request(script: Script, kind: str, span: str, parent: str) -> None:
    _ask(script, kind, span, parent)
    _answer(script, span)


def _ask(script: Script, kind: str, span: str, parent: str, **fields: Any) -> None:
    script.emit(
        events.CallStarted, span=span, parent=parent, kind=kind, name=kind, prompt=_value("p"), **fields
    )
    script.llm_calls += 1


def _answer(script: Script, span: str) -> None:
    usage, cached, error = script.draw(USAGES), script.draw(st.booleans()), script.draw(ERRORS)
    script.llm_calls += usage.requests - 1 if usage else 0
    if usage is not None or error is None:
        script.spend(usage, cached)
    script.failed_calls += error is not None
    script.emit(
        events.CallFinished, span=span, usage=usage, cached=cached, error=error, seconds=script.draw(SECONDS)
    )


@st.composite
def runs(draw: Any) -> tuple[list[AnyEvent], Totals]:
    """A run as an engine would tell it, and its totals."""
    script = Script(draw, offline=draw(st.booleans()))
    script.emit(
        events.RunStarted, span="run", run_id="r", task="basic", signature="q -> a", offline=script.offline
    )
    script.emit(events.SandboxStarting, span="sandbox-0", parent="run", kind="local", phase="process")
    script.emit(events.SandboxReady, span="sandbox-0", parent="run", kind="local", confined=True)
    for n in range(draw(st.integers(0, 3))):
        _iteration(script, n + 1, "run", 0)
    script.emit(events.Note, level="info", text=draw(TEXTS))
    if draw(st.booleans()):
        planner_before = script.llm_calls
        _request(script, "predict", script.span("call"), "run")
        script.planner_calls += script.llm_calls - planner_before
        script.llm_calls = planner_before
    script.emit(events.RunFinished, span="run", status=draw(st.sampled_from(get_args(events.RunStatus))))
    totals = script.totals()
    script.events[-1] = msgspec.structs.replace(script.events[-1], totals=totals)
    return script.events, totals
