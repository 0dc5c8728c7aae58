"""The one parser of words: a command declares what it takes, and gets values of the declared types.

The grammar is the same for all commands:

- `key=value` sets an option; `--key=value` and `--key value` mean the same. `key=yes` and `--key` set a flag.
- A list is `key=a,b` or `key='[a, b]'`. Commas within brackets or quotes belong to an item. One value is a list of one.
- A word that begins with a name and `=` is an option. A run or file of such a name is written with its folder in
  front: `./a=b`. What has a `/` before its first `=` is a path.
- `~` in front of a path is the home folder. Other words are what the command is about: runs, files, names.
- A word that a command does not know is a mistake: one sentence, exit code 2.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from memeval.cli.folding import MARGIN, entry, paragraph
from memeval.kit.errors import ConfigError
from memeval.kit.escaping import shortened, shown
from memeval.options import overrides, root

if TYPE_CHECKING:
    from memeval.scoring.measures import Measure

T = TypeVar("T")
C = TypeVar("C", covariant=True)
D = TypeVar("D")

_YES = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_DASHED = re.compile(r"--(?P<key>[A-Za-z_+~][\w.@:+-]*)(?:=(?P<value>.*))?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Option(Generic[C]):
    """An option of a command.

    Attributes:
        name: as it is typed.
        default: its value where it is not typed.
        help: a sentence, or the beginning of one.
        shape: what stands for the value in a help: `FOLDER`, `N`, `yes`.
        read: from the typed text to the value.
        choices: the texts that are allowed, where they are few.
        flag: `--name` alone sets it.
        several: it may be typed more than once, and the values are gathered.
        required: it has to be typed.
        short: another word for a flag, such as `-m`.
    """

    name: str
    default: C
    help: str
    shape: str
    read: Callable[[str], Any]
    choices: tuple[str, ...] = ()
    flag: bool = False
    several: bool = False
    required: bool = False
    short: str = ""

    @property
    def example(self) -> str:
        """How it is typed."""
        return f"{self.name}={'|'.join(self.choices) or self.shape}"


def text(name: str, default: D, help: str, shape: str = "TEXT", choices: Sequence[str] = ()) -> "Option[str | D]":
    """An option of one text."""
    return Option(name, default, help, shape, str, tuple(choices))


def path(name: str, default: D, help: str, shape: str = "FILE", required: bool = False) -> "Option[Path | D]":
    """An option of a file or a folder."""
    return Option(name, default, help, shape, lambda value: Path(overrides.expanded(value)), required=required)


def paths(name: str, help: str, shape: str = "FILE") -> "Option[tuple[Path, ...]]":
    """An option of files that may be typed several times. A comma belongs to a name."""
    return Option(name, (), help, shape, lambda value: (Path(overrides.expanded(value)),), several=True)


def run(name: str, help: str) -> "Option[str | None]":
    """An option that names a stored run."""
    return Option(name, None, help, "RUN", overrides.expanded)


def flag(name: str, help: str, short: str = "") -> "Option[bool]":
    """An option of yes and no."""
    return Option(name, False, help, "yes", lambda value: _YES[value.lower()], ("yes", "no"), flag=True, short=short)


def whole(name: str, default: D, help: str, least: int = 0) -> "Option[int | D]":
    """An option of a whole number."""

    def read(value: str) -> int:
        number = float(value)
        if not number.is_integer() or number < least:
            raise ConfigError(f"{name}={value} is not a whole number from {least}: for example {name}={default}")
        return int(number)

    return Option(name, default, help, "N", read)


def decimal(name: str, default: D, help: str) -> "Option[float | D]":
    """An option of a number."""
    return Option(name, default, help, "X", float)


def names(name: str, help: str, shape: str = "NAME,...", several: bool = False) -> "Option[tuple[str, ...]]":
    """An option of a list of texts."""
    return Option(name, (), help, shape, lambda value: tuple(overrides.items(value)), several=several)


def wholes(name: str, default: tuple[int, ...], help: str, shape: str) -> "Option[tuple[int, ...]]":
    """An option of a list of whole numbers from 1."""

    def read(value: str) -> tuple[int, ...]:
        found = overrides.items(value)
        if not found or not all(each.isascii() and each.isdigit() and int(each) > 0 for each in found):
            raise ConfigError(f"{name}={value} is no list of numbers: give e.g. {name}={shape}")
        return tuple(map(int, found))

    return Option(name, default, help, shape, read)


def measures(help: str) -> "Option[tuple[Measure, ...] | None]":
    """The option `measures`; None where it is not typed."""

    def read(value: str) -> "tuple[Measure, ...]":
        from memeval.scoring.measures import parse_list

        return parse_list(value)

    return Option("measures", None, help, "[...]", read)


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a command mean that are no options.

    Attributes:
        shape: how a help names them: `RUN...`, `[RUN [QUESTION]]`.
        help: what they are.
        least, most: how many there may be; `most` None for any number.
        missing: the message where there are fewer.
    """

    shape: str = ""
    help: str = ""
    least: int = 0
    most: int | None = 0
    missing: str = ""


