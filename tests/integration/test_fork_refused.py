"""What is in the way of a fork is said in one sentence before anything starts; what can be allowed, can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rlm_tui.core.documents import gather
from rlm_tui.core.events import Budgets, CellOutput, Note, PrefixReplayed
from rlm_tui.core.tasks import make_task
from rlm_tui.engine.fork import DocumentChanged, ForkError, fork_request
from rlm_tui.store.run_log import RunLog, open_run
from tests.integration.forks import forked, one, saved, settings
from tests.integration.session_runs import READING, SUBMIT, WatchedRun, request
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM

CELLS = [("First.", "x = 1"), ("Second.", "x += 1"), ("Third.", "SUBMIT(answer=str(x))")]
SCRIPT = planner_script(CELLS)


@pytest.fixture
def log(loopback_lm: StartLM) -> RunLog:
    """A run of three iterations."""
    return saved(loopback_lm(SCRIPT), budgets=Budgets(max_iterations=3))[0]


def refused(log: RunLog, at: int, *, why: str, **options: Any) -> None:
    with pytest.raises(ForkError, match=why) as raised:
        fork_request(log.path, at, options.pop("configured", settings()), **options)
    assert "\n" not in str(raised.value)


def test_what_can_not_be_forked_is_said(log: RunLog, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ForkError, match=r"There is no run in .*: it has no events\.jsonl"):
        fork_request(log.path.parent / "20200101-000000-none-0000", 1, settings())
    refused(log, 0, why=r"finished 3 iterations: it can be forked at 1 to 3, not at 0\.")
    refused(log, 5, why=r"finished 3 iterations: it can be forked at 1 to 3, not at 5\.")
    refused(log, 4, why=r"Iteration 3 of run .* submitted the answer, so nothing comes after it: fork at 3")
    refused(log, 2, code="x = (", why=r"The code does not parse: line 1: ")
    refused(
        log,
        3,
        configured=settings(budgets__max_iterations=2),
        why=r"Iteration 3 is beyond the budget of 2 iterations: give the fork more with --max-iterations\.",
    )
    monkeypatch.setenv("MODAL_CONFIG_PATH", str(log.path / "none.toml"))
    monkeypatch.setattr("rlm_tui.cloud.modal_client.token_present", lambda _settings: False)
    refused(log, 2, configured=settings(sandbox__kind="modal"), why=r"there is no token for it: run `modal")


def test_a_damaged_log_is_not_executed_again(log: RunLog) -> None:
    lines = log.events_path.read_bytes().splitlines(keepends=True)
    log.events_path.write_bytes(b"".join([*lines[:1], b"{nonsense\n", *lines[1:]]))
    refused(log, 2, why=r"The log of run .* is damaged, so it can't be executed again\. Line 2 is not an ")
    third = next(n for n, line in enumerate(lines) if b'"n":3,' in line)
    log.events_path.write_bytes(b"".join([*lines[: third + 1], b"{nonsense\n", *lines[third + 1 :]]))
    assert fork_request(log.path, 3, settings()).fork is not None, "what is executed again is whole"
    log.events_path.write_bytes(b"".join([*lines[:third], b"{nonsense\n", *lines[third:]]))
    refused(log, 3, why=r"executed again as far as that: fork at 2 or before\. Line \d+ is not an event")
    log.events_path.write_bytes(b"".join(lines[1:]))
    refused(log, 2, why=r"does not say what was asked")
    log.events_path.write_bytes(b"".join(lines))
    (log.path / "run.json").write_text("[")
    refused(log, 2, why=r"run\.json is damaged")


def test_a_text_of_the_record_that_is_missing_is_said(loopback_lm: StartLM) -> None:
    long = "x = 1  # " + "long " * 1_000
    log, _ = saved(loopback_lm(planner_script([("First.", long), SUBMIT])))
    for blob in (log.path / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    refused(log, 2, why=r"blobs")


def test_a_run_that_goes_on_is_forked_from_what_it_finished(loopback_lm: StartLM) -> None:
    cells = [("First.", "x = 1"), ("Second.", "import time\nprint('slow')\ntime.sleep(30)"), SUBMIT]
    with WatchedRun(request(server=loopback_lm(planner_script(cells))), keep=True) as watched:
        watched.wait_for(CellOutput)
        assert watched.session.events_path is not None
        going_on = open_run(watched.session.events_path)
        refused(going_on, 3, why=r"finished 1 iteration: it can be forked at 1 to 2, not at 3\.")
        server = loopback_lm(planner_script([cells[0], ("Other.", "SUBMIT(answer=str(x))")]))
        fork = forked(going_on, 2, settings(server))
        assert fork.finished().outputs == {"answer": "1"}


def test_a_document_that_changed_is_named_and_can_be_accepted(loopback_lm: StartLM, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("one two three\n")
    cells = [("Count.", "n = len(docs.split())\nprint(n)"), SUBMIT]
    log, _ = saved(loopback_lm(planner_script(cells)), task=READING, document=book)
    server = loopback_lm(planner_script(cells))
    same = forked(log, 2, settings(server))
    assert one(same, PrefixReplayed).differed == []

    book.write_text("one two three four\n")
    with pytest.raises(DocumentChanged, match=r"docs: book\.txt has changed .* hash differs.*--accept"):
        fork_request(log.path, 2, settings(server))
    changed = forked(log, 2, settings(server), accept_changes=True)
    printed, document, variable = one(changed, PrefixReplayed).differed
    assert printed == "Iteration 1: printed “4” where “3” was recorded."
    assert document.startswith("Iteration 1: the variable docs is “'one two three four")
    assert variable == "Iteration 1: the variable n is “4” where “3” was recorded."
    assert any("its hash differs" in note.text for note in changed.all(Note))

    book.unlink()
    refused(log, 2, why=r"The document of docs can't be read as the run read it: .*book\.txt")


def test_a_document_of_a_set_that_changed_is_named(loopback_lm: StartLM, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    cells = [("Count.", "n = len(docs)"), SUBMIT]
    plain = request(task=READING, server=loopback_lm(planner_script(cells)), document=tmp_path / "a.txt")
    given = msgspec.structs.replace(plain, documents={"docs": gather([tmp_path])})
    with WatchedRun(given, keep=True) as watched:
        assert watched.finished().status == "submitted"
        assert watched.session.events_path is not None
    log = open_run(watched.session.events_path)
    server = loopback_lm(planner_script(cells))
    assert one(forked(log, 2, settings(server)), PrefixReplayed).differed == []
    (tmp_path / "b.txt").write_text("other")
    refused(log, 2, why=r"has changed since the run read it: 1 document, b\.txt the first\.")
    (tmp_path / "c.txt").write_text("more")
    refused(log, 2, why=r"2 documents, b\.txt the first\.")


def test_a_run_of_before_is_forked_with_what_is_known_of_it(log: RunLog, loopback_lm: StartLM) -> None:
    asked = json.loads((log.path / "run.json").read_text())
    for name in ("instructions", "tools", "signature_class", "sandbox_settings", "directory"):
        del asked[name]
    (log.path / "run.json").write_text(json.dumps(asked))
    (log.path / "volume.json").unlink()
    server = loopback_lm(SCRIPT)
    fork = forked(log, 2, settings(server, sandbox__confined="off"))
    assert fork.finished().outputs == {"answer": "2"}
    assert len(server.requests) == 2


def test_what_a_tool_gave_in_a_run_of_before_is_not_known_and_said(loopback_lm: StartLM) -> None:
    cells = [("Find.", "try: print(regex_extract('b', 'abc'))\nexcept RuntimeError as e: print(e)"), SUBMIT]
    task = make_task(name="tools", signature="question -> answer: str", tools=("regex_extract",))
    log, _ = saved(loopback_lm(planner_script(cells)), task=task)
    lines = [json.loads(line) for line in log.events_path.read_text().splitlines()]
    for line in lines:
        line.pop("result", None)
    log.events_path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    fork = forked(log, 2, settings(loopback_lm(planner_script(cells))))
    told = one(fork, PrefixReplayed).differed
    assert told[0] == "Iteration 1: what regex_extract gave is not in the record."
    assert "The record of the run has no answer" in told[1]
    assert fork.finished().status == "submitted"
