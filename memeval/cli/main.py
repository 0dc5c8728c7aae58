"""Parses the command line, calls the command, turns errors into sentences and exit codes."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence

import memeval
from memeval.cli import console, signals
from memeval.cli.parser import Parser
from memeval.kit import scratch
from memeval.kit.errors import MOST, ConfigError, MemevalError, words
from memeval.kit.escaping import shortened, shown
from memeval.kit.plugins import Registry, offered_by, packages

DESCRIPTION = """\
memeval measures how an assistant remembers: what a memory strategy would put into the
prompt, how much of the evidence that is, how long it takes and how many tokens it costs.

  memeval demo                                     the default sweep on the embedded benchmark
  memeval run benchmark=locomo retriever=bm25      one strategy over real dialogues
  memeval run -m strategy=truncation,sliding_window retriever=none,bm25,vector budget=500,2000
                                                   a sweep: all combinations in one table
  memeval list strategy                            what there is to choose from
  memeval list commands                            commands that installed packages add
  memeval show                                     what has been run; memeval show RUN QUESTION: why

--strict (or strict=yes), of run, demo, score, compare, gate, report, replay and cost: exit code 1 where a line below
the tables says that something was skipped, cut, left empty, not judged or done in a lesser way.

Exit codes: 0 all is well; 1 some questions failed, or a number is not met; 2 the command cannot be carried out.
"""

# Set, it lets errors that memeval has no words for end in a traceback.
TRACEBACK = "MEMEVAL_TRACEBACK"

# Name, module that carries it out, one line of help.
COMMANDS = (
    ("demo", "demo", "run the default sweep on the embedded benchmark"),
    ("run", "run", "run one strategy or a sweep (Hydra overrides)"),
    ("score", "score", "score stored runs with other measures or another definition"),
    ("gate", "gate", "hold runs against a baseline, for continuous integration"),
    ("compare", "compare", "put stored runs side by side and say how sure the differences are"),
    ("cost", "cost", "what stored runs cost: tokens by section and phase, money, break-even"),
    ("replay", "replay", "price stored replays on other targets: dollars, hit rates, curves"),
    ("show", "show", "list stored runs, or look inside one"),
    ("report", "report", "write stored runs into a folder of pages for the browser"),
    ("judge-check", "judge_check", "measure how often a judge is wrong, on known cases"),
    ("plot", "plot", "draw stored runs: trade-offs, budgets, heat map, categories, age, scaling"),
    ("list", "listing", "list strategies, retrievers, benchmarks and other options"),
    ("new", "new", "write a strategy, retriever, store, benchmark or measure to start from"),
    ("stores", "stores", "list storage systems, clean up there, start engines"),
    ("data", "data", "list, fetch, show or validate benchmark data"),
    ("reproduce", "reproduce", "meet published numbers, or say by how much not"),
)


# Whose results say what is missing in them.
STRICT = ("run", "demo", "score", "compare", "gate", "report", "replay", "cost")
_YES = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def strictly(command: str, words: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether the words ask for `--strict`, and the words without it; commands that know nothing of it get them all.

    Raises:
        ConfigError: another value than yes or no.
    """
    if command not in STRICT:
        return False, list(words)
    strict, rest = False, []
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if name != "strict" or word == "strict":
            rest.append(word)
        elif equals and value.lower() not in _YES:
            raise ConfigError(f"strict={value} is neither yes nor no: type --strict or strict=yes, or leave it out")
        else:
            strict = _YES[value.lower()] if equals else True
    return strict, rest


def _fault(name: str, value: object) -> str | None:
    return None if callable(value) else "is no function: it takes the words after the command and returns the exit code"


# Commands of installed packages: functions from the words after the command to the exit code.
PLUGGED: Registry[Callable[[Sequence[str]], int]] = Registry("memeval.commands", "command", _fault)


