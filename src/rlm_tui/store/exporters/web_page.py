"""A run as one web page that needs nothing else: folds, colours of code, a timeline, light and dark.

Texts are content: escaped, made visible, without a script that they could end. The page forbids itself to
load or to run anything (Content-Security-Policy).
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.text import human_seconds, one_line, visible
from rlm_tui.store.exporters.markdown import status_words, totals_words
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.exporters.web_style import STYLE
from rlm_tui.store.exporters.web_timeline import timeline_svg

MOST_TEXT = 200_000
MOST_CODE = 50_000
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def export_html(source: Source) -> Iterator[str]:
    """The page, piece by piece."""
    trajectory, started = source.trajectory, source.trajectory.started
    title = _escaped(one_line(started.task if started else source.run_id, 100))
    yield "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    yield '<meta name=viewport content="width=device-width, initial-scale=1">\n'
    yield f"<title>{title}</title><style>{STYLE}{_code_style()}</style></head><body>\n"
    yield f"<h1>{title}</h1>{_facts(source)}\n"
    yield from _result(source)
    if picture := timeline_svg(trajectory):
        names = ("plan", "cell", "call", "tool")
        key = "".join(f'<i style="background:var(--{name})"></i>{name}' for name in names)
        key += '<i style="background:var(--bad)"></i>failed'
        yield f"<h2>Timeline</h2>{picture}<div class=key>{key}</div>\n"
    yield "<h2>Iterations</h2>\n"
    for iteration in trajectory.iterations:
        yield from _iteration(iteration, source)
    if alone := [call for call in trajectory.calls if call.iteration is None]:
        yield from _calls(alone, source)
    for note in trajectory.notes:
        yield f'<p class="{"faint" if note.level == "info" else "bad"}">{_escaped(note.text)}</p>\n'
    yield "</body></html>\n"


def _facts(source: Source) -> str:
    trajectory, started = source.trajectory, source.trajectory.started
    facts: dict[str, str] = {"status": status_words(trajectory), "totals": totals_words(trajectory)}
    if started is not None:
        facts |= {
            "signature": started.signature,
            "documents": ", ".join(document.name for document in started.documents.values()),
            "planner": "offline demo" if started.offline else started.planner,
            "sub-LM": started.sub_lm,
            "sandbox": started.sandbox.kind
            + ("" if started.sandbox.confined or started.imported else ", unconfined"),
            "began": started.started,
            "fork of": f"{started.forked.run_id} at {started.forked.at}" if started.forked else "",
        }
        facts |= {name: one_line(source.whole(value), 600) for name, value in started.inputs.items()}
    facts["run"] = source.run_id
    rows = (f"<dt>{_escaped(name)}</dt><dd>{_escaped(value)}</dd>" for name, value in facts.items() if value)
    return f"<dl>{''.join(rows)}</dl>"


def _result(source: Source) -> Iterator[str]:
    finished = source.trajectory.finished
    if finished is None:
        return
    yield "<h2>Result</h2>\n"
    if finished.error is not None:
        yield f"<p class=bad>{_escaped(f'{finished.error.kind}: {finished.error.message}')}</p>"
    for name, value in finished.outputs.items():
        yield f"<b>{_escaped(name)}</b>{_value(value)}\n"


def _value(value: Any) -> str:
    match value:
        case list():
            return f"<ul>{''.join(f'<li>{_escaped(str(item))}</li>' for item in value)}</ul>"
        case dict():
            rows = (f"<li>{_escaped(str(key))}: {_escaped(str(item))}</li>" for key, item in value.items())
            return f"<ul>{''.join(rows)}</ul>"
        case _:
            return f"<pre>{_cut(str(value), MOST_TEXT)}</pre>"


def _iteration(iteration: Iteration, source: Source, *, opened: bool = False) -> Iterator[str]:
    cell = iteration.cell
    facts = [f"plan {human_seconds(iteration.plan_seconds)}"] if iteration.plan_seconds else []
    failed = cell is not None and cell.status not in (None, "ok", "submitted")
    if cell is not None:
        took = f"cell {human_seconds(cell.seconds)}"
        facts.append(took if cell.status == "ok" else str(cell.status or "running"))
    sign = '<span class="bad">✗</span>' if failed else '<span class="good">✓</span>'
    title = _escaped(one_line(iteration.reasoning or iteration.code or iteration.phase, 160))
    yield (
        f"<details{' open' if opened or failed else ''}><summary>{sign}<b>{iteration.n}</b>"
        f"<span class=title>{title}</span><span class=facts>{_escaped(' · '.join(facts))}</span></summary>\n"
    )
    if iteration.reasoning.strip():
        yield f"<div class=reasoning>{_cut(iteration.reasoning.strip(), MOST_TEXT)}</div>\n"
    for remark in (iteration.remark, *iteration.remarks):
        if remark:
            yield f"<p class=person>{_escaped(remark)}</p>\n"
    if iteration.original_code is not None:
        yield f"<p class=person>Edited by a person; the planner wrote:</p>{_python(iteration.original_code)}"
    if iteration.code.strip():
        yield _python(iteration.code)
    if iteration.skipped is not None:
        yield f"<p class=person>Not run: a person skipped it. {_escaped(iteration.skipped)}</p>"
    for own in iteration.person_cells:
        yield f"<p class=person>A person ran:</p>{_python(own.code)}{_output(own)}"
    if cell is not None:
        yield _output(cell)
    yield from _calls(iteration.calls, source)
    yield "</details>\n"


def _output(cell: Cell) -> str:
    printed = f"<pre class=output>{_cut(cell.text, MOST_TEXT)}</pre>" if cell.text.strip() else ""
    if cell.error is not None:
        printed += f"<p class=bad>{_escaped(f'{cell.error.kind}: {cell.error.message}')}</p>"
    return printed


def _calls(calls: Iterable[Call], source: Source) -> Iterator[str]:
    for call in calls:
        name = f"{call.name} × {call.expected}" if call.is_batch else call.name
        facts = ["in flight" if call.state == "running" else human_seconds(call.seconds)]
        spent = call.spent()
        if spent is not None and spent.prompt_tokens is not None:
            facts.append(f"{spent.prompt_tokens + (spent.completion_tokens or 0):,} tok")
        if call.cached:
            facts.append("cached")
        asked = source.whole(call.prompt) or (str(call.arguments) if call.arguments else "")
        title = _escaped(one_line(asked, 120))
        yield (
            f"<details><summary><b>{_escaped(name)}</b><span class=title>{title}</span>"
            f"<span class=facts>{_escaped(' · '.join(facts))}</span></summary>\n"
        )
        if asked:
            yield f"<pre>{_cut(asked, MOST_TEXT)}</pre>"
        if call.error is not None:
            yield f"<p class=bad>{_escaped(f'{call.error.kind}: {call.error.message}')}</p>"
        elif call.answer.length:
            yield f"<pre class=output>{_cut(source.whole(call.answer), MOST_TEXT)}</pre>"
        yield from _calls(call.items, source)
        for nested in call.nested:
            yield from _iteration(nested, source)
        yield from _calls(call.calls, source)
        yield "</details>\n"


def _python(code: str) -> str:
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    shown = visible(code).rstrip()
    if len(shown) > MOST_CODE:
        return f"<pre>{_cut(code, MOST_CODE)}</pre>"
    return f"<pre class=code>{highlight(shown, PythonLexer(), HtmlFormatter(nowrap=True))}</pre>"


@cache
def _code_style() -> str:
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="default").get_style_defs(".code")
    dark = HtmlFormatter(style="monokai").get_style_defs(".code")
    plain = ".code { background: var(--soft); }"
    return f"\n{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n{plain}\n"


def _cut(text: str, most: int) -> str:
    shown = visible(text)
    more = f"\n… {len(shown) - most:,} more characters" if len(shown) > most else ""
    return html.escape(shown[:most] + more)


def _escaped(text: str) -> str:
    return html.escape(visible(text))
