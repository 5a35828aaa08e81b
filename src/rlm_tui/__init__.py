"""rlm-tui: a terminal explorer and debugger for Recursive Language Models."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("rlm-tui")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
