"""A strategy and a retriever that are not part of memeval."""
