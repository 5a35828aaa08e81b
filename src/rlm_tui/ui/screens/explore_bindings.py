"""The keys of the Explore screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import LOOK, PANES, RESULT, RUN
from rlm_tui.ui.pane_layout import DOCUMENTS, PANE_NAMES

EXPLORE_BINDINGS: list[BindingType] = [
    Binding(
        "tab",
        "app.focus_next",
        "Next",
        show=False,
        id="focus.next",
        tooltip="To the next field or pane",
        group=PANES,
    ),
    Binding(
        "shift+tab",
        "app.focus_previous",
        "Previous",
        show=False,
        id="focus.previous",
        tooltip="To the field or pane before",
        group=PANES,
    ),
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
    Binding("y", "copy_result", "copy", id="result.copy", tooltip="Copy the result", group=RESULT),
    Binding(
        "w", "write_result", "write", id="result.write", tooltip="Write the result to a file", group=RESULT
    ),
    Binding(
        "slash",
        "find_document",
        "find",
        key_display="/",
        show=False,
        id="documents.find",
        tooltip="Find a document",
        group=LOOK,
    ),
    Binding(
        "f2", "options", "options", show=False, id="run.options", tooltip="Change the run options", group=RUN
    ),
    Binding(
        "f3",
        "setup",
        "setup",
        show=False,
        id="setup.open",
        tooltip="Setup: look whether everything is there that a run needs",
        group=LOOK,
    ),
    Binding(
        "f4",
        "batch",
        "batch",
        show=False,
        id="batch.open",
        tooltip="Batch: run the task over many documents",
        group=RUN,
    ),
    Binding(
        "f5",
        "own_task",
        "own task",
        show=False,
        id="task.own",
        tooltip="Write a task of your own, or change the chosen one if it is",
        group=RUN,
    ),
    Binding(
        "f6",
        "compare",
        "compare",
        show=False,
        id="compare.open",
        tooltip="Compare with one prompt: the task through the RLM and as a single call",
        group=RUN,
    ),
    Binding(
        "f7",
        "tools",
        "tools",
        show=False,
        id="run.tools",
        tooltip="Choose the tools that cells of the chosen task can call",
        group=RUN,
    ),
    Binding(
        "f8",
        "fork",
        "fork",
        show=False,
        id="run.fork",
        tooltip="Fork a saved run: execute its first iterations again, then go on otherwise",
        group=RUN,
    ),
    Binding(
        "f9",
        "run_held",
        "run held",
        show=False,
        id="run.start_held",
        tooltip="Run the task, held before its first plan",
        group=RUN,
    ),
    *(
        Binding(
            str(number),
            f"pane({number})",
            "panes" if number == DOCUMENTS else "",
            show=number == DOCUMENTS,
            key_display="1-6" if number == DOCUMENTS else None,
            id=f"pane.{number}",
            tooltip=f"Go to {name}",
            group=PANES,
        )
        for number, name in PANE_NAMES.items()
    ),
    Binding(
        "z",
        "zoom",
        "zoom",
        id="pane.zoom",
        tooltip="Give this pane the whole screen, or put it back",
        group=PANES,
    ),
]
