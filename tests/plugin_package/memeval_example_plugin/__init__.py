"""One of each kind that memeval can take from another package."""
