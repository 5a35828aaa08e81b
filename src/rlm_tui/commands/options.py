"""Options that several commands take, each described once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

JSON_OPTION = typer.Option("--json", help="Print exactly one JSON object (or list) and nothing else.")

Tools = Annotated[
    list[str] | None,
    typer.Option("--tool", help="A tool for cells: regex_extract, or module:function.", metavar="TOOL"),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", help="An input, once for each; the value - reads standard input.", metavar="NAME=VALUE"
    ),
]
Documents = Annotated[
    list[str] | None,
    typer.Option(
        "--document",
        help="What to read: a file, a folder, a quoted pattern, or - for standard input. Several are given "
        "to the task as a dict, name -> text.",
        metavar="PATH",
    ),
]
ConvertHtml = Annotated[
    bool | None,
    typer.Option("--convert-html/--html-as-is", help="Web pages as they read (needs the extra `convert`)."),
]
PlannerModel = Annotated[
    str | None, typer.Option("--lm", help="The planner's model, or `offline`.", metavar="MODEL")
]
SubModel = Annotated[str | None, typer.Option("--sub-lm", help="The sub-LM's model.", metavar="MODEL")]
SandboxKind = Annotated[
    str | None, typer.Option("--sandbox", help="Where cells run: `local` or `modal`.", metavar="KIND")
]
MaxIterations = Annotated[
    int | None, typer.Option("--max-iterations", min=1, help="Then the answer is extracted.")
]
MaxLLMCalls = Annotated[
    int | None, typer.Option("--max-llm-calls", min=0, help="LM calls that cells may make.")
]
CellSeconds = Annotated[float | None, typer.Option("--timeout", min=0.1, help="Seconds for one cell.")]
MaxSeconds = Annotated[float | None, typer.Option("--max-seconds", min=0.1, help="Seconds for the run.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", min=1, help="Tokens for the run.")]
MaxCost = Annotated[float | None, typer.Option("--max-cost", min=0, help="US dollars for the run.")]
RememberAnswers = Annotated[
    bool | None,
    typer.Option(
        "--remember-answers/--no-remember-answers",
        help="What an earlier run asked the same model is answered from its log: nothing is asked or paid.",
    ),
]
Hold = Annotated[
    bool,
    typer.Option("--hold", help="Start held, and ask what to do; the task's own breakpoints hold, too."),
]
Breakpoints = Annotated[
    list[str] | None,
    typer.Option(
        "--breakpoint",
        help="Where the run is held, as in `submit`, `iteration=4`, `code=open(`; may be repeated.",
        metavar="TEXT",
    ),
]
AsJson = Annotated[bool, JSON_OPTION]


def given(**flags: Any) -> dict[str, Any]:
    """Those that were given, by the names of `core.settings_fields.FLAGS`."""
    return {name: value for name, value in flags.items() if value is not None}
