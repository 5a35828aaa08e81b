"""What is set, from where, and what is said of a setting that can't be used."""

from __future__ import annotations

import copy
import os
import pickle
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rlm_tui.core.events import Budgets
from rlm_tui.core.paths import config_file
from rlm_tui.core.settings import Secret, Settings, SettingsError, load_settings
from rlm_tui.core.settings_fields import FLAGS, fields, variables

HOSTED = {"DSPY_LM_MODEL": "openai/gpt-5", "DSPY_LLM_API_KEY": "planted-key-1"}


def load(folder: Path, environment: dict[str, str] | None = None, **overrides: Any) -> Settings:
    return load_settings(environment=environment or {}, directory=folder, overrides=overrides)


def config(text: str) -> None:
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text(text, encoding="utf-8")


def refused(folder: Path, environment: dict[str, str] | None = None, **overrides: Any) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(folder, environment, **overrides)
    assert "\n" not in str(caught.value)
    return caught.value


def test_nothing_set_is_the_offline_demo(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.lm is None
    assert settings.budgets == Budgets()
    assert (settings.sandbox.kind, settings.sandbox.confined) == ("local", "auto")
    assert settings.sandbox.volume == "rlm-volume-dspy"
    assert settings.source == {}
    assert settings.remarks == ()


def test_each_source_covers_the_one_below(tmp_path: Path) -> None:
    config('[lm]\nmodel = "from/config"\ntemperature = 0.5\nmax_tokens = 10\ncache = true\n')
    (tmp_path / ".env").write_text("DSPY_LM_MODEL=from/dotenv\nDSPY_LM_MAX_TOKENS=20\n")
    settings = load(tmp_path, {"DSPY_LM_MODEL": "from/environment"})
    assert settings.lm is not None
    assert settings.lm.model == "from/environment"
    assert (settings.lm.max_tokens, settings.lm.temperature, settings.lm.cache) == (20, 0.5, True)
    assert settings.source == {
        "lm.model": "the environment",
        "lm.max_tokens": str(tmp_path / ".env"),
        "lm.temperature": str(config_file()),
        "lm.cache": str(config_file()),
    }
    flagged = load(tmp_path, {"DSPY_LM_MODEL": "from/environment"}, lm="from/flag")
    assert flagged.lm is not None
    assert flagged.lm.model == "from/flag"
    assert flagged.source["lm.model"] == "the command line"


def test_the_usual_names(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            **HOSTED,
            "DSPY_LM_API_BASE": "http://127.0.0.1:9/v1",
            "DSPY_LM_MAX_TOKENS": "65536",
            "DSPY_SUB_LM_MODEL": "anthropic/small",
            "DSPY_SUB_LM_API_KEY": "planted-key-2",
        },
    )
    assert settings.lm is not None
    assert settings.lm.api_base == "http://127.0.0.1:9/v1"
    assert settings.lm.api_key == Secret("planted-key-1")
    assert settings.lm.max_tokens == 65536
    assert settings.sub_lm is not None
    assert settings.sub_lm.api_key == Secret("planted-key-2")
    assert settings.sub_lm.api_base is None


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({"DSPY_LM_API_KEY": "second-name"}, "second-name"),
        ({"DSPY_LM_API_KEY": "second-name", "DSPY_LLM_API_KEY": "first-name"}, "first-name"),
        ({"DSPY_LM_API_KEY": "second-name", "DSPY_LLM_API_KEY": ""}, "second-name"),
    ],
)
def test_both_names_of_the_key(tmp_path: Path, environment: dict[str, str], key: str) -> None:
    settings = load(tmp_path, {"DSPY_LM_MODEL": "m/m", **environment})
    assert settings.lm is not None
    assert settings.lm.api_key == Secret(key)


