"""What a person wants of a fork, and the sentences that say what will happen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, assert_never

from rlm_tui.core.text import one_line
from rlm_tui.ui.options import number_text
from rlm_tui.ui.saved_runs import SavedRun
from rlm_tui.ui.widgets.fork_change import Manner

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

_KINDS = ("local", "modal")

VolumeAnswer = Literal["", "as it is", "empty"]


class ForkAsked(NamedTuple):
    """A fork of the run in the folder `run`: iterations 1 to `at` - 1 are recorded, `at` is live.

    `overrides` are settings by their whole name; `hold` holds it before its first live step.
    `accept_changes` and `volume` are answers, where documents have changed or no copy of the volume was kept.
    """

    run: Path
    at: int
    code: str | None = None
    remark: str = ""
    finish: bool = False
    overrides: dict[str, str] = {}
    hold: bool = False
    accept_changes: bool = False
    volume: VolumeAnswer = ""


class ForkReady(NamedTuple):
    """A fork that can be started; `unconfined`: a model's code would run with nothing to confine it."""

    request: RunRequest
    unconfined: bool


Prepare = Callable[[ForkAsked], ForkReady]
"""Checks what is asked and makes the request (in a thread). Raises what `fork_refusals` knows, or OSError."""


def recorded_options(run: SavedRun) -> dict[str, str]:
    """With what the run was made, as it stands in the fields of the run options, as far as it is known."""
    started = run.summary.started
    if started is None:
        return {}
    budgets = started.budgets
    values = {
        "lm.model": "offline" if started.offline else started.planner,
        "sub_lm.model": "" if started.sub_lm in ("", started.planner) or started.offline else started.sub_lm,
        "sandbox.kind": started.sandbox.kind if started.sandbox.kind in _KINDS else "",
        **{f"sandbox.{name}": str(run.sandbox.get(name, "")) for name in ("confined", "volume")},
    }
    for name in budgets.__struct_fields__:
        value = getattr(budgets, name)
        if isinstance(value, bool):
            continue
        written = "" if value is None else number_text(value) if isinstance(value, float) else str(value)
        values[f"budgets.{name}"] = written
    return {name: value for name, value in values.items() if value or name.startswith("budgets.")}


def fork_words(run: SavedRun, at: int, manner: Manner, planner: str, volume: str, *, hold: bool) -> str:
    """What will happen, in a sentence or two. `planner` is the model that plans live."""
    who = "the offline demo" if planner.strip().lower() in ("", "offline") else one_line(planner, 60)
    if manner == "finish":
        return f"Nothing is executed: an answer is extracted by {who} from what {_recorded(at)} found."
    again = "Nothing is executed again; "
    if at > 1:
        verb = "is" if at == 2 else "are"
        again = f"{_recorded(at).capitalize()} {verb} executed again with recorded answers: no LM is called; "
    live = _live(at, manner, who, planned=run.iteration(at) is not None)
    live += f"{', held before it' if hold else ''}. "
    return f"{again}{live}{_data(run, at, one_line(volume, 40))}"


def _data(run: SavedRun, at: int, volume: str) -> str:
    if not any(iteration.wrote for iteration in run.iterations[: at - 1]):
        return f"/data is the volume {volume}."
    match run.volume:
        case "kept":
            return f"/data is a copy of the volume {volume} as it was when the run began."
        case "empty":
            return f"/data is a new and empty volume, as {volume} was when the run began."
        case _:
            return f"No copy was kept of the volume {volume} as it was: you are asked what /data is to be."


def _recorded(at: int) -> str:
    return "iteration 1" if at == 2 else f"iterations 1 to {at - 1}"


def _live(at: int, manner: Literal["plan", "code", "remark"], who: str, *, planned: bool) -> str:
    match manner:
        case "plan":
            return f"iteration {at} is planned live by {who}"
        case "code" if not planned:
            return f"iteration {at} begins with your code, and is then planned live by {who}"
        case "code":
            return f"iteration {at} runs your code, and iteration {at + 1} is planned live by {who}"
        case "remark":
            return f"iteration {at} is planned live by {who}, which reads your remark"
        case _:
            assert_never(manner)
