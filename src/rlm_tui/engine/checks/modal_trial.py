"""A sandbox in Modal's cloud, started to see that everything in it works: the self-test of an account."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from rlm_tui.cloud.errors import CloudError, CloudMissingError
from rlm_tui.core.settings import ModalSettings, Settings
from rlm_tui.engine.checks.check import Finding, Tell
from rlm_tui.engine.checks.modal_account import KEY

if TYPE_CHECKING:
    from rlm_tui.sandbox.modal import ModalInterpreter

CELL_SECONDS = 30.0
# An address that answers everywhere; nothing is sent to it.
_NETWORK_CELL = """
import json, socket
try:
    socket.create_connection(("1.1.1.1", 443), 4).close()
    print(json.dumps(True))
except OSError:
    print(json.dumps(False))
"""


class ModalTrial:
    """One sandbox with the secret attached, looked at step by step by checks that wait for each other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._interpreter: ModalInterpreter | None = None
        self._secret_attached = False
        self._left = False

    def start(self, tell: Tell) -> Finding:
        """Start it and the driver in it, telling the phases."""
        from dspy.primitives.code_interpreter import CodeInterpreterError

        from rlm_tui.sandbox.listener import InterpreterListener
        from rlm_tui.sandbox.modal import ModalInterpreter

        class Phases(InterpreterListener):
            def on_starting(self, interpreter: Any, phase: str, done: int = 0, total: int = 0) -> None:
                tell(phase)

        self._secret_attached = self._has_secret()
        if self._left:
            return Finding("skipped", "no sandbox was started")
        interpreter = self._interpreter = ModalInterpreter(
            self._modal(),
            volume=self._settings.sandbox.volume,
            run_id="check",
            output_fields=[{"name": "answer", "type": "str"}],
            cell_timeout=CELL_SECONDS,
            listener=Phases(),
        )
        try:
            interpreter.start()
        except CodeInterpreterError as error:
            return Finding("failing", str(error), str(getattr(error, "hint", "")))
        ready = interpreter.readiness
        attached = (
            f"{self._settings.modal.secret} attached" if self._secret_attached else "no secret attached"
        )
        return Finding("ok", f"Python {ready.python if ready else '?'} answers, {attached}")

    def cell(self, tell: Tell) -> Finding:
        """Whether a cell submits."""
        from dspy.primitives.code_interpreter import FinalOutput

        word = secrets.token_hex(8)
        result = self._run(f"SUBMIT(answer='{word}')")
        if isinstance(result, Finding):
            return result
        if not isinstance(result, FinalOutput) or result.output != {"answer": word}:
            return Finding("failing", f"a cell gave back something else than it was to: {result!r}")
        return Finding("ok", "a cell ran and submitted")

    def volume(self, tell: Tell) -> Finding:
        """Whether what a cell writes is seen from outside after a sync."""
        from dspy.primitives.code_interpreter import CodeInterpreterError

        from rlm_tui.cloud import modal_client
        from rlm_tui.cloud.deadlines import within

        word, name = secrets.token_hex(8), self._settings.sandbox.volume
        path = f".rlm-tui-check-{word}"
        written = self._run(f"save_to_volume('{path}', '{word}')")
        if isinstance(written, Finding):
            return written
        try:
            tell("publishing the volume")
            self._started().publish_volume()
            tell("reading the file from outside")
            found = modal_client.volume(self._settings.modal, name)
            seconds = self._settings.modal.call_seconds
            read = within(seconds, "reading the file", lambda: b"".join(found.read_file(path)))
            within(seconds, "removing the file", lambda: found.remove_file(path))
        except CloudError as error:
            return Finding("failing", error.message, error.hint)
        except FileNotFoundError:
            return Finding("failing", f"a file that a cell wrote into {name} is not seen from outside")
        except CodeInterpreterError as error:
            return Finding("failing", str(error), str(getattr(error, "hint", "")))
        if read != word.encode():
            return Finding("failing", f"a file that a cell wrote into {name} came back changed")
        return Finding("ok", f"a file that a cell wrote into {name} was read from outside")

    def network(self, tell: Tell) -> Finding:
        """Whether cells reach the network just as the settings say."""
        open_wanted = not self._settings.modal.block_network
        reached = self._answer(_NETWORK_CELL)
        if isinstance(reached, Finding):
            return reached
        if reached and not open_wanted:
            return Finding(
                "failing",
                "cells reach the network, although modal.block_network is set",
                "Ask Modal's support.",
            )
        if not reached and open_wanted:
            return Finding("failing", "cells don't reach the network, although modal.block_network is off")
        return Finding("ok", "cells reach the network" if reached else "cells reach no network, as is set")

    def secret(self, tell: Tell) -> Finding:
        """Whether the secret's key has a value in the sandbox; the value stays there."""
        name = self._settings.modal.secret
        if not self._secret_attached:
            return Finding("skipped", f"{name} is not there, so it was not attached")
        filled = self._answer(
            f"import json, os\nprint(json.dumps(bool(os.environ.get({KEY!r}, '').strip())))"
        )
        if isinstance(filled, Finding):
            return filled
        if not filled:
            return Finding(
                "missing",
                f"{KEY} of {name} is empty or not there",
                f"Write {KEY} into .env, with all its other keys, and run "
                f"`modal secret create --force {name} --from-dotenv .env`.",
            )
        return Finding("ok", f"{KEY} of {name} has a value (not shown)")

    def end(self, tell: Tell) -> Finding:
        """End it, however far it came."""
        from rlm_tui.sandbox import modal_sandboxes

        interpreter = self._interpreter
        if interpreter is None:
            return Finding("skipped", "no sandbox was started")
        interpreter.shutdown()
        if not interpreter.sandbox_id:
            return Finding("skipped", "no sandbox was started")
        tell("waiting for its end")
        try:
            modal_sandboxes.wait_for_end(self._settings.modal, interpreter.sandbox_id)
        except CloudError as error:
            words = f"the sandbox {interpreter.sandbox_id} may still run: {error.message}"
            return Finding("failing", words, "End it: `rlm-tui sandboxes --reap`.")
        return Finding("ok", "the sandbox was ended")

    def leave(self) -> None:
        """End it before the checks are over, and start none any more."""
        self._left = True
        if self._interpreter is not None:
            self._interpreter.shutdown()

    def _modal(self) -> ModalSettings:
        return msgspec.structs.replace(self._settings.modal, attach_secret=self._secret_attached, warm=False)

    def _has_secret(self) -> bool:
        from rlm_tui.cloud import modal_client

        try:
            modal_client.secret(self._settings.modal, self._settings.modal.secret)
        except CloudMissingError:
            return False
        except CloudError:
            # What fails here fails again, with the same words, when the sandbox is started.
            return self._settings.modal.attach_secret
        return True

    def _started(self) -> ModalInterpreter:
        assert self._interpreter is not None, "the checks wait for the start"
        return self._interpreter

    def _run(self, code: str) -> Any:
        """What a cell gives back; a `Finding` if it fails."""
        from dspy.primitives.code_interpreter import CodeInterpreterError

        try:
            return self._started().execute(code)
        except (CodeInterpreterError, SyntaxError) as error:
            return Finding("failing", f"a cell does not run: {error}", str(getattr(error, "hint", "")))

    def _answer(self, code: str) -> bool | Finding:
        """The one JSON value that a cell prints, as yes or no."""
        printed = self._run(code)
        if isinstance(printed, Finding):
            return printed
        try:
            return bool(json.loads(str(printed)))
        except ValueError:
            return Finding("failing", f"a cell printed something else than it was to: {printed!r}")
