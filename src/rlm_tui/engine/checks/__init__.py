"""The doctor: what a run needs, looked at one by one. Nothing here imports dspy or modal before a check runs."""
