"""Runs memories over dialogues: what is run, the loop, its checks, executors, where code comes from."""
