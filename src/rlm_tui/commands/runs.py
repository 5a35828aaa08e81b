"""`rlm-tui runs`: the saved runs, listed, shown, labelled and deleted without a screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import human_size, number_of, visible

if TYPE_CHECKING:
    from pathlib import Path

    from rlm_tui.core.run_record import RunRecord

runs = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The saved runs. RUN is a run's id, the beginning of one, its folder, or `last`.",
)

Run = Annotated[str, typer.Argument(help="A saved run.", metavar="RUN")]
Filter = Annotated[
    list[str] | None,
    typer.Argument(
        help="As on the screen: words, and fields as in `task:logs status:failed 'cost>0.1' 'age<2d'`.",
        metavar="[FILTER]…",
    ),
]


@contextmanager
def _refusals(as_json: bool) -> Iterator[None]:
    from rlm_tui.core.filter_syntax import FilterError
    from rlm_tui.store.errors import StoreError

    try:
        yield
    except (StoreError, FilterError) as error:
        detail = described(error)
        refuse(
            detail, as_json={"error": {"kind": detail.kind, "message": detail.message}} if as_json else None
        )


def matching_runs(wanted: str) -> list[RunRecord]:
    """The runs that match, as they are on disk now. Raises FilterError."""
    from rlm_tui.core.run_filter import parse_run_filter
    from rlm_tui.store.library import RunLibrary

    asked = parse_run_filter(wanted)
    library = RunLibrary()
    if problem := library.update():
        typer.echo(f"rlm-tui: {visible(problem)}", err=True)
    return library.filtered(asked)


@runs.command("list")
def list_all(
    wanted: Filter = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest first.", min=1)] = 50,
    as_json: options.AsJson = False,
) -> None:
    """List saved runs, the newest first."""
    from rlm_tui.headless.run_table import run_lines, run_record_object

    with _refusals(as_json):
        found = matching_runs(" ".join(wanted or ()))
    if as_json:
        print_json([run_record_object(run) for run in found[:limit]])
        return
    for line in run_lines(found[:limit], datetime.now(UTC)):
        typer.echo(line)
    if len(found) > limit:
        typer.echo(f"… and {number_of(len(found) - limit, 'older run')}: --limit shows more.")
    elif not found:
        typer.echo("No run matches." if wanted else "There is no run yet: `rlm-tui run basic` makes one.")


@runs.command()
def show(run: Run, as_json: options.AsJson = False) -> None:
    """Show one run: what it was, its iterations, its end, its result."""
    from rlm_tui.headless.run_table import run_record_object, shown_lines
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.run_log import open_run
    from rlm_tui.store.run_reading import read_run

    with _refusals(as_json):
        path = find_run(run)
        if path.is_file():
            raise StoreError(f"{path} is a log, not a saved run: `rlm-tui open` shows it.")
        try:
            record = read_run(path).record
        except OSError as error:
            raise StoreError(f"{path} can't be read: {error.strerror}.") from error
        trajectory = open_run(path).trajectory()
    if as_json:
        finished = trajectory.finished
        outputs = finished.outputs if finished else {}
        print_json(run_record_object(record) | {"outputs": outputs, "path": str(path)})
        return
    for line in shown_lines(record, trajectory, path):
        typer.echo(line)


@runs.command("rm")
def remove(
    names: Annotated[list[str] | None, typer.Argument(help="Saved runs.", metavar="RUN…")] = None,
    matching: Annotated[
        str, typer.Option("--matching", help="Those that match a filter, as in `age>30d -tag:keep`.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Delete runs. One that goes on stays."""
    from rlm_tui.core.paths import runs_directory
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.removal import finish_removals, remove_run

    with _refusals(as_json):
        paths: list[Path] = [find_run(name) for name in names or ()]
        if matching:
            ended = [run for run in matching_runs(matching) if run.status != "running"]
            paths += [runs_directory() / run.run_id for run in ended]
        paths = list(dict.fromkeys(paths))
        if not paths and not matching:
            raise StoreError("Nothing is named: give runs, or --matching with a filter.")
        if paths and not yes:
            _ask(paths, as_json)
    freed, stayed = 0, []
    for path in paths:
        try:
            freed += remove_run(path)
        except StoreError as error:
            stayed.append(str(error))
    finish_removals(runs_directory())
    gone = len(paths) - len(stayed)
    if as_json:
        print_json({"deleted": gone, "bytes": freed, "stayed": stayed})
    else:
        for sentence in stayed:
            typer.echo(f"rlm-tui: {visible(sentence)}", err=True)
        typer.echo(f"{number_of(gone, 'run')} deleted: {human_size(freed)}.")
    raise typer.Exit(1 if stayed else 0)


