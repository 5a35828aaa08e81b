"""The keys of a recorded run on the screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import LOOK, PANES, REPLAY, RESULT, RUN
from rlm_tui.ui.pane_layout import CALLS, INSPECTOR, TRAJECTORY

REPLAY_BINDINGS: list[BindingType] = [
    Binding("space", "play", "play", priority=True, id="replay.play", group=REPLAY,
            tooltip="Play the run from here, or stop"),
    Binding("left", "step(-1)", "event", key_display="← →", priority=True, id="replay.back", group=REPLAY,
            tooltip="One event back"),
    Binding("right", "step(1)", show=False, priority=True, id="replay.on", group=REPLAY,
            tooltip="One event on"),
    Binding("[", "mark('iteration', -1)", "iteration", key_display="[ ]", priority=True,
            id="replay.iteration_back",
            tooltip="To the iteration before", group=REPLAY),
    Binding("]", "mark('iteration', 1)", show=False, priority=True, id="replay.iteration_on", group=REPLAY,
            tooltip="To the next iteration"),
    Binding("c", "mark('call', 1)", "call", key_display="c C", id="replay.call_on", group=REPLAY,
            tooltip="To the next call"),
    Binding("C", "mark('call', -1)", show=False, id="replay.call_back", group=REPLAY,
            tooltip="To the call before"),
    Binding("e", "mark('error', 1)", "error", key_display="e E", id="replay.error_on", group=REPLAY,
            tooltip="To the next error"),
    Binding("E", "mark('error', -1)", show=False, id="replay.error_back", group=REPLAY,
            tooltip="To the error before"),
    Binding("<", "go_to_start", "start", key_display="< >", id="replay.start", group=REPLAY,
            tooltip="To the start of the run"),
    Binding(">", "go_to_end", show=False, id="replay.end", tooltip="To the end of the run", group=REPLAY),
    Binding("plus", "speed(1)", "speed", key_display="+ -", id="replay.faster", group=REPLAY,
            tooltip="Play faster"),
    Binding("minus", "speed(-1)", show=False, id="replay.slower", tooltip="Play slower", group=REPLAY),
    Binding("v", "calls_in_full", "calls", id="replay.calls_in_full", group=LOOK,
            tooltip="All calls of this moment, in full"),
    Binding("ctrl+f", "find", "find", id="replay.find", group=LOOK,
            tooltip="Find in everything until this moment"),
    Binding("full_stop", "next_hit(1)", "hit", key_display=", .", id="replay.next_hit", group=LOOK,
            tooltip="To the next place of what was found"),
    Binding("comma", "next_hit(-1)", show=False, id="replay.previous_hit", group=LOOK,
            tooltip="To the place before of what was found"),
    Binding("N", "nested", "nested", show=False, id="replay.nested", group=LOOK,
            tooltip="Nested RLMs: a tree with what each used, and its cells"),
    Binding("X", "export", "export", show=False, id="replay.export", group=RESULT,
            tooltip="Export the run, or this screen as a picture"),
    Binding("T", "timeline", "timeline", id="replay.timeline", group=LOOK,
            tooltip="What the time went into until this moment"),
    Binding("f8", "fork", "fork", id="replay.fork", tooltip="Fork the run at this iteration", group=RUN),
    Binding("3", f"pane({TRAJECTORY})", show=False, id="replay.trajectory", group=PANES,
            tooltip="Go to Trajectory"),
    Binding("4", f"pane({CALLS})", show=False, id="replay.calls", tooltip="Go to Calls", group=PANES),
    Binding("6", f"pane({INSPECTOR})", show=False, id="replay.inspector", group=PANES,
            tooltip="Go to Inspector"),
    Binding("z", "zoom", "zoom", id="replay.zoom", group=LOOK,
            tooltip="Give this pane the whole screen, or put it back"),
    Binding("escape", "back", "back", id="replay.close", tooltip="Back to where you were", group=PANES),
]  # fmt: skip
