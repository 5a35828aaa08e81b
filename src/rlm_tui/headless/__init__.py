"""Runs without a screen: what was asked, what is printed while it runs, and the result object."""
