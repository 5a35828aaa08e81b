"""The keys of the screen of all calls."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import LOOK, PANES, RESULT, RUN

CALLS_BINDINGS: list[BindingType] = [
    Binding("slash", "filter", "filter", key_display="/", id="calls.filter", group=LOOK,
            tooltip='Filter the calls: kind:batch error seconds>2 "exact text" word -not'),
    Binding("v", "view", "in full", id="calls.view", tooltip="Read the call in full", group=LOOK),
    Binding("less_than_sign", "sort_by(-1)", "sort", key_display="< >", id="calls.sort_before", group=LOOK,
            tooltip="Sort by the column before"),
    Binding("greater_than_sign", "sort_by(1)", "sort", show=False, id="calls.sort_after", group=LOOK,
            tooltip="Sort by the column after"),
    Binding("r", "turn_order", "reverse", id="calls.reverse", tooltip="Turn the order round", group=LOOK),
    Binding("i", "in_flight_first", "in flight", show=False, id="calls.in_flight", group=LOOK,
            tooltip="Calls in flight before all others, or not"),
    Binding("a", "ask_again", "ask again", id="calls.ask_again", group=RUN,
            tooltip="Ask again, with the prompt as it is or changed; it is counted apart"),
    Binding("x", "cancel_asking", "cancel", id="calls.cancel_asking", group=RUN,
            tooltip="Don't wait for what is being asked again"),
    Binding("y", "copy", "copy", id="calls.copy", tooltip="Copy the call: prompt, answer, all", group=RESULT),
    Binding("Y", "copy_answer", "copy answer", show=False, id="calls.copy_answer", group=RESULT,
            tooltip="Copy the answer alone"),
    Binding("w", "write", "write", id="calls.write", tooltip="Write the call to a file", group=RESULT),
    Binding("p", "pages", "pages", show=False, id="calls.pages", group=LOOK,
            tooltip="Turn the pages of the call's whole text"),
    Binding("tab", "other_side", "Other side", show=False, id="calls.other_side", group=PANES,
            tooltip="To the call, or back to the table"),
    Binding("escape", "back", "back", id="calls.back", group=PANES,
            tooltip="Out of the field, the search, the call, the filter; then back"),
]  # fmt: skip