def _ask(paths: list[Path], as_json: bool) -> None:
    from rlm_tui.store.errors import StoreError

    if as_json or not sys.stdin.isatty():
        raise StoreError("Runs are deleted after a question, and nobody can be asked here: add --yes.")
    for path in paths[:20]:
        typer.echo(f"  {visible(path.name)}")
    if len(paths) > 20:
        typer.echo(f"  … and {len(paths) - 20:,} more")
    typer.confirm(f"Delete {number_of(len(paths), 'run')} for good?", abort=True)


@runs.command("du")
def disk_usage(as_json: options.AsJson = False) -> None:
    """Say how much room the runs take, by task."""
    from rlm_tui.core.paths import runs_directory

    with _refusals(as_json):
        found = matching_runs("")
    by_task: dict[str, list[RunRecord]] = {}
    for run in found:
        by_task.setdefault(run.task or "unreadable", []).append(run)
    sizes = {task: sum(run.size for run in group) for task, group in by_task.items()}
    largest = sorted(sizes, key=lambda task: -sizes[task])
    if as_json:
        tasks = [{"task": task, "runs": len(by_task[task]), "bytes": sizes[task]} for task in largest]
        total = {"path": str(runs_directory()), "runs": len(found), "bytes": sum(sizes.values())}
        print_json(total | {"tasks": tasks})
        return
    for task in largest:
        typer.echo(f"{human_size(sizes[task]):>10}  {len(by_task[task]):>6,}  {visible(task)}")
    total_words = f"{human_size(sum(sizes.values())):>10}  {len(found):>6,}"
    typer.echo(f"{total_words}  in {visible(str(runs_directory()))}")


@runs.command()
def tag(
    run: Run,
    tags: Annotated[list[str], typer.Argument(help="Tags; one that begins with - is taken away.")],
) -> None:
    """Tag a run, as in `rlm-tui runs tag last good -- -draft`."""
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.labels import labels_of, write_labels

    redact = _redactor()
    with _refusals(False):
        path = find_run(run)
        before = labels_of(path)
        gone = {one[1:] for one in tags if one.startswith("-")}
        added = [redact(one) for one in tags if one[:1] != "-"]
        kept = [one for one in before.tags if one not in gone]
        labels = write_labels(path, [*kept, *added], before.note)
    typer.echo(f"{path.name}: {', '.join(labels.tags) or 'no tags'}")


@runs.command()
def note(
    run: Run, text: Annotated[str, typer.Argument(help="What to note; an empty text deletes it.")]
) -> None:
    """Write a note on a run, in place of the one it has."""
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.labels import labels_of, write_labels

    redact = _redactor()
    with _refusals(False):
        path = find_run(run)
        write_labels(path, labels_of(path).tags, redact(text))
    typer.echo(f"{path.name}: noted" if text.strip() else f"{path.name}: no note")


def _redactor() -> Callable[[str], str]:
    """What takes the configured secrets out of a text."""
    from rlm_tui.core.redaction import Redactor
    from rlm_tui.core.settings import SettingsError, load_settings

    try:
        return Redactor(load_settings().secrets()).text
    except SettingsError as error:
        refuse(ErrorDetail(kind="SettingsError", message=str(error)))
