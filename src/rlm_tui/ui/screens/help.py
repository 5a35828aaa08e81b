"""The keys of where you are, from the bindings themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rlm_tui.ui.key_groups import APPLICATION, ORDER
from rlm_tui.ui.screens.dialog import Dialog


class HelpScreen(Dialog[None]):
    """Lists keys in groups. It is given (binding, key as shown) pairs, so that it names what really works."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f1,q",
            "dismiss_dialog",
            "close",
            id="help.close",
            show=False,
            tooltip="Close the help",
            group=APPLICATION,
        ),
    ]

    def __init__(self, bindings: Iterable[tuple[Binding, str]], place: str) -> None:
        super().__init__()
        self._keys = list(bindings)
        self._place = place

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="tall") as box:
            box.border_title = f"Keys in {self._place}"
            box.border_subtitle = "Esc closes"
            with VerticalScroll(can_focus=True):
                yield Static(self._text(), id="keys")

    def _text(self) -> Content:
        groups: dict[str, dict[str, tuple[list[str], Binding]]] = {name: {} for name in ORDER}
        for binding, key in self._keys:
            if binding.id is None or not binding.tooltip:
                continue  # the keys that every text field and every scrolling view has anyway
            group = binding.group.description if binding.group is not None else "Application"
            action = groups.setdefault(group, {}).setdefault(binding.action, ([], binding))
            if key not in action[0]:
                action[0].append(key)
        lines: list[Content] = []
        for name, actions in groups.items():
            if not actions:
                continue
            lines += (
                [Content(""), Content.styled(name, "bold $text-primary")]
                if lines
                else [Content.styled(name, "bold $text-primary")]
            )
            for keys, binding in actions.values():
                shown = " ".join(keys)
                words = binding.tooltip or binding.description
                lines.append(
                    Content.styled(f"  {shown:<16} ", "bold $footer-key-foreground")
                    + Content.styled(words, "$foreground")
                )
        return Content("\n").join(lines)
