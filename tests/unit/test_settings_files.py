"""Where .env and config.toml are found, and what is said of one that can't be read."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from rlm_tui.core.paths import config_file
from rlm_tui.core.settings import SettingsError, load_settings


def model(folder: Path, **environment: str) -> str | None:
    lm = load_settings(environment=environment, directory=folder).lm
    return lm.model if lm else None


def refused(folder: Path) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings(environment={}, directory=folder)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_nearest_dotenv_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".env").write_text("DSPY_LM_MODEL=from/outside\n")
    (tmp_path / "repository" / ".env").write_text("DSPY_LM_MODEL=from/repository\n")
    # Outside of a repository a file of somebody else's above this folder has no say.
    assert model(inner) is None
    (tmp_path / "repository" / ".git").mkdir()
    assert model(inner) == "from/repository"
    (inner.parent / ".env").write_text("DSPY_LM_MODEL=from/nearer\n")
    assert model(inner) == "from/nearer"
    (tmp_path / "repository" / ".env").unlink()
    (inner.parent / ".env").unlink()
    assert model(inner) is None


def test_another_dotenv_or_none(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DSPY_LM_MODEL=from/dotenv\n")
    (tmp_path / "other").write_text("DSPY_LM_MODEL=from/other\n")
    assert model(tmp_path) == "from/dotenv"
    assert model(tmp_path, RLM_TUI_DOTENV="other") == "from/other"
    assert model(tmp_path, RLM_TUI_DOTENV="off") is None
    with pytest.raises(SettingsError, match="missing can't be read: No such file"):
        model(tmp_path, RLM_TUI_DOTENV="missing")


def test_quotes_comments_and_exports(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a remark\nexport DSPY_LM_MODEL='m/m'  # here too\nOTHER\n", encoding="utf-8-sig"
    )
    assert model(tmp_path) == "m/m"


def test_a_line_of_dotenv_that_can_not_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / ".env").write_text("DSPY_LM_MODEL=m/m\n'never closed\n")
    with caplog.at_level(logging.DEBUG):
        error = refused(tmp_path)
    assert str(error) == f"Line 2 of {tmp_path / '.env'} can't be read."
    assert error.hint
    assert not caplog.records


def test_a_dotenv_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DSPY_LM_MODEL=\xff\xfe\n")
    assert "it is not UTF-8" in str(refused(tmp_path))


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("[lm\n", "can't be read: ", "Mend the file"),
        ("[lmm]\nmodel = 'm'\n", "[lmm] (", "Did you mean lm?"),
        ("colour = 'm'\n", "[colour] (", "There are lm, sub_lm, sandbox, modal, budgets, documents"),
        ("[lm]\nmodle = 'm'\n", "lm.modle (", "Did you mean lm.model?"),
        ("[lm]\nmodel = 5\n", 'lm.model in ', "Write text."),
        ("[lm]\nmodel = 'm'\nmax_tokens = 'many'\n", 'is "many", which', "Write a whole number"),
        ("[lm]\nmodel = 'm'\nmax_tokens = 1.5\n", 'is "1.5", which', "Write a whole number"),
        ("[lm]\napi_key = 12345\n", "is no text", "Write the key in quotes."),
        ("[sandbox]\nprocesses = true\n", 'is "True", which is not a whole number', "Write a whole number"),
        ("[ui]\nkeymap = 'x'\n", "a table of names and texts", "Write a table"),
        ("[budgets]\nmax_iterations = 0\n", "is 0, and at least 1 is needed", ""),
    ],
)  # fmt: skip
def test_a_config_that_can_not_be_used(tmp_path: Path, text: str, words: str, hint: str) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text)
    error = refused(tmp_path)
    assert words in str(error)
    assert str(config_file()) in str(error)
    assert error.source == str(config_file())
    assert hint in error.hint


def test_a_config_with_everything(tmp_path: Path) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(
        "[lm]\nmodel = 'm/m'\napi_key = 'planted-key'\ntemperature = 1\n"
        "[sandbox]\nmemory_bytes = '3 GiB'\nconfined = 'required'\n"
        "[budgets]\nmax_seconds = 60\nmax_cost_usd = 0.25\n"
        "[ui]\ntheme = 'nord'\n[ui.keymap]\n'run.start' = 'f5'\n"
    )
    settings = load_settings(environment={}, directory=tmp_path)
    assert settings.lm is not None
    assert settings.lm.temperature == 1.0
    assert settings.sandbox.memory_bytes == 3 * 2**30
    assert settings.sandbox.confined == "required"
    assert (settings.budgets.max_seconds, settings.budgets.max_cost_usd) == (60.0, 0.25)
    assert settings.ui.keymap == {"run.start": "f5"}
    assert settings.secrets() == ("planted-key",)
