"""What the planner reads in its history of what a person did to its run; the scripted planner knows it."""

from __future__ import annotations

NOT_RUN = "[Not run] "
SKIPPED = f"{NOT_RUN}The person who watches this run skipped the code."
SENT_BACK = f"{NOT_RUN}The person who watches this run sent the code back: "
REMARK_CODE = "# Nothing was run: a remark of the person who watches this run."
TOLD = "The person who watches this run says: "
PERSONS_STEP = "The person who watches this run ran this code."


def remark_in(output: str) -> str:
    """What a person said in a step of the history, "" for a step in which none spoke."""
    for start in (SENT_BACK, TOLD, SKIPPED):
        if output.startswith(start):
            return output[len(start) :].strip()
    return ""


def is_planners_own(reasoning: str, code: str, output: str) -> bool:
    """Whether a step of the history ran code that the planner wrote (edited or not)."""
    return not output.startswith(NOT_RUN) and code.strip() != REMARK_CODE and reasoning != PERSONS_STEP
