"""The language models of a run: whether their addresses answer, and whether they do."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from rlm_tui.core.settings import LMSettings, Settings
from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.engine.checks.check import Finding

Part = Literal["planner", "sub-LM"]
QUESTION = "This is a connection test. Answer with the one word: ready"
REACH_SECONDS = 5.0
_BASES = {"planner": "DSPY_LM_API_BASE", "sub-LM": "DSPY_SUB_LM_API_BASE"}


def look_at_address(lm: LMSettings, part: Part) -> Finding:
    """Whether anything answers at the address that is set. No key is sent."""
    variable = _BASES[part]
    if lm.api_base is None:
        return Finding("ok", "the provider's own address")
    whole = f"Write it as a whole address: `{variable}=http://127.0.0.1:8000/v1`."
    try:
        address = urlsplit(lm.api_base)
        host = address.hostname or ""
        place = f"{address.scheme}://{f'[{host}]' if ':' in host else host}{_port(address.port)}"
    except ValueError as error:
        return Finding("failing", f"the address in {variable} is none: {error}", whole)
    if address.scheme not in ("http", "https") or not host:
        return Finding("failing", f"the address in {variable} is none", whole)
    began = time.monotonic()
    request = urllib.request.Request(f"{place}{address.path.rstrip('/')}/models", method="GET")
    try:
        with urllib.request.urlopen(request, timeout=REACH_SECONDS):
            pass
    except urllib.error.HTTPError as error:
        # Something answers; that it wants a key for this is well.
        error.close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return Finding(
            "failing",
            f"nothing answers at {place}: {getattr(reason, 'strerror', None) or reason}",
            f"See that the server is running and that `{variable}` is its address.",
        )
    return Finding("ok", f"{place} answers in {human_seconds(time.monotonic() - began)}")


def look_at_model(settings: Settings, part: Part) -> Finding:
    """Whether the model answers one tiny question; the provider's own words if it does not."""
    from rlm_tui.lm.failures import explain
    from rlm_tui.lm.models import ModelSettingError, build_models

    try:
        models = build_models(_once(settings))
    except ModelSettingError as error:
        return Finding("failing", str(error), error.hint)
    lm = models.planner if part == "planner" else models.sub
    try:
        answers = lm(QUESTION)
    except Exception as error:
        detail = explain(error)
        return Finding("failing", detail.message, detail.hint)
    finally:
        models.stop()
        models.close()
    if models.offline:
        return Finding(
            "ok",
            "no model is configured: the offline demo answers",
            "For a model of your own set `DSPY_LM_MODEL` (and DSPY_LLM_API_KEY) in .env or the environment.",
        )
    name = models.planner_name if part == "planner" else models.sub_name
    said = _first_text(answers)
    if not said:
        return Finding("failing", f"{name} gave an empty answer", "Give it room: `DSPY_LM_MAX_TOKENS`.")
    return Finding("ok", f"{name} answers: {one_line(said, 40)}")


def _once(settings: Settings) -> Settings:
    """The settings for one honest question: neither tried again nor answered from a cache."""

    def once(lm: LMSettings | None) -> LMSettings | None:
        return None if lm is None else msgspec.structs.replace(lm, retries=0, cache=False)

    return msgspec.structs.replace(settings, lm=once(settings.lm), sub_lm=once(settings.sub_lm))


def _first_text(answers: object) -> str:
    first = answers[0] if isinstance(answers, list) and answers else ""
    return str(first.get("text") or "") if isinstance(first, dict) else str(first or "")


def _port(port: int | None) -> str:
    return "" if port is None else f":{port}"
