"""Forks: the prefix of a saved run is executed again without asking anybody, and the rest is live."""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_tui.core.events import (
    CallFinished,
    PrefixReplayed,
    RunStarted,
)
from rlm_tui.core.settings import LMSettings, Secret, Settings
from rlm_tui.core.settings_sources import COMMAND_LINE
from rlm_tui.core.tasks import make_task
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.engine.fork import fork_request
from rlm_tui.store.run_log import RunLog, open_run
from tests.integration.session_runs import KEY, WatchedRun, request, run
from tests.lm_server import Kind, LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM

NESTED = "import dspy\nnested = dspy.RLM('part, wish -> found')(part='a b c', wish='count').found"
TWELVE: list[tuple[str, str]] = [
    ("Begin.", "total = 0\nitems = []\nprint(question)"),
    ("Ask.", "first = llm_query('What is one?')\nprint(first)"),
    ("Ask many.", "many = llm_query_batched([f'q{i}' for i in range(5)])\nprint(len(many), many[3])"),
    ("Predict.", "import dspy\nkind = dspy.Predict('line -> kind')(line='x').kind\nprint(kind)"),
    ("Go deeper.", NESTED),
    ("Use a tool.", "words = regex_extract('[a-z]+', 'a b c')\nprint(words)"),
    ("Fail.", "total = 7\nraise ValueError('as it is')"),
    (
        "A tool that fails.",
        "try:\n    regex_extract('(', 'a')\nexcept RuntimeError as e:\n    fault = str(e)",
    ),
    ("A function.", "def double(x):\n    return 2 * x\ntotal = double(total)\ntotal"),
    ("Live.", "ten = total + 1\nprint('ten')"),
    ("More.", "eleven = ten + 1"),
    ("End.", "SUBMIT(answer=str(eleven))"),
]
INNER = [("Count.", "SUBMIT(found=str(len(part.split())))")]


def script(cells: list[tuple[str, str]], **more: Any) -> Any:
    return planner_script(cells, nested={("part", "wish"): INNER}, **more)


def settings(server: LoopbackLM | None = None, **chosen: Any) -> Settings:
    """What is configured where a fork is begun; `chosen` are fields as if given on the command line."""
    lm = None
    if server is not None:
        lm = LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(KEY))
    found = Settings(lm=lm)
    for name, value in chosen.items():
        section, _, field = name.partition("__")
        found = msgspec.structs.replace(
            found,
            **{section: msgspec.structs.replace(getattr(found, section), **{field: value})},
            source={**found.source, f"{section}.{field}": COMMAND_LINE},
        )
    return found


def saved(server: LoopbackLM | None, **options: Any) -> tuple[RunLog, Trajectory]:
    """A run that was made and kept."""
    watched = run(request(server=server, **options), keep=True)
    assert watched.session.events_path is not None
    log = open_run(watched.session.events_path)
    return log, log.trajectory()


def forked(log: RunLog, at: int, configured: Settings, **options: Any) -> WatchedRun:
    watched = run(fork_request(log.path, at, configured, **options))
    watched.finished()
    return watched


def one(watched: WatchedRun, kind: Any) -> Any:
    (event,) = watched.all(kind)
    return event


def in_iterations(trajectory: Trajectory, count: int) -> list[list[Any]]:
    """What the namespace got in each iteration, by name, type, size and preview."""
    return [
        sorted(iteration.variables_changed, key=lambda item: item.name)
        for iteration in trajectory.iterations[:count]
    ]


def test_a_run_of_twelve_iterations_is_forked_at_ten_and_asks_nobody_for_nine(loopback_lm: StartLM) -> None:
    task = make_task(name="question", signature="question -> answer: str", tools=("regex_extract",))
    first = loopback_lm(script(TWELVE))
    log, parent = saved(first, task=task)
    assert parent.totals.iterations == 12
    assert parent.totals.failed_calls == 1

    second = loopback_lm(script(TWELVE))
    watched = forked(log, 10, settings(second))
    fork = fold(watched.events)
    assert watched.finished().status == "submitted"
    assert watched.finished().outputs == {"answer": "16"}
    assert [asked.kind for asked in second.requests] == [Kind.PLANNER] * 3
    prefix = one(watched, PrefixReplayed)
    assert (prefix.run_id, prefix.iterations, prefix.cells, prefix.differed) == (log.run_id, 9, 9, [])
    assert prefix.calls == 10, "one query, five of a batch, a predictor, a nested RLM, two of a tool"
    assert in_iterations(fork, 12) == in_iterations(parent, 12)
    assert fork.variables == parent.variables

    for mine, theirs in zip(fork.iterations[:9], parent.iterations[:9], strict=True):
        assert mine.cell is not None
        assert theirs.cell is not None
        assert (mine.reasoning, mine.code, mine.cell.text) == (
            theirs.reasoning,
            theirs.code,
            theirs.cell.text,
        )
        assert (mine.origin, mine.cell.origin) == (log.run_id, log.run_id)
    assert [iteration.origin for iteration in fork.iterations[9:]] == ["", "", ""]
    ended = watched.all(CallFinished)
    assert {(call.origin, call.cached) for call in ended} == {(log.run_id, True)}
    started = one(watched, RunStarted)
    assert (started.forked.run_id, started.forked.at, started.forked.changes) == (log.run_id, 10, [])
    totals = watched.finished().totals
    assert (totals.llm_calls, totals.planner_calls) == (0, 3)
    billed = second.billed
    assert (totals.prompt_tokens, totals.completion_tokens) == (billed.prompt, billed.completion)
    # The planner of the tenth iteration reads what that of the parent read.
    prompts = [asked.prompt for asked in first.requests if asked.kind is Kind.PLANNER]
    outer = [prompt for prompt in prompts if "10/20" in prompt]
    assert second.requests[0].prompt == outer[0]
