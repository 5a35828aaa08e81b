"""A task of one's own as a file, run from the command line: what it asks for, what a flag and a key do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.command_line import rlm_tui
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM

KEY = "sk-proj-0123456789abcdefghij"


def task(folder: Path, written: str, name: str = "shared") -> str:
    path = folder / f"{name}.toml"
    path.write_text(f"signature = 'question -> answer'\n{written}\n", encoding="utf-8")
    return str(path)


def test_the_models_and_budgets_of_a_file_hold_and_a_flag_stands_over_them(tmp_path: Path) -> None:
    path = task(tmp_path, "lm = 'offline'\n[budgets]\nmax_iterations = 6")
    arguments = ("run", path, "--input", "question=What is 2 + 3?", "--json")
    ended = rlm_tui(*arguments, DSPY_LM_MODEL="openai/never-asked", DSPY_LLM_API_KEY=KEY)
    assert ended.code == 0, ended.stderr
    started = json.loads(Path(ended.json["events"]).read_text().splitlines()[0])
    assert started["offline"] is True
    assert started["budgets"]["max_iterations"] == 6
    assert KEY not in Path(ended.json["events"]).read_text()
    ended = rlm_tui(*arguments, "--max-iterations", "5", DSPY_LM_MODEL="openai/never-asked")
    started = json.loads(Path(ended.json["events"]).read_text().splitlines()[0])
    assert started["budgets"]["max_iterations"] == 5


def test_a_sandbox_that_is_not_configured_is_said_in_the_doctors_words(tmp_path: Path) -> None:
    path = task(tmp_path, "sandbox = 'modal'\nlm = 'offline'")
    nothing = {"MODAL_TOKEN_ID": "", "MODAL_TOKEN_SECRET": "", "HOME": str(tmp_path)}
    ended = rlm_tui("run", path, "--input", "question=x", "--json", **nothing)
    assert ended.code == 1
    doctor = rlm_tui("check", "--modal", **nothing).stdout
    for words in ("there is no token for Modal", "Run `modal token new`"):
        assert words.lower() in json.dumps(ended.json["error"]).lower()
        assert words.lower() in doctor.lower()
    ended = rlm_tui(
        "run", path, "--input", "question=What is 2 + 3?", "--sandbox", "local", "--json", **nothing
    )
    assert ended.code == 0, ended.stdout


@pytest.mark.parametrize("written", [f"api_key = '{KEY}'", f"lm = '{KEY}'", f"[lm]\napi_key = '{KEY}'"])
def test_a_key_in_a_file_is_refused_and_not_repeated(tmp_path: Path, written: str) -> None:
    ended = rlm_tui("run", task(tmp_path, written), "--input", "question=x", "--json")
    assert ended.code == 2
    assert "a task's file is shared" in ended.json["error"]["message"]
    assert KEY not in ended.stdout + ended.stderr


def test_a_model_as_an_input_is_read_from_json(tmp_path: Path) -> None:
    (tmp_path / "types_of_command.py").write_text(
        "print('printed at import')\nimport pydantic\n\nclass Finding(pydantic.BaseModel):\n"
        "    title: str\n    lines: list[int] = []\n"
    )
    arguments = (
        "run",
        "own: types_of_command.Finding, text -> answer: str",
        "--input",
        "text=words",
        "--json",
    )
    ended = rlm_tui(*arguments, "--input", 'own={"lines": [1]}', cwd=tmp_path)
    assert ended.code == 2
    assert "title: Field required" in ended.json["error"]["message"]
    ended = rlm_tui(*arguments, "--input", 'own={"title": "T"}', cwd=tmp_path)
    assert ended.code == 0, ended.stdout
    started = json.loads(Path(ended.json["events"]).read_text().splitlines()[0])
    assert json.loads(started["inputs"]["own"]["text"]) == {"title": "T", "lines": []}


TOOLS = '''
print("printed at import")

def shout(text: str) -> str:
    """Says it loudly."""
    print("printed by the tool")
    return text.upper()
'''


def test_several_tools_on_a_built_in_task_and_nothing_they_print_in_the_json(
    tmp_path: Path, loopback_lm: StartLM
) -> None:
    (tmp_path / "tools_of_command.py").write_text(TOOLS)
    server = loopback_lm(
        planner_script([("Both.", "SUBMIT(answer=shout(regex_extract('a+', text='baab')[0]))")])
    )
    ended = rlm_tui(
        "run", "basic", "--tool", "tools_of_command:shout", "--tool", "regex_extract", "--json",
        cwd=tmp_path,
        DSPY_LM_MODEL="openai/test-model", DSPY_LM_API_BASE=server.api_base, DSPY_LLM_API_KEY=KEY,
    )  # fmt: skip
    assert ended.json["outputs"] == {"answer": "AA"}, ended.stderr
    assert "printed by the tool" in ended.stderr
    events = [json.loads(line) for line in Path(ended.json["events"]).read_text().splitlines()]
    called = [event["name"] for event in events if event.get("kind") == "tool"]
    assert called == ["regex_extract", "shout"]
