"""Cells in a process on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dspy.utils.callback import BaseCallback

from rlm_tui.core.documents import Document
from rlm_tui.core.events import SandboxDescription
from rlm_tui.sandbox.confinement import Probe
from rlm_tui.sandbox.instructions import execution_instructions
from rlm_tui.sandbox.interpreter import DriverInterpreter
from rlm_tui.sandbox.limits import Limits, check_fits
from rlm_tui.sandbox.listener import InterpreterListener
from rlm_tui.sandbox.process_transport import Confinement, ProcessTransport


class ProcessInterpreter(DriverInterpreter):
    """A `DriverInterpreter` over a process of this machine.

    Takes the options of `ProcessTransport` and of `DriverInterpreter`. `documents` are all that will ever be
    bound: a confined sandbox sees no other file of the host.
    """

    def __init__(
        self,
        *,
        documents: Sequence[Document] = (),
        volume: Path | None = None,
        confined: Confinement = "auto",
        limits: Limits = Limits(),  # noqa: B008 - frozen
        probe: Probe | None = None,
        tools: dict[str, Callable[..., Any]] | None = None,
        output_fields: list[dict[str, Any]] | None = None,
        cell_timeout: float | None = None,
        listener: InterpreterListener | None = None,
        callbacks: list[BaseCallback] | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        transport = ProcessTransport(
            documents=documents, volume=volume, confined=confined, limits=limits, probe=probe
        )
        super().__init__(
            transport,
            tools=tools,
            output_fields=output_fields,
            cell_timeout=cell_timeout,
            listener=listener,
            callbacks=callbacks,
            redact=redact,
        )
        self.execution_instructions = execution_instructions(transport.description)

    @property
    def pid(self) -> int | None:
        """The process id of the sandbox on this machine; None before its start."""
        transport = self._transport
        return transport.pid if isinstance(transport, ProcessTransport) else None


class ProcessInterpreterFactory:
    """dspy's `interpreter_factory`: a fresh `ProcessInterpreter` for each RLM of a run, nested ones included.

    dspy reads `execution_instructions` from here, before any sandbox exists.
    """

    def __init__(
        self,
        *,
        documents: Sequence[Document] = (),
        volume: Path | None = None,
        confined: Confinement = "auto",
        limits: Limits = Limits(),  # noqa: B008 - frozen
        probe: Probe | None = None,
        cell_timeout: float | None = None,
        listener: InterpreterListener | None = None,
        redact: Callable[[str], str] = str,
        on_made: Callable[[ProcessInterpreter], None] | None = None,
    ) -> None:
        self._documents = tuple(documents)
        self._volume = volume
        self._confined: Confinement = confined
        self._limits = limits
        self._probe = probe
        self._cell_timeout = cell_timeout
        self._listener = listener
        self._redact = redact
        self._on_made = on_made
        self.description: SandboxDescription = ProcessTransport(
            volume=volume, confined=confined, limits=limits, probe=probe
        ).description
        self.execution_instructions = execution_instructions(self.description)

    def check_fits(self) -> None:
        """Raises `DocumentTooLarge` when the documents can't be held in memory."""
        check_fits(self._documents, self._limits.memory_bytes)

    def __call__(self) -> ProcessInterpreter:
        interpreter = ProcessInterpreter(
            documents=self._documents,
            volume=self._volume,
            confined=self._confined,
            limits=self._limits,
            probe=self._probe,
            cell_timeout=self._cell_timeout,
            listener=self._listener,
            redact=self._redact,
        )
        if self._on_made is not None:
            self._on_made(interpreter)
        return interpreter
