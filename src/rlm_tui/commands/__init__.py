"""Commands beside `run`: one file a group, mounted in `rlm_tui.cli`. Heavy imports happen inside each."""
