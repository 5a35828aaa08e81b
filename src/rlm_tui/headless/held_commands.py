"""What a person may type at a held run: a word, and what it needs."""

from __future__ import annotations

import difflib
import math
from typing import Literal, NamedTuple, assert_never

import msgspec

from rlm_tui.core.events import Budgets
from rlm_tui.core.text import one_line


class CommandError(ValueError):
    """A line that is no command. The message is one sentence that says what to write."""


PlainVerb = Literal[
    "hold", "step", "next", "go", "edit", "insert", "vars", "code", "budgets", "finish", "interrupt",
    "cancel", "help",
]  # fmt: skip


class Plain(msgspec.Struct, frozen=True):
    """A command that needs nothing."""

    verb: PlainVerb


class Skip(msgspec.Struct, frozen=True):
    """Don't run the cell; the planner reads `note`."""

    note: str


class Remark(msgspec.Struct, frozen=True):
    """Tell the planner."""

    text: str


class Show(msgspec.Struct, frozen=True):
    """One variable, from character `start`."""

    name: str
    start: int


class ShowPrompt(msgspec.Struct, frozen=True):
    """The planner's prompt, from character `start`."""

    start: int


class Evaluate(msgspec.Struct, frozen=True):
    """Code of the console, outside of the trajectory."""

    code: str


class AddBreakpoint(msgspec.Struct, frozen=True):
    """Hold at what `text` describes."""

    text: str


class DeleteBreakpoint(msgspec.Struct, frozen=True):
    """Take the breakpoint with this number of the list away."""

    number: int


class SwitchBreakpoint(msgspec.Struct, frozen=True):
    """Switch the breakpoint with this number of the list on or off."""

    number: int
    on: bool


class ListBreakpoints(msgspec.Struct, frozen=True):
    """Say which breakpoints there are."""


class Raise(msgspec.Struct, frozen=True):
    """Give the budget `name` (a field of `Budgets`) another amount."""

    name: str
    amount: float


Command = (
    Plain
    | Skip
    | Remark
    | Show
    | ShowPrompt
    | Evaluate
    | AddBreakpoint
    | DeleteBreakpoint
    | SwitchBreakpoint
    | ListBreakpoints
    | Raise
)

Word = PlainVerb | Literal["skip", "remark", "show", "prompt", "break", "raise"]


class CommandForm(NamedTuple):
    """A command as it is written and what it does."""

    word: Word
    form: str
    does: str


FORMS = (
    CommandForm("step", "step, s", "go on to the next plan or cell"),
    CommandForm("next", "next, n", "go on to the next plan"),
    CommandForm("go", "go, g", "go on to the next breakpoint, or to the end"),
    CommandForm("edit", "edit", "change the code before it runs"),
    CommandForm("hold", "hold", "hold a run that goes on at its next plan or cell"),
    CommandForm("skip", "skip [NOTE]", "don't run the code; the planner reads the note"),
    CommandForm("remark", "remark TEXT", "tell the planner; before a cell it plans again"),
    CommandForm("insert", "insert", "run code of yours as a step that the planner sees"),
    CommandForm("vars", "vars", "the variables"),
    CommandForm("show", "show NAME [START]", "one variable's text, from a character on"),
    CommandForm("show", "> CODE", "run code that the planner does not see"),
    CommandForm("prompt", "prompt [START]", "what the planner was asked"),
    CommandForm("code", "code", "the code that would run"),
    CommandForm("break", "break [TEXT]", "list breakpoints, or add one"),
    CommandForm("break", "break off N", "switch breakpoint N off; break on N switches it on"),
    CommandForm("break", "break -N", "take breakpoint N away"),
    CommandForm("budgets", "budgets", "how much of each budget is used"),
    CommandForm("raise", "raise NAME AMOUNT", "raise a budget, as in raise llm_calls 100"),
    CommandForm("finish", "finish", "end with an answer from what was found"),
    CommandForm("interrupt", "interrupt", "stop the cell that runs, keep its variables"),
    CommandForm("cancel", "cancel", "end the run"),
    CommandForm("help", "help", "these lines"),
)
SHORT: dict[str, Word] = {"s": "step", "n": "next", "g": "go", "?": "help", "h": "help", "release": "go"}
WORDS: tuple[Word, ...] = tuple(dict.fromkeys(form.word for form in FORMS))
BUDGETS = Budgets.__struct_fields__


