"""The one prompt: shorter when the model finds it too long, within the run's budgets, and never without an
end.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from rlm_tui.core.settings import Budgets, LMSettings, Secret, Settings
from rlm_tui.core.tasks import make_task
from rlm_tui.engine import direct
from rlm_tui.engine.direct import ask_directly
from rlm_tui.engine.direct_window import asked_window
from rlm_tui.engine.session import RunRequest
from rlm_tui.headless.comparison_figures import direct_column, read_words
from rlm_tui.headless.direct_run import DirectRun
from rlm_tui.headless.request import make_request
from rlm_tui.ui.comparison_plan import plan_lines
from tests.integration.session_runs import KEY
from tests.lm_server import (
    Answer,
    LMRequest,
    LoopbackLM,
    Reply,
    StatusFailure,
    fields_answer,
    plain_values,
)
from tests.lm_server.fixtures import StartLM

WINDOW = 10_000
TOO_LONG = StatusFailure(
    400, "This model's maximum context length is exceeded.", code="context_length_exceeded"
)


def asked(server: LoopbackLM, document: Path | None = None, budgets: Budgets | None = None) -> RunRequest:
    lm = LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(KEY), retries=0)
    settings = Settings(lm=lm)
    signature, name = ("docs -> answer", "docs") if document else ("question -> answer", None)
    task = make_task(name="t", signature=signature, document_input=name)
    inputs = {} if document else {"question": "?"}
    request = make_request(task, settings, document=str(document) if document else None, inputs=inputs)
    settings = replace(request.settings, budgets=budgets or Budgets())
    return replace(request, settings=settings)


def narrow(limit: int) -> object:
    """A model that takes prompts of at most so many characters."""

    def script(request: LMRequest) -> Reply:
        return TOO_LONG if len(request.prompt) > limit else fields_answer(request, plain_values(request))

    return script


def test_a_prompt_that_is_too_long_is_cut_and_asked_again_and_that_is_told(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "dense.log"
    document.write_text("0123456789" * 5_000)
    server = loopback_lm(narrow(11_000), key=KEY)  # type: ignore[arg-type]
    told: list[str] = []
    answer = ask_directly(asked(server, document), WINDOW, on_retry=told.append)
    assert answer.status == "answered"
    # (10,000 - 2,000 - 2,500) * 3 = 16,500 characters, then 0.6 of them.
    assert answer.document_characters - answer.cut_characters == 9_900
    assert (answer.shortened, answer.requests, len(server.requests)) == (1, 2, 2)
    assert "the model refused 1 longer prompt" in read_words(answer)
    assert "too long for the model" in told[0]


def test_it_gives_up_in_the_providers_words_and_nothing_counts_as_read(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "dense.log"
    document.write_text("0123456789" * 5_000)
    server = loopback_lm(narrow(0), key=KEY)  # type: ignore[arg-type]
    answer = ask_directly(asked(server, document), WINDOW)
    assert answer.status == "failed"
    assert answer.error is not None
    assert answer.error.kind == "LMContextWindow"
    assert len(server.requests) == 4
    column = direct_column(answer, {"answer": "x"})
    assert (column.read, column.found, column.calls) == ("", None, 4)


def test_its_seconds_are_those_of_the_run(loopback_lm: StartLM) -> None:
    server = loopback_lm(lambda _: Answer("never read", delay=20), key=KEY)
    answer = ask_directly(asked(server, budgets=Budgets(max_seconds=0.5)), WINDOW)
    assert (answer.status, answer.error and answer.error.kind) == ("budget", "TimeBudget")
    assert answer.seconds < 10


def test_of_a_set_the_texts_count_and_not_the_names_before_them(loopback_lm: StartLM, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text("x" * 9_000)
    server = loopback_lm(narrow(1_000_000), key=KEY)  # type: ignore[arg-type]
    request = asked(server, folder)
    answer = ask_directly(request, WINDOW)
    assert answer.document_characters == answer.document_bytes == 36_000
    sent = sum(message.text.count("x") for message in server.requests[0].messages if message.role == "user")
    kept = answer.document_characters - answer.cut_characters
    assert sent - kept < 10, "what is said to be kept was sent (the prompt's own words have an x, too)"
    heads = 2 * len("===== 0.txt =====\n\n")
    assert kept == 16_500 - heads
    (_, words) = next(
        line
        for line in plan_lines(request, asked_window(request.settings, WINDOW))
        if line[0] == "one prompt"
    )
    assert f"{100 * answer.cut_characters / 36_000:.0f}% of the document will be cut" in words


def test_whatever_is_raised_it_has_an_end(loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"nobody expected {KEY}")

    monkeypatch.setattr(direct, "ask_directly", broken)
    answer = DirectRun(asked(loopback_lm(narrow(0), key=KEY)), WINDOW).run()  # type: ignore[arg-type]
    assert answer.status == "failed"
    assert answer.error is not None
    assert "nobody expected" in answer.error.message
    assert KEY not in answer.error.message
