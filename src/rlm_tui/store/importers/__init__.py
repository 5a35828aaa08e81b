"""Logs of others as saved runs, a file a format; `recognise.py` tells which one a file is."""
