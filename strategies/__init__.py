"""Memories: short-term strategies, retrievers, what is written, extraction, embedders, stores."""
