"""Where cells run: the wire protocol, its interpreter, and the transports below it."""
