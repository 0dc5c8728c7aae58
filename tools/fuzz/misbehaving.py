"""Plug-ins of which one method does something odd: it raises, returns another type, ends the process, or prints."""

import inspect
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from memeval.kit.types import Context, Dialogue, Hit, Passage, Query, Question, Segment, Turn

METHODS = {
    "strategy": ("init", "write", "read", "segments", "text", "sources", "score", "stats", "close", "prepare",
    "flush", "forget"),
    "retriever": ("init", "write", "search", "text", "sources", "score", "stats", "close", "prepare", "flush",
    "forget"),
    "benchmark": ("init", "name", "licence", "categories", "fingerprint", "len", "iter", "turn", "question",
    "anomalies"),
    "writing": ("init", "write", "text", "sources"),
}  # fmt: skip


class UnreadableError(Exception):
    """Its message cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no message")


def _raising(error: BaseException) -> Callable[[Any], Any]:
    def act(_: Any) -> Any:
        raise error

    return act


def _printing(value: Any) -> Any:
    print("noise\x1b[2J")  # noqa: T201
    return value


def _nested(value: Any) -> Any:
    for _ in range(900):
        value = [value]
    return value


async def _awaited(value: Any) -> Any:
    return value


# What a method does with the value that it ought to return.
ACTS: Mapping[str, Callable[[Any], Any]] = {
    "value_error": _raising(ValueError("bad\x1b[31m\nsecond line")),
    "unreadable": _raising(UnreadableError()),
    "long_error": _raising(ValueError("x" * 3_000_000)),
    "surrogate_error": _raising(ValueError("\ud800")),
    "key_error": _raising(KeyError("missing")),
    "stop": _raising(StopIteration()),
    "assertion": _raising(AssertionError()),
    "recursion": _raising(RecursionError()),
    "memory": _raising(MemoryError()),
    "no_space": _raising(OSError(28, "No space left on device")),
    "not_found": _raising(FileNotFoundError(2, "No such file", "/nobody\x1b[2J")),
    "pipe": _raising(BrokenPipeError()),
    "refused": _raising(ConnectionRefusedError(111, "Connection refused")),
    "timeout": _raising(TimeoutError()),
    "unicode": _raising(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")),
    "exit_0": _raising(SystemExit(0)),
    "exit_3": _raising(SystemExit(3)),
    "exit_text": _raising(SystemExit("bye")),
    "base": _raising(BaseException("base")),
    "generator_exit": _raising(GeneratorExit()),
    "group": _raising(ExceptionGroup("several", [ValueError("a"), KeyError("b")])),
    "print": _printing,
    "none": lambda _: None,
    "zero": lambda _: 0,
    "minus": lambda _: -1,
    "huge": lambda _: 10**400,
    "nan": lambda _: math.nan,
    "inf": lambda _: math.inf,
    "complex": lambda _: 1j,
    "decimal": lambda _: Decimal("1.5"),
    "true": lambda _: True,
    "text": lambda _: "text",
    "blank": lambda _: "",
    "padded": lambda _: " x ",
    "surrogate": lambda _: "\ud800",
    "nul": lambda _: "a\0b",
    "escape": lambda _: "\x1b[2Jx\n::error::y",
    "long": lambda _: "word " * 200_000 + "x",
    "bytes": lambda _: b"x",
    "list": lambda value: [value],
    "empty_list": lambda _: [],
    "tuple": lambda value: (value, value),
    "set": lambda _: {"a"},
    "mapping": lambda _: {"a": 1},
    "odd_mapping": lambda _: {1: object(), "\ud800": math.nan},
    "object": lambda _: object(),
    "class": lambda _: object,
    "function": lambda _: len,
    "generator": lambda value: (each for each in [value]),
    "endless": lambda value: iter(lambda: value, object()),
    "nested": _nested,
    "coroutine": _awaited,
    "twice": lambda value: value * 2 if isinstance(value, list | tuple) else value,
    "many": lambda value: list(value) * 5_000 if isinstance(value, list | tuple) else value,
    "array": lambda _: __import__("numpy").array([1.0, math.nan]),
    "number": lambda _: __import__("numpy").float32(0.5),
    "close_output": lambda value: (sys.stdout.close(), value)[1],
    "leave": lambda value: (os.chdir("/"), value)[1],
    "threads": lambda value: (__import__("threading").Thread(target=len, args=("",)).start(), value)[1],
}
# Carried out in a process of their own only.
DEADLY: Mapping[str, Callable[[Any], Any]] = {
    "end": lambda _: os._exit(0),
    "kill": lambda _: os.kill(os.getpid(), 9),
    "segfault": lambda _: os.kill(os.getpid(), 11),
    "sleep": lambda value: (__import__("time").sleep(600), value)[1],
    "interrupt": _raising(KeyboardInterrupt()),
}


class _Odd:
    """Does the act where it is asked for."""

    def __init__(self, where: str = "", act: str = "print") -> None:
        self._where, self._act = where, {**ACTS, **DEADLY}[act]
        self._turns: list[Turn] = []
        made = self._do("init", None)
        if inspect.iscoroutine(made):
            made.close()
        if made is not None:
            raise TypeError("__init__() should return None")

    def _do(self, where: str, value: Any) -> Any:
        return self._act(value) if where == self._where else value

    def write(self, turns: Sequence[Turn]) -> Any:
        """Keep the turns."""
        self._turns += turns
        return self._do("write", None)

    def stats(self) -> Any:
        """One counter."""
        value = {"items": self._do("stats", float(len(self._turns)))}
        return self._do("stats", value) if self._act in (ACTS["none"], ACTS["text"], ACTS["list"]) else value

    def close(self) -> Any:
        """Nothing."""
        return self._do("close", None)

    def prepare(self) -> Any:
        """Nothing."""
        return self._do("prepare", None)

    def flush(self) -> Any:
        """Nothing."""
        return self._do("flush", None)

    def forget(self, sources: Any) -> Any:
        """Drop these turns."""
        self._turns = [turn for turn in self._turns if turn.id not in set(sources)]
        return self._do("forget", None)


class Memory(_Odd):
    """A strategy."""

    def read(self, query: Query, budget: int) -> Any:
        """The last turn, and a ranking."""
        turn = self._turns[-1]
        sources = self._do("sources", (turn.id,))
        segment = Segment("history", self._do("text", turn.text.strip()), sources)
        ranking = [Hit(turn.text, sources, self._do("score", 1.0))]
        return self._do("read", Context(self._do("segments", [segment]), ranking))


class Retriever(_Odd):
    """A retriever."""

    def search(self, query: Query, k: int) -> Any:
        """The last turns."""
        hits = [
            Hit(self._do("text", turn.text.strip()), self._do("sources", (turn.id,)), self._do("score", 1.0))
            for turn in self._turns[-k:]
        ]
        return self._do("search", hits)


class Writing(_Odd):
    """A way of storing: a passage a turn."""

    def write(self, turns: Sequence[Turn]) -> Any:
        """A passage a turn."""
        passages = [
            Passage(self._do("text", turn.text.strip()), self._do("sources", (turn.id,)))
            for turn in turns
            if turn.text.strip()
        ]
        return self._do("write", passages)


class Source(_Odd):
    """A benchmark of one dialogue."""

    @property
    def name(self) -> Any:
        """Its name."""
        return self._do("name", "odd")

    @property
    def licence(self) -> Any:
        """Its licence."""
        return self._do("licence", "none")

    @property
    def categories(self) -> Any:
        """Its categories."""
        return self._do("categories", ("single-hop",))

    def fingerprint(self) -> Any:
        """What identifies its data."""
        value = {"name": "odd", "sha256": self._do("fingerprint", "00")}
        return self._do("fingerprint", value) if self._act in (ACTS["none"], ACTS["text"], ACTS["list"]) else value

    def anomalies(self) -> Any:
        """None."""
        return self._do("anomalies", {})

    def __len__(self) -> Any:
        return self._do("len", 1)

    def __iter__(self) -> Iterator[Any]:
        turns = [Turn("t1", "s1", "Anna", "user", self._do("turn", "My bike is green."))]
        questions = [Question("q1", Query(self._do("question", "What is green?")), ("bike",), ("t1",), "single-hop")]
        yield self._do("iter", Dialogue("d1", turns, questions))
