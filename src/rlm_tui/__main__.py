"""`rlm-tui`, and `python -m rlm_tui`: the screen at once, or the command that was named."""

from __future__ import annotations

import sys

from rlm_tui.commands.dspy_import import import_dspy_quickly
from rlm_tui.commands.leave import end_sandboxes, leave_screen


def main() -> None:
    """Open the screen when nothing else was asked for; commands and their options need more imports."""
    import_dspy_quickly()
    try:
        if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
            from rlm_tui.ui.app import run_app

            leave_screen(run_app())
        from rlm_tui.cli import main as command_line

        command_line()
    finally:
        end_sandboxes()


if __name__ == "__main__":
    main()
