"""What an exported run says of itself at its head: how it ended, what it took, what was asked and of whom."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.events import Budgets, RunStarted
from rlm_tui.core.iterations import Call
from rlm_tui.core.run_record import CALLS_UNKNOWN
from rlm_tui.core.text import human_cost, human_count, human_seconds, human_size, number_of
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.exporters.source import Source


def facts(source: Source) -> dict[str, str]:
    """Names and words, in the order in which they are told; what is not known has no place."""
    trajectory, started = source.trajectory, source.trajectory.started
    told = {"status": status_words(trajectory), "totals": totals_words(trajectory)}
    if (seconds := trajectory.held_seconds(trajectory.now)) > 0:
        told["held"] = f"{human_seconds(seconds)}, which count in no budget"
    if started is not None:
        told |= {
            "signature": started.signature,
            "documents": "; ".join(_documents(started)),
            "planner": "offline demo (no LM is called)" if started.offline else started.planner,
            "sub-LM": "" if started.offline else started.sub_lm,
            "sandbox": _sandbox(started),
            "budgets": "" if started.imported else _budgets(trajectory.budgets),
            "began": started.started,
            "imported from": started.imported,
        }
        if (fork := started.forked) is not None:
            told["fork of"] = f"{fork.run_id}, live from iteration {fork.at} on"
            told["changed in it"] = "; ".join(fork.changes)
        told["versions"] = ", ".join(f"{name} {version}" for name, version in started.versions.items())
    if (prefix := trajectory.prefix) is not None and prefix.differed:
        told["came out otherwise"] = "; ".join(prefix.differed)
    if (sandbox := trajectory.sandbox).state == "lost":
        told["sandbox lost"] = sandbox.reason
    if trajectory.volume_written:
        told["volume"] = number_of(len(trajectory.volume_written), "file") + " written"
    if trajectory.unknown:
        told["not understood"] = number_of(len(trajectory.unknown), "event") + " of a newer version"
    told["run"] = source.run_id
    return {name: words for name, words in told.items() if words}


def status_words(trajectory: Trajectory) -> str:
    """How the run ended, as far as it did."""
    if trajectory.finished is not None:
        return trajectory.finished.status
    if trajectory.interrupted:
        return "interrupted: its log ends here"
    return f"running: {trajectory.activity().words}"


def calls_known(trajectory: Trajectory) -> bool:
    """Whether the log tells what its cells asked; those of some other programs do not."""
    return trajectory.started is None or trajectory.started.imported not in CALLS_UNKNOWN


def totals_words(trajectory: Trajectory) -> str:
    """What the run took; what is not known is said to be so."""
    totals = trajectory.totals
    tokens = human_count(totals.prompt_tokens + totals.completion_tokens)
    if not totals.tokens_known:
        tokens = f"at least {tokens}" if totals.prompt_tokens + totals.completion_tokens else "?"
    return ", ".join(
        (
            number_of(totals.iterations, "iteration"),
            number_of(totals.llm_calls, "LLM call") if calls_known(trajectory) else "? LLM calls",
            f"{tokens} tokens",
            human_cost(totals.cost_usd) if totals.cost_known else "cost unknown",
            human_seconds(totals.seconds),
        )
    )


def call_facts(call: Call) -> Iterator[str]:
    """What a call took: seconds, tokens, dollars, and where its answer is from."""
    yield "in flight" if call.state == "running" else human_seconds(call.seconds)
    spent = call.spent()
    if spent is not None and spent.prompt_tokens is not None:
        in_all = " with all in it" if call.contains else ""
        yield f"{spent.prompt_tokens + (spent.completion_tokens or 0):,} tok{in_all}"
    if spent is not None and spent.cost_usd:
        yield human_cost(spent.cost_usd)
    if call.items_failed:
        yield f"{call.items_failed:,} failed"
    if call.origin:
        yield f"recorded in {call.origin}"
    elif call.cached:
        yield "cached"


def call_name(call: Call) -> str:
    """`llm_query`, or `llm_query_batched × 14`."""
    return f"{call.name} × {call.expected}" if call.is_batch else call.name


def _documents(started: RunStarted) -> Iterator[str]:
    for document in started.documents.values():
        many = f"{document.count:,} documents, " if document.count > 1 else ""
        yield f"{document.name} ({many}{human_size(document.size)})"


def _sandbox(started: RunStarted) -> str:
    sandbox = started.sandbox
    if started.imported:
        return sandbox.kind
    return (
        sandbox.kind
        + (f" ({sandbox.detail})" if sandbox.confined and sandbox.detail else "")
        + ("" if sandbox.confined else ", unconfined")
    )


def _budgets(budgets: Budgets) -> str:
    told = [number_of(budgets.max_iterations, "iteration"), number_of(budgets.max_llm_calls, "LLM call")]
    if budgets.max_seconds is not None:
        told.append(human_seconds(budgets.max_seconds))
    if budgets.max_tokens is not None:
        told.append(f"{human_count(budgets.max_tokens)} tokens")
    if budgets.max_cost_usd is not None:
        told.append(human_cost(budgets.max_cost_usd))
    return "at most " + ", ".join(told)
