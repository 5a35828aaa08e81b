"""Sub-agents that a cell builds with `dspy`: recorded as calls; nested RLMs pass the same gate and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dspy.primitives.code_interpreter import CodeInterpreterError
from dspy.primitives.facade import FacadeInvocation

from rlm_tui.core.events import CallKind
from rlm_tui.engine.abandon import abandonable
from rlm_tui.engine.calls import STOPPED, answer_as_json, recorded_call
from rlm_tui.engine.calls_from_record import CallsAgain
from rlm_tui.engine.control import CONTROL, RunStopped
from rlm_tui.engine.invocation import INVOCATION, Invocation
from rlm_tui.engine.recorder import Recorder
from rlm_tui.sandbox.document_input import FileInput

LARGEST_PROMPT_DOCUMENT = 4_000_000


class ExplorerFacade(FacadeInvocation):
    """The host's side of the sandbox's `dspy`; `build_rlm(signature, options)` makes the nested RLMs, and
    `hold` waits while a call is held.
    """

    def __init__(
        self,
        *arguments: Any,
        hold: Callable[[], None],
        build_rlm: Callable[[Any, dict[str, Any]], Any],
        invocation: Invocation,
        recorder: Recorder,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._hold = hold
        self._build_rlm = build_rlm
        self._invocation = invocation
        self._recorder = recorder
        self._kinds: dict[str, tuple[str, str]] = {}
        self._again = CallsAgain(invocation, recorder, self._reserve or (lambda _calls: None))

    def construct(
        self, kind: str, signature: Any, attr_name: str, kwargs: dict[str, Any] | None = None
    ) -> str:
        handle: str = super().construct(kind, signature, attr_name, kwargs)
        self._kinds[handle] = (kind, _signature_text(signature))
        return handle

    def call(self, handle: str, inputs: dict[str, Any] | None = None) -> dict[str, Any]:
        kind, signature = self._kinds.get(handle, ("", ""))
        nested = kind == "RLM"
        given = inputs or {}
        call_kind: CallKind = "sub_rlm" if nested else "predict"
        name, arguments = f"{kind}({signature})", {name: _shown(value) for name, value in given.items()}

        def live() -> dict[str, Any]:
            return self._call_live(handle, call_kind, name, given, arguments)

        if self._invocation.answers is not None:
            recorded: dict[str, Any] = self._again.other(call_kind, name, arguments, live)
            return recorded
        return live()

    def _call_live(
        self, handle: str, kind: CallKind, name: str, given: dict[str, Any], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        control = self._invocation.cell_control
        CONTROL.set(control)
        try:
            self._hold()
        except RunStopped:
            raise CodeInterpreterError(STOPPED) from None
        with recorded_call(
            self._recorder,
            parent=self._invocation.cell,
            kind=kind,
            name=name,
            arguments=arguments,
        ) as record:
            try:
                fields: dict[str, Any]
                if kind == "sub_rlm":
                    fields = super().call(handle, given)
                else:
                    whole = {name: _as_text(name, value) for name, value in given.items()}
                    fields = abandonable(lambda: self._call_apart(handle, whole), control)
            except RunStopped:
                raise CodeInterpreterError(STOPPED) from None
            record.answer = _answer_text(fields)
            record.result = answer_as_json(self._recorder, fields)
            return fields

    def _call_apart(self, handle: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Call a predictor that is no RLM; a sandbox of its own (CodeAct has one) tells nothing of cells."""
        INVOCATION.set(None)
        fields: dict[str, Any] = super().call(handle, inputs)
        return fields

    def _build_predictor(self, kind: str, signature: Any, kwargs: dict[str, Any] | None) -> Any:
        if kind != "RLM":
            return super()._build_predictor(kind, signature, kwargs)
        options = dict(kwargs or {})
        if "interpreter_factory" in options:
            return super()._build_predictor(kind, signature, kwargs)  # refuses it in dspy's words
        return self._build_rlm(signature, {name: self._decode_tools(item) for name, item in options.items()})


def _signature_text(signature: Any) -> str:
    return str(signature.get("signature", "") if isinstance(signature, dict) else signature)


def _shown(value: Any) -> Any:
    match value:
        case FileInput():
            return f"document {value.name}"
        case dict():
            return {key: _shown(item) for key, item in value.items()}
        case list():
            return [_shown(item) for item in value]
        case _:
            return value


def _as_text(name: str, value: Any) -> Any:
    """A document as its text, for a predictor that puts its inputs into a prompt."""
    if isinstance(value, dict):
        return {key: _as_text(name, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(name, item) for item in value]
    if not isinstance(value, FileInput):
        return value
    if value.size > LARGEST_PROMPT_DOCUMENT:
        raise CodeInterpreterError(
            f"Input {name} is a document of {value.size:,} bytes: too large for one prompt. "
            "Give a part of it, or give it to a dspy.RLM."
        )
    return value.value()


def _answer_text(fields: dict[str, Any]) -> str:
    return "\n".join(
        f"{name}: {value}" for name, value in fields.items() if name not in ("trajectory", "final_reasoning")
    )
