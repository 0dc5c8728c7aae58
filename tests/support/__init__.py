"""Small dialogues, a benchmark in memory and strategies that misbehave, for tests."""
