"""Words and sentences of a text, and how well they match a question: what the offline sub-LM works with."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable

_JOINED = "぀-ヿ㐀-鿿"  # scripts without spaces between their words
_WORD = re.compile(rf"[{_JOINED}]+|[A-Z]{{2,}}(?![a-z])|[A-Z]?[a-z]+|[^\W\d_{_JOINED}]+|\d+(?:\.\d+)?")
_JOINED_WORDS = re.compile(f"[{_JOINED}]{{2,}}")
_ENDINGS = """
ization isation ations ation ingly ities ments ment ions ion ers er ors or ings ing edly ed ies es s ly y e
"""
_SUFFIXES = tuple(_ENDINGS.split())
_SHORTEST_STEM = 4
_LONGEST_WORD = 40
_COMMON_WORDS = """
a an and any are as at be been but by can could did do does for from given had has have he her his how i if
in into is it its me more my no not of on or our out per she so some such than that the their them then
there these they this those to up us was we were what when where which who whom whose why will with would
you your about also list name names quote passage text sentence sentences answer question line lines one
none please find tell give most best following document content based using use used only each other between
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_BREAK = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[`A-Z0-9])|(?<=[。！？])(?![」』）])\s*")
_LONGEST = 600
_PIECE = re.compile(rf".{{1,{_LONGEST}}}(?:\s|$)|.{{1,{_LONGEST}}}")
# A fence that was cut off must not swallow what follows: none goes on beyond a heading.
_FENCE = re.compile(
    r"^[ \t]*(?P<mark>```|~~~)[^\n]*\n(?:(?!#{2,6} |# \w+\n\n|[ \t]*(?P=mark)).*\n)*?[ \t]*(?P=mark)[ \t]*$",
    re.MULTILINE,
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+\S|^\s*\[\[ ## ")
_LABEL = re.compile(r"^\s*[A-Z][\w ]{2,20}:\s*$")  # "Args:"
_PARAMETER = re.compile(r"^\s*[*]{0,2}\w+(?: \([^)]*\))?:\s+(?=\S)")  # "    k (int): how many"
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_ENTRY = re.compile(
    r"^\W{0,3}(?:\d{1,4}[-/:.]\d|[A-Z]{4,8}\b\W)|^\s*[{\[|\"<]"
)  # of a log, a table, a data file


def stem(word: str) -> str:
    """A word without its ending, so that "optimizers" and "optimize" meet. Crude on purpose."""
    # A text has few words, many times; what is longer is no word, and there may be any number of them.
    return _remembered_stem(word) if len(word) <= _LONGEST_WORD else _stem(word)


def _stem(word: str) -> str:
    word = word.lower()
    if word.endswith(_SUFFIXES):
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
                return word[: -len(suffix)]
    return word


_remembered_stem = functools.lru_cache(maxsize=50_000)(_stem)


def stems(text: str) -> list[str]:
    """The telling words of a text, stemmed, in order; the parts of names in CamelCase count singly.

    Of a script that joins its words, each two characters are one.
    """
    found: list[str] = []
    for word in _WORD.findall(text):
        if _JOINED_WORDS.match(word):
            found += [word[at : at + 2] for at in range(len(word) - 1)]
        elif word.lower() not in _COMMON and len(word) > 1:
            found.append(stem(word))
    return found


def without_code(text: str) -> str:
    """A text without its fenced code."""
    return _FENCE.sub("\n", text)


def sentences(text: str) -> list[str]:
    """The sentences of a text's prose, each on one line; headings and fenced code are no prose.

    What goes on without an end is cut into pieces.
    """
    found: list[str] = []
    block: list[str] = []
    for line in [*without_code(text).splitlines(), ""]:
        heading = _HEADING.match(line) is not None or _LABEL.match(line) is not None
        if heading or not line.strip() or _ITEM.match(line) or _PARAMETER.match(line) or _ENTRY.match(line):
            found += _BREAK.split(" ".join(" ".join(block).split()))
            block = []
        if line.strip() and not heading:
            block.append(_PARAMETER.sub("", _ITEM.sub("", line)))
    found += _BREAK.split(" ".join(" ".join(block).split()))
    return [piece.strip() for sentence in found for piece in _pieces(sentence) if piece.strip()]


def _pieces(sentence: str) -> list[str]:
    return [sentence] if len(sentence) <= _LONGEST else _PIECE.findall(sentence)


def is_prose(sentence: str) -> bool:
    """Whether this reads like a whole sentence and not like code, a table or a heap of names."""
    words = sentence.split()
    if not 5 <= len(words) <= 60 or not sentence[0].isupper() or sentence[-1] not in ".!?":
        return False
    plain = sum(re.fullmatch(r"[\"'(]?[A-Za-z][a-z'’-]*[.,;:!?)\"']*", word) is not None for word in words)
    return plain / len(words) > 0.6 and not re.search(r"[{}<>|=]|>>>|\(\w+=", sentence)


class Ranking:
    """Pieces of text ranked by a question's words, rare ones counting more (tf-idf over these pieces)."""

    def __init__(self, pieces: Iterable[str], question: str) -> None:
        self.pieces = list(pieces)
        self.words = frozenset(stems(question))
        self._counts = [Counter(stems(piece)) for piece in self.pieces]
        total = len(self.pieces)
        held = Counter(word for counts in self._counts for word in counts.keys() & self.words)
        self._rarity = {word: math.log(1 + total / held[word]) for word in held}

    def score(self, at: int) -> float:
        """How well piece `at` matches: 0 when it shares no word with the question."""
        counts = self._counts[at]
        length = sum(counts.values()) or 1
        return sum(
            rarity * (1 + math.log(counts[word])) for word, rarity in self._rarity.items() if counts[word]
        ) / (1 + math.log(1 + length / 12))

    def best(self, limit: int, *, least: float = 0.0) -> list[int]:
        """The places of the best pieces, best first, that score more than `least`."""
        scored = [(self.score(at), at) for at in range(len(self.pieces))]
        return [at for score, at in sorted(scored, key=lambda pair: (-pair[0], pair[1])) if score > least][
            :limit
        ]


def central_sentences(text: str, limit: int) -> list[str]:
    """The sentences that share most with the rest of the text, in its order: a summary by extraction."""
    whole = list(dict.fromkeys(sentences(text)))  # what is said twice is no summary
    pieces = [sentence for sentence in whole if is_prose(sentence)] or whole
    common = " ".join(word for word, _ in Counter(stems(text)).most_common(25))
    # The stems are words of their own here, so they are stemmed to themselves or nearly.
    chosen = Ranking(pieces, common).best(limit)
    return [pieces[at] for at in sorted(chosen or range(min(limit, len(pieces))))]
