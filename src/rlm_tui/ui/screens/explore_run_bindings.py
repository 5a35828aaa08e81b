"""The keys of the Explore screen that start a run, hold it, change it and end it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import PANES, RUN

EXPLORE_RUN_BINDINGS: list[BindingType] = [
    Binding("ctrl+r", "run_task", "run", id="run.start", tooltip="Run the task on the document", group=RUN),
    Binding(
        "space", "hold", "hold", id="run.hold", tooltip="Hold the run before its next plan or cell", group=RUN
    ),
    Binding("space", "release", "release", id="run.release", tooltip="Let the held run go on", group=RUN),
    Binding(
        "s",
        "step",
        "step",
        id="run.step",
        tooltip="Let the run take one step, plan or cell, then hold it",
        group=RUN,
    ),
    Binding(
        "n",
        "step_iteration",
        "next",
        id="run.step_iteration",
        tooltip="Let the run go on to its next iteration, then hold it",
        group=RUN,
    ),
    Binding(
        "e",
        "edit_cell",
        "edit",
        id="run.edit",
        tooltip="Edit the code of the cell that the run is held before",
        group=RUN,
    ),
    Binding(
        "k",
        "skip_cell",
        "skip",
        id="run.skip",
        tooltip="Skip the cell, with a note to the planner",
        group=RUN,
    ),
    Binding(
        "t",
        "remark",
        "tell",
        id="run.remark",
        tooltip="Tell the planner something: before a cell, it is sent back to plan again",
        group=RUN,
    ),
    Binding(
        "c",
        "console",
        "console",
        id="run.console",
        tooltip="A console on the run's live variables, apart from its trajectory",
        group=RUN,
    ),
    Binding(
        "b",
        "breakpoints",
        "breakpoints",
        show=False,
        id="run.breakpoints",
        tooltip="Breakpoints: where runs of the task are held by themselves",
        group=RUN,
    ),
    Binding(
        "escape",
        "cancel",
        "cancel",
        key_display="esc esc",
        id="run.cancel",
        tooltip="Cancel the run (twice)",
        group=RUN,
    ),
    Binding(
        "escape",
        "step_back",
        "Back",
        show=False,
        id="screen.back",
        tooltip="Leave the field, or the zoom",
        group=PANES,
    ),
    Binding(
        "x",
        "finish",
        "finish",
        id="run.finish",
        tooltip="End the run now with an answer that is extracted from what was found (twice)",
        group=RUN,
    ),
    Binding(
        "x",
        "extract",
        "extract",
        id="run.extract",
        tooltip="Extract an answer from what the ended run found: one LM call, nothing is executed",
        group=RUN,
    ),
    Binding(
        "i",
        "interrupt",
        "interrupt",
        id="run.interrupt",
        tooltip="Interrupt the cell that runs and keep its variables; the run goes on",
        group=RUN,
    ),
    Binding(
        "u", "budgets", "budgets", id="run.budgets", tooltip="See and raise the run's budgets", group=RUN
    ),
]
