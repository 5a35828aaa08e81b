"""What lasts between runs: one protocol over a directory or a Modal volume."""
