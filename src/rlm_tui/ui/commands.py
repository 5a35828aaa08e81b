"""The palette's commands: every action that can be done now, from the bindings themselves, help, themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider

from rlm_tui.ui.help_pages import TO_READ, in_a_sentence


class Command(NamedTuple):
    """One line of the palette."""

    title: str
    help: str
    run: Callable[[], object]


class ActionCommands(Provider):
    """Offers what the keys of the present focus do, so that nothing needs a key to be known."""

    def _commands(self) -> Iterator[Command]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            words = binding.tooltip or binding.description
            if not words or not active.enabled or binding.system or binding.action in seen:
                continue
            if binding.action in ("command_palette", "app.command_palette"):
                continue
            seen.add(binding.action)
            group = binding.group.description if binding.group else "Application"
            key = self.app.get_key_display(binding)
            yield Command(
                f"{words}",
                f"{group} · {key}",
                partial(self.app.run_action, binding.action, active.node),
            )
        for page in TO_READ:
            yield Command(
                f"Help: {in_a_sentence(page.title)}",
                "a page to read",
                partial(self.app.run_action, f"app.help('{page.name}')"),
            )
        for name, theme in sorted(self.app.available_themes.items()):
            yield Command(
                f"Theme: {name}", "dark" if theme.dark else "light", partial(setattr, self.app, "theme", name)
            )

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(command.title, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.title)
            if score > 0:
                yield Hit(score, matcher.highlight(command.title), command.run, help=command.help)
