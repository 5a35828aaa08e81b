"""Volumes as directories: what is committed, and the copies that sandboxes work on until they commit."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from grpclib.const import Status
from grpclib.exceptions import GRPCError

from tests.modal_server.misbehaviour import Misbehaviour
from tests.modal_server.rpc import not_found

Marks = dict[str, tuple[int, int]]


class StoredVolume:
    """One volume; `files` holds what everybody outside of a sandbox sees."""

    def __init__(self, name: str, directory: Path, version: int, misbehave: Misbehaviour) -> None:
        self.name = name
        self.id = f"vo-{name}"
        self.version = version
        self.files = directory / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.created_at = directory.stat().st_ctime
        self._misbehave = misbehave

    def inside(self, path: str) -> Path:
        """The committed file at `path`; one that leaves the volume is refused."""
        found = (self.files / path.strip("/")).resolve()
        if not found.is_relative_to(self.files.resolve()):
            raise GRPCError(Status.INVALID_ARGUMENT, f"path {path!r} is outside of the volume")
        return found

    def existing(self, path: str) -> Path:
        found = self.inside(path)
        if not found.exists():
            raise not_found(f"{path!r}")
        return found

    def room_for(self, size: int) -> None:
        """Refuse what would go beyond the quota."""
        quota = self._misbehave.quota
        used = sum(path.stat().st_size for path in self.files.rglob("*") if path.is_file())
        if quota is not None and used + size > quota:
            raise GRPCError(
                Status.RESOURCE_EXHAUSTED, f"volume {self.name} is full: {quota} bytes are allowed"
            )


class Volumes:
    """All volumes of the account; they outlast the server, as their directory does."""

    def __init__(self, directory: Path, misbehave: Misbehaviour) -> None:
        self._directory = directory
        self._misbehave = misbehave
        self._all: dict[str, StoredVolume] = {}
        self._made = 0
        for described in directory.glob("*/volume.json"):
            self._open(described.parent.name, json.loads(described.read_text())["version"])

    def __iter__(self) -> Iterator[StoredVolume]:
        return iter(sorted(self._all.values(), key=lambda one: -one.created_at))

    def named(self, name: str) -> StoredVolume:
        if name not in self._all:
            raise not_found(f"Volume '{name}'")
        return self._all[name]

    def by_id(self, volume_id: str) -> StoredVolume:
        for volume in self._all.values():
            if volume.id == volume_id:
                return volume
        raise not_found(f"Volume {volume_id}")

    def create(self, name: str, version: int) -> StoredVolume:
        """The volume of this name; one that is there keeps its version."""
        if name not in self._all:
            directory = self._directory / name
            directory.mkdir(parents=True)
            (directory / "volume.json").write_text(json.dumps({"version": version}))
            self._open(name, version)
            time.sleep(0.002)  # the list is ordered by the time at which they were made
        return self._all[name]

    def forget(self, name: str) -> None:
        """Delete the volume; one made anew has another id."""
        gone = self._all.pop(name)
        shutil.rmtree(gone.files.parent)
        self._made += 1

    def _open(self, name: str, version: int) -> None:
        self._all[name] = StoredVolume(name, self._directory / name, version, self._misbehave)
        if self._made:
            self._all[name].id += f"-{self._made}"


class Mounted:
    """A sandbox's own view of a volume: a copy, until it is committed or loaded anew."""

    def __init__(self, volume: StoredVolume, copy: Path) -> None:
        self.volume = volume
        self.copy = copy
        copy.mkdir(parents=True)
        shutil.copytree(volume.files, copy, symlinks=True, dirs_exist_ok=True)
        self._base = marks(copy)
        self._seen = marks(volume.files)

    def commit(self) -> None:
        """Make what was written, changed and removed here the volume's."""
        if not self.copy.exists():
            return
        now = marks(self.copy)
        written = [path for path, mark in now.items() if self._base.get(path) != mark]
        removed = sorted(self._base.keys() - now.keys(), reverse=True)
        for path in written:
            _bring(self.copy / path, self.volume.files / path)
        for path in removed:
            _remove(self.volume.files / path)
        self._base = now
        committed = marks(self.volume.files)
        self._seen |= {path: committed[path] for path in written if path in committed}
        for path in removed:
            self._seen.pop(path, None)

    def reload(self) -> None:
        """Take up what was changed outside; what was written here and not committed stays."""
        now, here = marks(self.volume.files), marks(self.copy)
        for path, mark in now.items():
            if self._seen.get(path) != mark and here.get(path) == self._base.get(path):
                _bring(self.volume.files / path, self.copy / path)
        for path in sorted(self._seen.keys() - now.keys(), reverse=True):
            if here.get(path) == self._base.get(path):
                _remove(self.copy / path)
        changed = marks(self.copy)
        self._base = {
            path: mark
            for path, mark in changed.items()
            if path not in here or here[path] == self._base.get(path) or mark != here[path]
        }
        self._seen = now


def marks(directory: Path) -> Marks:
    """Every file and folder below, with what tells whether it changed."""
    found: Marks = {}
    for path in directory.rglob("*"):
        stat = path.lstat()
        is_folder = path.is_dir() and not path.is_symlink()
        found[str(path.relative_to(directory))] = (0, -1) if is_folder else (stat.st_mtime_ns, stat.st_size)
    return found


def _bring(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