class Given:
    """What was typed: options by their declaration, other words, overrides of `memeval run`."""

    def __init__(self, values: dict[str, Any], words: Sequence[str], passed: Sequence[str]) -> None:
        """Take what the parser found."""
        self._values = values
        self.words = tuple(words)
        self.overrides = tuple(passed)

    def __getitem__(self, option: Option[T]) -> T:
        """The value of an option, or its default."""
        value: T = self._values.get(option.name, option.default)
        return value

    def __contains__(self, option: Option[Any]) -> bool:
        """Whether an option was typed."""
        return option.name in self._values


@dataclass(frozen=True, slots=True)
class Command:
    """A command: what it does, and the words that it takes.

    Attributes:
        name: as it is typed behind `memeval`.
        purpose: what it does, in a few sentences.
        examples: commands with what each does.
        words: what words without `=` are.
        options: what it knows by name.
        overrides: what words `key=value` of other keys are, which are passed on; empty where they are a mistake.
        notes: what else a help says, paragraphs with line breaks of their own.
    """

    name: str
    purpose: str
    examples: tuple[tuple[str, str], ...]
    words: Words = Words()
    options: tuple[Option[Any], ...] = ()
    overrides: str = ""
    notes: str = ""

    def parse(self, argv: Sequence[str]) -> Given:
        """The values of what was typed. Prints the help and ends the command where that is asked for.

        Raises:
            ConfigError: a word that the command does not know, or a value that an option cannot take.
        """
        values: dict[str, Any] = {}
        words: list[str] = []
        passed: list[str] = []
        rest = list(argv)
        while rest:
            word = rest.pop(0)
            if word in ("-h", "--help"):
                print(self.help())
                raise SystemExit(0)
            if word == "--":
                words += rest
                break
            short = next((option for option in self.options if option.short and option.short == word), None)
            if short is not None:
                values[short.name] = True
            elif word.startswith("-") and word != "-":
                self._dashed(word, rest, values, passed)
            elif (override := overrides.read(word)) is not None:
                self._set(word, override.sign + override.key, override.value, values, passed)
            elif self.overrides and overrides.is_override(word):
                passed.append(word)
            else:
                self._check_no_option(word)
                words.append(overrides.expanded(word))
        self._check(words, values)
        return Given(values, words, passed)

    def _dashed(self, word: str, rest: list[str], values: dict[str, Any], passed: list[str]) -> None:
        """`--key`, `--key value` or `--key=value`."""
        match = _DASHED.fullmatch(word)
        if match is None:
            self._unknown(word)
        key, value = match["key"], match["value"]
        option = self._named(key)
        if value is None:
            follows = bool(rest) and not rest[0].startswith("--")
            if option is not None and option.flag:
                value = "yes"
            elif option is None and not self.overrides:
                self._unknown(f"--{key}", key)
            elif option is None and (not follows or _is_yes_or_no(key)):
                value = "true"
            elif not follows:
                raise ConfigError(f"--{key} needs a value: type {option.example if option else f'{key}=VALUE'}")
            else:
                value = rest.pop(0)
        self._set(word, key, value, values, passed)

    def _set(self, word: str, key: str, value: str, values: dict[str, Any], passed: list[str]) -> None:
        option = self._named(key)
        if option is None and not self.overrides:
            self._unknown(word, key)
        if option is None:
            name = key.replace("-", "_") if key.replace("-", "_") in root.names() else key
            passed.append(f"{name}={value}")
            return
        if not value:
            raise ConfigError(f"{key}= has no value: type {option.example}")
        if option.choices and value.lower() not in (*option.choices, *(_YES if option.flag else ())):
            close = get_close_matches(value, option.choices, n=1)
            meant = f", did you mean {close[0]}?" if close else ""
            raise ConfigError(
                f"{option.name}={shortened(value)} is unknown{meant}: choose one of {', '.join(option.choices)}"
            )
        try:
            found = option.read(value)
        except ValueError:
            raise ConfigError(
                f"{option.name}={shortened(value)} is not a number: for example {option.name}={option.default}"
            ) from None
        values[option.name] = (*values.get(option.name, ()), *found) if option.several else found

    def _named(self, key: str) -> Option[Any] | None:
        plain = key.replace("-", "_")
        return next((option for option in self.options if option.name in (key, plain)), None)

    def _keys(self) -> list[str]:
        own = [option.name for option in self.options]
        return [*own, *(option.name for option in root.OPTIONS if option.role != "filled")] if self.overrides else own

    def _unknown(self, word: str, key: str = "") -> NoReturn:
        close = get_close_matches(key, self._keys(), n=1)
        meant = f"; did you mean {close[0]}=?" if close else ""
        known = ", ".join(f"{name}=" for name in self._keys()) or "no options"
        path = f"; a run or file of that name is typed ./{shortened(word)}" if self.words.most != 0 else ""
        raise ConfigError(
            f"memeval {self.name} takes {known} and not {shortened(f'{key}=' if key else word)}{meant}{path}"
        )

    def _check_no_option(self, word: str) -> None:
        """Refuse the name of an option in place of a run, unless there is a file of that name."""
        if word in self._keys() and not Path(word).exists():
            option = self._named(word)
            example = option.example if option else f"{word}=VALUE"
            raise ConfigError(f"{word} is an option and needs a value: type {example}")

    def _check(self, words: Sequence[str], values: dict[str, Any]) -> None:
        if len(words) < self.words.least:
            raise ConfigError(self.words.missing)
        if self.words.most is not None and len(words) > self.words.most:
            extra = shortened(words[self.words.most])
            takes = f"takes {self.words.shape} and options" if self.words.most else "takes options key=value"
            close = get_close_matches(extra, self._keys(), n=1)
            meant = f"; did you mean {close[0]}=?" if close else ""
            raise ConfigError(f"memeval {self.name} {takes}, and {extra!r} is too much{meant}")
        for option in self.options:
            if option.required and option.name not in values:
                raise ConfigError(f"memeval {self.name} needs {option.example}: {option.help}")

    def help(self) -> str:
        """What `--help` prints."""
        shapes = [self.words.shape, *(option.example for option in self.options if option.required)]
        further = ["[key=value ...]"] if self.options or self.overrides else []
        usage = " ".join(["usage: memeval", self.name, *filter(None, shapes), *further])
        lines = [usage, "", *paragraph(self.purpose), "", "examples:"]
        for command, what in self.examples:
            lines += entry(command, what, 2 * MARGIN + 6)
        if self.words.shape:
            lines += ["", *entry(self.words.shape, self.words.help, MARGIN, indent=0)]
        if self.options:
            lines += ["", "options, as key=value or --key value:"]
            for option in self.options:
                lines += entry(_typed(option), _explained(option), MARGIN)
        if self.overrides:
            lines += ["", *paragraph(self.overrides)]
        if self.notes:
            lines += ["", *self.notes.strip("\n").split("\n")]
        return "\n".join(lines)


