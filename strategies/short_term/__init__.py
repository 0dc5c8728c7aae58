"""What stays in the window: strategies that choose by position, not by the query."""
