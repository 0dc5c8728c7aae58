"""Facts from turns, by rules and without a model; see docs/facts.md."""