def _is_yes_or_no(key: str) -> bool:
    return any(option.name == key.replace("-", "_") and option.kind is bool for option in root.OPTIONS)


def _typed(option: Option[Any]) -> str:
    if option.flag:
        return ", ".join(filter(None, (option.short, f"--{option.name}")))
    # Many choices stand in the explanation.
    return f"{option.name}={option.shape if len(option.choices) > 2 else '|'.join(option.choices) or option.shape}"


def _explained(option: Option[Any]) -> str:
    choices = f": {', '.join(option.choices)}" if len(option.choices) > 2 else ""
    default = option.default
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    several = "; may be given several times" if option.several else ""
    given = "" if option.flag or option.required or default in (None, "") else f" (default: {default})"
    return f"{option.help}{choices}{several}{given}"


@dataclass(frozen=True, slots=True)
class Group:
    """A command with actions, such as `memeval data`; `default` is the action where none is typed."""

    name: str
    purpose: str
    actions: tuple[Command, ...]
    default: str = ""
    notes: str = ""

    def parse(self, argv: Sequence[str]) -> tuple[str, Given]:
        """The action, and what was typed behind it.

        Raises:
            ConfigError: an unknown action, or what the action does not understand.
        """
        known = {action.name.rpartition(" ")[2]: action for action in self.actions}
        if argv and argv[0] in ("-h", "--help"):
            print(self.help())
            raise SystemExit(0)
        first = argv[0] if argv else ""
        if first in known:
            return first, known[first].parse(argv[1:])
        if self.default and (not first or first.startswith("-") or "=" in first):
            return self.default, known[self.default].parse(argv)
        close = get_close_matches(first, known, n=1)
        meant = f", did you mean {close[0]}?" if close else ""
        asked = f"has no action {shortened(first)!r}{meant}" if first else "needs an action"
        raise ConfigError(f"memeval {self.name} {asked}: type memeval {self.name} and one of {', '.join(known)}")

    def help(self) -> str:
        """What `--help` prints."""
        lines = [f"usage: memeval {self.name} ACTION [key=value ...]", "", *paragraph(self.purpose)]
        for action in self.actions:
            lines += ["", *action.help().removeprefix("usage: ").split("\n")]
        return "\n".join([*lines, *(["", *self.notes.strip("\n").split("\n")] if self.notes else [])])


def typed(words: Sequence[str]) -> str:
    """Words as they are typed into a shell."""
    return " ".join(shlex.quote(shown(word)) for word in words)
