"""The doctor: what a run needs, looked at one by one. dspy and modal are imported only when a check runs."""
