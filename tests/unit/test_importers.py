"""Logs of other programs as saved runs: what they say is kept, and what they don't is not made up."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.iterations import Call
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.run_comparison import compare_runs
from rlm_tui.core.settings import Settings
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.engine.fork import fork_request
from rlm_tui.engine.fork_errors import ForkError
from rlm_tui.headless.run_comparison import comparison_object
from rlm_tui.store.errors import StoreError
from rlm_tui.store.exporters.formats import FORMATS
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.importers.fast_rlm import OUTPUT_NOT_LOGGED
from rlm_tui.store.importers.imported import ImportFailed
from rlm_tui.store.importers.write import Imported, import_file
from rlm_tui.store.run_log import open_run
from rlm_tui.store.run_reading import read_run
from tests.saved_runs import told_run

DATA = Path(__file__).parents[1] / "importers_data"
FILES = sorted(path for path in DATA.iterdir() if path.suffix in (".json", ".jsonl"))


def imported(tmp_path: Path, file: Path) -> tuple[Imported, Trajectory]:
    found = import_file(file, Redactor(), tmp_path / "runs")[0]
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


def test_a_logger_that_is_used_again_writes_several_runs(tmp_path: Path) -> None:
    first, second = import_file(DATA / "rlms-0.1.3-two-runs.jsonl", Redactor(), tmp_path / "runs")
    run = open_run(first.path).trajectory()
    assert (run.finished and run.finished.outputs) == {"answer": "Maren decides."}
    look, ask, *_ = run.iterations
    assert look.prompt.text.startswith("[system]\nYou write code in a REPL.")
    assert (ask.usage, [call.kind for call in ask.calls]) == (
        e.Usage(0, 0, 0.0, requests=0), ["llm_query", "llm_query", "llm_query", "sub_rlm"],
    )  # fmt: skip
    assert ask.calls[3].arguments["max_depth"] == 2
    assert [one.cell.status for one in ask.calls[3].nested if one.cell] == ["ok", "ok"]
    assert run.totals.planner_calls == 4 + 2, "a block of code more is no turn of the planner more"
    run = open_run(second.path).trajectory()
    assert run.finished is not None
    assert (run.finished.status, run.finished.outputs) == ("extracted", {"answer": "It is Maren."})
    assert (len(run.iterations), [call.name for call in run.calls]) == (2, ["final answer"])
    cell = run.iterations[0].cell
    assert cell is not None
    assert (cell.status, cell.text) == ("ok", "only a warning\n"), "what is written to stderr is no error yet"
    assert [variable.preview for variable in run.iterations[0].variables_changed if variable.name == "x"] == [
        "NaN"
    ], "Python writes NaN, which is no JSON"
    assert any('backend "openai"' in note.text for note in run.notes)


def test_fast_rlm_as_its_engine_leaves_it(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "fast-rlm-0.5.0-run.jsonl")
    probe, _look, ask, slip, no_code, end = run.iterations
    assert (probe.usage, probe.plan_seconds) == (e.Usage(0, 0, 0.0, requests=0), 0.0), "nobody was asked"
    assert [(call.kind, call.answer.text, len(call.nested)) for call in ask.calls] == [
        ("sub_rlm", "3", 3)
    ] * 2
    assert ask.calls[0].prompt.text == "", "it does not log what a child was asked"
    last = ask.calls[0].nested[-1].cell
    assert last is not None
    assert last.status == "submitted", "its cell ran, though its output is not logged"
    assert slip.cell is not None
    assert slip.cell.error is not None
    assert slip.cell.error.kind == "NameError"
    assert no_code.cell is None
    assert end.cell is not None
    assert "FINAL" in end.cell.code
    assert run.finished is None, "it ends before its last lines are written"
    assert any("does not say how the run ended" in note.text for note in run.notes)
    assert (run.totals.tokens_known, run.totals.cost_known) == (True, False)
    assert read_run(found.path).record.cost_usd is None


def test_fast_rlm_does_not_lose_what_is_odd(tmp_path: Path) -> None:
    def line(event: str, agent: str, second: int, **more: object) -> str:
        time = f"2026-01-01T00:00:{second:02d}Z"
        return json.dumps({"time": time, "run_id": agent, "event_type": event, **more})

    nothing = {"prompt_tokens": 0, "completion_tokens": 0}
    asked = {"llm_call_start": "2026-01-01T00:00:01Z", "llm_call_end": "2026-01-01T00:00:02Z"}
    ran = {"execution_start": "2026-01-01T00:00:02Z", "execution_end": "2026-01-01T00:00:09Z"}
    lines = [
        line("agent_start", "a", 0),
        line(
            "code_generated",
            "a",
            9,
            step=1,
            code="FINAL(llm_query('x'))",
            usage=nothing,
            timestamps=asked | ran,
        ),
        line("agent_start", "b", 3, parent_run_id="a"),
        line("agent_end", "b", 5, parent_run_id="a"),
        line("final_result", "a", 9),
        line("agent_end", "a", 9),
        line("agent_start", "c", 20, parent_run_id="d"),
        line("final_result", "c", 21, parent_run_id="d", result=1),
        line("agent_start", "d", 22, parent_run_id="c"),
        json.dumps({"of": "something else"}),
    ]
    file = tmp_path / "odd.jsonl"
    file.write_text("\n".join(lines) + "\n")
    found, run = imported(tmp_path, file)
    assert found.left_out == ("1 line of no kind that is known was left out (10).", OUTPUT_NOT_LOGGED)
    (step,) = run.iterations
    assert step.usage is None, "zeros where a model was asked are what its backend does not know"
    assert (step.plan_seconds, step.cell and step.cell.seconds) == (1.0, 7.0)
    child = step.calls[0]
    assert (child.error and child.error.kind, child.seconds) == ("NoResult", 2.0)
    assert (run.finished and run.finished.outputs) == {"result": None}, "a result that is nothing is one"


def test_rlm_code(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "rlm-code-0.1.13.jsonl")
    assert (found.format, found.left_out) == ("rlm-code", ())
    first, second, delegate, end = run.iterations
    assert (first.reasoning, first.code, first.usage) == (
        "I look first.", "print(len('Maren decides.'))", e.Usage(28, 27, None),
    )  # fmt: skip
    assert first.cell is not None
    assert (first.cell.text, first.plan_seconds) == ("14\n", UNKNOWN_SECONDS)
    assert second.cell is not None
    assert second.cell.error is not None
    assert second.cell.error.kind == "NameError"
    assert [(call.kind, call.prompt.text, call.answer.text) for call in delegate.calls] == [
        ("sub_rlm", "Count the words of the minutes.", "2")
    ]
    assert end.cell is not None
    assert end.cell.status == "submitted"
    assert run.finished is not None
    assert run.finished.outputs == {"final_response": "Maren decides."}
    kept = json.loads((found.path / "imported.json").read_text())
    assert kept["iterations"][0]["role_usage"]["root"]["total_calls"] == 1


def test_rlm_cli_and_predict_rlm(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "rlm-cli.json")
    first = run.iterations[0]
    assert (found.format, first.calls[0].seconds) == ("rlm-cli", 0.85)
    assert (first.reasoning, first.prompt.text.startswith("[system]\n")) == ("I ask.", True)
    assert first.cell is not None
    assert (first.plan_seconds, first.cell.seconds) == (UNKNOWN_SECONDS, UNKNOWN_SECONDS), "not told apart"
    assert (first.ended_at or 0.0) - first.started_at == pytest.approx(1.2)
    assert first.calls[0].arguments == {"contextLength": 1200, "resultLength": 900}
    assert run.totals.seconds == pytest.approx(1.4)
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
    assert run.iterations[1].usage is None, "zeros are what it does not know"


def test_dspy(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "dspy-3.4.json")
    cells = [one.cell for one in run.iterations if one.cell]
    assert [cell.status for cell in cells] == ["ok", "ok", "error", "ok", "submitted"]
    assert [cell.text for cell in cells] == ["23", "[Error] of a log", "", "", ""]
    assert run.finished is not None
    assert (run.finished.outputs, run.totals.seconds) == ({"answer": "Maren"}, UNKNOWN_SECONDS)
    assert read_run(found.path).record.seconds is None
    steps = json.loads((DATA / "dspy-3.4.json").read_text())["trajectory"]
    file = tmp_path / "steps.json"
    file.write_text(json.dumps(steps))
    _, run = imported(tmp_path, file)
    assert (run.finished and run.finished.outputs) == {"answer": "Maren"}, "as its last entry shows"
    value = {"answer": "?", "trajectory": steps[:2], "final_reasoning": "Extract forced final output"}
    file.write_text(json.dumps(value))
    _, run = imported(tmp_path, file)
    assert (run.finished and run.finished.status) == "extracted"


def test_what_was_imported_is_found_again(tmp_path: Path) -> None:
    file = DATA / "rlms-0.1.3-two-runs.jsonl"
    first = import_file(file, Redactor(), tmp_path / "runs")
    again = import_file(file, Redactor(), tmp_path / "runs")
    assert ([one.path for one in again], [one.again for one in again]) == (
        [one.path for one in first],
        [True, True],
    )
    anew = import_file(file, Redactor(), tmp_path / "runs", anew=True)
    assert {one.path for one in anew}.isdisjoint(one.path for one in first)
    assert len(list((tmp_path / "runs").iterdir())) == 4


@pytest.mark.parametrize("change", ["a byte order mark", "CRLF", "both"])
def test_what_windows_does_to_a_file(tmp_path: Path, change: str) -> None:
    for name in ("rlms-0.1.3.jsonl", "dspy-3.4.json"):
        data = (DATA / name).read_bytes()
        if change != "a byte order mark":
            data = data.replace(b"\n", b"\r\n")
        if change != "CRLF":
            data = b"\xef\xbb\xbf" + data
        file = tmp_path / name
        file.write_bytes(data)
        found, _ = imported(tmp_path, file)
        assert found.left_out == ()


def test_what_is_not_known_is_not_exported_as_a_number(tmp_path: Path) -> None:
    found, run = imported(tmp_path, DATA / "rlm-code-0.1.13.jsonl")
    source = Source(found.path.name, run, lambda value: value.text)
    for name in ("json", "rlm-jsonl", "csv"):
        text = "".join(FORMATS[name].write(source))
        assert not re.search(r"[:,]\s*-[0-9]", text), name
    _, run = imported(tmp_path, DATA / "dspy-3.4.json")
    text = "".join(FORMATS["md"].write(Source("r1", run, lambda value: value.text)))
    assert "| totals | 5 iterations, ? LLM calls, ? tokens, cost unknown, ? s |" in text
    assert "unconfined" not in text
    compared = comparison_object(compare_runs(run, run), (run, run), ("r1", "r2"))
    assert (compared["left"]["llm_calls"], compared["left"]["seconds"]) == (None, None)


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_what_is_damaged_is_left_out_and_what_is_hostile_stays_text(tmp_path: Path, file: Path) -> None:
    damaged = tmp_path / "damaged"
    data = file.read_bytes().replace(b"Maren", b"sk-abcdefghij0123456789")
    lines = data.split(b"\n")
    if file.suffix == ".jsonl":
        data = b"\n".join([*lines[:2], b"{cut", b"[1, 2]", *lines[2:-2], lines[-2][:20]])
    damaged.write_bytes(data)
    found, *others = import_file(damaged, Redactor(), tmp_path / "runs")
    written = b"".join(path.read_bytes() for path in found.path.rglob("*") if path.is_file())
    assert b"sk-abcdefghij" not in written
    if file.suffix == ".jsonl":
        assert any("3 lines that could not be read" in sentence for sentence in found.left_out)
    names = sorted(one.path.name for one in (found, *others))
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == names


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "file.json is empty"),
        (b"hello", "is no log that is known: it is no JSON; looked for dspy"),
        (b"hello\n" * 100_000, "it is no JSON"),
        (b'{"trajectory": []}', "is no log that is known: looked for dspy"),
        (b'{"type":"metadata","root_model":"m"}\n', "but no iteration can be read"),
        (b"\x00\xff" * 50, "is no text"),
        (b"[" * 100_000, "nests too deeply"),
        (b'{"status": "completed", "steps": [{"code', r"damaged or cut \(.*\)"),
        (b"\x1f\x8b\x08rest", r"is compressed \(gzip\): unpack it first"),
        (b"\xff\xfe{\x00", "is in UTF-16"),
        (b'{"type":"run_started","run_id":"r"}\n', "open it with `rlm-tui open`"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_is_no_log_is_said_and_leaves_nothing(tmp_path: Path, data: bytes, words: str) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(data)
    with pytest.raises(ImportFailed, match=words):
        import_file(file, Redactor(), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    if not data:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(ImportFailed, match="pipe is no file"):
            import_file(pipe, Redactor(), tmp_path / "runs")
    with pytest.raises(StoreError, match="can't be read"):
        import_file(tmp_path / "absent", Redactor(), tmp_path / "runs")


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
        found = import_file(changed, Redactor(), tmp_path / "runs")
    except ImportFailed:
        return
    for run in found:
        open_run(run.path).trajectory()


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


def test_an_imported_run_is_refused_to_be_forked_in_words(tmp_path: Path) -> None:
    found, _ = imported(tmp_path, DATA / "rlms-0.1.3.jsonl")
    assert found.path.name.startswith("20261124-"), "it is listed by when it began"
    with pytest.raises(ForkError, match=r"was imported from alexzhang13/rlm: another program ran it"):
        fork_request(found.path, None, Settings())


def test_a_file_of_very_many_runs_is_imported_as_far_as_is_sensible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_tui.store.importers.recognise.MOST_RUNS", 3)
    line = {"type": "iteration", "iteration": 1, "response": "x", "code_blocks": []}
    file = tmp_path / "many.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for _ in range(5)))
    found = import_file(file, Redactor(), tmp_path / "runs")
    assert (len(found), found[0].left_out) == (3, ("The file holds 2 more runs, which were left out.",))


def test_agents_at_once_stand_beside_each_other(tmp_path: Path) -> None:
    _, run = imported(tmp_path, DATA / "fast-rlm-0.5.0-run.jsonl")
    one, other = run.iterations[2].calls
    assert other.started_at - one.started_at < 1.0 < one.seconds
    assert [step.n for step in (*one.nested, *other.nested)] == [1, 2, 3, 1, 2, 3]
    assert (run.iterations[4].code, run.iterations[4].remark) == ("", "The answer held no code.")
