"""A held run without a screen, by a script of commands: each verb, and that what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.core.breakpoints import SetBreakpoint, parse_breakpoint
from rlm_tui.core.events import CellSkipped, CodeEdited, Held, Remarked
from rlm_tui.core.remembered_breakpoints import keep_breakpoints
from rlm_tui.core.tasks import builtin_tasks
from rlm_tui.store.run_log import open_run
from tests.integration.command_line import rlm_tui

SCRIPT = """\
vars
code
edit
step
frob
edit
print("changed" + "!")
.
> 6 * 7
> boom
prompt
s
remark Look again.
insert
mine = "a" * 5000

mine[:3]
.
show mine
show mine 4999
show nothing
show
step
skip Not this one.
hold
raise llm_calls
break -3
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RLM_TUI_SANDBOX_CONFINED", "off")


def test_a_script_of_commands_holds_looks_changes_and_lets_go(tmp_path: Path) -> None:
    ended = rlm_tui("run", "basic", "--lm", "offline", "--hold", stdin=SCRIPT)
    assert ended.code == 0, ended.stderr
    said = ended.stdout
    for words in (
        "held before the plan of iteration 1: as asked",
        "There is no code here yet: step goes on to the next cell.",
        "There is no code to edit here",
        "held before the cell of iteration 1: after a step",
        "frob is no command",
        '  code: print("changed" + "!")',
        "held> > 6 * 7\n42\n",
        "NameError: name 'boom' is not defined",
        "The prompt of iteration 1:",
        "  | changed!",
        "the planner is told: Look again.",
        "  code of the person:",
        "mine: str, 5,000\n" + "a" * 4000 + "\n… 1,000 more characters: show mine 4000",
        "show mine 4999\nmine: str, 5,000\na\n",
        "There is no variable nothing",
        "show needs the name of a variable",
        "skipped: Not this one.",
        "It is held already.",
        "raise needs a budget and an amount",
        "There is no breakpoint 3",
        "The input has ended: the run goes on and is not held again.",
        "submitted: ",
    ):
        assert words in said, f"{words!r} is not in\n{said}"
    log = next((tmp_path / "home" / "data" / "runs").iterdir())
    events = list(open_run(log).events())
    kinds = [type(event) for event in events]
    assert kinds.count(CodeEdited) == kinds.count(CellSkipped) == 1
    assert [event.text for event in events if isinstance(event, Remarked)] == ["Look again."]
    assert Held in kinds


def test_with_json_all_that_is_asked_is_on_stderr() -> None:
    ended = rlm_tui("run", "basic", "--lm", "offline", "--hold", "--json", stdin="step\nvars\nfinish\n")
    assert ended.code == 0, ended.stderr
    assert ended.json["status"] == "extracted"
    assert "held before the cell of iteration 1" in ended.stderr
    assert "held> vars" in ended.stderr
    assert "released: an answer is extracted" in ended.stderr


def test_a_breakpoint_holds_the_run_where_it_says() -> None:
    arguments = ("basic", "--lm", "offline", "--breakpoint", "submit", "--breakpoint", "iteration=2")
    ended = rlm_tui("run", *arguments, stdin="break\ngo\nbreak -1\nbreak\ncancel\n")
    assert ended.code == 130, ended.stderr
    assert ended.stdout.count("held before") == 2
    assert "held before the plan of iteration 2: breakpoint: iteration 2" in ended.stdout
    assert "breakpoint: the cell submits" in ended.stdout
    assert "  1  submit\n  2  iteration=2\n" in ended.stdout
    assert "held> break\n  1  iteration=2\n" in ended.stdout


def test_the_commands_of_tasks_hold_too_and_so_do_the_breakpoints_kept_for_a_task() -> None:
    [basic] = [task for task in builtin_tasks() if task.name == "basic"]
    keep_breakpoints(basic, [SetBreakpoint(parse_breakpoint("iteration=2"))])
    ended = rlm_tui("run-basic", "--lm", "offline", "--hold", "--json", stdin="go\ncancel\n")
    assert ended.code == 130, ended.stderr
    assert ended.json["iterations"] == 2
    assert "breakpoint: iteration 2" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--hold", "--document", "-"),
            "--hold reads commands from standard input, which is the document here",
        ),
        (("--breakpoint", "submit", "--input", "query=-"), "--breakpoint reads commands from standard input"),
        (("--breakpoint", "iteration=soon"), "iteration"),
        (("--breakpoint", "regex=("), "doesn't compile"),
        (("--breakpoint", "nowhere"), "nowhere"),
    ],
    ids=["document", "input", "number", "pattern", "kind"],
)
def test_what_can_not_be_asked_is_refused_in_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    ended = rlm_tui("run", "long-document", "--lm", "offline", *arguments, stdin="go\n")
    assert ended.code == 2, ended.stdout
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_answers_are_remembered_by_a_flag_and_by_a_variable(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("The lighthouse was built in 1871 by Ada Varn.\n" * 40)
    asked = (
        "run", "docs, query -> answer: str", "--lm", "offline", "--document", str(tmp_path / "notes.txt"),
        "--input", "query=Who built the lighthouse?", "--json",
    )  # fmt: skip
    first = rlm_tui(*asked).json
    assert first["llm_calls"] > 0
    again = rlm_tui(*asked, "--remember-answers").json
    assert (again["llm_calls"], again["outputs"]) == (0, first["outputs"])
    assert rlm_tui(*asked, RLM_TUI_DEBUGGER_REMEMBER_ANSWERS="true").json["llm_calls"] == 0


def test_a_budget_that_is_used_up_asks_and_goes_on_or_ends_when_nobody_is_there() -> None:
    arguments = ("run", "basic", "--lm", "offline", "--hold", "--max-iterations", "1", "--json")
    raised = rlm_tui(*arguments, stdin="go\ngo\nraise iterations 1\nraise iterations 9\n")
    assert raised.code == 0, raised.stderr
    assert raised.json["status"] == "submitted"
    assert "budget: " in raised.stderr
    assert "raise max_iterations 2 goes on with more" in raised.stderr
    assert "The budget of iterations is used up: raise it" in raised.stderr
    assert "budget raised: max_iterations is 9 now" in raised.stderr
    alone = rlm_tui(*arguments, stdin="go\n")
    assert alone.code == 0, alone.stderr
    assert alone.json["status"] == "extracted"
    assert alone.stderr.count("The input has ended") == 1


def test_an_answer_is_extracted_from_what_a_cancelled_run_found() -> None:
    cancelled = rlm_tui("run", "basic", "--lm", "offline", "--hold", stdin="next\nbudgets\ncancel\n")
    assert cancelled.code == 130
    assert "  iterations       2 of 10 (20%)\n" in cancelled.stdout
    offer, _, _ = cancelled.stderr.strip().splitlines()[-1].partition("  ")
    extracted = rlm_tui(*offer.split()[1:], "--json")
    assert extracted.code == 0, extracted.stderr
    assert (extracted.json["status"], extracted.json["iterations"]) == ("extracted", 1)
    assert extracted.json["outputs"]["answer"]
    nothing = rlm_tui("run", "basic", "--lm", "offline", "--hold", stdin="cancel\n")
    assert "rlm-tui extract" not in nothing.stderr
    refused = rlm_tui("extract", "last")
    assert refused.code == 2
    assert "there is nothing to extract an answer from" in refused.stderr
