"""A run: the RLM, the gate it can be held at, the recorder, and the session that owns them."""
