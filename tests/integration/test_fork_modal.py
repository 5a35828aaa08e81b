"""A run of this machine goes on in Modal's sandbox (on the loopback), and the other way round."""

from __future__ import annotations

import pytest

from rlm_tui.core.events import CellOutput, PrefixReplayed, RunStarted, SandboxReady
from rlm_tui.engine.fork import VolumeNotKept, fork_request
from rlm_tui.store.run_log import open_run
from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.forks import forked, one, saved, settings
from tests.integration.session_runs import SUBMIT, WatchedRun
from tests.lm_server import Kind, planner_script
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap]

CELLS = [
    ("Begin.", "x = {'a': [1, 2, 3]}"),
    ("Ask.", "answers = llm_query_batched(['one', 'two'])\nprint(answers)"),
    ("Keep.", "saved = save_to_volume('kept.txt', answers[0])\nprint('kept')"),
    ("Show.", "print(x, load_from_volume('kept.txt'))"),
    SUBMIT,
]


def test_a_local_run_goes_on_at_modal_with_the_same_namespace(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    log, parent = saved(loopback_lm(planner_script(CELLS)))
    server = loopback_lm(planner_script(CELLS))
    asked = fork_request(log.path, 4, settings(server, sandbox__kind="modal"))
    with WatchedRun(asked, keep=True) as fork:
        assert fork.finished(60).status == "submitted", fork.finished().error
        assert fork.session.events_path is not None
    assert server.count(Kind.QUERY) == 0
    assert one(fork, SandboxReady).kind == "modal"
    assert one(fork, PrefixReplayed).differed == []
    assert [event.text for event in fork.all(CellOutput)][-1].endswith("Answer to: one\n")
    folded = open_run(fork.session.events_path).trajectory()
    assert {name: item.preview for name, item in folded.variables.items() if name != "saved"} == {
        name: item.preview for name, item in parent.variables.items() if name != "saved"
    }
    started = one(fork, RunStarted).forked
    assert started is not None
    assert started.changes[0] == "The sandbox is modal; it was local."
    assert started.changes[1].endswith("is new and empty, as rlm-volume-dspy was when the run began.")

    # Back here: a volume of Modal's is not copied, so the person is asked.
    there = open_run(fork.session.events_path)
    here = settings(loopback_lm(planner_script(CELLS)), sandbox__kind="local", sandbox__confined="off")
    with pytest.raises(VolumeNotKept, match=r"Modal's volumes are not copied: fork with --volume-as-is"):
        fork_request(there.path, 5, here)
    back = forked(there, 5, here, volume="empty")
    assert back.finished().status == "submitted"
    assert one(back, PrefixReplayed).differed == []
