"""What a run is made of: events, their fold, tasks, documents, settings. No Textual, no dspy, no modal."""
