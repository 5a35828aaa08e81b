"""Forks: the prefix of a saved run is executed again without asking anybody, and the rest is live."""

from __future__ import annotations

import shutil
from typing import Any

from rlm_tui.core.events import (
    Budgets,
    CallFinished,
    CellFinished,
    CellOutput,
    CodeEdited,
    ForkedFrom,
    PlanReady,
    PrefixReplayed,
    Remarked,
    RunStarted,
)
from rlm_tui.core.tasks import make_task
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.engine.fork import fork_request
from rlm_tui.store.run_log import open_run
from tests.integration.forks import forked, one, saved, settings
from tests.integration.session_runs import SUBMIT, WatchedRun, request
from tests.lm_server import Kind, LoopbackLM, StatusFailure, planner_script
from tests.lm_server.fixtures import StartLM

NESTED = "import dspy\nnested = dspy.RLM('part, wish -> found')(part='a b c', wish='count').found"
TWELVE: list[tuple[str, str]] = [
    ("Begin.", "total = 0\nitems = []\nprint(question)"),
    ("Ask.", "first = llm_query('What is one?')\nprint(first)"),
    ("Ask many.", "many = llm_query_batched([f'q{i}' for i in range(5)])\nprint(len(many), many[3:])"),
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
    def answer(prompt: str) -> str | StatusFailure:
        return StatusFailure(400, "no") if prompt == "q4" else f"Answer to: {prompt}"

    return planner_script(cells, answer, nested={("part", "wish"): INNER}, **more)


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
    assert parent.totals.failed_calls == 2, "an item of the batch, and the tool"

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
    assert one(watched, RunStarted).forked == ForkedFrom(run_id=log.run_id, at=10)
    totals = watched.finished().totals
    assert (totals.llm_calls, totals.planner_calls) == (0, 3)
    billed = second.billed
    assert (totals.prompt_tokens, totals.completion_tokens) == (billed.prompt, billed.completion)
    # The planner of the tenth iteration reads what that of the parent read.
    prompts = [asked.prompt for asked in first.requests if asked.kind is Kind.PLANNER]
    outer = [prompt for prompt in prompts if "10/20" in prompt]
    assert second.requests[0].prompt == outer[0]


def planner_prompts(server: LoopbackLM) -> list[str]:
    return [asked.prompt for asked in server.requests if asked.kind is Kind.PLANNER]


SHORT = [("First.", "x = 1"), ("Second.", "x += 1\nprint('planned', x)"), ("End.", "SUBMIT(answer=str(x))")]


def test_changed_code_takes_the_place_of_the_planned_and_is_told_as_an_edit(loopback_lm: StartLM) -> None:
    log, _ = saved(loopback_lm(planner_script(SHORT)))
    server = loopback_lm(planner_script(SHORT))
    fence = "x = 40 + x  # ```js\nprint('edited', x)"
    watched = forked(log, 2, settings(server), code=fence)
    edited = one(watched, CodeEdited)
    assert (edited.before.text, edited.after.text) == (SHORT[1][1], fence)
    assert watched.finished().outputs == {"answer": "41"}
    (prompt,) = planner_prompts(server)
    assert "3/20" in prompt
    assert "edited 41" in prompt
    assert SHORT[1][1] not in prompt
    assert [event.origin for event in watched.all(PlanReady)] == [log.run_id, log.run_id, ""]
    forked_from = one(watched, RunStarted).forked
    assert forked_from is not None
    assert forked_from.changes == ["The code of iteration 2 is another."]


def test_code_where_nothing_was_planned_is_a_step_before_the_plan(loopback_lm: StartLM) -> None:
    log, parent = saved(loopback_lm(planner_script(SHORT)), budgets=Budgets(max_iterations=1))
    assert (parent.finished.status if parent.finished else "") == "extracted"
    server = loopback_lm(planner_script(SHORT))
    watched = forked(log, 2, settings(server, budgets__max_iterations=5), code="x = 40")
    assert watched.finished().outputs == {"answer": "41"}
    second = fold(watched.events).iterations[1]
    assert [cell.code for cell in second.person_cells] == ["x = 40"]
    assert "x = 40" in planner_prompts(server)[0]
    forked_from = one(watched, RunStarted).forked
    assert forked_from is not None
    assert forked_from.changes[-1] == "Iteration 2, which was not planned, begins with a step of yours."


def test_a_remark_is_the_first_that_the_live_planner_reads(loopback_lm: StartLM) -> None:
    log, _ = saved(loopback_lm(planner_script(SHORT)))
    server = loopback_lm(planner_script(SHORT))
    watched = forked(log, 2, settings(server), remark="Count from ten.")
    assert watched.finished().status == "submitted"
    remarked = one(watched, Remarked)
    assert (remarked.by, remarked.text, remarked.span) == ("person", "Count from ten.", "iteration-2")
    assert "says: Count from ten." in planner_prompts(server)[0]


def test_another_model_and_other_budgets_hold_from_the_live_iteration(loopback_lm: StartLM) -> None:
    log, _ = saved(loopback_lm(planner_script(SHORT)), budgets=Budgets(max_iterations=7, max_llm_calls=9))
    server = loopback_lm(planner_script(SHORT), models=("other-model",))
    configured = settings(server, lm__model="openai/other-model", budgets__max_iterations=30)
    watched = forked(log, 3, configured)
    assert watched.finished().status == "submitted"
    assert {asked.model for asked in server.requests} == {"other-model"}
    started = one(watched, RunStarted)
    assert started.budgets == Budgets(max_iterations=30, max_llm_calls=9)
    assert started.forked is not None
    assert started.forked.changes == [
        "The planner is openai/other-model; it was openai/test-model.",
        "The sub-LM is openai/other-model; it was openai/test-model.",
        "The budget max_iterations is 30; it was 7.",
    ]


def test_what_comes_out_otherwise_is_told(loopback_lm: StartLM) -> None:
    cells = [
        ("Look at the clock.", "import time\nnow = time.time_ns()\nprint('now')\nprint(now)"),
        ("Ask about it.", "print(llm_query(f'What is {now}?'))"),
        ("Ask more, at random.", "if now % 2 == -1: llm_query('never')\nobject()"),
        ("In silence.", "import os\nchosen, same = os.urandom(8).hex(), {f'w{n}' for n in range(30)}"),
        SUBMIT,
    ]
    log, parent = saved(loopback_lm(planner_script(cells)))
    server = loopback_lm(planner_script(cells))
    watched = forked(log, 5, settings(server))
    assert server.count(Kind.QUERY) == 0
    told = one(watched, PrefixReplayed).differed
    assert len(told) == 4, told
    was = parent.iterations[0].cell
    assert was is not None
    assert told[0].startswith("Iteration 1: printed “")
    assert told[0].endswith(f"“{was.text.split()[1]}” was recorded.")
    assert told[1].startswith("Iteration 1: the variable now is “")
    assert told[2].startswith("Iteration 2: llm_query was asked “What is ")
    assert told[3].startswith("Iteration 4: the variable chosen is “'"), "and that of the set is the same"
    assert [event.text for event in watched.all(CellOutput)][-2].startswith("Answer to: What is ")


def test_a_prefix_that_used_up_its_calls_does_so_again_and_asks_nobody(loopback_lm: StartLM) -> None:
    cells = [
        ("Ask.", "print(llm_query('one'))"),
        ("Too many.", "try:\n    llm_query_batched(['a', 'b', 'c'])\nexcept RuntimeError as e: print(e)"),
        ("Ask again.", "print(llm_query('two'))"),
        ("One more.", "try: llm_query('three')\nexcept RuntimeError as e: print(e)"),
        SUBMIT,
    ]
    budgets = Budgets(max_llm_calls=2)
    log, _ = saved(loopback_lm(planner_script(cells)), budgets=budgets)
    server = loopback_lm(planner_script(cells))
    watched = forked(log, 4, settings(server))
    assert one(watched, PrefixReplayed).differed == []
    assert server.count(Kind.QUERY) == 0, "the fourth cell is live, and the calls of the prefix count"
    live = fold(watched.events).iterations[3].cell
    assert live is not None
    assert "limit exceeded: 2 + 1 > 2" in live.text


def test_an_answer_is_extracted_from_a_cancelled_run_without_a_sandbox(loopback_lm: StartLM) -> None:
    cells = [
        ("Find.", "found = 'the moon'\nprint('found', found)"),
        ("Fail.", "1 / 0"),
        ("Hang.", "import time\ntime.sleep(60)"),
    ]
    with WatchedRun(request(server=loopback_lm(planner_script(cells))), keep=True) as watched:
        watched.wait_for(CellFinished, lambda event: event.status == "error")
        watched.wait_for(PlanReady, lambda event: event.span == "iteration-3")
        watched.session.cancel()
        assert watched.finished().status == "cancelled"
        assert watched.session.events_path is not None
    server = loopback_lm(planner_script([], extracted={"answer": "the moon"}))
    asked = fork_request(watched.session.events_path, None, settings(server), finish=True)
    with WatchedRun(asked) as fork:
        assert fork.finished().status == "extracted"
    assert fork.finished().outputs == {"answer": "the moon"}
    (only,) = server.requests
    assert only.kind is Kind.EXTRACT
    assert "found the moon" in only.prompt
    assert "ZeroDivisionError: division by zero" in only.prompt
    assert not any(type(event).__name__.startswith("Sandbox") for event in fork.events)
    told = [iteration.cell.text for iteration in fold(fork.events).iterations if iteration.cell]
    assert told[0] == "found the moon\n"


def test_a_fork_can_be_forked_and_a_nested_rlm_is_live_again_behind_the_prefix(loopback_lm: StartLM) -> None:
    cells = [("Deeper.", f"{NESTED}\nprint(nested)"), ("Deeper again.", f"{NESTED}\nprint(nested)"), SUBMIT]
    log, _ = saved(loopback_lm(script(cells)))
    asked = fork_request(log.path, 2, settings(loopback_lm(script(cells))))
    with WatchedRun(asked, keep=True) as first:
        assert first.finished().status == "submitted"
        assert first.session.events_path is not None
    once = open_run(first.session.events_path)
    assert [call.origin for call in once.trajectory().calls] == [log.run_id, ""]
    shutil.rmtree(log.path)  # a fork has all that it was made of
    server = loopback_lm(script(cells))
    twice = forked(once, 3, settings(server))
    assert one(twice, PrefixReplayed).differed == []
    assert [event.origin for event in twice.all(CallFinished)] == [once.run_id, once.run_id]
    assert len(server.requests) == 1
