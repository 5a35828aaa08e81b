"""What a person does with a volume's files: up, down, copied, moved, deleted. Each asks what it must know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from rlm_tui.core.text import human_size, number_of
from rlm_tui.ui.key_groups import FILES
from rlm_tui.ui.screens.ask import AskScreen
from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen
from rlm_tui.ui.screens.transfer import Transferred, TransferScreen
from rlm_tui.ui.widgets.file_nodes import FileNode
from rlm_tui.ui.widgets.path_suggester import PathSuggester
from rlm_tui.volumes.protocol import Progress, Stop, Volume, VolumeError, VolumeOccupiedError

OVERWRITE, KEEP, DELETE = "overwrite", "keep", "delete"
Transfer = Callable[[Progress, Stop, bool], str]
"""Transfers with progress, stop and whether to overwrite; gives back what to say when it is done."""


class VolumeChanges(Vertical):
    """The keys that change a volume. The volume, the chosen node and the list are the subclass's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "upload", "upload", id="volume.upload", group=FILES,
                tooltip="Upload a file or folder of this machine"),
        Binding("d", "download", "download", id="volume.download", group=FILES,
                tooltip="Download the file or folder"),
        Binding("c", "copy_entry", "copy", id="volume.copy", group=FILES,
                tooltip="Copy the file or folder inside the volume"),
        Binding("m", "move_entry", "move", id="volume.move", group=FILES,
                tooltip="Rename or move the file or folder"),
        Binding("x,delete", "delete_entry", "delete", id="volume.delete", group=FILES,
                tooltip="Delete the file or folder, after a question"),
    ]  # fmt: skip

    class Said(Message):
        """Something was done."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    volume: Volume | None = None

    @property
    def node(self) -> FileNode | None:
        """The file or folder under the cursor."""
        raise NotImplementedError

    def changed(self) -> None:
        """The volume's files are others now: list them anew."""
        raise NotImplementedError

    def say_problem(self, words: str) -> None:
        """One sentence about what could not be done; nothing takes it away."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "upload":
            return self.volume is not None
        if action in ("download", "copy_entry", "move_entry", "delete_entry"):
            return self.volume is not None and self.node is not None
        return True

    # Transfers

    @property
    def folder(self) -> str:
        """The folder under the cursor, or that of the file under it; "" is the root."""
        node = self.node
        if node is None:
            return ""
        return node.key if node.is_directory else node.key.rpartition("/")[0]

    def action_upload(self) -> None:
        volume, folder = self.volume, self.folder
        if volume is None:
            return

        def upload(source: str, told: Progress, stop: Stop, overwrite: bool) -> str:
            done = volume.upload(Path(source), f"{folder}/", overwrite=overwrite, on_progress=told, stop=stop)
            return f"/{done} is uploaded"

        def asked(source: str | None) -> None:
            if source is not None:
                sentence = f"{source} to /{folder}"
                self._transfer("Upload", sentence, partial(upload, source))

        question = f"A file or folder of this machine, to go into /{folder}:"
        start = f"{Path.cwd()}/"
        self.app.push_screen(
            AskScreen("Upload", question, start, verb="uploads", suggester=PathSuggester(use_cache=False)),
            asked,
        )

    def action_download(self) -> None:
        volume, node = self.volume, self.node
        if volume is None or node is None:
            return
        path = node.key

        def download(target: str, told: Progress, stop: Stop, overwrite: bool) -> str:
            done = volume.download(path, Path(target), overwrite=overwrite, on_progress=told, stop=stop)
            return f"/{path} is in {done}"

        def asked(target: str | None) -> None:
            if target is not None:
                self._transfer("Download", f"/{path} to {target}", partial(download, target))

        start = str(Path.cwd() / node.name.rpartition("/")[2])
        self.app.push_screen(
            AskScreen(
                "Download",
                f"/{path} to this machine, as:",
                start,
                verb="downloads",
                suggester=PathSuggester(use_cache=False),
            ),
            asked,
        )

    def _transfer(self, title: str, sentence: str, transfer: Transfer, *, overwrite: bool = False) -> None:
        def ended(outcome: Transferred | None) -> None:
            match outcome:
                case Transferred(error=VolumeOccupiedError() as error) if not overwrite:
                    self._ask_to_overwrite(
                        str(error), lambda: self._transfer(title, sentence, transfer, overwrite=True)
                    )
                case Transferred(error=VolumeError() as error):
                    self.say_problem(f"{error} {error.hint}".strip())
                    self.changed()
                case Transferred(words=words):
                    self._done(words)

        self.app.push_screen(
            TransferScreen(title, sentence, lambda told, stop: transfer(told, stop, overwrite)), ended
        )

    def _ask_to_overwrite(self, words: str, go_on: Callable[[], None]) -> None:
        question = f"{words}\nFiles that have the same names are replaced; others in a folder stay."
        choices = [Choice(KEEP, "k", "Keep what is there"), Choice(OVERWRITE, "o", "Overwrite it")]
        self.app.push_screen(
            ConfirmScreen("There already", question, choices),
            lambda answer: go_on() if answer == OVERWRITE else None,
        )

    # Changes inside

    def action_copy_entry(self) -> None:
        self._ask_where("Copy", "copies", lambda volume, path, to: f"copied to /{volume.copy(path, to)}")

    def action_move_entry(self) -> None:
        self._ask_where(
            "Rename or move", "moves", lambda volume, path, to: f"moved to /{volume.rename(path, to)}"
        )

    def _ask_where(self, title: str, verb: str, change: Callable[[Volume, str, str], str]) -> None:
        volume, node = self.volume, self.node
        if volume is None or node is None:
            return
        path = node.key

        def asked(to: str | None) -> None:
            if to is not None:
                self._work(lambda: f"/{path} is {change(volume, path, to)}")

        sentence = f"/{path} to (a folder takes it in):"
        self.app.push_screen(AskScreen(title, sentence, f"/{path}", verb=verb), asked)

    def action_delete_entry(self) -> None:
        volume, node = self.volume, self.node
        if volume is None or node is None:
            return
        path, is_directory = node.key, node.is_directory

        def count() -> str:
            """How much goes with it (in a thread)."""
            if not is_directory:
                return ""
            usage = volume.usage(path)
            return f" with {number_of(usage.files, 'file')}, {human_size(usage.size)}"

        def remove() -> str:
            volume.remove(path)
            return f"/{path} is deleted"

        def ask(also: str) -> None:
            question = f"Delete /{path}{also}? There is no way back."
            choices = [Choice(KEEP, "k", "Keep it"), Choice(DELETE, "d", "Delete it")]
            self.app.push_screen(
                ConfirmScreen("Delete", question, choices),
                lambda answer: self._work(remove) if answer == DELETE else None,
            )

        self._look(count, ask)

    def _work(self, change: Callable[[], str]) -> None:
        """Do a change in a thread, say what it did, and list anew."""
        self._look(change, self._done)

    def _look(self, look: Callable[[], str], then: Callable[[str], None]) -> None:
        """Ask the volume in a thread, then go on with the answer; a failure is said in place."""

        def ask() -> None:
            try:
                answer = look()
            except VolumeError as error:
                self.app.call_from_thread(self.say_problem, f"{error} {error.hint}".strip())
                return
            self.app.call_from_thread(then, answer)

        self.run_worker(ask, thread=True, exit_on_error=False)

    def _done(self, words: str) -> None:
        self.say_problem("")
        self.post_message(self.Said(words))
        self.changed()
