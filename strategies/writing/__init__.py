"""What is stored: from a stream of turns to passages, the units of retrieval."""
