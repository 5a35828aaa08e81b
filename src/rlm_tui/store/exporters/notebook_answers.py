"""The first cells of an exported notebook: what was answered in the run, and the inputs as cells saw them."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterable, Iterator
from typing import Any

from rlm_tui.core.event_parts import DocumentReference
from rlm_tui.core.iterations import Call
from rlm_tui.store.exporters.source import Source

_GIVEN = """\
# What the sub-LM, the tools and nested RLMs answered in the run, and SUBMIT. Nothing is asked of anybody.
import json as _json

_recorded = _json.loads({answers!r})


class _Submitted(BaseException):
    \"\"\"Ends a cell at its SUBMIT, as in the run.\"\"\"

    def _render_traceback_(self):
        return []


def _take(name, asked, exactly=True):
    for index, one in enumerate(_recorded):
        if one[0] == name and one[1] == asked:
            return _recorded.pop(index)
    for index, one in enumerate(_recorded):
        if one[0] == name and not exactly:
            return _recorded.pop(index)
    raise LookupError(f"{{name}} was not asked this in the run: {{asked[:200]}}")


def _answer(name, asked, exactly=True):
    _, _, answer, error = _take(name, asked, exactly)
    if error:
        raise RuntimeError(error)
    return answer


def llm_query(prompt):
    return _answer("llm_query", prompt)


def llm_query_batched(prompts):
    found = [_take("llm_query", prompt) for prompt in prompts]
    return [f"[ERROR] {{error}}" if error else answer for _, _, answer, error in found]


def SUBMIT(*values, **outputs):
    print("SUBMIT", *values, *[f"{{name}}={{value!r}}" for name, value in outputs.items()])
    raise _Submitted
"""
_TOOL = """

def {name}(*values, **arguments):
    asked = arguments if not values else [list(values), arguments]
    return _answer({name!r}, _json.dumps(asked, sort_keys=True, default=str), exactly=False)
"""
_DSPY = """

import sys as _sys
import types as _types


class _Prediction:
    def __init__(self, fields):
        self.__dict__.update(fields)


class _Module:
    def __call__(self, **inputs):
        return self.forward(**inputs)


def _predictor(kind):
    def build(signature="", **options):
        text = signature.get("signature", "") if isinstance(signature, dict) else signature

        def call(**inputs):
            asked = _json.dumps(inputs, sort_keys=True, default=str)
            return _Prediction(_answer(f"{kind}({text})", asked, exactly=False))

        return call

    return build


dspy = _types.ModuleType("dspy")
dspy.Module, dspy.Prediction = _Module, _Prediction
dspy.Tool = lambda function, **options: function
dspy.Signature = lambda signature, instructions=None, **options: {"signature": signature}
for _kind in ("Predict", "ChainOfThought", "RLM", "CodeAct", "ProgramOfThought", "ReAct", "ReActV2"):
    setattr(dspy, _kind, _predictor(_kind))
_sys.modules["dspy"] = dspy
"""
_READ = """\
# The inputs as the cells of the run saw them.
import os as _os
import sys as _sys


def _document(path, encoding, size):
    try:
        with open(path, encoding=encoding, errors="replace", newline="") as file:
            text = file.read()
    except OSError as error:
        words = f"{path} can't be read ({error.strerror}): put the document there, or change the path here."
        raise FileNotFoundError(words) from None
    if _os.path.getsize(path) != size:
        print(f"{path} is not as the run read it: what is printed below may differ.", file=_sys.stderr)
    return text


"""


def answers_code(source: Source) -> str:
    """Code that answers each call as it was answered in the run."""
    calls = [call for call in source.trajectory.calls if call.depth == 0 and call.iteration is not None]
    answers = [list(one) for one in _recorded(calls, source)]
    code = _GIVEN.format(answers=json.dumps(answers, ensure_ascii=True))
    tools = {call.name for call in calls if call.kind == "tool" and _is_name(call.name)}
    code += "".join(_TOOL.format(name=name) for name in sorted(tools))
    if any(call.kind in ("predict", "sub_rlm") for call in calls):
        code += _DSPY
    return code


def inputs_code(source: Source) -> str:
    """Code that binds the run's inputs; documents are read from where they lay."""
    started = source.trajectory.started
    if started is None:
        return "pass\n"
    lines = []
    for name, document in {**started.documents, **source.documents}.items():
        lines.append(f"{_target(name)} = {_read(document)}\n")
    head = _READ if lines else ""
    lines += [f"{_target(name)} = {source.whole(value)!r}\n" for name, value in started.inputs.items()]
    return head + "".join(lines) or "pass\n"


def _recorded(calls: Iterable[Call], source: Source) -> Iterator[tuple[str, str, Any, str]]:
    for call in calls:
        error = "" if call.error is None else f"{call.error.kind}: {call.error.message}"
        if call.is_batch:
            yield from _recorded(sorted(call.items, key=lambda item: item.index or 0), source)
        elif call.kind == "llm_query":
            yield "llm_query", source.whole(call.prompt), source.whole(call.answer), error
        else:
            asked = json.dumps(call.arguments, sort_keys=True, default=str)
            text = source.whole(call.result) or json.dumps(source.whole(call.answer))
            yield call.name, asked, _decoded(text), error


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _target(name: str) -> str:
    """Where a value is bound: what is no name of Python can't become code here."""
    return name if _is_name(name) else f"globals()[{name!r}]"


def _read(document: DocumentReference) -> str:
    if document.members:
        items = (
            f"    {key!r}: _document({one.path!r}, {one.encoding or 'utf-8'!r}, {one.size!r}),\n"
            for key, one in document.members.items()
        )
        return f"{{\n{''.join(items)}}}"
    return f"_document({document.path!r}, {document.encoding or 'utf-8'!r}, {document.size!r})"
