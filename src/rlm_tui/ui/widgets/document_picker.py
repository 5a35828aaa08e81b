"""Choose what is read: a file, several, a folder, a pattern; a filter; a look inside; what it amounts to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import Worker, get_current_worker

from rlm_tui.core import remembered_documents
from rlm_tui.core.content import knowledge_path, resolve_content
from rlm_tui.core.document_facts import CountingStopped, facts_words, look_at
from rlm_tui.core.documents import AnyDocument, Document, DocumentError, GatheringStopped
from rlm_tui.core.opened_documents import ConversionStopped, open_documents
from rlm_tui.core.paths import expanded
from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.widgets.document_roots import DocumentRoots, key_of, paths_of
from rlm_tui.ui.widgets.file_nodes import FileNode
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.path_suggester import PATH_STARTS, PathSuggester
from rlm_tui.ui.widgets.problem_line import ProblemLine


class DocumentPicker(Vertical):
    """The documents pane. Posts `Chosen` with documents that were looked at and can be read.

    `paths` are what was chosen, empty for nothing; `document` what they are, None for the built-in one before
    its first use. `wanted` is what the person chose last, while it is still looked at too.
    """

    DEFAULT_CSS = """
    DocumentPicker > #document-facts { height: auto; max-height: 4; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "find", key_display="/", id="documents.filter",
                tooltip="Filter, or type a path or a pattern", group=LOOK),
        Binding("a", "mark", "add", id="documents.mark",
                tooltip="Add the file or folder to the documents, or take it out", group=LOOK),
        Binding("f", "favourite", "favourite", id="documents.favourite", show=False,
                tooltip="Make it a favourite, or no longer", group=LOOK),
    ]  # fmt: skip

    class Chosen(Message):
        """Documents were chosen, and can be used. `document` None: it is built on first use."""

        def __init__(self, paths: Sequence[Path], document: AnyDocument | None) -> None:
            super().__init__()
            self.paths, self.document = tuple(paths), document

        @property
        def name(self) -> str:
            """What a screen calls it."""
            return self.document.name if self.document is not None else self.paths[0].name

    class LookedAt(Message):
        """A document is to be shown."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def __init__(self, working_directory: Path) -> None:
        super().__init__(id="document-picker")
        self._roots = DocumentRoots(working_directory)
        self._own_choice = False
        self._asked = self._counted = 0
        self._html = False
        self._price: float | None = None
        self.wanted: tuple[Path, ...] = ()
        self.paths: tuple[Path, ...] = ()
        self.document: AnyDocument | None = None

    def compose(self) -> ComposeResult:
        yield Input(
            placeholder="/ filter, a path, a pattern",
            compact=True,
            id="document-filter",
            suggester=PathSuggester(use_cache=False),
            select_on_focus=False,
        )
        yield ProblemLine(id="document-problem")
        yield FileTree(self._roots.list_below, id="document-tree")
        yield Static("", markup=False, id="document-facts")

    def on_mount(self) -> None:
        self._show_roots()
        self.run_worker(self._recall, thread=True, exit_on_error=False)

    @property
    def path(self) -> Path | None:
        """The one path that is chosen; None for nothing, or for several."""
        return self.paths[0] if len(self.paths) == 1 else None

    @property
    def chosen_name(self) -> str:
        """What a screen calls what is chosen; empty for nothing."""
        if not self.paths:
            return ""
        return self.paths[0].name if self.document is None else self.document.name

    @property
    def files(self) -> FileTree:
        return self.query_one(FileTree)

    # What is listed

    def _recall(self) -> None:
        remembered = remembered_documents.load()
        if remembered.recent or remembered.favourites:
            self.app.call_from_thread(self._take_remembered, remembered)

    def _take_remembered(self, remembered: remembered_documents.RememberedDocuments) -> None:
        self._roots.take(remembered)
        self._show_roots()

    def _show_roots(self) -> None:
        self.files.set_roots(self._roots.build())
        if self._roots.problem:
            self.say(self._roots.problem)

    # The field: a filter, a path, or a pattern

    def action_filter(self) -> None:
        self.query_one("#document-filter", Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.say("")
        wanted = event.value.strip()
        if not wanted or wanted.startswith(PATH_STARTS):
            if self.files.roots is not self._roots.nodes:
                self.files.empty = ""
                self.files.set_roots(self._roots.nodes)
            return
        self.run_worker(
            lambda: self._find(wanted), thread=True, exclusive=True, group="find", exit_on_error=False
        )

    def _find(self, wanted: str) -> None:
        found = self._roots.find(wanted)
        self.app.call_from_thread(self._show_found, wanted, found)

    def _show_found(self, wanted: str, found: list[FileNode]) -> None:
        if self.query_one("#document-filter", Input).value.strip() != wanted:
            return
        self.files.empty = f"Nothing below these folders has {wanted!r} in its name."
        self.files.set_roots(found)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text.startswith(PATH_STARTS):
            self.files.focus()
            return
        path = expanded(text).absolute()
        if path.is_dir():
            self._roots.add(path)
            event.input.value = ""
            self._show_roots()
            self.files.move_to_key(str(path))
            self.files.focus()
        else:
            self.choose(path)

    # Choosing

    def on_file_tree_chosen(self, event: FileTree.Chosen) -> None:
        event.stop()
        self.choose(*paths_of(event.node))

    def on_file_tree_looked(self, event: FileTree.Looked) -> None:
        event.stop()
        self.post_message(self.LookedAt(paths_of(event.node)[0]))

    def action_mark(self) -> None:
        """Add what is under the cursor to what is chosen, or take it out."""
        node = self.files.node
        if node is None or node.key in self._roots.virtual:
            return
        chosen = list(self.wanted) if self._own_choice else []
        for path in paths_of(node):
            if path in chosen:
                chosen.remove(path)
            else:
                chosen.append(path)
        if chosen:
            self.choose(*chosen)

    def action_favourite(self) -> None:
        node = self.files.node
        if node is None or node.key in self._roots.virtual:
            return
        try:
            self._take_remembered(remembered_documents.toggle_favourite(paths_of(node)))
        except OSError as error:
            self.say(f"The favourites can't be kept ({error.strerror or error}).")

    def used(self) -> None:
        """What is chosen is used now: it comes first among the recent ones."""
        if self._own_choice and self.wanted:
            self._take_remembered(remembered_documents.remember(self.wanted))

    def choose(self, *paths: Path | str, own: bool = True) -> None:
        """Choose documents; what is wrong with them is said in place. They are looked at in a thread.

        `own` False: the task brought them, not the person.
        """
        wanted = tuple(resolve_content(path) or expanded(path).absolute() for path in paths)
        self.wanted, self._own_choice = wanted, own
        self._asked += 1
        asked = self._asked
        self.run_worker(lambda: self._open(wanted, asked), thread=True, exclusive=True, group="describe")

    def _open(self, paths: tuple[Path, ...], asked: int) -> None:
        """Look at a choice (in a thread). What comes when another was made is nobody's."""
        worker = get_current_worker()

        def tell(act: Callable[..., None], *arguments: Any) -> None:
            self.app.call_from_thread(lambda: act(*arguments) if asked == self._asked else None)

        try:
            if paths == (knowledge_path(),) and not paths[0].exists():
                document = None
            else:
                document = open_documents(
                    paths,
                    html=self._html,
                    progress=lambda seen: tell(self._show_facts, f"looked at {seen:,} files …"),
                    stop=lambda: worker.is_cancelled,
                )
        except (GatheringStopped, ConversionStopped):
            return
        except DocumentError as error:
            tell(self._refuse, str(error))
            return
        tell(self.take, paths, document)

    def _refuse(self, problem: str) -> None:
        """What was chosen before stays."""
        self.wanted = self.paths
        self._count()
        self.say(problem)

    def take(self, paths: Sequence[Path], document: AnyDocument | None) -> None:
        """Have these chosen."""
        self.paths = self.wanted = tuple(paths)
        self.document = document
        self.say("")
        self.files.set_chosen({key_of(paths), *map(str, paths)})
        self._count()
        self.post_message(self.Chosen(paths, document))

    def built(self, document: Document) -> None:
        """A document was looked at anew for a run; the built-in one may just have been built."""
        if self.paths != (document.source,):
            return
        self.document = document
        if document.source == knowledge_path():
            self.files.read_again()
        self.files.set_chosen({str(document.source)})
        self._count()

    # What it amounts to

    def set_html(self, converted: bool) -> None:
        """Whether web pages are converted before they are read."""
        if converted != self._html:
            self._html = converted
            if self.wanted:
                self.choose(*self.wanted, own=self._own_choice)

    def set_price(self, price_per_token: float | None) -> None:
        """What a token of a prompt costs, for saying what sending it all would cost."""
        self._price = price_per_token
        self._count()

    def _count(self) -> None:
        self._show_facts("")
        document, self._counted = self.document, self._counted + 1
        counted = self._counted
        if document is not None:
            self.run_worker(
                lambda: self._count_in_thread(document, counted), thread=True, exclusive=True, group="count",
                exit_on_error=False,
            )  # fmt: skip

    def _count_in_thread(self, document: AnyDocument, counted: int) -> None:
        worker: Worker[object] = get_current_worker()
        try:
            facts = look_at(document, lambda: worker.is_cancelled)
        except (OSError, CountingStopped):
            return
        words = facts_words(facts, self._price)
        self.app.call_from_thread(lambda: self._show_facts(words) if counted == self._counted else None)

    def _show_facts(self, words: str) -> None:
        self.query_one("#document-facts", Static).update(words)

    def say(self, problem: str) -> None:
        """Show one sentence about a document that can't be used; nothing takes it away."""
        self.query_one(ProblemLine).say(problem)
