"""The list of saved runs: its columns stand under their names, whatever the numbers are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rlm_tui.core.run_record import RunRecord
from rlm_tui.ui.widgets.run_rows import COLUMNS, RunRow, heading

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("number", [None, 0, 1, 999, 1_000, 23_520, 1_234_567, 9_999_999_999])
def test_numbers_end_where_their_names_do_and_never_touch(number: int | None) -> None:
    run = RunRecord(
        "20260101-000000-logs-ab12",
        "submitted",
        task="logs",
        iterations=number,
        llm_calls=number,
        seconds=5_000.0,
        started="2026-01-01T00:00:00Z",
    )
    [line] = RunRow(run, NOW).layout(120)
    names = "".join(words for words, _ in heading(120))
    shown = "".join(words for words, _ in line)
    for name, cells in COLUMNS.items():
        end = names.index(name) + len(name)
        column = shown[end - cells : end]
        assert column[0] == " ", column
        assert column[-1] != " ", column
        assert shown[end] == " "
