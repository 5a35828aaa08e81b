"""Cells in a sandbox of Modal's cloud."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dspy.utils.callback import BaseCallback

from rlm_tui.core.documents import Document
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.instructions import execution_instructions
from rlm_tui.sandbox.interpreter import DriverInterpreter
from rlm_tui.sandbox.limits import Limits
from rlm_tui.sandbox.listener import InterpreterListener
from rlm_tui.sandbox.modal_transport import ModalTransport


class ModalInterpreter(DriverInterpreter):
    """A `DriverInterpreter` over a sandbox of Modal; `volume` is the name of the one that lies at `/data`.

    Also outside of this program: `dspy.RLM(…, interpreter=ModalInterpreter(ModalSettings(), volume="…"))`.
    """

    def __init__(
        self,
        settings: ModalSettings,
        *,
        volume: str,
        documents: Sequence[Document] = (),
        limits: Limits = Limits(),  # noqa: B008 - frozen
        run_id: str = "",
        tools: dict[str, Callable[..., Any]] | None = None,
        output_fields: list[dict[str, Any]] | None = None,
        cell_timeout: float | None = None,
        listener: InterpreterListener | None = None,
        callbacks: list[BaseCallback] | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        transport = ModalTransport(settings, volume=volume, documents=documents, limits=limits, run_id=run_id)
        super().__init__(
            transport,
            tools=tools,
            output_fields=output_fields,
            cell_timeout=cell_timeout,
            listener=listener,
            callbacks=callbacks,
            redact=redact,
        )
        self.execution_instructions = execution_instructions(
            transport.description,
            settings.python,
            packages=settings.packages,
            network=not settings.block_network,
        )

    @property
    def sandbox_id(self) -> str:
        """Modal's name for the sandbox; empty before its start."""
        transport = self._transport
        return transport.sandbox_id if isinstance(transport, ModalTransport) else ""

    @property
    def left_running(self) -> str:
        """The ids of the sandboxes that could not be ended yet; that is tried on."""
        left = [
            transport.left_running
            for transport in (*self._given_up, self._transport)
            if isinstance(transport, ModalTransport)
        ]
        return ", ".join(filter(None, left))
