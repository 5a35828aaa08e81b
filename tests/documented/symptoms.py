"""What goes wrong on this machine, brought about for real: each message of docs/troubleshooting.md."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core import document_conversion
from rlm_tui.core.documents import describe
from rlm_tui.core.events import Budgets, Usage
from rlm_tui.core.settings import LMSettings, Secret, Settings, load_settings
from rlm_tui.engine.checks import machine, planner
from rlm_tui.engine.checks.check import Finding
from tests.integration.command_line import Ended, rlm_tui
from tests.lm_server import EMPTY, WRONG_KEY, always
from tests.lm_server.fixtures import StartLM

NOWHERE = "http://127.0.0.1:9/v1"


@dataclass
class Bench:
    """What a symptom may use: a folder of its own, and things that are undone after it."""

    folder: Path
    patch: pytest.MonkeyPatch
    start_lm: StartLM


Symptom = Callable[[Bench], str]
"""Brings a thing about, and returns what a person is shown of it."""


def pattern(message: str) -> re.Pattern[str]:
    """A message of the page, with anything where it has an ellipsis."""
    return re.compile(".+?".join(re.escape(part) for part in message.split("…")), re.DOTALL)


def said(error: Exception) -> str:
    return f"{error} {getattr(error, 'hint', '')}"


def caught(do: Callable[[], object]) -> str:
    """What is said of the error that this raises."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - its words are what is looked at
        do()
    return said(raised.value)


def told(finding: Finding) -> str:
    return f"{finding.words} {finding.mend}"


def shown(ended: Ended) -> str:
    return ended.stdout + ended.stderr


# The installation


def without_dspy(bench: Bench) -> str:
    bench.patch.setitem(sys.modules, "dspy", None)
    return told(machine.look_at_libraries())


def without_a_home(bench: Bench) -> str:
    bench.patch.setenv("RLM_TUI_HOME", "/proc/rlm-tui-home")
    return told(machine.look_at_disk())


# Models


def a_key_alone(bench: Bench) -> str:
    environment = {"DSPY_LLM_API_KEY": "a-key-4711"}
    settings = load_settings(environment=environment, directory=bench.folder)
    return told(machine.look_at_settings(settings, None, environment, bench.folder))


def model(**options: Any) -> str:
    """What the doctor says of a planner with these settings."""
    return told(planner.look_at_model(Settings(lm=LMSettings(**options)), "planner"))


def with_a_key(**options: Any) -> str:
    return model(api_key=Secret("a-key-4711"), **options)


def a_refused_key(bench: Bench) -> str:
    server = bench.start_lm(always(WRONG_KEY))
    return with_a_key(model="openai/test-model", api_base=server.api_base)


def nobody_there(_: Bench) -> str:
    lm = LMSettings(model="openai/test-model", api_base=NOWHERE)
    return told(planner.look_at_address(lm, "planner"))


def an_unusable_planner(bench: Bench) -> str:
    from tests.integration.session_runs import request, run

    finished = run(request(server=bench.start_lm(always(EMPTY)))).finished()
    assert finished.error is not None
    return finished.error.message


# Documents


def document(content: bytes) -> Symptom:
    def bring_about(bench: Bench) -> str:
        path = bench.folder / "document"
        path.write_bytes(content)
        return caught(lambda: describe(path))

    return bring_about


def no_converter(bench: Bench) -> str:
    (bench.folder / "report.pdf").write_bytes(b"%PDF-1.7")
    bench.patch.setattr(document_conversion, "_LIBRARIES", ("no_such_library",))
    return caught(lambda: document_conversion.readable(bench.folder / "report.pdf"))


def a_broken_pdf(bench: Bench) -> str:
    (bench.folder / "report.pdf").write_bytes(b"%PDF-1.7\n")
    return caught(lambda: document_conversion.readable(bench.folder / "report.pdf"))


def a_large_document(bench: Bench) -> str:
    from rlm_tui.sandbox.limits import check_fits

    path = bench.folder / "large.txt"
    path.write_text("words " * 1_000)
    return caught(lambda: check_fits([describe(path)], memory_bytes=1_000))


# Answers, time and money


def cell(code: str, fields: tuple[dict[str, str], ...] = (), **options: Any) -> str:
    """What becomes of a cell in a sandbox of this machine."""
    from rlm_tui.sandbox.local import ProcessInterpreter

    interpreter = ProcessInterpreter(confined="off", output_fields=list(fields), **options)
    try:
        interpreter.start()
        return caught(lambda: interpreter.execute(code))
    finally:
        interpreter.shutdown()


def budget(budgets: Budgets, usage: Usage = Usage()) -> str:  # noqa: B008 - frozen
    from rlm_tui.engine.budget import RunBudget
    from rlm_tui.engine.control import RunControl

    control = RunControl()
    spent = RunBudget(budgets, control)
    with spent.clock():
        spent.charge(usage)
        spent.enforce()
        while control.reason is None:
            time.sleep(0.002)
    assert control.reason.error is not None
    return control.reason.error.message


