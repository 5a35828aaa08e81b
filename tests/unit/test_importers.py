"""Logs of other programs as saved runs: what they say is kept, and what they don't is not made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.iterations import Call
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.store.errors import StoreError
from rlm_tui.store.exporters.formats import FORMATS
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.importers.imported import ImportFailed
from rlm_tui.store.importers.write import Imported, import_file
from rlm_tui.store.run_log import open_run
from rlm_tui.store.run_reading import read_run
from tests.saved_runs import told_run

DATA = Path(__file__).parents[1] / "importers_data"
FILES = sorted(path for path in DATA.iterdir() if path.suffix in (".json", ".jsonl"))


def imported(tmp_path: Path, file: Path) -> tuple[Imported, Trajectory]:
    found = import_file(file, str, tmp_path / "runs")
    trajectory = open_run(found.path).trajectory()
    assert [problem.error.message for problem in trajectory.problems if problem.source == "log"] == []
    return found, trajectory


def calls(trajectory: Trajectory) -> list[Call]:
    return [call for iteration in trajectory.iterations for call in iteration.calls]


def test_alexzhang13_rlm(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "rlms-0.1.3.jsonl")
    assert (found.format, found.iterations, found.left_out) == ("alexzhang13/rlm", 4, ())
    assert run.started is not None
    assert (run.started.planner, run.started.imported) == ("gpt-5-mini", "alexzhang13/rlm")
    first, second, slip, end = run.iterations
    assert first.reasoning.startswith("I look first.")
    assert "```" not in first.reasoning
    assert first.cell is not None
    assert first.cell.text == "Minutes of the board\n"
    asked, nested = second.calls
    assert (asked.prompt.text, asked.answer.text, asked.seconds) == ("Who decides?", "Maren.", 0.9)
    assert asked.usage == e.Usage(120, 4, 0.0001)
    assert (nested.kind, nested.usage) == ("sub_rlm", e.Usage(300, 9, None))
    assert nested.nested[0].cell is not None
    assert nested.nested[0].cell.text == "2\n"
    assert slip.cell is not None
    assert slip.cell.error is not None
    assert (slip.cell.status, slip.cell.error.kind) == ("error", "ZeroDivisionError")
    assert end.cell is None
    assert run.finished is not None
    assert (run.finished.status, run.finished.outputs) == ("submitted", {"answer": "Maren decides."})
    assert run.totals.seconds == 7.5
    assert not run.totals.cost_known, "the planner's cost is not told"


def test_the_older_keys_of_alexzhang13_rlm(tmp_path: Path) -> None:
    call = {"root_model": "m", "prompt": "q", "response": "a", "prompt_tokens": 7, "completion_tokens": 2}
    block = {"code": "x", "result": {"stdout": "", "stderr": "", "locals": {}, "rlm_calls": [call]}}
    line = {
        "type": "iteration",
        "iteration": 1,
        "response": "x",
        "code_blocks": [block],
        "final_answer": ["x", "42"],
    }
    file = tmp_path / "old.jsonl"
    file.write_text(json.dumps(line) + "\n")
    _, run = imported(tmp_path, file)
    assert calls(run)[0].usage == e.Usage(7, 2, None)
    assert run.finished is not None
    assert run.finished.outputs == {"answer": "42"}
    assert run.totals.seconds == UNKNOWN_SECONDS
    assert calls(run)[0].seconds == UNKNOWN_SECONDS


def test_fast_rlm_out_of_order_with_a_child(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "fast-rlm-0.5.0.jsonl")
    assert found.format == "fast-rlm"
    first, second = run.iterations
    assert (first.reasoning, first.usage) == ("I ask a child.", e.Usage(400, 30, 0.002))
    assert first.cell is not None
    assert (first.cell.text, first.plan_seconds, first.cell.seconds) == ("2\n", 2.0, 2.0)
    child = first.calls[0]
    assert (child.kind, child.answer.text, len(child.nested)) == ("sub_rlm", "2", 1)
    assert child.nested[0].usage == e.Usage(90, 5, None)
    assert second.cell is not None
    assert second.cell.error is not None
    assert second.cell.error.kind == "NameError"
    assert run.finished is not None
    assert run.finished.outputs == {"result": {"answer": 2}}


def test_rlm_code(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "rlm-code-0.1.13.jsonl")
    assert found.format == "rlm-code"
    assert "3 LM calls in all" in found.left_out[0]
    first, second = run.iterations
    assert (first.reasoning, first.code, first.usage) == (
        "I look first.",
        "print(notes[:5])",
        e.Usage(640, 32, None),
    )
    assert first.cell is not None
    assert (first.cell.text, first.cell.seconds, first.plan_seconds) == ("Maren\n", 0.25, UNKNOWN_SECONDS)
    assert second.cell is not None
    assert second.cell.status == "error"
    assert run.finished is not None
    assert run.finished.outputs == {"final_response": "Maren decides."}


def test_rlm_cli_and_predict_rlm_and_dspy(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "rlm-cli.json")
    assert (found.format, run.iterations[0].calls[0].seconds) == ("rlm-cli", 0.85)
    assert run.finished is not None
    assert run.finished.outputs == {"answer": "Maren"}
    found, run = imported(tmp_path, DATA / "predict-rlm-0.13.1.json")
    asked, failed, tool = run.iterations[0].calls
    assert (asked.kind, asked.model, asked.usage) == (
        "predict",
        "openai/gpt-5-nano",
        e.Usage(220, 11, 0.0002),
    )
    assert failed.error is not None
    assert (failed.error.kind, failed.cached) == ("ValueError", True)
    assert (tool.kind, tool.name, tool.arguments) == ("tool", "look_up", {"0": "x", "deep": True})
    assert run.iterations[0].cell is not None
    assert run.iterations[0].cell.text == "12.5 of many"
    found, run = imported(tmp_path, DATA / "dspy-3.4.json")
    assert [one.cell.status for one in run.iterations if one.cell] == ["ok", "error", "submitted"]
    assert run.finished is not None
    assert (run.finished.outputs, run.totals.seconds) == ({"answer": "Maren"}, UNKNOWN_SECONDS)
    assert read_run(found.path).record.seconds is None


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_what_is_damaged_is_left_out_and_what_is_hostile_stays_text(tmp_path: Path, file: Path) -> None:
    damaged = tmp_path / "damaged"
    data = file.read_bytes().replace(b"Maren", b"sk-abcdefghij0123456789")
    lines = data.split(b"\n")
    if file.suffix == ".jsonl":
        data = b"\n".join([*lines[:2], b"{cut", b"[1, 2]", *lines[2:-2], lines[-2][:20]])
    damaged.write_bytes(data)
    found = import_file(damaged, Redactor().text, tmp_path / "runs")
    written = b"".join(path.read_bytes() for path in found.path.rglob("*") if path.is_file())
    assert b"sk-abcdefghij" not in written
    if file.suffix == ".jsonl":
        assert any("3 lines could not be read" in sentence for sentence in found.left_out)
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [found.path.name]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no log that is known: looked for dspy"),
        (b"hello", "is no log that is known"),
        (b'{"trajectory": []}', "is no log that is known"),
        (b'{"type":"metadata","root_model":"m"}\n', "but no iteration can be read"),
        (b"\x00\xff" * 50, "is no log that is known"),
        (b"[" * 100_000, "is no log that is known"),
    ],
)
def test_what_is_no_log_is_said_and_leaves_nothing(tmp_path: Path, data: bytes, words: str) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(data)
    with pytest.raises(ImportFailed, match=words):
        import_file(file, str, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    with pytest.raises(StoreError, match="can't be read"):
        import_file(tmp_path / "absent", str, tmp_path / "runs")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_in_any_place_is_imported_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines() if file.suffix == ".jsonl" else [text]
    at = data.draw(st.integers(0, len(lines) - 1))
    value = json.loads(lines[at])
    holder = value
    for _ in range(data.draw(st.integers(0, 4))):
        held = holder.values() if isinstance(holder, dict) else holder
        inner = [one for one in held if one and isinstance(one, dict | list)]
        if not inner:
            break
        holder = data.draw(st.sampled_from(inner))
    key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))))
    holder[key] = data.draw(JUNK)
    lines[at] = json.dumps(value)
    changed = tmp_path / "changed"
    changed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        found = import_file(changed, str, tmp_path / "runs")
    except ImportFailed:
        return
    open_run(found.path).trajectory()


def test_what_was_exported_as_json_comes_back(tmp_path: Path) -> None:
    before = fold(told_run().events)
    file = tmp_path / "export.json"
    file.write_text("".join(FORMATS["json"].write(Source("r1", before, lambda value: value.text))))
    found, after = imported(tmp_path, file)
    assert found.format == "rlm-tui"
    for one, other in zip(before.iterations, after.iterations, strict=True):
        assert (one.reasoning, one.code, one.usage, one.plan_seconds) == (
            other.reasoning, other.code, other.usage, other.plan_seconds,
        )  # fmt: skip
        assert one.cell is not None
        assert other.cell is not None
        assert (one.cell.text, one.cell.status) == (other.cell.text, other.cell.status)
        assert one.cell.error == other.cell.error
    assert [(call.prompt, call.answer, call.usage) for call in calls(before)] == [
        (call.prompt, call.answer, call.usage) for call in calls(after)
    ]
    assert before.totals == after.totals


def test_a_log_of_alexzhang13_that_we_export_can_be_imported(tmp_path: Path) -> None:
    before = fold(told_run().events)
    file = tmp_path / "export.jsonl"
    file.write_text("".join(FORMATS["rlm-jsonl"].write(Source("r1", before, lambda value: value.text))))
    _, after = imported(tmp_path, file)
    assert [one.code for one in after.iterations] == [one.code for one in before.iterations]
    assert [one.reasoning for one in after.iterations] == [one.reasoning for one in before.iterations]
    assert [one.prompt for one in after.iterations] == [one.prompt for one in before.iterations]
    assert [call.usage for call in calls(after)] == [call.usage for call in calls(before)]
