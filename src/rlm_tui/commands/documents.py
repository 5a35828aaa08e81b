"""`rlm-tui documents PATH…`: what a run would be given, and what sending it all as one prompt would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.text import human_size, visible

if TYPE_CHECKING:
    from rlm_tui.core.document_facts import DocumentFacts
    from rlm_tui.core.documents import AnyDocument

SHOWN = 40


def documents(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files, folders, quoted patterns, or - for standard input.", metavar="PATH…"),
    ],
    lm: options.PlannerModel = None,
    convert_html: options.ConvertHtml = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what these documents are: sizes, lines, words, tokens, and what one prompt of them would cost.

    Exit codes: 0 they can be used, 2 they can't.
    """
    from rlm_tui.core.document_facts import look_at
    from rlm_tui.core.opened_documents import open_documents
    from rlm_tui.core.settings import load_settings
    from rlm_tui.headless.request import document_place
    from rlm_tui.headless.result import error_object

    try:
        settings = load_settings(overrides=options.given(lm=lm, convert_html=convert_html))
        found = open_documents([document_place(path) for path in paths], html=settings.documents.convert_html)
        facts = look_at(found)
    except (ValueError, OSError) as error:
        detail = described(error)
        refuse(detail, as_json={"error": error_object(detail)} if as_json else None)
    from rlm_tui.lm.prices import input_price

    model = None if settings.lm is None else settings.lm.model
    cost = facts.cost(input_price(model))
    if as_json:
        print_json(_object(found, facts, model, cost))
    else:
        _print(found, facts, model, cost)


def _object(
    found: AnyDocument, facts: DocumentFacts, model: str | None, cost: float | None
) -> dict[str, Any]:
    from rlm_tui.core.documents import Document

    members = [found] if isinstance(found, Document) else [member.document for member in found.members]
    names = [found.name] if isinstance(found, Document) else [member.key for member in found.members]
    return {
        "documents": [
            {"name": name, "path": str(one.source), "size": one.size, "encoding": one.encoding}
            for name, one in zip(names, members, strict=True)
        ],
        "size": facts.bytes,
        "lines": facts.lines,
        "words": facts.words,
        "characters": facts.characters,
        "tokens": facts.tokens,
        "exact": facts.exact,
        "passed_over": {} if isinstance(found, Document) else found.passed_over,
        "lm": model,
        "prompt_cost_usd": cost,
    }


def _print(found: AnyDocument, facts: DocumentFacts, model: str | None, cost: float | None) -> None:
    from rlm_tui.core.document_facts import facts_words
    from rlm_tui.core.documents import Document
    from rlm_tui.core.text import human_cost

    if isinstance(found, Document):
        typer.echo(f"{visible(str(found.source))}  {found.encoding}")
    else:
        typer.echo(visible(str(found.path)))
        for member in found.members[:SHOWN]:
            typer.echo(f"  {human_size(member.document.size):>8}  {visible(member.key)}")
        if len(found.members) > SHOWN:
            typer.echo(f"  … and {len(found.members) - SHOWN:,} more")
    typer.echo(facts_words(facts))
    if model is not None:
        price = "not known" if cost is None else f"about {human_cost(cost)}"
        typer.echo(f"all in one prompt of {visible(model)}: {price}")
