"""Where words stand in rows of text: the rows with what was found marked, and the numbers of those rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlm_tui.ui.widgets.row import Line, Row, Span, TextRow, line_text
from rlm_tui.ui.widgets.text_rows import ChunkRow


def mark_found(rows: Iterable[Row], words: str) -> tuple[list[Row], list[int], int]:
    """`rows` with each place of `words` in the role "found", the rows that have one, and how many there are.

    Letters of any case are found where `words` has no capital.
    """
    marked: list[Row] = []
    places: list[int] = []
    count = 0
    for number, row in enumerate(rows):
        found = _marked(row, words) if isinstance(row, TextRow) else None
        if found is None:
            marked.append(row)
            continue
        marked.append(found[0])
        places.append(number)
        count += found[1]
    return marked, places, count


def mark_exactly(rows: Iterable[Row], words: str) -> tuple[list[Row], list[int]]:
    """`rows` with each place of `words` in the role "found", and for each place the number of its row."""
    marked: list[Row] = []
    places: list[int] = []
    for row in _separate_lines(rows, words):
        found = _marked(row, words, exact=True) if isinstance(row, TextRow) else None
        if found is not None:
            places += [len(marked)] * found[1]
        marked.append(row if found is None else found[0])
    return marked, places


def _separate_lines(rows: Iterable[Row], words: str) -> Iterator[Row]:
    """`rows`, those that hold many lines and `words` in one of them as a row a line."""
    for row in rows:
        if not isinstance(row, ChunkRow) or words not in row.text:
            yield row
            continue
        for line in row.lines():
            yield TextRow(((line, row.role),), row.gutter, row.target, words=row.words)


def _marked(row: TextRow, words: str, *, exact: bool = False) -> tuple[TextRow, int] | None:
    text = line_text(row.body)
    exact = exact or words != words.lower()
    searched = text if exact else text.lower()
    if not words or words not in searched or len(searched) != len(text):
        return None
    starts: list[int] = []
    at = searched.find(words)
    while at >= 0:
        starts.append(at)
        at = searched.find(words, at + len(words))
    return TextRow(_cut(row.body, starts, len(words)), row.gutter, row.target, row.hang, row.words), len(
        starts
    )


def _cut(line: Line, starts: list[int], length: int) -> Line:
    edges = sorted({edge for start in starts for edge in (start, start + length)})
    inside = set(starts)
    spans: list[Span] = []
    at = 0
    found = False
    waiting = iter([*edges, -1])
    edge = next(waiting)
    for text, role in line:
        while edge >= 0 and edge <= at + len(text):
            if edge > at:
                spans.append((text[: edge - at], "found" if found else role))
                text, at = text[edge - at :], edge
            found = edge in inside
            edge = next(waiting)
        if text:
            spans.append((text, "found" if found else role))
            at += len(text)
    return tuple(spans)
