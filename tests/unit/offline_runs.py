"""Whole runs of `dspy.RLM` on the offline demo, its cells in real processes, and two documents to run on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dspy

from rlm_tui.core.settings import Settings
from rlm_tui.lm.models import build_models
from rlm_tui.sandbox.local import ProcessInterpreterFactory

ARCHITECTURE = "docs, query -> modules: list[str], optimizers: list[str], design_principles: list[str]"

HEADED = """\
# Torrent reference

Programs in Torrent are made of parts. Each part should be small enough to be tested alone.

## class Stage

`Stage()`

The base class of all modules of a program.

## class Quellbrunn

Quellbrunn is a kind of Stage.

A module that maps the inputs of a signature to its outputs by asking a model once.

```python
class Miniature(Stage):
    pass
```

## class Wasserfall(Quellbrunn)

Thinks aloud before it answers.

## class Zisterne

A storage for answers between two runs, kept in a file. It never talks to a model.

## function drainage

`drainage(stage)`

Empties a module.

## class Schleuse

Schleuse is a kind of Tuner.

Compiles a program by choosing examples from a trainset.

## class Tuner

`Tuner(metric)`

An optimizer compiles a program: it tunes the prompts on a trainset by a metric.

## class Pegelmesser

An optimizer that rewrites instructions until the metric no longer rises.

# Philosophy

Behaviour should be declared in a signature rather than written into prompts. A program must never depend on
the wording of one model. Prefer composing small modules instead of writing one large prompt.
"""

PROSE = (
    "The Kestrel library builds answers step by step. The Ferrule module splits a question into parts, and "
    "the Gantry module asks a model about each part. Both are ordinary modules such as Ferrule, Gantry and "
    "Oriel. To tune a program there is the Halyard optimizer, which tries prompts on a trainset; the Bobbin "
    "optimizer chooses examples instead. Weather has nothing to do with it, and neither has Thornbury, where "
    "it was written. "
    "Prompts should always be generated rather than written by hand.\n"
)


def run_offline(
    signature: Any, *, iterations: int = 12, calls: int = 50, volume: Path | None = None, **inputs: Any
) -> Any:
    """The prediction of a run; `trajectory` in it holds the cells."""
    models = build_models(Settings())
    with dspy.context(lm=models.planner):
        program = dspy.RLM(
            signature,
            max_iters=iterations,
            max_llm_calls=calls,
            interpreter_factory=ProcessInterpreterFactory(confined="off", volume=volume),
        )
        return program(**inputs)


def failed_cells(prediction: Any) -> list[str]:
    """What went wrong in a run's cells."""
    return [
        step["output"]
        for step in prediction.trajectory
        if step["output"].startswith(("[Error]", "[Type Error]")) or "Traceback" in step["output"]
    ]
