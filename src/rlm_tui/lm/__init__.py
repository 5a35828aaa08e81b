"""Language models: from settings to dspy LMs, their metering, and the offline demo."""
