"""Text on its way to a person: every untrusted string is made visible here, every number readable.

Text of models, documents and sandboxes is content. It may hold escape sequences, overrides of the writing
direction or half a surrogate pair; on a terminal none of them may act, and none may vanish unseen.
"""

from __future__ import annotations

import re
import unicodedata

from rlm_tui.core.redaction import REDACTED, Redactor

__all__ = [
    "REDACTED",
    "Redactor",
    "human_age",
    "human_cost",
    "human_count",
    "human_seconds",
    "human_size",
    "one_line",
    "truncate",
    "visible",
    "width_of",
]

# C0 but for tab and newline, DEL, C1, marks of writing direction, line separators, invisible operators,
# byte order mark, interlinear marks, lone surrogates and the invisible "tag" copy of ASCII.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_ENDS = re.compile("\r\n")
# Terminals and rich draw them in two cells; the tables of older Pythons say one.
_WIDE_SINCE_UNICODE_16 = re.compile("[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d376]")
_ELLIPSIS = "…"


def _sign(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"⟨{code:x}⟩"


def visible(text: str, *, tabs: int = 4) -> str:
    """`text` with every control character as a sign (␛, ␀, ⟨202e⟩ …); newlines stay, tabs become spaces.

    A Windows line end counts as a newline. What comes back holds nothing that a terminal would act on.
    """
    if "\r\n" in text:
        text = _LINE_ENDS.sub("\n", text)
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(_sign, text)
    return text.expandtabs(tabs) if "\t" in text else text


def width_of(text: str) -> int:
    """How many cells of a terminal `text` takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    if character in "\u200c\u200d":
        return 0
    if _WIDE_SINCE_UNICODE_16.match(character):
        return 2
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def one_line(text: str, width: int) -> str:
    """`text` visible on one line of at most `width` cells, whitespace collapsed, cut with "…"."""
    if width <= 0:
        return ""
    # Enough for `width` cells unless it is nearly all blank; a 100 MB text must not be split for one line.
    head = text.lstrip()[: width * 8 + 64] if len(text) > width * 8 + 64 else text
    line = visible(" ".join(head.split()))
    if len(head) < len(text.rstrip()) and width_of(line) < width:
        line += _ELLIPSIS
    if width_of(line) <= width:
        return line
    if line.isascii():
        return line[: width - 1].rstrip() + _ELLIPSIS
    kept, used = [], 0
    for character in line:
        used += _cells(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + _ELLIPSIS


def truncate(text: str, limit: int) -> str:
    """The first `limit` characters of `text`, and how many more there were."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def _scaled(number: float, units: tuple[str, ...]) -> str:
    """`number` in the largest unit of a thousand that leaves at least 1, with a decimal below 10."""
    sign = "-" if number < 0 else ""
    number = abs(number)
    index = 0
    while index < len(units) - 1 and round(number, 0 if number >= 10 else 1) >= 1000:
        number /= 1000
        index += 1
    shown = f"{number:.0f}" if index == 0 or number >= 9.95 else f"{number:.1f}".removesuffix(".0")
    return f"{sign}{shown} {units[index]}".rstrip()


def number_of(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 file", "1,204 files"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def human_size(size: float) -> str:
    """Bytes in decimal units: 812 → "812 B", 97,412 → "97 KB", 1,234,567 → "1.2 MB"."""
    return _scaled(size, ("B", "KB", "MB", "GB", "TB"))


UNKNOWN_SECONDS = -1.0
"""In place of a duration that a log does not tell: zero would be a claim."""


def known_seconds(*seconds: float) -> float | None:
    """Their sum, where each is known."""
    return None if UNKNOWN_SECONDS in seconds else sum(seconds)


def human_count(number: float) -> str:
    """A count: 812 → "812", 9,800 → "9.8 K", 1,200,000 → "1.2 M"."""
    return _scaled(number, ("", "K", "M", "G", "T"))


def known_tokens(count: int, *, known: bool) -> str:
    """Tokens of a run: "1.2 K"; "1.2 K?" where some provider did not say, "?" where none did."""
    return human_count(count) if known else f"{human_count(count)}?" if count else "?"


def human_seconds(seconds: float) -> str:
    """A duration: "4 ms", "0.34 s", "12.4 s", "2 min 05 s", "1 h 02 min"; "? s" where it is not known."""
    if seconds == UNKNOWN_SECONDS:
        return "? s"
    seconds = max(seconds, 0.0)
    if seconds < 0.0095:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.0005 else "0 s"
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def human_cost(usd: float | None) -> str:
    """Money: "$0", "<$0.001", "$0.004", "$1.23"; "$?" where the provider didn't say."""
    if usd is None:
        return "$?"
    if usd <= 0:
        return "$0"
    if usd < 0.0005:
        return "<$0.001"
    return f"${usd:.3f}" if usd < 0.9995 else f"${usd:,.2f}"


def human_age(seconds: float) -> str:
    """How long ago: "now", "12 s", "2 min", "3 h", "5 days", "2 years"."""
    seconds = max(seconds, 0.0)
    if seconds < 5:
        return "now"
    for limit, unit, word in ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // unit)} {word}"
    days = int(seconds // 86_400)
    count, word = (days, "day") if days < 365 else (days // 365, "year")
    return f"{count} {word}{'' if count == 1 else 's'}"
