"""Where in the logs of saved runs the answers to queries stand: hashes and places in sqlite, never a text.

The index is a cache: it may be deleted at any time, and what it says is looked up in the log before use.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from rlm_tui.core.blobs import storable
from rlm_tui.core.event_codec import EventLineError, decode
from rlm_tui.core.events import AnyEvent, CallFinished, CallStarted, Value
from rlm_tui.core.paths import private_directory
from rlm_tui.store.files import PRIVATE_FILE
from rlm_tui.store.runs import EVENTS, is_run_id

FORMAT = 1
LOCK_SECONDS = 2.0
"""How long another process that writes the index is waited for."""
CANDIDATES = 8
"""So many places of one key are given, the newest run's first."""
# SQLITE_ERROR is what a table that is missing gives.
_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CALL = b'{"type":"call_'
_END = b'{"type":"run_finished"'
_LINES_BETWEEN_LOOKS = 512
_WRITE_SECONDS = 0.2
_TABLES = f"""
create table runs (id integer primary key, name text not null unique, read_to integer not null,
                   size integer not null, ended integer not null);
create table answers (key blob not null, run integer not null, started integer not null,
                      finished integer not null, primary key (key, run, finished)) without rowid;
pragma user_version = {FORMAT};
"""


class AnswerPlace(msgspec.Struct, frozen=True):
    """The lines of a call in the log of `run`: bytes from the log's beginning."""

    run: str
    started: int
    finished: int


class _Known(msgspec.Struct, frozen=True):
    """How far a run is indexed: `read_to` is where its log is read on, `size` what it was then."""

    read_to: int = 0
    size: int = -1
    ended: bool = False


class _Found(msgspec.Struct):
    """What a part of one log adds."""

    run: str
    known: _Known
    places: list[tuple[bytes, int, int]]


def answer_key(model: str, prompt: Value) -> bytes:
    """What a query is found by: its model and its whole prompt, as recorded."""
    digest = prompt.blob or hashlib.sha256(storable(prompt.text)).hexdigest()
    return hashlib.sha256(f"{model}\0{digest}".encode("utf-8", "replace")).digest()[:16]


