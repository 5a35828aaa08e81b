"""A numbered pane with a title in its border, and the grid that shows as many panes as there is room for."""

from __future__ import annotations

from textual import events
from textual.color import Color
from textual.containers import Container
from textual.content import Content
from textual.geometry import Region, Size
from textual.layout import Layout
from textual.message import Message
from textual.theme import Theme
from textual.widget import Widget

from rlm_tui.ui.pane_layout import (
    DECK,
    TRAJECTORY,
    Arrangement,
    PaneLayout,
    PlacePanes,
    arrangement_for,
    place_panes,
)


class Pane(Container):
    """One pane. `focus_inside` focuses what the person works with there."""

    def __init__(self, number: int, title: str, *children: Widget, target: str = "") -> None:
        super().__init__(*children, id=f"pane-{number}")
        self.number = number
        self.name_in_title = title
        self.subject = ""
        self._target = target
        self._tabs: tuple[Pane, ...] = ()
        self._dressed: tuple[bool, bool, bool] | None = None
        self._retitle()

    def set_subject(self, subject: str) -> None:
        """Say what the pane shows just now, behind its name: `Inspector · iteration 4`."""
        if subject != self.subject:
            self.subject = subject
            self._retitle()

    def set_tabs(self, tabs: tuple[Pane, ...]) -> None:
        """The panes that share this place, named in the border as tabs; none when the pane has its own."""
        if tabs != self._tabs:
            self._tabs = tabs
            self._retitle()

    def dress(self, *, active: bool, bordered: bool, held: bool = False) -> None:
        """Draw the border: bright round the pane that has the focus, none where a pane stands alone; heavy
        and in the colour of what is held while the run is.

        Set on the pane itself: `:focus-within` applies the stylesheet anew to all that is in two panes with
        every change of focus.
        """
        if (active, bordered, held) == self._dressed:
            return
        self._dressed = (active, bordered, held)
        colors = self.app.theme_variables
        if bordered and held:
            color = Color.parse(colors["accent"])
            self.styles.border = (
                "heavy",
                color if active or color.ansi is not None else color.with_alpha(0.7),
            )
        elif bordered:
            self.styles.border = ("round", Color.parse(colors["border" if active else "border-blurred"]))
        else:
            self.styles.border = ("none", "transparent")
        title = Color.parse(colors["primary" if active else "foreground"])
        self.styles.border_title_color = title if active or title.ansi is not None else title.with_alpha(0.7)

    def undress(self) -> None:
        """Forget how the border was drawn: the theme has changed."""
        self._dressed = None

    def focus_inside(self) -> None:
        """Focus the pane's own target, or the first thing in it that takes focus."""
        candidates = self.query(self._target) if self._target else self.query("*")
        for widget in candidates:
            if widget.focusable:
                widget.focus()
                return

    def _retitle(self) -> None:
        own = f"{self.number} {self.name_in_title}"
        if self._tabs:
            parts = [
                Content.styled(own, "bold underline") if tab is self else Content(tab.label)
                for tab in self._tabs
            ]
            title = Content("  ").join(parts)
        else:
            title = Content.styled(own, "bold")
        if self.subject:
            title = Content.assemble(title, (" · ", "dim"), (self.subject, "dim"))
        self.border_title = title

    @property
    def label(self) -> str:
        """The pane's number and name, as tab bars show it."""
        return f"{self.number} {self.name_in_title}"

    def on_click(self, event: events.Click) -> None:
        """A click on the border focuses the pane, or switches to the tab that was hit."""
        if event.screen_y != self.region.y or not self.gutter.top:
            return
        column = event.screen_x - self.region.x - 3
        for tab in self._tabs:
            if 0 <= column < len(tab.label):
                tab.focus_inside()
                return
            column -= len(tab.label) + 2
        self.focus_inside()


class PaneGrid(Container):
    """Panes, those of Explore if nothing else is said. The active one has the focus; it is always shown."""

    class Changed(Message):
        """Another pane is active, or the arrangement or zoom changed."""

    def __init__(
        self, *panes: Pane, decked: tuple[int, ...] = DECK, places: PlacePanes = place_panes
    ) -> None:
        """`decked` share one place where there is little room; `places` says where the panes stand."""
        super().__init__(*panes, id="panes")
        self.panes = {pane.number: pane for pane in panes}
        self.active = TRAJECTORY
        self.deck = decked[0]
        self._decked = decked
        self._places = places
        self.zoomed = False
        self._held = False
        self._pane_layout = PaneLayout()

    @property
    def layout(self) -> Layout:
        return self._pane_layout

    @property
    def arrangement(self) -> Arrangement:
        """How the panes stand at the terminal's present size."""
        return arrangement_for(self.app.size)

    def place(self, size: Size) -> dict[int, Region]:
        """The regions of the panes that are shown (for `PaneLayout`)."""
        return self._places(size, self.arrangement, active=self.active, deck=self.deck, zoomed=self.zoomed)

    def number_of(self, child: Widget) -> int:
        """The number of a pane (for `PaneLayout`)."""
        return child.number if isinstance(child, Pane) else 0

    def show(self, number: int) -> None:
        """Make pane `number` the active one, wherever that has to be."""
        if number == self.active:
            return
        before = self.place(self.size)
        self.active = number
        if number in self._decked:
            self.deck = number
        self._take_change(moved=self.place(self.size) != before)

    def reveal(self, number: int) -> None:
        """Turn the shared place to pane `number` where there is one; focus stays where it is."""
        if number in self._decked and number != self.deck:
            self.deck = number
            self._take_change(moved=True)

    def focus_pane(self, number: int) -> None:
        """Show pane `number` and focus what is in it."""
        self.show(number)
        self.panes[number].focus_inside()

    def toggle_zoom(self) -> None:
        """Give the active pane the whole screen, or give the others their places back."""
        self.zoomed = not self.zoomed
        self._take_change(moved=True)

    def set_held(self, held: bool) -> None:
        """Show by the borders of all panes whether the run is held."""
        if held != self._held:
            self._held = held
            self._dress()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane):
                self.show(node.number)
                return

    def on_resize(self) -> None:
        self._dress()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)
        self._dress()

    def on_unmount(self) -> None:
        # The signal is the app's, and would keep this widget with all that it shows.
        self.app.theme_changed_signal.unsubscribe(self)

    def _theme_changed(self, _theme: Theme) -> None:
        for pane in self.panes.values():
            pane.undress()
        self._dress()

    def _take_change(self, *, moved: bool) -> None:
        # A child's refresh, for a widget's own does not drop the arrangement that it keeps of its children.
        if moved:
            self.panes[self.active].refresh(layout=True)
        self._dress()
        self.post_message(self.Changed())

    def _dress(self) -> None:
        """Draw borders and name tabs as the panes stand now."""
        bordered = self.arrangement != "narrow"
        for number, pane in self.panes.items():
            pane.dress(active=number == self.active, bordered=bordered, held=self._held)
        shared = self.arrangement == "medium" and not self.zoomed
        tabs = tuple(self.panes[number] for number in self._decked) if shared else ()
        for number in self._decked:
            self.panes[number].set_tabs(tabs)
