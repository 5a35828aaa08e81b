"""Saved runs in the formats of others, a file a format; `formats.py` names them all."""
