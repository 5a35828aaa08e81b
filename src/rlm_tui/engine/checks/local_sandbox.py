"""The sandbox of this machine: whether cells can be confined, and whether one runs."""

from __future__ import annotations

import secrets
import shutil

from rlm_tui.core.settings import Settings
from rlm_tui.engine.checks.check import Finding

# The package has this name in each of them.
_INSTALLERS = {
    "apt": "sudo apt install bubblewrap",
    "dnf": "sudo dnf install bubblewrap",
    "pacman": "sudo pacman -S bubblewrap",
    "zypper": "sudo zypper install bubblewrap",
    "apk": "sudo apk add bubblewrap",
    "nix-env": "nix-env -iA nixpkgs.bubblewrap",
}
CELL_SECONDS = 10.0


def look_at_bubblewrap(settings: Settings) -> Finding:
    """Whether bubblewrap can confine cells here, in its own words."""
    from rlm_tui.sandbox.confinement import probe_bubblewrap

    if settings.sandbox.confined == "off":
        return Finding(
            "missing", "cells run unconfined: switched off by the settings", "Set sandbox.confined to `auto`."
        )
    probe = probe_bubblewrap()
    if probe.usable:
        return Finding("ok", probe.words)
    if probe.executable:
        return Finding("failing", probe.words, probe.hint)
    return Finding("missing", probe.words, _install() if probe.hint else "Cells run unconfined here.")


def look_at_cell(settings: Settings) -> Finding:
    """Whether a cell really runs, submits, and keeps a file in the volume."""
    from dspy.primitives.code_interpreter import CodeInterpreterError, FinalOutput

    from rlm_tui.engine.start import local_volume
    from rlm_tui.sandbox.local import ProcessInterpreter

    interpreter = ProcessInterpreter(
        volume=local_volume(settings),
        confined=settings.sandbox.confined,
        output_fields=[{"name": "answer", "type": "str"}],
        cell_timeout=CELL_SECONDS,
    )
    word = secrets.token_hex(8)
    try:
        interpreter.start()
        result = interpreter.execute(
            "import os\n"
            f"check_path = save_to_volume('.rlm-tui-check-{word}', '{word}')\n"
            f"check_text = load_from_volume('.rlm-tui-check-{word}')\n"
            "os.remove(check_path)\n"
            "SUBMIT(answer=check_text)"
        )
    except (CodeInterpreterError, SyntaxError) as error:
        return Finding("failing", f"a cell does not run: {error}", str(getattr(error, "hint", "")))
    finally:
        interpreter.shutdown()
    if not isinstance(result, FinalOutput) or result.output != {"answer": word}:
        return Finding("failing", f"a cell gave back something else than it was to: {result!r}")
    confined = "confined" if interpreter.description.confined else "unconfined"
    return Finding("ok", f"a cell ran {confined}, submitted, and kept a file in {settings.sandbox.volume}")


def _install() -> str:
    command = next((command for name, command in _INSTALLERS.items() if shutil.which(name)), "")
    return f"Install it to confine cells: `{command}`." if command else "Install the package bubblewrap."
