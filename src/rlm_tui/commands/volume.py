"""`rlm-tui volume`: what lasts between runs, looked at and changed without a screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import print_json, refuse
from rlm_tui.commands.volume_session import VolumeSession
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import human_age, human_size, number_of, visible

if TYPE_CHECKING:
    from rlm_tui.volumes.protocol import VolumeEntry, VolumeUsage

volume = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look into a volume, and change it. A leading / is the volume's root.",
)

Name = Annotated[
    str | None, typer.Option("--volume", help="Which one; by default that of the runs.", metavar="NAME")
]
Backend = Annotated[
    str | None,
    typer.Option(help="`local` or `modal`; by default where runs have theirs.", metavar="KIND"),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there, and merge folders.")]


def _row(entry: VolumeEntry, now: float, label: str) -> str:
    size = "" if entry.is_directory else human_size(entry.size)
    age = human_age(max(0.0, now - entry.modified)) if entry.modified else ""
    return f"{size:>10}  {age:>8}  {visible(label)}{'/' if entry.is_directory else ''}"


def _as_object(entry: VolumeEntry) -> dict[str, object]:
    modified = datetime.fromtimestamp(entry.modified, UTC).isoformat() if entry.modified else None
    return {
        "path": f"/{entry.path}",
        "kind": "folder" if entry.is_directory else "file",
        "size": None if entry.is_directory else entry.size,
        "modified": modified,
    }


@volume.command("ls")
def list_folder(
    path: Annotated[str, typer.Argument(help="A folder, or a file.")] = "/",
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """List a folder: sizes, ages, names."""
    with VolumeSession(name, backend, as_json) as session:
        entry = session.volume.entry(path)
        entries = session.volume.entries(path) if entry.is_directory else [entry]
        if as_json:
            session.print_object(path=f"/{entry.path}", entries=[_as_object(one) for one in entries])
            return
        now = time.time()
        for one in entries:
            typer.echo(_row(one, now, one.name))


@volume.command("find")
def find(
    words: Annotated[str, typer.Argument(help="Part of a name, or a pattern with * and ?.")],
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """Find files and folders by their names, anywhere in the volume. Exit code 1: none."""
    with VolumeSession(name, backend, as_json) as session:
        found = session.volume.search(words)
        if as_json:
            session.print_object(words=words, entries=[_as_object(one) for one in found])
        now = time.time()
        for one in found if not as_json else ():
            typer.echo(_row(one, now, f"/{one.path}"))
    if not found:
        raise typer.Exit(1)


@volume.command("get")
def get(
    remote: Annotated[str, typer.Argument(help="A file or folder of the volume.")],
    local: Annotated[
        str, typer.Argument(help="Where to on this machine; `-` writes a file to standard output.")
    ] = ".",
    force: Force = False,
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """Download a file or folder: whole, or not at all."""
    with VolumeSession(name, backend, as_json) as session:
        if local == "-":
            _write_out(session, remote)
            return
        with session.transfer(f"downloading {remote}") as (told, stop):
            target = session.volume.download(
                remote, Path(local), overwrite=force, on_progress=told, stop=stop
            )
        if as_json:
            session.print_object(path=f"/{remote.strip('/')}", local=str(target))
        else:
            typer.echo(f"{visible(remote)} is in {visible(str(target))}")


def _write_out(session: VolumeSession, remote: str) -> None:
    if session.as_json:
        message = "A file is written to standard output as it is, not as JSON."
        refuse(ErrorDetail(kind="AskedWrongly", message=message, hint="Leave out --json."))
    for piece in session.volume.pieces(remote):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


@volume.command("put")
def put(
    local: Annotated[Path, typer.Argument(help="A file or folder of this machine.")],
    remote: Annotated[str, typer.Argument(help="Where to in the volume; a folder takes it in.")] = "/",
    force: Force = False,
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """Upload a file or folder: whole, or not at all. The first upload makes the volume."""
    with VolumeSession(name, backend, as_json) as session:
        with session.transfer(f"uploading {local.name}") as (told, stop):
            done = session.volume.upload(local, remote, overwrite=force, on_progress=told, stop=stop)
        if as_json:
            session.print_object(local=str(local), path=f"/{done}")
        else:
            typer.echo(f"{visible(str(local))} is at /{visible(done)}")


@volume.command("cp")
def copy(
    source: Annotated[str, typer.Argument(help="A file or folder of the volume.")],
    to: Annotated[str, typer.Argument(help="Its copy; a folder takes it in.")],
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """Copy a file or folder inside the volume; never over something that is there."""
    with VolumeSession(name, backend, as_json) as session:
        session.say_moved(source, session.volume.copy(source, to), "is copied to")


@volume.command("mv")
def move(
    source: Annotated[str, typer.Argument(help="A file or folder of the volume.")],
    to: Annotated[str, typer.Argument(help="Its new path; a folder takes it in.")],
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """Rename or move a file or folder inside the volume; never over something that is there."""
    with VolumeSession(name, backend, as_json) as session:
        session.say_moved(source, session.volume.rename(source, to), "is now")


@volume.command("rm")
def remove(
    path: Annotated[str, typer.Argument(help="A file, or a folder with all in it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """Delete a file, or a folder with all in it. It asks first."""
    with VolumeSession(name, backend, as_json) as session:
        entry = session.volume.entry(path)
        if not yes:
            session.must_be_asked("Files are deleted after a question")
            what = f"/{visible(entry.path)}"
            if entry.is_directory:
                usage = session.volume.usage(path)
                what += f" with {number_of(usage.files, 'file')} ({human_size(usage.size)})"
            typer.confirm(f"Delete {what}?", abort=True)
        session.volume.remove(path)
        if as_json:
            session.print_object(path=f"/{entry.path}", removed=True)
        else:
            typer.echo(f"/{visible(entry.path)} is deleted")


@volume.command("du")
def usage(
    path: Annotated[str, typer.Argument(help="A folder, or a file.")] = "/",
    name: Name = None,
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """Say how much lies at a path and below it, and in each folder there."""
    from rlm_tui.volumes.paths import counted

    with VolumeSession(name, backend, as_json) as session:
        here = session.volume.entry(path)
        found = list(session.volume.below(path)) if here.is_directory else [here]
        total, parts = counted(found), _by_first_name(found, here)
        if as_json:
            session.print_object(
                path=f"/{here.path}",
                size=total.size,
                files=total.files,
                folders=total.folders,
                entries=[{"path": f"/{one}", "size": used.size, "files": used.files} for one, used in parts],
            )
            return
        for one, used in parts:
            typer.echo(f"{human_size(used.size):>10}  /{visible(one)}")
        counts = f"{number_of(total.files, 'file')}, {number_of(total.folders, 'folder')}"
        typer.echo(f"{human_size(total.size):>10}  in {counts}")


def _by_first_name(found: Sequence[VolumeEntry], here: VolumeEntry) -> list[tuple[str, VolumeUsage]]:
    """What each entry of the folder `here` holds, the largest first; nothing for a file."""
    from rlm_tui.volumes.paths import counted

    start = len(here.path) + 1 if here.path else 0
    groups: dict[str, list[VolumeEntry]] = {}
    for entry in found if here.is_directory else ():
        groups.setdefault(entry.path[:start] + entry.path[start:].split("/")[0], []).append(entry)
    used = ((path, counted(entries)) for path, entries in groups.items())
    return sorted(used, key=lambda one: (-one[1].size, one[0]))


@volume.command("volumes")
def volumes(
    backend: Backend = None,
    as_json: options.AsJson = False,
) -> None:
    """List the volumes there are."""
    from rlm_tui.volumes.catalog import list_volumes

    with VolumeSession(None, backend, as_json) as session:
        found = list_volumes(session.settings, session.volume.kind)
        if as_json:
            print_json(
                {
                    "backend": session.volume.kind,
                    "volumes": [
                        {"name": one.name, "version": one.version, "runs_use_it": one.name == session.used}
                        for one in found
                    ],
                }
            )
            return
        for one in found:
            version = f"  version {one.version}" if one.version is not None else ""
            mark = "  (the runs' own)" if one.name == session.used else ""
            typer.echo(f"{visible(one.name)}{version}{mark}")
        if not found:
            typer.echo(
                f"There is no {session.volume.kind} volume yet: a run or `rlm-tui volume put` makes one."
            )
