"""Keys in groups, with what they do, as one text."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding
from textual.content import Content

from rlm_tui.ui.key_groups import ORDER

KEY_CELLS = 16


def key_list(keys: Iterable[tuple[Binding, str]]) -> Content:
    """The (binding, key as shown) pairs that have an id, an action a line, in the order of the groups."""
    groups: dict[str, dict[str, tuple[list[str], Binding]]] = {name: {} for name in ORDER}
    for binding, key in keys:
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
        if lines:
            lines.append(Content(""))
        lines.append(Content.styled(name, "bold $text-primary"))
        for shown, binding in actions.values():
            lines.append(
                Content.styled(f"  {' '.join(shown):<{KEY_CELLS}} ", "bold $footer-key-foreground")
                + Content.styled(binding.tooltip or binding.description, "$foreground")
            )
    return Content("\n").join(lines)
