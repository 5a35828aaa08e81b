"""The demonstrations are the same everywhere: offline and with an LM over HTTP, here and at Modal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.demo_runs import DEMOS, DemoRun, Everywhere, run_demo
from tests.lm_server import Kind, TokenUsage

FACTS = {
    "basic": 1,
    "architecture": 25,
    "api-endpoints": 66,
    "error-patterns": 6,
    "custom-tool": 2,
    "analyze": 2,
    "summarize": 1,
    "logs": 22,
}
"""How much is known beforehand; of the others, that every sentence stands in the document."""
PRICE_IN, PRICE_OUT = 0.15e-6, 0.60e-6  # of a token of the model that the server goes by, in US dollars


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    with Everywhere(tmp_path_factory.mktemp("modal")) as servers:
        yield servers


def assert_whole(run: DemoRun) -> None:
    """It ended well, said something, and found all that is known; nothing that was found is made up."""
    assert run.result["status"] == "submitted", run.result["error"]
    assert all(value not in (None, "", []) for value in run.result["outputs"].values()), run.result
    assert (run.truth.found, run.truth.of) == (run.truth.of, FACTS.get(run.task, run.truth.of)), run.truth
    assert not any(field.extra for field in run.truth.fields), run.truth


@pytest.mark.parametrize("task", DEMOS)
def test_a_demonstration_with_an_lm_is_the_offline_one_and_its_bill_is_right(
    everywhere: Everywhere, task: str
) -> None:
    offline = run_demo(task, everywhere.offline)
    seen, paid = len(everywhere.lm.requests), everywhere.lm.billed
    with_lm = run_demo(task, everywhere.with_lm)

    assert_whole(offline)
    assert with_lm.what_counts == offline.what_counts
    assert with_lm.truth == offline.truth

    requests = everywhere.lm.requests[seen:]
    planned = [request for request in requests if request.kind is Kind.PLANNER]
    assert [request.iteration for request in planned] == list(range(1, with_lm.result["iterations"] + 1))
    assert all(request.stream for request in planned)
    assert len(requests) - len(planned) == with_lm.result["llm_calls"]
    tokens = with_lm.result["tokens"]
    assert TokenUsage(tokens["prompt"], tokens["completion"]) + paid == everywhere.lm.billed
    cost = tokens["prompt"] * PRICE_IN + tokens["completion"] * PRICE_OUT
    assert with_lm.result["cost_usd"] == pytest.approx(cost)
    assert offline.result["cost_usd"] == 0.0


@pytest.mark.bubblewrap
@needs_bubblewrap
@pytest.mark.parametrize("task", DEMOS)
def test_a_demonstration_at_modal_is_the_one_here(everywhere: Everywhere, task: str) -> None:
    here = run_demo(task, everywhere.offline)
    for place in (everywhere.with_lm_at_modal, everywhere.offline_at_modal):
        sandboxes = len(everywhere.modal.sandboxes)
        there = run_demo(task, place)
        assert_whole(there)
        assert there.what_counts == here.what_counts
        assert there.truth == here.truth
        assert len(everywhere.modal.sandboxes) == sandboxes + 1
        assert there.result["sandbox"]["kind"] == "modal"


@pytest.mark.parametrize(
    "place", ["with_lm", pytest.param("with_lm_at_modal", marks=[pytest.mark.bubblewrap, needs_bubblewrap])]
)
def test_what_one_run_kept_spares_the_next_one_nine_calls_in_ten(everywhere: Everywhere, place: str) -> None:
    where = getattr(everywhere, place)
    first = run_demo("volume-cache", where, volume="kept")
    second = run_demo("volume-cache", where, volume="kept", again=True)
    assert_whole(second)
    assert second.result["llm_calls"] <= 0.1 * first.result["llm_calls"]
    assert second.result["outputs"] == first.result["outputs"] | {"found_in_cache": True}