@pytest.mark.parametrize(
    ("sub", "key"),
    [
        ({"DSPY_SUB_LM_MODEL": "openai/small"}, Secret("planted-key-1")),
        ({"DSPY_SUB_LM_MODEL": "anthropic/small"}, None),
        ({"DSPY_SUB_LM_MODEL": "openai/small", "DSPY_SUB_LM_API_BASE": "http://elsewhere/v1"}, None),
        ({"DSPY_SUB_LM_MODEL": "openai/small", "DSPY_SUB_LM_API_KEY": "its-own-key"}, Secret("its-own-key")),
    ],
)
def test_the_planners_key_goes_nowhere_else(tmp_path: Path, sub: dict[str, str], key: Secret | None) -> None:
    settings = load(tmp_path, {**HOSTED, **sub})
    assert settings.sub_lm is not None
    assert settings.sub_lm.api_key == key


def test_offline_is_asked_for_over_whatever_is_set(tmp_path: Path) -> None:
    settings = load(tmp_path, {**HOSTED, "DSPY_SUB_LM_MODEL": "openai/small"}, lm="offline")
    assert (settings.lm, settings.sub_lm, settings.remarks) == (None, None, ())


@pytest.mark.parametrize("name", ["DSPY_LLM_API_KEY", "DSPY_LM_API_BASE", "DSPY_SUB_LM_MODEL"])
def test_half_a_configuration_is_remarked_on(tmp_path: Path, name: str) -> None:
    settings = load(tmp_path, {name: "x-value"})
    (remark,) = settings.remarks
    assert name in remark
    assert "Set DSPY_LM_MODEL" in remark
    assert "x-value" not in remark


