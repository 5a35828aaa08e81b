"""Looking into files from the panes of Explore: the documents, and what lies in the volume."""

from __future__ import annotations

from pathlib import Path

from rlm_tui.core.documents import Document, DocumentError
from rlm_tui.core.text import one_line
from rlm_tui.ui.pane_layout import VOLUME
from rlm_tui.ui.run_control import ready_documents
from rlm_tui.ui.screens.explore_plan import ExplorePlan
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.volume_look import look_into
from rlm_tui.ui.widgets.document_picker import DocumentPicker
from rlm_tui.ui.widgets.text_pages import TextPages, document_pages
from rlm_tui.ui.widgets.volume_browser import VolumeBrowser
from rlm_tui.volumes.protocol import VolumeError


class ExploreFiles(ExplorePlan):
    """Reads them in threads and shows them page by page."""

    def on_document_picker_looked_at(self, event: DocumentPicker.LookedAt) -> None:
        path = event.path
        self.run_worker(lambda: self._open_document(path), thread=True, exit_on_error=False)

    def _open_document(self, path: Path) -> None:
        try:
            document = ready_documents([path], self.settings)
        except (DocumentError, OSError) as error:
            self.app.call_from_thread(self.picker.say, str(error))
            return
        if isinstance(document, Document):
            self.app.call_from_thread(self.look, document_pages(document))

    def on_volume_browser_looked_at(self, event: VolumeBrowser.LookedAt) -> None:
        self.run_worker(lambda: self._open_volume_file(event), thread=True, exit_on_error=False)

    def _open_volume_file(self, event: VolumeBrowser.LookedAt) -> None:
        tell = self.app.call_from_thread
        try:
            pages = look_into(event.volume, event.path, event.size)
        except VolumeError as error:
            tell(self.query_one(VolumeBrowser).say_problem, f"{error} {error.hint}".strip())
            return
        tell(self.look, pages)

    def on_volume_browser_opened(self, event: VolumeBrowser.Opened) -> None:
        name = one_line(event.volume.name, 40)
        kind = "at Modal" if event.volume.kind == "modal" else "local"
        self.grid.panes[VOLUME].set_subject(f"/data {name}" if event.own else f"{name}, {kind}")

    def on_volume_changes_said(self, event: VolumeBrowser.Said) -> None:
        self.footer.say(one_line(event.words, 200), 4.0)

    def look(self, pages: TextPages) -> None:
        """Show a text page by page."""
        self.app.push_screen(TextPreviewScreen(pages))