def parse_command(line: str) -> Command:
    """The command that was typed. Raises CommandError."""
    line = line.strip()
    if line.startswith(">"):
        if not (code := line[1:].strip()):
            raise CommandError("There is no code after >: write it as in > len(docs).")
        return Evaluate(code)
    first, _, rest = line.partition(" ")
    rest = rest.strip()
    word = _word(first)
    match word:
        case (
            "hold"
            | "step"
            | "next"
            | "go"
            | "edit"
            | "insert"
            | "vars"
            | "code"
            | "budgets"
            | "finish"
            | "interrupt"
            | "cancel"
            | "help"
        ):
            return _alone(word, rest)
        case "skip":
            return Skip(rest)
        case "remark":
            if not rest:
                raise CommandError("A remark needs a text: write it as in remark Look at the end, too.")
            return Remark(rest)
        case "show":
            return _show(rest)
        case "prompt":
            return ShowPrompt(_character(rest))
        case "break":
            return _break(rest)
        case "raise":
            return _raise(rest)
        case _:
            assert_never(word)


def _word(typed: str) -> Word:
    lowered = typed.lower()
    if lowered in SHORT:
        return SHORT[lowered]
    for word in WORDS:
        if word == lowered:
            return word
    if not typed:
        raise CommandError("Write a command: help lists them.")
    near = difflib.get_close_matches(lowered, WORDS, 1)
    meant = f"did you mean {near[0]}?" if near else "help lists what there is."
    raise CommandError(f"{one_line(typed, 40)} is no command: {meant}")


def _alone(word: PlainVerb, rest: str) -> Plain:
    if rest:
        raise CommandError(f"{word} takes nothing after it: write {word} alone.")
    return Plain(word)


def _show(rest: str) -> Show:
    name, _, start = rest.partition(" ")
    if not name.isidentifier():
        raise CommandError("show needs the name of a variable, as in show answers, or show answers 2000.")
    return Show(name, _character(start.strip()))


def _character(written: str) -> int:
    if not written:
        return 0
    if not (written.isascii() and written.isdigit() and len(written) < 16):
        raise CommandError(
            f"{one_line(written, 40)} is no place in a text: write a whole number, as in 2000."
        )
    return int(written)


def _break(rest: str) -> AddBreakpoint | DeleteBreakpoint | SwitchBreakpoint | ListBreakpoints:
    if not rest:
        return ListBreakpoints()
    if rest.startswith("-"):
        return DeleteBreakpoint(
            _place(rest[1:], "break -N takes the breakpoint with that number away: break alone lists them.")
        )
    switch, _, number = rest.partition(" ")
    if switch.lower() in ("on", "off"):
        words = f"break {switch.lower()} N switches the breakpoint with that number: break alone lists them."
        return SwitchBreakpoint(_place(number, words), switch.lower() == "on")
    return AddBreakpoint(rest)


def _place(written: str, otherwise: str) -> int:
    number = written.strip()
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise CommandError(otherwise)
    return int(number)


def _raise(rest: str) -> Raise:
    name, _, amount = rest.partition(" ")
    if not name or not amount.strip():
        raise CommandError("raise needs a budget and an amount, as in raise llm_calls 100.")
    field = budget_named(name)
    try:
        number = float(amount.replace(",", "").replace("_", "").strip().removeprefix("$"))
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number <= 0:
        raise CommandError(f"{one_line(amount, 40)} is no amount: write a number above zero, as in 100.")
    if field in ("max_iterations", "max_llm_calls", "max_tokens") and not number.is_integer():
        raise CommandError(f"{field} is a whole number: write it as in {math.ceil(number)}.")
    return Raise(field, number)


def budget_named(typed: str) -> str:
    """The field of `Budgets` that is meant: its name, or what it has after `max_`. Raises CommandError."""
    name = typed.lower().replace("-", "_")
    known = {field.removeprefix("max_"): field for field in BUDGETS} | {field: field for field in BUDGETS}
    known |= {"cost": "max_cost_usd", "calls": "max_llm_calls", "dollars": "max_cost_usd"}
    if name not in known:
        raise CommandError(f"{one_line(typed, 40)} is no budget: there are {', '.join(BUDGETS)}.")
    return known[name]
