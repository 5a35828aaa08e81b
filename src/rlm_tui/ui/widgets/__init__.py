"""One file a widget, each usable alone in a test."""