class AnswerIndex:
    """The index of the runs in the folder `runs`, in the file `path`. Methods raise sqlite3.Error or OSError.

    Each opens the file anew, so they may be called from any thread and from several processes.
    """

    def __init__(self, path: Path, runs: Path) -> None:
        self._path = path
        self._runs = runs

    def places(self, key: bytes, own_run: str) -> list[AnswerPlace]:
        """Where other runs than `own_run` have answers to that query, the newest first; a few, if many."""
        with self._opened() as database:
            rows = database.execute(
                "select name, started, finished from answers join runs on runs.id = answers.run"
                " where key = ? and name != ? order by name desc, finished desc limit ?",
                (key, own_run, CANDIDATES),
            ).fetchall()
        return [AnswerPlace(*row) for row in rows]

    def bring_up_to_date(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> int:
        """Read what was added to the logs since the last time, for about so many seconds.

        The newest runs come first. The number of runs for which the time did not suffice: they stay for the
        next time.
        """
        until = clock() + seconds
        with self._opened() as database:
            known = {
                name: _Known(read_to, size, bool(ended))
                for name, read_to, size, ended in database.execute(
                    "select name, read_to, size, ended from runs"
                )
            }
            names = self._names()
            if gone := known.keys() - names:
                _forget(database, gone)
            waiting = sorted(
                (name for name in names if name not in known or not known[name].ended), reverse=True
            )
            found: list[_Found] = []
            write_at = clock() + _WRITE_SECONDS
            for number, name in enumerate(waiting):
                if clock() > until:
                    _write(database, found)
                    return len(waiting) - number
                if (part := self._read(name, known.get(name, _Known()), lambda: clock() > until)) is not None:
                    found.append(part)
                if clock() > write_at:
                    _write(database, found)
                    found = []
                    write_at = clock() + _WRITE_SECONDS
            _write(database, found)
        return 0

    def discard(self) -> None:
        """Delete the file: it is damaged, and is made anew."""
        for path in (self._path, self._path.with_name(self._path.name + "-journal")):
            path.unlink(missing_ok=True)

    def _names(self) -> set[str]:
        try:
            with os.scandir(self._runs) as entries:
                return {entry.name for entry in entries if is_run_id(entry.name) and entry.is_dir()}
        except FileNotFoundError:
            return set()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        private_directory(self._path.parent)
        # sqlite would make it readable for all.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
        with closing(sqlite3.connect(self._path, timeout=LOCK_SECONDS, isolation_level=None)) as database:
            # It can be made again from the logs: no need to wait for the disk.
            database.execute("pragma synchronous = off")
            if database.execute("pragma user_version").fetchone()[0] != FORMAT:
                _make_tables(database)
            yield database

    def _read(self, name: str, known: _Known, is_late: Callable[[], bool]) -> _Found | None:
        """What the log of the run `name` holds beyond `known`; None when there is nothing new."""
        try:
            with (self._runs / name / EVENTS).open("rb") as log:
                size = os.fstat(log.fileno()).st_size
                if size == known.size:
                    return None
                at = known.read_to if size > known.size else 0
                log.seek(at)
                open_calls: dict[str, tuple[bytes, int]] = {}
                places: list[tuple[bytes, int, int]] = []
                ended = late = False
                for number, line in enumerate(log):
                    if not line.endswith(b"\n"):
                        break
                    if line.startswith(_CALL):
                        _take(line, at, open_calls, places)
                    ended = line.startswith(_END)
                    at += len(line)
                    if number % _LINES_BETWEEN_LOOKS == _LINES_BETWEEN_LOOKS - 1 and is_late():
                        late = True
                        break
        except OSError:
            # Deleted just now, or nobody's to read: no run to be asked.
            return None
        # A call that has not ended yet is read again with its end.
        read_to = min((started for _, started in open_calls.values()), default=at)
        if ended:
            read_to = at
        return _Found(name, _Known(read_to, -1 if late else size, ended), places)


def _take(
    line: bytes, at: int, open_calls: dict[str, tuple[bytes, int]], places: list[tuple[bytes, int, int]]
) -> None:
    event = line_event(line)
    if isinstance(event, CallStarted):
        if event.kind == "llm_query":
            open_calls[event.span] = (answer_key(event.model, event.prompt), at)
    elif isinstance(event, CallFinished) and (begun := open_calls.pop(event.span, None)) is not None:
        key, started = begun
        if event.error is None and event.answer.length:
            places.append((key, started, at))


def is_damage(error: Exception) -> bool:
    """Whether an error of the index means that it has to be made anew."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE


def line_event(line: bytes) -> AnyEvent | None:
    """The event on a line of a log; None if it is none."""
    try:
        return decode(line)
    except EventLineError:
        return None


@contextmanager
def _changing(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("begin immediate")
    try:
        yield
    except BaseException:
        database.execute("rollback")
        raise
    database.execute("commit")


def _make_tables(database: sqlite3.Connection) -> None:
    with _changing(database):
        # Another process may have made them while this one waited.
        if database.execute("pragma user_version").fetchone()[0] == FORMAT:
            return
        database.execute("drop table if exists runs")
        database.execute("drop table if exists answers")
        for statement in _TABLES.split(";"):
            database.execute(statement)


def _forget(database: sqlite3.Connection, names: set[str]) -> None:
    with _changing(database):
        database.executemany("delete from runs where name = ?", [(name,) for name in names])
        database.execute("delete from answers where run not in (select id from runs)")


def _write(database: sqlite3.Connection, found: list[_Found]) -> None:
    if not found:
        return
    with _changing(database):
        for part in found:
            known = part.known
            database.execute(
                "insert into runs (name, read_to, size, ended) values (?, ?, ?, ?) on conflict (name)"
                " do update set read_to = excluded.read_to, size = excluded.size, ended = excluded.ended",
                (part.run, known.read_to, known.size, known.ended),
            )
            (number,) = database.execute("select id from runs where name = ?", (part.run,)).fetchone()
            database.executemany(
                "insert or ignore into answers values (?, ?, ?, ?)",
                [(key, number, started, finished) for key, started, finished in part.places],
            )
