"""What was asked again of a call: the answer, what differs from the recorded one, and what it cost, apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from rlm_tui.core.call_again import AgainTotals, CallAgain
from rlm_tui.core.text import human_cost, human_seconds, number_of, one_line, visible
from rlm_tui.ui.widgets.call_list_words import total_cost_words, total_tokens_words
from rlm_tui.ui.widgets.result_block import error_rows
from rlm_tui.ui.widgets.row import CODE_HANG, Row, TextRow
from rlm_tui.ui.widgets.text_highlight import highlighted

LARGEST_COMPARED = 2_000
"""Lines beyond which two texts are not compared: it would cost too long."""
CONTEXT_LINES = 2
MOST_SHOWN = 200_000
_ROLES = {"+": "good", "-": "bad", "@": "label"}


def again_words(totals: AgainTotals) -> str:
    """`asked again: 2 calls, 310 tok, $0.001, not in the run's totals`."""
    tokens = total_tokens_words(totals.tokens)
    cost = total_cost_words(totals.cost)
    return f"asked again: {number_of(totals.calls, 'call')}, {tokens} tok, {cost} (not in the run's totals)"


def again_rows(again: Sequence[CallAgain], prompt: str, answer: str) -> Iterator[Row]:
    """What was asked again of a call with this recorded `prompt` and `answer`; the newest first."""
    for number, call in reversed(list(enumerate(again, 1))):
        yield TextRow((("", "text"),))
        yield TextRow((("Asked again", "held"), (f"  {number} of {len(again)}", "dim")))
        yield TextRow((("  ", "text"), (_by(call), "call"), (f" · {' · '.join(_figures(call))}", "dim")))
        if call.error is not None:
            yield from error_rows(call.error, "")
        if call.prompt == prompt:
            yield TextRow((("The prompt was sent as it is recorded.", "dim"),))
        else:
            yield TextRow((("The prompt, changed:", "label"),))
            yield from _changes(prompt, call.prompt)
        if call.error is not None:
            continue
        yield TextRow((("Its answer:", "label"),))
        yield from (TextRow(line) for line in highlighted(call.answer[:MOST_SHOWN]))
        if call.answer == answer:
            yield TextRow((("It is the same as the recorded answer.", "dim"),))
        elif answer:
            yield TextRow((("From the recorded answer (-) to this one (+):", "label"),))
            yield from _changes(answer, call.answer)


def _by(call: CallAgain) -> str:
    return "the offline demo" if call.offline else one_line(call.model, 60)


def _figures(call: CallAgain) -> list[str]:
    usage = call.usage
    cost = human_cost(None if usage is None else usage.cost_usd)
    into = "–" if usage is None or usage.prompt_tokens is None else f"{usage.prompt_tokens:,}"
    out = "–" if usage is None or usage.completion_tokens is None else f"{usage.completion_tokens:,}"
    when = call.at[:16].replace("T", " ")
    return [human_seconds(call.seconds), f"{into} in, {out} out", cost, f"{one_line(when, 20)} UTC"]


def _changes(before: str, after: str) -> Iterator[Row]:
    lines = visible(before).split("\n"), visible(after).split("\n")
    if max(map(len, lines)) > LARGEST_COMPARED or max(len(before), len(after)) > MOST_SHOWN:
        yield TextRow((("They are too long to be compared here.", "dim"),))
        return
    for line in list(unified_diff(*lines, lineterm="", n=CONTEXT_LINES))[2:]:
        yield TextRow(((line, _ROLES.get(line[:1], "text")),), hang=CODE_HANG)
