"""What installed packages offer by entry points: found by name, imported when it is asked for, and not before."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memeval.kit.errors import ConfigError
from memeval.kit.plugins import Registry, instance_of, packages
from memeval.scoring.measures.presets import PRESETS, Preset, get_preset

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a package of one module: what pip leaves in a folder on Python's path."""

    def call(package: str, code: str, **entry_points: str) -> None:
        site = tmp_path / package
        module = f"{package}_module"
        (site / f"{package}-1.0.dist-info").mkdir(parents=True)
        (site / f"{module}.py").write_text(code)
        about = site / f"{package}-1.0.dist-info"
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"[toys]\n{name} = {module}:{value}\n" for name, value in entry_points.items()]
        (about / "entry_points.txt").write_text("".join(lines))
        monkeypatch.syspath_prepend(str(site))

    return call


def toys(**own: str) -> Registry[str]:
    return Registry("toys", "toy", lambda name, value: None if isinstance(value, str) else "is no text", own)


def test_a_name_of_another_package_is_imported_when_it_is_asked_for(install: Install) -> None:
    install("acme", "kite = 'a kite'\ntop = 'a top'", kite="kite", top="top")
    registry = toys(ball="a ball")
    assert [*registry] == ["ball", "kite", "top"]
    assert len(registry) == 3 and "kite" in registry and "drum" not in registry
    assert "acme_module" not in sys.modules, "a list of names imports nothing"
    assert registry["kite"] == "a kite" and registry.get("drum") is None
    assert dict(registry.available()) == {"ball": "a ball", "kite": "a kite", "top": "a top"}
    del sys.modules["acme_module"]


def test_nothing_replaces_what_memeval_has(install: Install) -> None:
    install("thief", "ball = 'stolen'", ball="ball")
    registry = toys(ball="a ball")
    assert registry["ball"] == "a ball" and [*registry] == ["ball"]
    assert "thief_module" not in sys.modules


@pytest.mark.parametrize(
    ("code", "value", "sentence"),
    [
        (
            "import not_there",
            "kite",
            r"the toy 'kite' of the package broken cannot be loaded \(ModuleNotFoundError: .*",
        ),
        ("raise ValueError('no wind')", "kite", r"cannot be loaded \(ValueError: no wind\): correct or uninstall"),
        ("top = 1", "kite", r"cannot be loaded \(AttributeError: .*"),
        ("kite = 1", "kite", "cannot be used: broken_module:kite is no text; correct or uninstall the package"),
    ],
)
def test_a_package_that_cannot_be_used_is_a_sentence_where_it_is_needed(
    install: Install, code: str, value: str, sentence: str
) -> None:
    install("broken", code, kite=value)
    registry = toys(ball="a ball")
    assert registry["ball"] == "a ball" and [*registry] == ["ball", "kite"]
    with pytest.raises(ConfigError, match=sentence):
        registry["kite"]
    listed = dict(registry.available())
    assert listed["ball"] == "a ball" and isinstance(listed["kite"], ConfigError)
    sys.modules.pop("broken_module", None)


def test_two_packages_with_one_name_are_told_apart_by_nobody(install: Install) -> None:
    install("first", "kite = '1'", kite="kite")
    install("second", "kite = '2'", kite="kite")
    assert len(packages("toys")["kite"]) == 2
    with pytest.raises(ConfigError, match="two packages offer the toy 'kite': first and second; uninstall one"):
        toys()["kite"]


def test_a_thing_is_offered_under_its_own_name() -> None:
    fault = instance_of(Preset)
    assert fault("okapi", get_preset("okapi")) is None
    assert fault("mine", get_preset("okapi")) == "is called 'okapi': give the entry point that name"
    assert fault("mine", 1) == "is no Preset"
    assert [*PRESETS.own()] == ["longmemeval", "locomo", "mempalace", "memini", "okapi"]


@pytest.mark.parametrize("words", [["show", "results=nowhere"], ["--help"], ["--version"]])
def test_a_command_of_memeval_reads_no_metadata(words: list[str]) -> None:
    """Looking for packages takes longer than everything else that happens before a command."""
    code = (
        "import sys, importlib.metadata as m\n"
        "def scan(**k): raise SystemExit('scanned')\n"
        "m.entry_points = scan\n"
        "from memeval.cli.main import main\n"
        f"sys.exit(main({words!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "scanned" not in done.stderr + done.stdout, done.stderr
