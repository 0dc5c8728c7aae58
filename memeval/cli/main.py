"""Parses the command line, calls the command, turns errors into sentences and exit codes."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import memeval
from memeval.cli import console, signals
from memeval.kit import scratch
from memeval.kit.errors import MOST, ConfigError, MemevalError, words
from memeval.kit.escaping import shortened, shown
from memeval.kit.plugins import Registry, packages
from memeval.options import overrides

DESCRIPTION = """\
memeval measures how an assistant remembers: what a memory strategy would put into the
prompt, how much of the evidence that is, how long it takes and how many tokens it costs.

  memeval demo                                     # the default sweep on the embedded benchmark
  memeval run benchmark=locomo retriever=bm25      # one strategy over real dialogues
  memeval run -m strategy=truncation,sliding_window retriever=none,bm25,vector budget=500,2000
                                                   # a sweep: all combinations in one table
  memeval list strategy                            # what there is to choose from
  memeval list commands                            # commands that installed packages add
  memeval show                                     # what has been run
  memeval show RUN QUESTION                        # why a question found its evidence, or did not

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


def _fault(name: str, value: object) -> str | None:
    return None if callable(value) else "is no function: it takes the words after the command and returns the exit code"


# Commands of installed packages: functions from the words after the command to the exit code.
PLUGGED: Registry[Callable[[Sequence[str]], int]] = Registry("memeval.commands", "command", _fault)


def help_text() -> str:
    """What `memeval --help` prints."""
    width = max(len(name) for name, _, _ in COMMANDS) + 2
    lines = ["usage: memeval COMMAND [words]", "", DESCRIPTION, "commands (memeval COMMAND --help says more):"]
    lines += [f"  {name:<{width}}{line}" for name, _, line in COMMANDS]
    return "\n".join([*lines, "", "  --version   print the version", "  --help      print this"])


def _chosen(name: str) -> Callable[[Sequence[str]], int]:
    """The function that carries out a command.

    Raises:
        ConfigError: there is none of that name.
    """
    modules = {each: module for each, module, _ in COMMANDS}
    if name in modules:
        carry_out: Callable[[Sequence[str]], int] = importlib.import_module(f"memeval.cli.{modules[name]}").main
        return carry_out
    # The metadata of installed packages are not read for what memeval knows itself.
    known = [*modules, *packages(PLUGGED.group)]
    if name in known:
        return PLUGGED[name]
    close = get_close_matches(name, known, n=1)
    meant = f", did you mean {close[0]}?" if close else ""
    raise ConfigError(f"there is no command {shortened(name)!r}{meant}: choose one of {', '.join(known)}")


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
    # Overrides without a command mean `run`: `memeval -m strategy=a,b`.
    if arguments and (arguments[0] == "-m" or overrides.is_override(arguments[0])):
        arguments.insert(0, "run")
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        print(f"memeval {memeval.__version__}")
        return 0
    # What a killed process has left.
    scratch.sweep()
    command, *rest = arguments
    _open_streams()
    # Of a command before this one, in the same process.
    console.missing()
    console.is_strict()
    try:
        _check_here()
        code = _chosen(command)(rest)
        # Here, and not when Python ends: a reader that is gone is known before the exit code is given.
        sys.stdout.flush()
        if (lines := len(console.missing())) and console.is_strict() and code == 0:
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
        return 2 if command == "gate" else 0
    except SystemExit as end:
        if end.code or {"-h", "--help"} & set(arguments):
            raise
        # A plug-in that ends the process ends no command as if all were well.
        print(f"memeval: something ended memeval {command} before it was done", file=sys.stderr)
        return 2
    except OSError as error:
        if error.filename is None:
            reason = error.strerror or _said(error)
            print(f"memeval: {reason}: check the output of memeval {command} and the disk", file=sys.stderr)
            return 2
        name = shown(shortened(str(error.filename)))
        print(f"memeval: {name}: {error.strerror}: check the path and its permissions", file=sys.stderr)
        return 2
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        if sys.stdout is not None and sys.stdout.closed:
            # By a plug-in: what has been run is stored all the same.
            print(f"memeval: something closed the output of memeval {command}: it is not shown", file=sys.stderr)
            return 2
        # Exit code 1 would be a regression for the gate.
        why = shown(f"{type(error).__name__}: {words(error)}", lines=True)
        print(
            f"memeval: {command} met an error that it has no words for, {why}; set {TRACEBACK}=1 to see where, "
            "and report it",
            file=sys.stderr,
        )
        return 2
    return code
