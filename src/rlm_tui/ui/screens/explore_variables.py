"""Variables of the run that Explore shows, opened in full."""

from __future__ import annotations

from rlm_tui.ui.screens.explore_views import ExploreViews
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.variable_pages import VariableGone, preview_pages, variable_pages
from rlm_tui.ui.widgets.run_messages import VariableWanted


class ExploreVariables(ExploreViews):
    """Asks the sandbox for a variable, a page at a time; of a run that is over it has the previews."""

    def on_variable_wanted(self, event: VariableWanted) -> None:
        name, rlm = event.name, event.rlm
        self.run_worker(lambda: self._open_variable(name, rlm), thread=True, exclusive=True, group="variable")

    def _open_variable(self, name: str, rlm: str) -> None:
        run = self.run
        space = None if run is None else run.trajectory.call(rlm) or run.trajectory
        variable = None if space is None else space.variables.get(name)
        if run is None or variable is None:
            return
        try:
            if run.session is None:
                raise VariableGone("There is no sandbox yet.")
            pages = variable_pages(run.session, name, rlm)
        except VariableGone as error:
            pages = preview_pages(variable, str(error))
        self.app.call_from_thread(self.app.push_screen, TextPreviewScreen(pages))
