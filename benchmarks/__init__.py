"""Sources of dialogues with questions: one module each, and where their data comes from."""
