"""Saved runs out of and into the library: exports, and logs of other programs that are imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from rlm_tui.core.paths import expanded
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.run_record import RunRecord
from rlm_tui.core.text import human_size, number_of, visible
from rlm_tui.store.errors import StoreError
from rlm_tui.ui.screens.ask import AskScreen
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.path_suggester import PathSuggester

if TYPE_CHECKING:
    from rlm_tui.ui.screens.export import Exported

IMPORT_SENTENCE = (
    "A dspy trajectory, or a log of alexzhang13/rlm, fast-rlm, rlm-code, rlm-cli or predict-rlm: "
    "its format is recognised."
)
SAID_SECONDS = 8.0


class RunTransfers(Screen):  # type: ignore[type-arg]
    """The verbs; the screen that it is mixed into says which run is `chosen`, and reads again after them."""

    redactor: Redactor

    @property
    def chosen(self) -> RunRecord | None:
        """The run that is meant."""
        raise NotImplementedError

    def path_of(self, run: RunRecord | None) -> Path:
        """Its folder."""
        raise NotImplementedError

    @property
    def runs_folder(self) -> Path:
        """Where the runs of this list are."""
        raise NotImplementedError

    def read_again(self) -> None:
        """Something was written."""
        raise NotImplementedError

    def action_export(self) -> None:
        from rlm_tui.ui.screens.export import ExportScreen

        if (run := self.chosen) is not None:
            picture = self.app.export_screenshot(title="runs")
            self.app.push_screen(ExportScreen(self.path_of(run), picture), self._say_exported)

    def _say_exported(self, exported: Exported | None) -> None:
        if exported is not None:
            self._tell(f"Written to {exported.path} ({human_size(exported.size)})")

    def action_import_log(self) -> None:
        def answered(name: str | None) -> None:
            if name:
                self._tell("importing …")
                file = expanded(name).absolute()
                self.run_worker(lambda: self._import(file), thread=True, exit_on_error=False)

        self.app.push_screen(
            AskScreen("Import a log", IMPORT_SENTENCE, verb="imports it", suggester=PathSuggester()),
            answered,
        )

    def _import(self, file: Path) -> None:
        from rlm_tui.store.importers.imported import ImportFailed
        from rlm_tui.store.importers.write import import_file

        try:
            found = import_file(file, self.redactor, self.runs_folder)
        except (ImportFailed, StoreError) as error:
            self.app.call_from_thread(self._tell, str(error))
            return
        words = [
            f"{number_of(run.iterations, 'iteration')} from {run.format}: {run.path.name}"
            f"{' (imported before)' if run.again else ''}"
            for run in found
        ]
        left_out = dict.fromkeys(sentence for run in found for sentence in run.left_out)
        self.app.call_from_thread(self._tell, " ".join((*words, *left_out)))
        self.app.call_from_thread(self.read_again)

    def _tell(self, words: str) -> None:
        if self.is_mounted:
            self.query_one(KeyFooter).say(visible(words), SAID_SECONDS)
