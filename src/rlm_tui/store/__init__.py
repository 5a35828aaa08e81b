"""Runs on disk: folders, the index, importers and exporters."""
