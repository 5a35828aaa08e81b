"""What a person writes on a saved run from a screen, and its end: tags, a note, deletion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.screen import Screen

from rlm_tui.core.redaction import Redactor
from rlm_tui.core.run_record import RunRecord
from rlm_tui.core.text import human_size, one_line, visible
from rlm_tui.store.errors import StoreError
from rlm_tui.store.labels import labels_of, write_labels
from rlm_tui.store.removal import finish_removals, remove_run
from rlm_tui.ui.screens.ask import AskScreen
from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen
from rlm_tui.ui.widgets.key_footer import KeyFooter


class RunLabels(Screen):  # type: ignore[type-arg]
    """The verbs; the screen that it is mixed into says which run is `chosen`, and reads again after them."""

    redactor: Redactor

    @property
    def chosen(self) -> RunRecord | None:
        """The run that is meant."""
        raise NotImplementedError

    def path_of(self, run: RunRecord | None) -> Path:
        """Its folder."""
        raise NotImplementedError

    def read_again(self) -> None:
        """Something was written or deleted."""
        raise NotImplementedError

    def action_tag(self) -> None:
        if (run := self.chosen) is None:
            return
        path = self.path_of(run)
        labels = labels_of(path)

        def answered(text: str | None) -> None:
            if text is not None:
                words = self.redactor.text(text).replace(",", " ").split()
                self._do(lambda: write_labels(path, words, labels.note))

        sentence = "Words with spaces between them. Filter by one with tag:word."
        self.app.push_screen(
            AskScreen("Tags", sentence, " ".join(labels.tags), verb="keeps them", needed=False), answered
        )

    def action_note(self) -> None:
        if (run := self.chosen) is None:
            return
        path = self.path_of(run)
        labels = labels_of(path)

        def answered(text: str | None) -> None:
            if text is not None:
                self._do(lambda: write_labels(path, labels.tags, self.redactor.text(text)))

        self.app.push_screen(
            AskScreen(
                "Note", "What is worth knowing of this run.", labels.note, verb="keeps it", needed=False
            ),
            answered,
        )

    def action_delete(self) -> None:
        if (run := self.chosen) is None:
            return
        path = self.path_of(run)
        kept = f"{one_line(run.run_id, 80)} and all that it kept ({human_size(run.size)})"
        question = f"{kept} are deleted for good."

        def answered(answer: str | None) -> None:
            if answer == "delete":
                self.run_worker(lambda: self._delete(path), thread=True, exit_on_error=False)

        choices = [Choice("keep", "k", "Keep it"), Choice("delete", "d", "Delete it")]
        self.app.push_screen(ConfirmScreen("Delete the run", question, choices), answered)

    def _delete(self, path: Path) -> None:
        try:
            freed = remove_run(path)
            finish_removals(path.parent)
        except StoreError as error:
            self.app.call_from_thread(self._say, str(error))
            return
        self.app.call_from_thread(self._say, f"deleted: {human_size(freed)}")
        self.app.call_from_thread(self.read_again)

    def _do(self, write: Callable[[], object]) -> None:
        try:
            write()
        except (StoreError, OSError) as error:
            self._say(str(error))
        else:
            self.read_again()

    def _say(self, words: str) -> None:
        self.query_one(KeyFooter).say(visible(words), 6.0)
