"""`rlm-tui fork RUN --at N`: the run that it goes on from, one object on stdout, lines, and refusals."""

from __future__ import annotations

from pathlib import Path

from tests.integration.command_line import rlm_tui
from tests.integration.forks import saved
from tests.integration.session_runs import KEY
from tests.lm_server import LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM

CELLS = [
    ("First.", "x = llm_query('one')"),
    ("Second.", "import time\nprint(time.time_ns())"),
    ("End.", "SUBMIT(answer=x)"),
]


def environment(server: LoopbackLM) -> dict[str, str]:
    return {
        "DSPY_LM_MODEL": "openai/test-model",
        "DSPY_LM_API_BASE": server.api_base,
        "DSPY_LLM_API_KEY": KEY,
    }


def test_the_last_run_is_forked_with_other_code_and_told_as_json(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    log, _ = saved(loopback_lm(planner_script(CELLS)))
    server = loopback_lm(planner_script(CELLS))
    code = tmp_path / "code.py"
    code.write_text("SUBMIT(answer='other: ' + x)\n")
    ended = rlm_tui("fork", "last", "--at", "3", "--code", str(code), "--json", **environment(server))
    assert ended.code == 0, ended.stderr
    result = ended.json
    assert result["outputs"] == {"answer": "other: Answer to: one"}
    assert (result["llm_calls"], result["tokens"]) == (0, {"prompt": 0, "completion": 0})
    forked = result["forked"]
    assert (forked["run_id"], forked["at"]) == (log.run_id, 3)
    assert forked["changes"] == ["The code of iteration 3 is another."]
    assert [sentence[:20] for sentence in forked["differed"]] == ["Iteration 2: printed"]
    assert server.requests == ()
    assert Path(result["events"]).is_file()


def test_the_lines_say_what_was_executed_again(loopback_lm: StartLM) -> None:
    log, _ = saved(loopback_lm(planner_script(CELLS)))
    server = loopback_lm(planner_script(CELLS))
    begun = log.run_id[:-2]
    ended = rlm_tui("fork", begun, "--at", "2", "--remark", "Be quick.", **environment(server))
    assert ended.code == 0, ended.stderr
    assert f"1 iteration of {log.run_id} executed again: 1 cell, 1 recorded answer" in ended.stdout
    assert "as recorded" in ended.stdout
    assert "answer: Answer to: one" in ended.stdout
    assert "log: " in ended.stderr


def test_a_fork_is_held_where_it_begins_to_be_live(loopback_lm: StartLM) -> None:
    saved(loopback_lm(planner_script(CELLS)))
    server = loopback_lm(planner_script(CELLS))
    ended = rlm_tui("fork", "last", "--at", "3", "--hold", stdin="> x.upper()\ngo\n", **environment(server))
    assert ended.code == 0, ended.stdout
    assert "held before the plan of iteration 3" in ended.stdout
    assert "'ANSWER TO: ONE'" in ended.stdout
    assert len(server.requests) == 1, "the plan of iteration 3 alone"


def test_what_is_in_the_way_is_one_sentence_and_exit_code_2(loopback_lm: StartLM, tmp_path: Path) -> None:
    log, _ = saved(loopback_lm(planner_script(CELLS)))
    every = [
        (("20990101",), "There is no run 20990101 in "),
        (("last", "--code", str(tmp_path / "none.py")), "none.py can't be read: No such file"),
        ((str(log.path), "--volume-as-is", "--empty-volume"), "are two answers: give one of them."),
    ]
    for arguments, words in every:
        ended = rlm_tui("fork", *arguments, "--at", "2")
        assert ended.code == 2
        assert words in ended.stderr
        assert ended.stderr.count("\n") == 1, ended.stderr
    told = rlm_tui("fork", log.run_id, "--at", "9", "--json")
    assert told.code == 2
    assert told.json["error"]["kind"] == "ForkError"
    assert told.json["error"]["message"].endswith("it can be forked at 1 to 3, not at 9.")
