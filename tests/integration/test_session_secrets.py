"""A key that is planted everywhere is found nowhere: not in an event, not in the run's folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rlm_tui.core.events import CellOutput
from rlm_tui.core.settings import Secret
from tests.integration.session_runs import KEY, READING, SUBMIT, request, run
from tests.lm_server import StatusFailure, planner_script
from tests.lm_server.fixtures import StartLM

SHAPED = "sk-" + "4f8a" * 10


def test_a_planted_key_is_in_no_event_and_no_file(
    loopback_lm: StartLM, tmp_path: Path, own_home: Path
) -> None:
    document = tmp_path / "leak.txt"
    document.write_text(f"the key is {KEY} and another {SHAPED}\n" * 200)
    half = len(KEY) // 2
    cells = [
        (f"The document holds {KEY}, I see.", f"found = '{KEY}'\nprint(docs[:200])"),
        (
            "Piece by piece.",
            f"import sys, time\nkey = docs[11:11 + {len(KEY)}]\n"
            f"sys.stdout.write(key[:{half}]); sys.stdout.flush(); time.sleep(0.2)\n"
            f"sys.stdout.write(key[{half}:] + ' and more'); sys.stdout.flush(); time.sleep(0.2)",
        ),
        ("Ask.", f"print(llm_query('what is {KEY}?'))\nsave_to_volume('a.txt', 'x')"),
        ("Ask again.", f"llm_query_batched(['is it {KEY}?'] * 2)\nraise ValueError('{KEY}')"),
        ("Answer.", f"SUBMIT(answer='it is {KEY} or {SHAPED}')"),
    ]
    server = loopback_lm(
        planner_script(cells, sub_answer=lambda prompt: f"You said {prompt}", delta_seconds=0.002), key=KEY
    )
    watched = run(request(READING, server, document=document, query=f"Is {KEY} in it?"), keep=True)
    finished = watched.finished()
    assert finished.status == "submitted"
    assert finished.outputs == {"answer": "it is [redacted] or [redacted]"}
    told = b"\n".join(msgspec.json.encode(event) for event in watched.events)
    folder = watched.session.events_path
    assert folder is not None
    files = [path for path in own_home.rglob("*") if path.is_file() and "volumes" not in path.parts]
    assert folder in files
    for what, text in [("an event", told), *((str(path), path.read_bytes()) for path in files)]:
        for secret in (KEY, SHAPED, KEY[half:]):
            assert secret.encode() not in text, f"{secret} is in {what}"
    output = "".join(event.text for event in watched.all(CellOutput))
    assert "[redacted] and more" in output


def test_a_providers_words_are_redacted(loopback_lm: StartLM) -> None:
    refusal = StatusFailure(401, f"Incorrect API key provided: {KEY}.", code="invalid_api_key")
    server = loopback_lm(lambda _request: refusal)
    finished = run(request(server=server)).finished()
    assert finished.error is not None
    assert KEY not in msgspec.json.encode(finished).decode()
    assert "[redacted]" in finished.error.message


def test_the_key_is_not_in_the_sandbox(loopback_lm: StartLM) -> None:
    code = "import os\nprint([name for name in os.environ if 'KEY' in name or 'TOKEN' in name])"
    server = loopback_lm(planner_script([("Look.", code), SUBMIT]))
    asked = request(server=server)
    assert isinstance(asked.settings.lm.api_key if asked.settings.lm else None, Secret)
    watched = run(asked)
    assert "[]" in server.requests[-1].prompt
    assert watched.finished().status == "submitted"
