"""RLM runs from Python: `from rlm_tui import Explorer`. In a notebook they are shown while they go on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_tui.core.documents import Document
from rlm_tui.core.events import ErrorDetail, RunStatus, Totals
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.settings import Settings, SettingsError, load_settings
from rlm_tui.core.task import Task, TaskError
from rlm_tui.core.tasks import TaskRegistry, find_task, with_more
from rlm_tui.core.text import visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.comparison import Comparison
from rlm_tui.headless.direct_run import DirectRun
from rlm_tui.headless.interrupts import cancelled_by_signals
from rlm_tui.headless.request import make_request
from rlm_tui.headless.run_html import ANSWERED, numbers
from rlm_tui.headless.run_page import RunPage, in_notebook
from rlm_tui.headless.truth import TruthCheck, check, truth_about
from rlm_tui.headless.watch import follow, watch

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest
    from rlm_tui.sandbox.interpreter import DriverInterpreter

OFFLINE = "offline demo: no LM is called"


class RunEndedError(RuntimeError):
    """A run that ended without an answer: it failed, was cancelled, or a budget ran out. The message says
    why; `run` is all that is known of it.
    """

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


class Run:
    """A run that ended: `trajectory` is all of it, folded from its events; `check` compares the outputs with
    what is known to be true of the document (None where nothing is).
    """

    def __init__(self, trajectory: Trajectory, log: Path | None, found: TruthCheck | None) -> None:
        self.trajectory = trajectory
        self.log = log
        self.check = found

    @property
    def status(self) -> RunStatus:
        """How it ended."""
        finished = self.trajectory.finished
        return finished.status if finished else "failed"

    @property
    def outputs(self) -> dict[str, Any]:
        """The answer, by the names of the signature's outputs; empty when there is none."""
        finished = self.trajectory.finished
        return finished.outputs if finished else {}

    @property
    def error(self) -> ErrorDetail | None:
        """Why there is no answer."""
        finished = self.trajectory.finished
        return finished.error if finished else None

    @property
    def totals(self) -> Totals:
        """Iterations, calls, tokens, cost and seconds."""
        return self.trajectory.totals

    def __repr__(self) -> str:
        started = self.trajectory.started
        return f"<Run {started.run_id if started else ''}: {numbers(self.trajectory)}>"


