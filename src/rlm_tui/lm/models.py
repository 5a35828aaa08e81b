"""From settings to the two dspy LMs of a run: the planner, and the sub-LM that cells query."""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import dataclass
from typing import Any

# Without it the first call fetches a price map from the web; it has to be set before LiteLLM is imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "true")

import dspy

from rlm_tui.core.paths import cache_directory
from rlm_tui.core.settings import LMSettings, Settings
from rlm_tui.lm.failures import explain
from rlm_tui.lm.meter import Meter, MeteredLM
from rlm_tui.lm.offline import OFFLINE_MODEL, OfflineEngine
from rlm_tui.lm.retries import Retries

OFFLINE_NAME = "offline demo"


class ModelSettingError(ValueError):
    """A model that can't be built from its settings. The message says which and why, `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Models:
    """The LMs of one run, the meter that hears of both, and the rules by which both try again."""

    planner: MeteredLM
    sub: MeteredLM
    meter: Meter
    retries: Retries
    offline: bool
    planner_name: str
    sub_name: str

    def stop(self) -> None:
        """End every wait for a provider's next chance at once: the run is over."""
        self.retries.stop.set()

    def close(self) -> None:
        """Close the connections that the LMs hold. Calls in flight should have ended."""
        self.planner.close()
        self.sub.close()


def build_models(settings: Settings, *, pace: float = 0.0) -> Models:
    """The LMs that `settings` name, or the offline demo when they name none.

    `pace` is the offline planner's seconds for each word that it writes, so that a person can watch; a real
    model has its own. Nothing is asked of a provider yet. Raises ModelSettingError.
    """
    _quieten_libraries()
    meter, retries = Meter(), Retries()
    if settings.lm is None:
        lm = MeteredLM(OFFLINE_MODEL, meter=meter, price=0.0, engine=OfflineEngine(pace), cache=False)
        return Models(lm, lm, meter, retries, offline=True, planner_name=OFFLINE_NAME, sub_name=OFFLINE_NAME)
    planner = _configured(settings.lm, "DSPY_LM_MODEL", meter, retries)
    sub = (
        planner
        if settings.sub_lm is None
        else _configured(settings.sub_lm, "DSPY_SUB_LM_MODEL", meter, retries)
    )
    return Models(planner, sub, meter, retries, offline=False, planner_name=planner.model, sub_name=sub.model)


def _configured(settings: LMSettings, variable: str, meter: Meter, retries: Retries) -> MeteredLM:
    options = {
        "api_base": settings.api_base,
        "api_key": settings.api_key.value if settings.api_key else None,
        "max_tokens": settings.max_tokens,
        "temperature": settings.temperature,
    }
    if settings.cache:
        # dspy keeps it in the person's home otherwise; it looks when the first answer is stored.
        os.environ.setdefault("DSPY_CACHEDIR", str(cache_directory() / "answers"))
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    try:
        lm = MeteredLM(
            settings.model,
            meter=meter,
            retries=retries,
            times=settings.retries,
            cache=settings.cache,
            **given,
        )
    except dspy.LMError as error:
        detail = explain(error)
        raise ModelSettingError(detail.message, detail.hint) from error
    except (TypeError, ValueError) as error:
        raise ModelSettingError(
            f"The model {settings.model!r} can't be used: {error}.",
            f'Write {variable} as "provider/model": openai/…, anthropic/…, ollama_chat/…, hosted_vllm/….',
        ) from error
    if "api_base" in given and _gateway_named(settings.model) and _fits_native_engine(lm):
        return lm.copy(engine="lm15")  # type: ignore[no-any-return]
    return lm


def _gateway_named(model: str) -> bool:
    """Whether the environment names a gateway for the provider, for which dspy leaves its own quick engine.

    It does so even where settings say the address, and LiteLLM takes seconds to import.
    """
    provider = model.partition("/")[0].upper()
    return any(os.environ.get(f"{provider}{ending}") for ending in ("_API_BASE", "_BASE_URL"))


def _fits_native_engine(lm: MeteredLM) -> bool:
    from dspy.clients.backend_selection import select_backend

    try:
        return bool(select_backend(lm.copy(engine="lm15")).native)
    except dspy.lm15.LM15Error:
        return False


def _quieten_libraries() -> None:
    """Keep the libraries' remarks off the terminal: what matters of them becomes an event."""
    for name in ("dspy", "LiteLLM", "LiteLLM Router", "httpx", "httpcore", "openai"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"(dspy|litellm|pydantic)(\..*)?")
