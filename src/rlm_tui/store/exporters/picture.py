"""A picture of the screen (SVG) as it may leave: it needs no font from anywhere."""

from __future__ import annotations

import re

_FETCHED = re.compile(r',\s*url\("https?://[^"]*"\)\s*format\("[^"]*"\)')


def offline(svg: str) -> str:
    """The picture without the addresses of fonts: a viewer that has them not takes another of fixed width."""
    return _FETCHED.sub("", svg)
