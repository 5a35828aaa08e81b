"""`cat notes.md | rlm-tui --document -`: what is piped in is the document, keys come from the terminal"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rlm_tui.core.standard_input import STANDARD_INPUT, keep_standard_input

TERMINAL = "/dev/tty"


def with_piped_document(paths: Sequence[str]) -> list[str]:
    """`paths` with `-` replaced by a file that holds what was piped in.

    Afterwards standard input is the terminal, so that the screen hears keys. Raises a DocumentError, or
    OSError where there is no terminal to open.
    """
    if STANDARD_INPUT not in paths:
        return list(paths)
    kept = keep_standard_input(sys.stdin.buffer, is_terminal=sys.stdin.isatty())
    terminal = os.open(TERMINAL, os.O_RDWR)
    os.dup2(terminal, sys.stdin.fileno())
    os.close(terminal)
    return [str(kept) if path == STANDARD_INPUT else path for path in paths]
