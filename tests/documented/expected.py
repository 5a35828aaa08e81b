"""What each documented command does: how it ends and what it says, or why no test runs it."""

from __future__ import annotations

from dataclasses import dataclass, field

CTRL_R, CTRL_Q = b"\x12", b"\x11"
EMPTY = "Nothing has run yet"
WELL = "Everything is there that a run needs."


@dataclass(frozen=True)
class Ran:
    """A command that is run as it stands: its exit code, and words that are in what it prints.

    `instead` makes a thing smaller for the test. `modal` says that it goes to Modal (on the loopback).
    """

    says: tuple[str, ...]
    code: int = 0
    modal: bool = False
    instead: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A command that is run in a terminal: words are waited for, then keys are pressed, in steps."""

    steps: tuple[tuple[str, bytes], ...]
    modal: bool = False


@dataclass(frozen=True)
class NotRun:
    """A command that no test runs, and why. What can be looked at all the same is looked at: a
    `modal_command` is parsed by Modal's own program, `paths` have to be there.
    """

    why: str
    modal_command: bool = False
    paths: tuple[str, ...] = ()


_SUITE = "the tests would run themselves"
_NETWORK = "it fetches packages"
_BROWSER = "it opens a browser and waits for a person"
_MEASURES = "it measures for minutes"
_NOTEBOOK = "it needs the extra that holds Jupyter; the notebook has a test of its own"
_SHOWN = "a test of the terminal opens it: tests/integration/test_cli_runs.py"
_ENDLESS = "it serves until it is interrupted, at a path outside of the test's folder"

EXPECTED: dict[str, Ran | Shown | NotRun] = {
    # The machine
    "uv sync": NotRun(_NETWORK, paths=("pyproject.toml",)),
    "uv sync --extra convert": NotRun(_NETWORK, paths=("pyproject.toml",)),
    "python3 -m venv .venv-uv && .venv-uv/bin/pip install -q uv && .venv-uv/bin/uv run rlm-tui": NotRun(
        _NETWORK
    ),
    "python3 -m venv .venv-uv && .venv-uv/bin/pip install -q uv && .venv-uv/bin/uv run pytest": NotRun(
        _NETWORK
    ),
    "apt install python3-venv": NotRun("it changes the machine"),
    "sudo apt install bubblewrap": NotRun("it changes the machine"),
    "git pull": NotRun("it needs a remote"),
    "git check-ignore .env": NotRun("it needs a clone, and the tests run from an archive too"),
    "git status --short": NotRun("it needs a clone, and the tests run from an archive too"),
    "cp .env.example .env": Ran(()),
    "iconv -f WINDOWS-1252 -t UTF-8 letters.txt > letters-utf8.txt": Ran(()),
    # The project's own commands
    "pytest": NotRun(_SUITE, paths=("tests",)),
    'pytest -m "not slow" tests/unit': NotRun(_SUITE, paths=("tests/unit",)),
    "pytest tests/snapshots --snapshot-update": NotRun(_SUITE, paths=("tests/snapshots",)),
    "bash .ci/run": NotRun(_SUITE, paths=(".ci/run",)),
    ".ci/pins": NotRun(_NETWORK, paths=(".ci/pins",)),
    "python benchmarks/cell_cost.py": NotRun(_MEASURES, paths=("benchmarks/cell_cost.py",)),
    "python benchmarks/first_paint.py": NotRun(_MEASURES, paths=("benchmarks/first_paint.py",)),
    "python benchmarks/demos.py": NotRun(_MEASURES, paths=("benchmarks/demos.py",)),
    "python benchmarks/modal_cell.py": NotRun(_MEASURES, paths=("benchmarks/modal_cell.py",)),
    "python benchmarks/batched_queries.py": NotRun(_MEASURES, paths=("benchmarks/batched_queries.py",)),
    "python -m tests.modal_server --directory /tmp/modal": NotRun(
        _ENDLESS, paths=("tests/modal_server/__main__.py",)
    ),
    "uv run --extra notebook jupyter lab notebooks/rlm-dspy-modal.ipynb": NotRun(_NOTEBOOK),
    "uv run --extra notebook jupyter execute notebooks/rlm-dspy-modal.ipynb": NotRun(_NOTEBOOK),
    "python rlm_content/generator log --size 200MB --to big.log": Ran((), instead={"200MB": "200KB"}),
    "python my_program.py": Ran(("Maren decides when a release goes out.",)),
    # The screen
    "rlm-tui": Shown(((EMPTY, CTRL_R), ("submitted", CTRL_Q))),
    "rlm-tui --document notes.md": Shown((("notes.md", b""), (EMPTY, CTRL_Q))),
    # Runs
    'rlm-tui run basic --input question="What are the first 12 Fibonacci numbers?"': Ran(
        ("answer: 0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89",)
    ),
    "rlm-tui run basic --json": Ran(('"status": "submitted"', '"error": null')),
    "rlm-tui run architecture --document rlm_content/dspy-knowledge/dspy-doc.txt "
    '--input query="modules and optimizers" --json': Ran(('"modules": [', '"status": "submitted"')),
    "rlm-tui tasks": Ran(("api-endpoints", "docs -> api_endpoints: list[str]", "decisions")),
    "rlm-tui knowledge": Ran(("dspy-doc.txt",)),
    "rlm-tui run api-endpoints --check": Ran(("truth: 66 of 66 facts found",)),
    "rlm-tui run-api-endpoints --docs-path rlm_content/api-handbook.md": Ran(("GET /v2/trees/{tree_id}",)),
    'rlm-tui run "docs, question -> answer: str, confidence: float" --document notes.md '
    '--input question="Who decides?"': Ran(("Tobias decides what it costs.", "confidence:")),
    "rlm-tui run my_tasks:Extract --document notes.md": Ran(("submitted", "decisions:")),
    "rlm-tui run ./roles.toml --document notes.md": Ran(("Tobias decides what it costs.",)),
    "rlm-tui run ./roles.toml --document notes.md --lm offline": Ran(("submitted", "offline demo")),
    'rlm-tui run "docs, question -> answer: str" --document notes --input question="Who decides?"': Ran(
        ("Maren decides when a release goes out.",)
    ),
    "rlm-tui run \"docs, question -> answer: str\" --document 'src/**/*.py' --document README.md "
    '--input question="What is it?"': Ran(("submitted", "answer:")),
    "cat incident.log | rlm-tui run logs --document -": Ran(("submitted", "matches:")),
    "rlm-tui documents notes": Ran(("notes.md", "decisions.md")),
    "rlm-tui run decisions": Ran(("submitted", "notes.md", "decisions:")),
    'rlm-tui run "docs, question -> answer: str" --document notes.md '
    '--input question="Who mends the pump?" --tool my_tools:lookup': Ran(("submitted", "pump")),
    'rlm-tui run analyze --document notes.md --input query="Who decides?"': Ran(
        ("Tobias decides what it costs.",)
    ),
    "rlm-tui run analyze --max-seconds 120 --max-tokens 200000 --max-llm-calls 20": Ran(
        ("The brass key lay beneath the third stair",)
    ),
    "rlm-tui run error-patterns": Ran(("total_errors_found: 259",)),
    "rlm-tui run error-patterns --hold": Ran(
        ("held before the plan of iteration 1: as asked", "The input has ended", "submitted")
    ),
    "rlm-tui run error-patterns --breakpoint error --breakpoint iteration=3": Ran(
        ("held before the plan of iteration 3: breakpoint: iteration 3", "submitted")
    ),
    "rlm-tui fork last --at 3": Ran(
        ("2 iterations of", "executed again: 2 cells", "live from here", "submitted")
    ),
    "rlm-tui fork last --at 3 --code cell.py": Ran(("my own third cell: 2000039 characters", "submitted")),
    "rlm-tui run analyze --remember-answers": Ran(("submitted",)),
    "rlm-tui runs list": Ran(()),
    'rlm-tui runs list "status:submitted age<1h"': Ran(("error-patterns", "submitted")),
    "rlm-tui runs show last": Ran(("total_errors_found: 259",)),
    "rlm-tui runs tag last good": Ran((": good",)),
    "rlm-tui runs du": Ran(("error-patterns",)),
    "rlm-tui replay last": NotRun(_SHOWN),
    "rlm-tui replay last --at 3": NotRun(_SHOWN),
    "rlm-tui open last --follow": NotRun(_SHOWN),
    "rlm-tui open run.json": NotRun(_SHOWN),
    "rlm-tui fork last --at 4": Ran(("3 iterations of", "submitted")),
    "rlm-tui compare last last": Ran(("=   1   1", "= total_errors_found: 259")),
    'rlm-tui find "StockMismatch"': Ran(("output", "StockMismatch")),
    'rlm-tui find "Stock\\w+" --regex --matching task:error-patterns': Ran(("output", "StockMismatch")),
    "rlm-tui export last --format md": Ran(("# error-patterns", "## Iteration 1")),
    "rlm-tui export last --format html -o run.html": Ran(("run.html: ",)),
    "rlm-tui export last --format ipynb -o run.ipynb": Ran(("run.ipynb: ",)),
    "rlm-tui export last --format json -o run.json": Ran(("run.json: ",)),
    "rlm-tui import run.json": Ran(("5 iterations, from rlm-tui",)),
    "rlm-tui run volume-cache": Ran(("found_in_cache: False", "42 LLM calls")),
    "rlm-tui run volume-cache --json": Ran(('"found_in_cache": true', '"llm_calls": 4')),
    "rlm-tui compare-direct api-endpoints": Ran(("66 of 66", "0 of 66", "31% cut")),
    "rlm-tui compare-direct analyze": Ran(("2 of 2", "0 of 2", "88% cut")),
    'rlm-tui batch architecture --documents "rlm_content/**/*.md" --input query="modules" --parallel 4 '
    "--json": Ran(('"status": "submitted"', "2 of 2 answered")),
    'rlm-tui batch analyze --documents "*.md" --input query="Who decides?"': Ran(("2 of 2 answered",)),
    # The doctor
    "rlm-tui check": Ran((WELL,)),
    "rlm-tui check --modal": Ran((WELL, "the sandbox was ended"), modal=True),
    "RLM_TUI_SANDBOX_VOLUME=rlm-volume-dspy-2 rlm-tui check --sandbox modal": Ran(
        (WELL, "rlm-volume-dspy-2 is there, of version 2"), modal=True
    ),
    "rlm-tui check-secret": Ran(("LITELLM is there.",), modal=True),
    "rlm-tui check-secret-key --key DSPY_LLM_API_KEY": Ran(("LITELLM has DSPY_LLM_API_KEY.",), modal=True),
    "rlm-tui check-secret-key --key DSPY_LLM_API_KEY --non-empty": Ran(
        ("DSPY_LLM_API_KEY of LITELLM has a value (not shown).",), modal=True
    ),
    # Modal
    "modal setup": NotRun(_BROWSER, modal_command=True),
    "modal token new": NotRun(_BROWSER, modal_command=True),
    "modal volume create --version 2 rlm-volume-dspy": Ran(("Created Volume 'rlm-volume-dspy'",), modal=True),
    "modal volume create --version 2 rlm-volume-dspy-2": Ran(("rlm-volume-dspy-2",), modal=True),
    "modal volume list": Ran(("Created at",), modal=True),
    "modal secret create LITELLM --from-dotenv .env": Ran(
        ("Created a new secret 'LITELLM'", "DSPY_LLM_API_KEY"), modal=True
    ),
    "modal secret create --force LITELLM --from-dotenv .env": Ran(
        ("Created a new secret 'LITELLM'", "DSPY_LLM_API_KEY"), modal=True
    ),
    "rlm-tui run volume-cache --document README.md --sandbox modal": Ran(
        ("sandbox modal ready", "found_in_cache: False"), modal=True
    ),
    "rlm-tui sandboxes": Ran(("No sandbox of rlm-tui runs in Modal.",), modal=True),
    "rlm-tui sandboxes --reap": Shown((("None was left behind here: nothing to end.", b""),), modal=True),
    "rlm-tui sandboxes --reap --yes": Ran(("None was left behind here: nothing to end.",), modal=True),
    # Volumes
    "rlm-tui volume ls /": Ran(("notes.md",)),
    "rlm-tui volume put notes.md /": Ran(("notes.md",)),
    "rlm-tui volume get /notes.md copy-of-notes.md": Ran(("copy-of-notes.md",)),
    'rlm-tui volume find "*.md"': Ran(("notes.md",)),
    "rlm-tui volume du": Ran(("1 file",)),
    "rlm-tui volume du --backend modal": Ran(("0 files",), modal=True),
    "rlm-tui volume rm /notes.md --yes": Ran(("notes.md",)),
    "rlm-tui volume volumes": Ran(("rlm-volume-dspy",)),
}
"""By the command without `uv run`. A command that stands in no page is taken out of here."""