# The sandbox of this machine


def bubblewrap(executable: str) -> Symptom:
    def bring_about(bench: Bench) -> str:
        from rlm_tui.sandbox.confinement import probe_bubblewrap

        bench.patch.setenv("PATH", str(bench.folder))
        return probe_bubblewrap(executable or None).words

    return bring_about


def confinement_that_is_required(_: Bench) -> str:
    from rlm_tui.sandbox.confinement import probe_bubblewrap
    from rlm_tui.sandbox.local import ProcessInterpreter

    probe = probe_bubblewrap("/bin/false")
    return caught(ProcessInterpreter(confined="required", probe=probe).start)


# Volumes


def volume(do: Callable[[Any], object]) -> Symptom:
    def bring_about(bench: Bench) -> str:
        from rlm_tui.volumes.local import LocalVolume

        (bench.folder / "work").mkdir()
        (bench.folder / "notes.md").write_text("notes")
        (bench.folder / "work" / "notes.md").write_text("notes")
        made = LocalVolume(bench.folder / "work", "work")
        return caught(lambda: do((made, bench.folder)))

    return bring_about


# The screen


def terminal(size: tuple[int, int], encoding: str = "utf-8", **environment: str) -> Symptom:
    def bring_about(_: Bench) -> str:
        from tests.unit.test_checks_machine import terminal as opened

        with opened(*size, encoding):
            return told(machine.look_at_terminal({"TERM": "xterm-256color", **environment}))

    return bring_about


LOCAL: dict[str, Symptom] = {
    "dspy can't be imported: …": without_dspy,
    "… can't be written: …": without_a_home,
    "no model is configured: the offline demo answers": lambda _: told(
        planner.look_at_model(Settings(), "planner")
    ),
    "DSPY_LLM_API_KEY in … is set and no model is: this is the offline demo.": a_key_alone,
    "… (HTTP 401)": a_refused_key,
    "No API key is set for the model.": lambda _: model(model="openai/gpt-5-mini"),
    "The model's name doesn't say which provider serves it.": lambda _: with_a_key(
        model="nobody/gpt", api_base=NOWHERE
    ),
    "nothing answers at …": nobody_there,
    "The planner's answers could not be used … times in a row.": an_unusable_planner,
    "There is no document at …": lambda bench: caught(lambda: describe(bench.folder / "absent.md")),
    "… is not text: it …": document(b"PK\x03\x04" + b"\x00\x01\x02" * 100),
    "… has to be converted to text, and the converter is not installed: …": no_converter,
    "… can't be converted to text: …": a_broken_pdf,
    "… is empty": document(b" \n"),
    "… is in an encoding that can't be told": document(bytes(range(128, 256)) * 40),
    "… does not fit: a cell needs about … of memory for it": a_large_document,
    "SUBMIT: … must be …, not …": lambda _: cell(
        "SUBMIT(confidence='high')", ({"name": "confidence", "type": "float"},)
    ),
    "extracted: … iterations": lambda _: shown(rlm_tui("run", "basic", "--max-iterations", "2")),
    "The run took longer than its budget of …": lambda _: budget(Budgets(max_seconds=0.01)),
    "The run used … tokens; its budget is …": lambda _: budget(
        Budgets(max_tokens=10), Usage(prompt_tokens=11)
    ),
    "The run cost $…; its budget is $…": lambda _: budget(Budgets(max_cost_usd=0.1), Usage(cost_usd=0.2)),
    "This cell was stopped at its time limit of … s": lambda _: cell("while True: pass", cell_timeout=0.3),
    "bubblewrap is not installed": bubblewrap(""),
    "bubblewrap is not usable here: …": bubblewrap("/bin/false"),
    "Confinement is required and …": confinement_that_is_required,
    "MemoryError": lambda _: cell("held = bytearray(10**12)"),
    "The sandbox was lost: the sandbox was killed (SIGKILL): out of memory?": lambda _: cell(
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    ),
    "… leads out of the volume: give a path inside it.": volume(lambda it: it[0].entries("../other")),
    "… is not in the volume.": volume(lambda it: it[0].read("absent.md")),
    "… is there already.": volume(lambda it: it[0].upload(it[1] / "notes.md", "/")),
    "There is no volume …": lambda _: shown(rlm_tui("volume", "ls", "--volume", "absent")),
    "The screen needs a terminal, and standard input or output is not one.": lambda _: shown(rlm_tui()),
    "Make the window at least 80×24.": terminal((79, 24)),
    "no colours (NO_COLOR)": terminal((120, 36), NO_COLOR="1"),
    "signs and borders need UTF-8": terminal((120, 36), "latin-1"),
}
