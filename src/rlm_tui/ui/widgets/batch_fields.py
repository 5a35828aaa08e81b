"""What a batch runs over, how many at a time, and where its answers go, as fields of a form."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from rlm_tui.headless.batch_request import DEFAULT_PARALLEL
from rlm_tui.ui.batch_plan import documents_like

FIELDS = (
    ("documents", "documents", "a pattern, as in logs/**/*.txt, or a folder"),
    ("parallel", "at a time", str(DEFAULT_PARALLEL)),
    ("results", "results", "a file of JSON lines; one of its own, if none is named"),
)


class BatchFields(Vertical):
    """A field is empty where nothing is said against what is usual."""

    DEFAULT_CSS = "BatchFields { height: auto; }"

    def compose(self) -> ComposeResult:
        for name, label, hint in FIELDS:
            with Horizontal(classes="option-row batch-row"):
                yield Static(label, markup=False, classes="option-label")
                yield Input(placeholder=hint, id=f"batch-{name}", compact=True, select_on_focus=False)

    def texts(self) -> dict[str, str]:
        """What is written in each of them."""
        return {name: self._field(name).value.strip() for name, _, _ in FIELDS}

    def suggest(self, document: Path | None) -> None:
        """Name the documents beside this one, where the person has named none."""
        field = self._field("documents")
        if document is not None and not field.value:
            field.value = documents_like(document)

    def focus_documents(self) -> None:
        """To the first field."""
        self._field("documents").focus()

    def _field(self, name: str) -> Input:
        return self.query_one(f"#batch-{name}", Input)
