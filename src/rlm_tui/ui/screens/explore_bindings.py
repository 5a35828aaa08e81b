"""The keys of the Explore screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import LOOK, PANES, RESULT, RUN
from rlm_tui.ui.pane_layout import DOCUMENTS, PANE_NAMES
from rlm_tui.ui.screens.explore_run_bindings import EXPLORE_RUN_BINDINGS
from rlm_tui.ui.screens.explore_screen_bindings import EXPLORE_SCREEN_BINDINGS

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
    *EXPLORE_RUN_BINDINGS,
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
    *EXPLORE_SCREEN_BINDINGS,
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
