"""Refusals of a fork that the person can decide: what has changed, and what was not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rlm_tui.core.settings import SettingsError
from rlm_tui.core.text import visible
from rlm_tui.ui.fork_plan import ForkAsked
from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen
from rlm_tui.ui.widgets.option_fields import options_problem


class Question(NamedTuple):
    """A question in place of a refusal, and what is asked for next by the answer given; others end it."""

    screen: ConfirmScreen
    answers: Mapping[str, ForkAsked]


def refusal_words(error: Exception) -> str:
    """Why there is no fork, as the form says it."""
    from rlm_tui.engine.fork_errors import ForkError

    match error:
        case SettingsError():
            return options_problem(error)
        case ForkError():
            return error.words
        case _:
            return str(error) or type(error).__name__


def question_about(error: Exception, asked: ForkAsked) -> Question | None:
    """The question that `error` is; None for one that only the form can mend."""
    from rlm_tui.engine.fork_errors import DocumentChanged, VolumeNotKept

    match error:
        case DocumentChanged():
            screen = ConfirmScreen(
                "The documents have changed",
                f"{visible(error.words)}\nThe recorded iterations may come out otherwise.",
                [Choice("stay", "n", "Don't fork"), Choice("fork", "f", "Fork with what is there now")],
            )
            return Question(screen, {"fork": asked._replace(accept_changes=True)})
        case VolumeNotKept():
            choices = {
                "empty": Choice("empty", "e", "An empty volume"),
                "as-it-is": Choice("as-it-is", "v", "The volume as it is now: the fork writes to it"),
            }
            answers = {
                "empty": asked._replace(volume="empty"),
                "as-it-is": asked._replace(volume="as it is"),
            }
            if error.only_as_it_is:
                del choices["empty"], answers["empty"]
            question = f"{visible(error.words)}\nWhat is /data of the fork?"
            stay = Choice("stay", "n", "Don't fork")
            screen = ConfirmScreen("The volume was not kept", question, [stay, *choices.values()])
            return Question(screen, answers)
        case _:
            return None
