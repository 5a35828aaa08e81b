"""What a saved run was asked, to be asked again: task, settings, inputs and documents, from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from rlm_tui.core.documents import AnyDocument, DocumentError
from rlm_tui.core.events import Budgets, DocumentReference, RunStarted
from rlm_tui.core.input_types import InputTypeError, check_value, convert_input
from rlm_tui.core.opened_documents import open_documents
from rlm_tui.core.redaction import REDACTED
from rlm_tui.core.settings import SandboxSettings, Settings
from rlm_tui.core.settings_sources import COMMAND_LINE, OFFLINE
from rlm_tui.core.task import Task, TaskError, make_task
from rlm_tui.core.task_settings import settings_for
from rlm_tui.core.tasks import TaskRegistry
from rlm_tui.core.text import one_line
from rlm_tui.engine.fork_errors import DocumentChanged, ForkError
from rlm_tui.engine.start import hashed_reference
from rlm_tui.store.run_log import RunLog

ACCEPT = "--accept-changes"


class AskedAgain:
    """The request of the run `log`, whose first event is `started`. Everything in it may be damaged."""

    def __init__(self, log: RunLog, started: RunStarted) -> None:
        self._log = log
        self._started = started
        self._asked = log.asked()

    def task(self) -> Task:
        """The task; what older runs did not keep is taken from the task of that name. Raises ForkError."""
        asked, started = self._asked, self._started
        known = self._known_task()
        try:
            task = make_task(
                name=started.task or "own",
                signature=started.signature,
                instructions=started.instructions,
                descriptions=self._texts("descriptions"),
                document_input=asked.get("document_input") or next(iter(started.documents), None),
                tools=tuple(map(str, asked.get("tools", known.tools if known else ()))),
            )
        except (TaskError, ValueError) as error:
            raise ForkError(f"What run {self._log.run_id} was asked can't be asked again: {error}") from error
        named_class = str(asked.get("signature_class") or "")
        if known is not None and "descriptions" not in asked:
            task = msgspec.structs.replace(task, inputs=known.inputs, outputs=known.outputs)
        return msgspec.structs.replace(task, signature_class=named_class)

    def settings(self, settings: Settings, task: Task, budgets: Budgets) -> Settings:
        """The recorded settings, with keys and addresses of `settings`; what was chosen there now stands over
        the record. `budgets` are the run's.
        """
        planner, sub_lm = self._models(settings)
        models = msgspec.structs.replace(task, lm=planner, sub_lm=sub_lm)
        found = settings_for(settings, models)
        if not sub_lm and not _is_chosen(settings, "sub_lm.model"):
            found = msgspec.structs.replace(found, sub_lm=None)
        return msgspec.structs.replace(
            found,
            budgets=_laid_over(settings, "budgets", budgets, settings.budgets),
            sandbox=_laid_over(settings, "sandbox", self._sandbox(settings.sandbox), settings.sandbox),
        )

    def withheld(self, inputs: dict[str, Any]) -> list[str]:
        """A sentence on each of the `inputs` of which the record has a part taken out."""
        return [
            f"The input {name} has {REDACTED} where a secret was taken out of the record."
            for name, value in inputs.items()
            if REDACTED in str(value)
        ]

    def documents(self, settings: Settings, *, accept: bool) -> tuple[dict[str, AnyDocument], list[str]]:
        """The documents, and a sentence on each that is not what it was, which `accept` allows.

        Raises ForkError, or DocumentChanged.
        """
        recorded = self._log.documents()
        html = bool(self._asked.get("convert_html", settings.documents.convert_html))
        documents, changes = {}, []
        given = self._asked.get("documents")
        for name, places in (given if isinstance(given, dict) else {}).items():
            documents[name] = document = self._open(name, places, html=html)
            change = _change(name, document, recorded.get(name) or self._started.documents.get(name))
            if not change:
                continue
            if not accept:
                raise DocumentChanged(
                    f"{change} Put it back as it was, or take it as it is: {ACCEPT}.",
                    f"{change} Put it back as it was, or take it as it is.",
                )
            changes.append(change)
        return documents, changes

    def inputs(self, task: Task, documents: dict[str, AnyDocument]) -> dict[str, Any]:
        """The other inputs, of their types. Raises ForkError."""
        given = self._asked.get("inputs")
        values: dict[str, Any] = given if isinstance(given, dict) else {}
        found = {}
        for item in task.inputs:
            if item.name in documents:
                continue
            if item.name in values:
                value = values[item.name]
            elif item.name in self._started.inputs:
                # A run that was imported or recorded was not asked here: its first event has what it got.
                kept = self._started.inputs[item.name]
                value = self._log.text(kept)
                if len(value) < kept.length:
                    raise ForkError(
                        f"Run {self._log.run_id} kept only {len(value):,} of the {kept.length:,} characters "
                        f"of its input {item.name}, so it can't be forked."
                    )
            else:
                raise ForkError(
                    f"Run {self._log.run_id} kept no value for its input {item.name}, so it can't be forked."
                )
            try:
                found[item.name] = (
                    convert_input(value, item.type)
                    if isinstance(value, str)
                    else check_value(value, item.type)
                )
            except InputTypeError as error:
                raise ForkError(
                    f"Input {item.name} of run {self._log.run_id} can't be used: {error}."
                ) from error
        return found

    def _models(self, settings: Settings) -> tuple[str, str]:
        """Planner and sub-LM by name; "" is a sub-LM that is the planner."""
        if "lm" in self._asked:
            return str(self._asked["lm"] or OFFLINE), str(self._asked.get("sub_lm") or "")
        started = self._started
        planner = OFFLINE if started.offline else started.planner
        if not planner:
            planner = OFFLINE if settings.lm is None else settings.lm.model
        return planner, "" if started.offline or started.sub_lm == started.planner else started.sub_lm

    def _known_task(self) -> Task | None:
        known = next((one for one in TaskRegistry.with_own().all() if one.name == self._started.task), None)
        return known if known is not None and known.signature == self._started.signature else None

    def _texts(self, name: str) -> dict[str, str]:
        found = self._asked.get(name)
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    def _sandbox(self, configured: SandboxSettings) -> SandboxSettings:
        recorded = self._asked.get("sandbox_settings") or {
            **msgspec.to_builtins(configured),
            "kind": self._asked.get("sandbox", configured.kind),
        }
        try:
            return msgspec.convert(recorded, SandboxSettings)
        except msgspec.ValidationError as error:
            raise ForkError(f"The sandbox of run {self._log.run_id} can't be had again: {error}.") from error

    def _open(self, name: str, places: Any, *, html: bool) -> AnyDocument:
        every = [places] if isinstance(places, str) else [str(place) for place in places or []]
        folder = Path(str(self._asked.get("directory") or "."))
        try:
            return open_documents([folder / place for place in every], html=html)
        except (DocumentError, OSError) as error:
            raise ForkError(f"The document of {name} can't be read as the run read it: {error}") from error


def _change(name: str, document: AnyDocument, was: DocumentReference | None) -> str:
    """In a sentence how the document is not what the run read; "" if it is the same."""
    shown = f"{name}: {one_line(document.name, 80)}"
    try:
        now = hashed_reference(document)
    except OSError as error:
        raise ForkError(f"{shown} can't be read: {error}") from error
    if was is None or (not was.sha256 and not was.members):
        if was is not None and was.size != now.size:
            return f"{shown} has changed since the run read it: its size differs."
        return f"{shown} may have changed since the run read it: the run kept no hash of it."
    if was.sha256 != now.sha256:
        return f"{shown} has changed since the run read it: its hash differs."
    differing = [
        key
        for key in sorted({*was.members, *now.members})
        if key not in was.members
        or key not in now.members
        or was.members[key].sha256 != now.members[key].sha256
    ]
    if differing:
        noun = "document" if len(differing) == 1 else "documents"
        first = one_line(differing[0], 60)
        return f"{shown} has changed since the run read it: {len(differing):,} {noun}, {first} the first."
    return ""


def _is_chosen(settings: Settings, field: str) -> bool:
    return settings.source.get(field) == COMMAND_LINE


def _laid_over(settings: Settings, section: str, recorded: Any, now: Any) -> Any:
    chosen = {
        name: getattr(now, name)
        for name in now.__struct_fields__
        if _is_chosen(settings, f"{section}.{name}")
    }
    return msgspec.structs.replace(recorded, **chosen)
