"""What a model's provider asks for a token, from the table that comes with LiteLLM; no network is used."""

from __future__ import annotations


def input_price(model: str | None) -> float | None:
    """US dollars for one token of a prompt; None: it is not in the table, or there is no model.

    Takes seconds at the first time, for its imports: call it in a thread.
    """
    if model is None:
        return None
    import rlm_tui.lm.models  # noqa: F401 - keeps LiteLLM from asking the web for its table

    try:
        import litellm

        # Else it prints advice for every model that it doesn't know.
        litellm.suppress_debug_info = True
        price = litellm.get_model_info(model)["input_cost_per_token"]
    except Exception:
        # The table knows hosted models only, and raises bare errors for others.
        return None
    # A model that nobody bills has zeros in it, which are true of one's own machine alone.
    return float(price) if price else None