def parser(plugged: bool = False) -> argparse.ArgumentParser:
    """The parser of the whole command line, with the commands of installed packages or without."""
    top = Parser(prog="memeval", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action="version", version=f"memeval {memeval.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module, help_line in COMMANDS:
        commands.add_parser(name, help=help_line, add_help=False).set_defaults(module=module)
    own = {name for name, _, _ in COMMANDS}
    for name, points in packages(PLUGGED.group).items() if plugged else ():
        if name not in own:
            line = f"a command of the package {offered_by(points[0])}"
            commands.add_parser(name, help=line, add_help=False).set_defaults(module=None)
    return top


def _open_streams() -> None:
    """Give a process whose output is closed (`>&-`) one that leads nowhere: its exit code says how it ended."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _check_here() -> None:
    """Refuse to work in a folder that is gone: no relative path leads anywhere.

    Raises:
        ConfigError: it is gone.
    """
    try:
        os.getcwd()  # noqa: PTH109
    except OSError as error:
        raise ConfigError(f"the working folder cannot be used ({error.strerror}): cd into another one") from error


def _said(error: Exception) -> str:
    """What an error says, with what would act on a terminal in sight, and no longer for it."""
    return shortened(shown(str(error), lines=True), MOST, end=MOST // 4)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        signals.end_as_by_ctrl_c()
    # What a killed process has left.
    scratch.sweep()
    # Overrides without a command mean `run`: `memeval -m strategy=a,b`.
    if arguments and (arguments[0] == "-m" or "=" in arguments[0].split(" ", 1)[0]):
        arguments.insert(0, "run")
    # The metadata of installed packages are not read for what memeval knows itself.
    known = {"-h", "--help", "--version", *(name for name, _, _ in COMMANDS)}
    chosen, rest = parser(bool(arguments) and arguments[0] not in known).parse_known_args(arguments[:1])
    _open_streams()
    console.missing()
    try:
        _check_here()
        strict, rest = strictly(chosen.command, [*rest, *arguments[1:]])
        if chosen.module is None:
            code: int = PLUGGED[chosen.command](rest)
        else:
            code = importlib.import_module(f"memeval.cli.{chosen.module}").main(rest)
        # Here, and not when Python ends: a reader that is gone is known before the exit code is given.
        sys.stdout.flush()
        if (lines := len(console.missing())) and strict and code == 0:
            what = "1 line above says" if lines == 1 else f"{lines:,} lines above say"
            print(f"memeval: --strict: {what} what is missing", file=sys.stderr)
            code = 1
    except MemevalError as error:
        print(f"memeval: {_said(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        try:
            print(signals.sentence(error), file=sys.stderr, flush=True)
            sys.stdout.flush()
        except OSError:
            # The terminal is gone.
            console.discard_output()
        return signals.code_of(error)
    except BrokenPipeError:
        # Somebody closed the pipe (`memeval list | head`): that is no error, but Python would report it at exit.
        console.discard_output()
        # A gate has said nothing, which is no pass.
        return 2 if chosen.command == "gate" else 0
    except SystemExit as end:
        if end.code or {"-h", "--help"} & set(arguments):
            raise
        # A plug-in that ends the process ends no command as if all were well.
        print(f"memeval: something ended memeval {chosen.command} before it was done", file=sys.stderr)
        return 2
    except OSError as error:
        if error.filename is None:
            reason = error.strerror or _said(error)
            print(f"memeval: {reason}: check the output of memeval {chosen.command} and the disk", file=sys.stderr)
            return 2
        name = shown(shortened(str(error.filename)))
        print(f"memeval: {name}: {error.strerror}: check the path and its permissions", file=sys.stderr)
        return 2
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        if sys.stdout is not None and sys.stdout.closed:
            # By a plug-in: what has been run is stored all the same.
            print(f"memeval: something closed the output of memeval {chosen.command}: it is not shown", file=sys.stderr)
            return 2
        # Exit code 1 would be a regression for the gate.
        why = shown(f"{type(error).__name__}: {words(error)}", lines=True)
        print(
            f"memeval: {chosen.command} met an error that it has no words for, {why}; set {TRACEBACK}=1 to see where, "
            "and report it",
            file=sys.stderr,
        )
        return 2
    return code
