"""What a task's file asks to be run with, over and under what a person has set; and no key in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.events import Budgets
from rlm_tui.core.own_tasks import TaskBudgets, TaskFile, TaskFileError, make_own_task, read_task, write_task
from rlm_tui.core.paths import config_file
from rlm_tui.core.settings import Settings, load_settings
from rlm_tui.core.task import Task, TaskError
from rlm_tui.core.task_settings import settings_for

KEY = "sk-proj-0123456789abcdefghij"


def task(**said: Any) -> Task:
    return make_own_task("mine", TaskFile(signature="a -> b", **said))


def merged(asked: Task, flags: dict[str, Any] | None = None, **environment: str) -> Settings:
    return settings_for(load_settings(environment=environment, overrides=flags or {}), asked)


def test_models_and_sandbox_of_a_task_stand_over_what_is_configured(tmp_path: Path) -> None:
    asked = task(lm="openai/of-the-task", sub_lm="openai/small", sandbox="modal")
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text("[sandbox]\nkind = 'local'\n", encoding="utf-8")
    found = merged(asked, DSPY_LM_MODEL="openai/configured", DSPY_LLM_API_KEY=KEY)
    assert found.lm is not None
    assert found.sub_lm is not None
    assert (found.lm.model, found.sub_lm.model, found.sandbox.kind) == (
        "openai/of-the-task", "openai/small", "modal",
    )  # fmt: skip
    assert found.source["lm.model"] == found.source["sandbox.kind"] == "the task mine"
    flags = {"lm": "openai/flagged", "sub_lm": "openai/flagged-too", "sandbox": "local"}
    found = merged(asked, flags, DSPY_LM_MODEL="openai/configured")
    assert found.lm is not None
    assert found.sub_lm is not None
    assert (found.lm.model, found.sub_lm.model, found.sandbox.kind) == (
        "openai/flagged", "openai/flagged-too", "local",
    )  # fmt: skip


def test_budgets_of_a_task_stand_under_whatever_was_set() -> None:
    assert merged(task()).budgets == Budgets()
    asked = task(budgets=TaskBudgets(max_iterations=7, max_cost_usd=100, cell_seconds=5))
    assert merged(asked).budgets == Budgets(max_iterations=7, max_cost_usd=100, cell_seconds=5)
    found = merged(asked, {"max_iterations": 9}, RLM_TUI_BUDGETS_MAX_COST_USD="0.5").budgets
    assert found == Budgets(max_iterations=9, max_cost_usd=0.5, cell_seconds=5)


def test_a_key_goes_to_no_other_provider_than_its_own() -> None:
    configured = {
        "DSPY_LM_MODEL": "openai/a", "DSPY_LLM_API_KEY": KEY, "DSPY_LM_API_BASE": "http://127.0.0.1:9/v1",
    }  # fmt: skip
    same = merged(task(lm="openai/b"), **configured)
    assert same.lm is not None
    assert same.lm.api_key is not None
    assert (same.lm.api_key.value, same.lm.api_base) == (KEY, "http://127.0.0.1:9/v1")
    other = merged(task(lm="elsewhere/b"), **configured)
    assert other.lm is not None
    assert (other.lm.api_key, other.lm.api_base) == (None, None)
    assert KEY in other.secrets(), "it stays a secret that nothing may show"
    sub = merged(task(sub_lm="elsewhere/c"), **configured)
    assert sub.sub_lm is not None
    assert sub.sub_lm.api_key is None


def test_a_sub_lm_keeps_the_key_of_its_provider_when_the_planner_is_another() -> None:
    found = merged(
        task(lm="elsewhere/b", sub_lm="openai/small"), DSPY_LM_MODEL="openai/a", DSPY_LLM_API_KEY=KEY
    )
    assert found.lm is not None
    assert found.sub_lm is not None
    assert found.lm.api_key is None
    assert found.sub_lm.api_key is not None
    assert found.sub_lm.api_key.value == KEY


def test_a_task_may_ask_for_the_offline_demo_and_be_overruled() -> None:
    asked = task(lm="offline", sub_lm="openai/small")
    found = merged(asked, DSPY_LM_MODEL="openai/a")
    assert (found.lm, found.sub_lm) == (None, None)
    found = merged(asked, {"lm": "openai/b"})
    assert found.lm is not None
    assert merged(task(lm="openai/b"), {"lm": "offline"}).lm is None
    nothing_set = merged(task(lm="openai/b"), DSPY_LLM_API_KEY=KEY)
    assert nothing_set.lm is not None
    assert nothing_set.lm.api_key is None, "it is not known whose key that is"
    assert nothing_set.remarks == ()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (f"api_key = '{KEY}'", "api_key is a key"),
        (f"[lm]\nmodel = 'openai/a'\napi_key = '{KEY}'", "api_key is a key"),
        (f"DSPY_LLM_API_KEY = '{KEY}'", "DSPY_LLM_API_KEY is a key"),
        (f"lm = '{KEY}'", "lm looks like a key"),
        ("api_base = 'http://evil.example/v1'", "api_base has no place in a task's file"),
        ("lm = 'oobabooga/http://127.0.0.1:1/steal'", "lm holds an address"),
        ("sub_lm = 'huggingface/https://evil.example'", "sub_lm holds an address"),
        ("lm = 'two words'", "is no model's name"),
        ("lm = 3", "Expected `str`"),
        ("sandbox = 'moon'", "Invalid enum value 'moon'"),
    ],
)
def test_a_key_in_a_file_is_refused_in_one_sentence(tmp_path: Path, written: str, words: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(f"signature = 'a -> b'\n{written}\n", encoding="utf-8")
    with pytest.raises(TaskFileError, match=words) as caught:
        read_task(path)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_input_may_be_called_a_key(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text("signature = 'api_key -> b'\n[defaults]\napi_key = 'x'\n", encoding="utf-8")
    assert read_task(path).inputs[0].default == "x"


def test_what_is_asked_for_is_kept_in_the_file(tmp_path: Path) -> None:
    file = TaskFile(signature="a -> b", lm="openai/a", sub_lm="openai/b", sandbox="local")
    path = write_task("mine", file, tmp_path)
    assert "api" not in path.read_text(encoding="utf-8")
    found = read_task(path)
    assert (found.lm, found.sub_lm, found.sandbox) == ("openai/a", "openai/b", "local")
    assert found.file == str(path)
    with pytest.raises(TaskError, match="looks like a key"):
        write_task("other", TaskFile(signature="a -> b", lm=KEY), tmp_path)
