"""Where in a run the running code is: the span of what happens under it, and who pays its LM requests."""

from __future__ import annotations

import threading
from contextvars import ContextVar

from rlm_tui.core.events import Usage

ROOT = "run"


class Spending:
    """What the LM requests of one turn or call used together. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usages: list[Usage] = []
        self.prompt = ""
        self.model = ""

    def asked(self, prompt: str, model: str) -> None:
        """A request goes out; the first one's prompt is kept."""
        with self._lock:
            self.prompt = self.prompt or prompt
            self.model = self.model or model

    def add(self, usage: Usage) -> None:
        """A request was answered; `usage.requests` is 0 for an answer from a cache."""
        with self._lock:
            self._usages.append(usage)

    @property
    def cached(self) -> bool:
        """Whether every answer came from a cache."""
        with self._lock:
            return bool(self._usages) and not any(usage.requests for usage in self._usages)

    @property
    def usage(self) -> Usage | None:
        """The sum, or None when no request was answered. A cost is known only if each request's is."""
        with self._lock:
            usages = list(self._usages)
        if not usages:
            return None
        prompt, completion = 0.0, 0.0
        knows_prompt = knows_completion = False
        for usage in usages:
            if usage.prompt_tokens is not None:
                prompt, knows_prompt = prompt + usage.prompt_tokens, True
            if usage.completion_tokens is not None:
                completion, knows_completion = completion + usage.completion_tokens, True
        costs = [usage.cost_usd for usage in usages]
        return Usage(
            prompt_tokens=int(prompt) if knows_prompt else None,
            completion_tokens=int(completion) if knows_completion else None,
            cost_usd=sum(cost for cost in costs if cost is not None) if None not in costs else None,
            requests=sum(usage.requests for usage in usages),
        )


class Place:
    """`span` is the parent of what is recorded here."""

    __slots__ = ("span", "spending")

    def __init__(self, span: str, spending: Spending | None = None) -> None:
        self.span = span
        self.spending = spending if spending is not None else Spending()


PLACE: ContextVar[Place | None] = ContextVar("rlm_tui_place", default=None)


def current_place() -> Place:
    """The innermost place; the run itself where nothing has been entered."""
    return PLACE.get() or Place(ROOT)