class Explorer:
    """Runs tasks with one set of settings: those of config.toml, .env and the environment, and over them the
    flags of `rlm-tui run` by name (`lm`, `sub_lm`, `sandbox`, `max_iterations`, `max_cost_usd`, …; None is
    not set).

    Raises SettingsError, ModelSettingError and, for what is asked wrongly, errors of one sentence.
    """

    def __init__(self, **flags: Any) -> None:
        try:
            self.settings: Settings = load_settings(overrides=flags)
        except SettingsError as error:
            from rlm_tui.engine.checks.every import make_redactor

            hide = make_redactor(None).text
            raise SettingsError(error.field, error.source, hide(error.message), hide(error.hint)) from None

    def run(
        self,
        task: str | Task | type,
        /,
        document: str | Path | None = None,
        *,
        tools: Iterable[str | Callable[..., Any]] = (),
        instructions: str = "",
        **inputs: Any,
    ) -> Run:
        """Run `task` to its end and show it meanwhile; Ctrl-C (a notebook's stop button) cancels it.

        `task` is a built-in one's name, a signature ("docs, question -> answer: str"), a task's TOML file, a
        `dspy.Signature` class or a `Task`; `document` is the path of what it reads, by default the task's
        own. `tools` are functions that cells may call and that run here; `instructions` are told to the
        planner besides. Raises RunEndedError for a run that ends without an answer.
        """
        return self._run(self._request(task, document, tools, instructions, inputs))

    def compare(
        self,
        task: str | Task | type,
        /,
        document: str | Path | None = None,
        *,
        window: int | None = None,
        tools: Iterable[str | Callable[..., Any]] = (),
        instructions: str = "",
        **inputs: Any,
    ) -> Comparison:
        """Run `task`, then ask the same as one prompt with as much of the document as fits into `window`
        tokens (None: the model's own window). A side that failed says so in the comparison; Ctrl-C during
        the one prompt cancels it and keeps the run. Raises RunEndedError for a run that was cancelled.
        """
        request = self._request(task, document, tools, instructions, inputs)
        truth = truth_about(request)
        direct = DirectRun(request, window)
        with cancelled_by_signals(direct.cancel):
            run = self._run(request, raised=("cancelled",))
            answer = direct.run()
        return Comparison(request, run.trajectory, answer, truth)

    def interpreter(
        self, *, documents: Sequence[Document] = (), tools: Iterable[Callable[..., Any]] = ()
    ) -> DriverInterpreter:
        """The sandbox that cells of a run get, not started yet: end it with `shutdown()`.

        It is dspy's `CodeInterpreter`, so `dspy.RLM(…, interpreter_factory=explorer.interpreter)` works too.
        """
        from rlm_tui.engine.sandboxes import make_interpreter

        return make_interpreter(
            self.settings,
            documents=documents,
            tools={tool.__name__: tool for tool in tools},
            cell_timeout=self.settings.budgets.cell_seconds,
            redact=Redactor(self.settings.secrets()).text,
        )

    def __repr__(self) -> str:
        from rlm_tui.engine.start import describe_sandbox

        settings = self.settings
        sandbox = describe_sandbox(settings)
        place = sandbox.detail or ("confined" if sandbox.confined else "unconfined")
        planner = OFFLINE if settings.lm is None else settings.lm.model
        sub_lm = planner if settings.sub_lm is None else settings.sub_lm.model
        return visible(
            f"planner  {planner}\nsub-LM   {sub_lm}\nsandbox  {sandbox.kind}: {place}\n"
            f"volume   {settings.sandbox.volume}"
        )

    def _request(
        self,
        task: str | Task | type,
        document: str | Path | None,
        tools: Iterable[str | Callable[..., Any]],
        instructions: str,
        inputs: dict[str, Any],
    ) -> RunRequest:
        from rlm_tui.engine.signatures import task_of_class

        if isinstance(task, type):
            found = task_of_class(_name(task))
        else:
            found = task if isinstance(task, Task) else find_task(task, TaskRegistry.with_own())
        names = [tool if isinstance(tool, str) else _name(tool) for tool in tools]
        path = None if document is None else str(document)
        return make_request(
            with_more(found, names, instructions), self.settings, document=path, inputs=inputs
        )

    def _run(
        self, request: RunRequest, raised: Sequence[RunStatus] = ("failed", "cancelled", "budget")
    ) -> Run:
        """Run to the end. Raises RunEndedError for one of the ends that are `raised`."""
        truth = truth_about(request)
        page = None
        if in_notebook():
            trajectory = Trajectory()
            page = RunPage(trajectory)
            page.show()
            session = follow(request, trajectory, page, nullcontext())
        else:
            session, trajectory = watch(request, as_json=False)
        finished = trajectory.finished
        answered = finished is not None and finished.status in ANSWERED
        found = check(finished.outputs, truth) if finished and answered and truth is not None else None
        if page is not None:
            page.check = found
            page.update()
        run = Run(trajectory, session.events_path, found)
        if run.status in raised:
            error = run.error
            said = f"{error.message} {error.hint}".strip() if error else ""
            raise RunEndedError(visible(said) or f"The run {session.run_id} was {run.status}.", run)
        return run


def _name(thing: type | Callable[..., Any]) -> str:
    """`module:name`, by which a run finds a function or a class again. Raises TaskError."""
    module, name = thing.__module__, getattr(thing, "__qualname__", "")
    if getattr(sys.modules.get(module), name, None) is not thing:
        raise TaskError(
            f"{name or thing} can't be found by its name: define it at the top of a module or a notebook."
        )
    return f"{module}:{name}"
