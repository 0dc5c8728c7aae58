"""Odd inputs for every command of memeval, each with a verdict: python -m tools.fuzz --help."""
