"""The saved runs in an index (sqlite), so that ten thousand of them are listed and searched at once.

The index is a cache: it may be deleted at any time, and is brought up to date from the runs' folders.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from rlm_tui.core.paths import private_directory
from rlm_tui.core.run_record import RunRecord
from rlm_tui.store.files import PRIVATE_FILE
from rlm_tui.store.listing import can_be_listed
from rlm_tui.store.run_reading import Reading, Signature, read_run, signature_of

FORMAT = 2
LOCK_SECONDS = 2.0
_FIRST_WRITE_SECONDS, _WRITE_SECONDS = 0.05, 0.25
"""How long is read until that can be listed: somebody waits for the first of it."""
_TABLES = (
    "drop table if exists runs",
    "drop table if exists texts",
    "create table runs (id integer primary key, name text not null unique, log integer not null,"
    " labels integer not null, goes_on integer not null, record blob not null)",
    "create virtual table texts using fts5(body, tokenize = \"unicode61 tokenchars '_'\")",
    f"pragma user_version = {FORMAT}",
)


class RunIndex:
    """The index of the runs in the folder `runs`, in the file `path`. Methods raise sqlite3.Error or OSError.

    Each opens the file anew, so they may be called from any thread and from several processes.
    """

    def __init__(self, path: Path, runs: Path) -> None:
        self._path = path
        self._runs = runs

    def records(self) -> list[RunRecord]:
        """All runs as they were when they were indexed, the newest first."""
        decode = msgspec.msgpack.Decoder(RunRecord).decode
        with self._opened() as database:
            rows = database.execute("select record from runs order by name desc").fetchall()
        return [decode(record) for (record,) in rows]

    def going_on(self) -> list[str]:
        """The runs that were being written when they were indexed."""
        with self._opened() as database:
            return [name for (name,) in database.execute("select name from runs where goes_on").fetchall()]

    def found(self, text: str) -> set[str]:
        """The runs in whose texts all words of `text` stand, one after the other; the last may go on."""
        words = [word.replace('"', "") for word in text.split()]
        if not any(words):
            return set()
        phrase = f'"{" ".join(words)}"*'
        with self._opened() as database:
            rows = database.execute(
                "select name from texts join runs on runs.id = texts.rowid where texts match ?", (phrase,)
            ).fetchall()
        return {name for (name,) in rows}

    def bring_up_to_date(
        self,
        is_late: Callable[[], bool] = lambda: False,
        tell: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> int:
        """Read the runs that are new or have changed, the newest first, and forget those that are gone.

        `is_late` is asked between two runs whether to stop; `tell` is told how many are read of how many. The
        number of those that are left for the next time.
        """
        with self._opened() as database:
            known = {
                name: (Signature(log, labels), bool(goes_on))
                for name, log, labels, goes_on in database.execute(
                    "select name, log, labels, goes_on from runs"
                )
            }
            there = self._names()
            waiting = there - known.keys()  # some may have no log: that is seen when they are read
            gone = known.keys() - there
            for name, at in known.items():
                if name in there:
                    try:
                        if (signature_of(f"{self._runs}/{name}"), False) != at:
                            waiting.add(name)
                    except OSError:
                        gone.add(name)
            if gone:
                _forget(database, gone)
            readings: list[Reading] = []
            write_at = time.monotonic() + _FIRST_WRITE_SECONDS
            for number, name in enumerate(sorted(waiting, reverse=True)):
                if is_late():
                    _write(database, readings)
                    return len(waiting) - number
                try:
                    readings.append(read_run(self._runs / name))
                except OSError:
                    continue  # deleted just now
                if time.monotonic() > write_at:
                    _write(database, readings)
                    readings = []
                    tell(number + 1, len(waiting))
                    write_at = time.monotonic() + _WRITE_SECONDS
            _write(database, readings)
            tell(len(waiting), len(waiting))
        return 0

    def discard(self) -> None:
        """Delete the file: it is damaged, and is made anew."""
        for path in (self._path, self._path.with_name(self._path.name + "-journal")):
            path.unlink(missing_ok=True)

    def _names(self) -> set[str]:
        try:
            with os.scandir(self._runs) as entries:
                return {entry.name for entry in entries if can_be_listed(entry.name)}
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


def _make_tables(database: sqlite3.Connection) -> None:
    with _changing(database):
        # Another process may have made them while this one waited.
        if database.execute("pragma user_version").fetchone()[0] != FORMAT:
            for statement in _TABLES:
                database.execute(statement)


def _forget(database: sqlite3.Connection, names: Iterable[str]) -> None:
    with _changing(database):
        for name in names:
            database.execute("delete from texts where rowid = (select id from runs where name = ?)", (name,))
            database.execute("delete from runs where name = ?", (name,))


def _write(database: sqlite3.Connection, readings: list[Reading]) -> None:
    if not readings:
        return
    encode = msgspec.msgpack.Encoder().encode
    with _changing(database):
        for record, text, (log, labels) in readings:
            (number,) = database.execute(
                "insert into runs (name, log, labels, goes_on, record) values (?, ?, ?, ?, ?)"
                " on conflict (name) do update set log = excluded.log, labels = excluded.labels,"
                " goes_on = excluded.goes_on, record = excluded.record returning id",
                (record.run_id, log, labels, record.status == "running", encode(record)),
            ).fetchone()
            database.execute("insert or replace into texts (rowid, body) values (?, ?)", (number, text))


@contextmanager
def _changing(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("begin immediate")
    try:
        yield
    except BaseException:
        database.execute("rollback")
        raise
    database.execute("commit")
