"""`python -m rlm_tui` is `rlm-tui`."""

from rlm_tui.cli import main

main()
