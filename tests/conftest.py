"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on the machine and on what else it does: no test is one of seconds.
settings.register_profile("memeval", deadline=None)
settings.load_profile("memeval")
# Tables follow the width of the screen, which is no matter of a test unless it says so.
os.environ.pop("COLUMNS", None)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real data sets, laid out as `memeval data fetch` does; skips where there is none."""
    folder = os.environ.get("MEMEVAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set MEMEVAL_DATA to the folder with the real data (locomo/, longmemeval/)")
    return Path(folder)