def test_an_empty_variable_takes_back_what_stands_below(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DSPY_LM_MODEL=m/m\nDSPY_LM_API_BASE=\n")
    config('[lm]\napi_base = "http://config/v1"\n')
    assert load(tmp_path, {"DSPY_LM_MODEL": ""}).lm is None
    kept = load(tmp_path).lm
    assert kept is not None
    assert kept.api_base == "http://config/v1"


def test_every_field_has_a_variable_of_its_own(tmp_path: Path) -> None:
    names = [name for field in fields() for name in variables(field)]
    assert len(names) == len(set(names))
    assert set(FLAGS.values()) <= set(fields())
    settings = load(
        tmp_path,
        {
            "RLM_TUI_SANDBOX_CONFINED": "off",
            "RLM_TUI_BUDGETS_MAX_ITERATIONS": "7",
            "RLM_TUI_SANDBOX_MEMORY_BYTES": "4 GiB",
            "RLM_TUI_UI_THEME": "nord",
        },
        cell_seconds=2,
        max_cost_usd="0.5",
        **{"sandbox.batch_workers": 3},
    )
    assert settings.sandbox.confined == "off"
    assert settings.sandbox.memory_bytes == 4 * 2**30
    assert settings.sandbox.batch_workers == 3
    assert settings.ui.theme == "nord"
    assert settings.budgets == Budgets(max_iterations=7, cell_seconds=2.0, max_cost_usd=0.5)


@pytest.mark.parametrize(
    ("written", "size"),
    [("1073741824", 2**30), ("2 GB", 2 * 10**9), ("512MiB", 2**29), ("1.5g", 1_500_000_000)],
)
def test_sizes_in_words(tmp_path: Path, written: str, size: int) -> None:
    assert load(tmp_path, {"RLM_TUI_SANDBOX_MEMORY_BYTES": written}).sandbox.memory_bytes == size


@pytest.mark.parametrize(
    ("environment", "overrides", "words"),
    [
        ({"DSPY_LM_MAX_TOKENS": "lots"}, {}, 'DSPY_LM_MAX_TOKENS in the environment is "lots", which is not'),
        ({"DSPY_LM_MAX_TOKENS": "0"}, {}, "a whole number of at least 1"),
        ({"DSPY_LM_TEMPERATURE": "3"}, {}, "a number from 0 to 2"),
        ({"RLM_TUI_LM_CACHE": "perhaps"}, {}, "true or false"),
        ({"RLM_TUI_SANDBOX_CONFINED": "maybe"}, {}, "one of auto, off, required"),
        ({"RLM_TUI_SANDBOX_MEMORY_BYTES": "much"}, {}, r"a size \(as in 4 GiB\)"),
        ({"RLM_TUI_SANDBOX_VOLUME": "../up"}, {}, "a name of letters, digits"),
        ({}, {"sandbox": "moon"}, '--sandbox is "moon", which is not one of local, modal'),
        ({}, {"max_iterations": 0}, "--max-iterations is 0, and at least 1 is needed"),
        ({}, {"cell_seconds": float("nan")}, "--timeout is nan"),
        ({}, {"max_cost_usd": -1}, "--max-cost is -1"),
        ({}, {"max_seconds": float("inf")}, "--max-seconds is inf"),
        ({}, {"max_itertions": 3}, r"'max_itertions' \(the command line\) is no setting"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_named(
    tmp_path: Path, environment: dict[str, str], overrides: dict[str, Any], words: str
) -> None:
    error = refused(tmp_path, environment, **overrides)
    assert re.search(words, str(error)), str(error)
    assert error.source


def test_a_hint_names_what_was_meant(tmp_path: Path) -> None:
    assert refused(tmp_path, max_itertions=3).hint == "Did you mean max_iterations?"


def test_secrets_are_known_and_never_shown(tmp_path: Path) -> None:
    environment = {**HOSTED, "GITHUB_TOKEN": "planted-token", "PATH": "/bin", "EMPTY_KEY": ""}
    (tmp_path / ".env").write_text("OTHER_SECRET=planted-dotenv\n")
    settings = load(tmp_path, environment)
    assert set(settings.secrets()) == {"planted-key-1", "planted-token", "planted-dotenv"}
    shown = f"{settings} {settings!r} {settings.lm} {msgspec.json.encode(settings.public())!r}"
    assert "planted" not in shown
    assert f"{Secret('planted'):>5}" == "  ***"
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)
    with pytest.raises(TypeError, match="can't be pickled"):
        pickle.dumps(settings)
    assert copy.deepcopy(settings) == settings


def test_the_environment_is_read_and_never_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DSPY_LM_MODEL=m/m\nPLANTED_VARIABLE=1\n")
    before = dict(os.environ)
    assert load(tmp_path).lm is not None
    assert dict(os.environ) == before


def test_a_tasks_budgets_stand_where_nobody_set_any(tmp_path: Path) -> None:
    settings = load(tmp_path, {"RLM_TUI_BUDGETS_MAX_LLM_CALLS": "9"}, max_iterations=20)
    assert settings.with_budgets_of(
        Budgets(max_iterations=5, max_llm_calls=5, cell_seconds=3.0)
    ).budgets == Budgets(max_iterations=20, max_llm_calls=9, cell_seconds=3.0)


def test_the_modal_section_is_read_from_variables() -> None:
    settings = load_settings(
        environment={
            "RLM_TUI_SANDBOX_KIND": "modal",
            "RLM_TUI_MODAL_PACKAGES": "numpy, pandas>=2",
            "RLM_TUI_MODAL_CPU": "0.5",
        }
    )
    assert settings.sandbox.kind == "modal"
    assert settings.modal.packages == ("numpy", "pandas>=2")
    assert settings.modal.cpu == 0.5
    assert (settings.modal.block_network, settings.modal.attach_secret) == (True, False)


def test_the_token_of_modal_comes_from_dotenv_and_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MODAL_TOKEN_ID=ak-planted-1\nMODAL_TOKEN_SECRET=as-planted-2\n")
    settings = load_settings(environment={}, directory=tmp_path)
    assert settings.modal.token == ("ak-planted-1", "as-planted-2")
    assert {"ak-planted-1", "as-planted-2"} <= set(settings.secrets())
    for shown in (repr(settings), str(settings.public())):
        assert "planted" not in shown
    half = load_settings(environment={"MODAL_TOKEN_ID": "ak-planted-1"}, directory=tmp_path / "none")
    assert half.modal.token is None
