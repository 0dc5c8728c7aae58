"""memeval: the neutral referee for LLM memory."""

__version__ = "0.1.0"
