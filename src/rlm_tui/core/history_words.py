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


def lost_cell_words(reason: str, printed: str, *, twice: bool) -> str:
    """What the planner reads of a cell whose sandbox was lost, and that is not run again."""
    begin = f"the cell printed:\n{printed.rstrip()}\nand then ended:\n" if printed else ""
    again = " It was run twice, and the sandbox was lost both times." if twice else ""
    return (
        f"[Error] {begin}{reason}{again} A fresh sandbox has taken its place, where the cells before were "
        "run again: the variables are those before this cell. Do it in another way: in smaller steps, with "
        "less memory, in code that can be interrupted."
    )


def is_planners_own(reasoning: str, code: str, output: str) -> bool:
    """Whether a step of the history ran code that the planner wrote (edited or not)."""
    return not output.startswith(NOT_RUN) and code.strip() != REMARK_CODE and reasoning != PERSONS_STEP
