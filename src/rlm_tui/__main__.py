"""`rlm-tui`, and `python -m rlm_tui`: the screen at once, or the command that was named."""

from __future__ import annotations

import sys


def main() -> None:
    """Open the screen when nothing else was asked for; commands and their options need more imports."""
    if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        from rlm_tui.ui.app import run_app

        sys.exit(run_app())
    from rlm_tui.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
