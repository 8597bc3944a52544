"""What all tests share: services that a machine may lack, and the place of the project."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

try:
    from hypothesis import HealthCheck, settings
except ModuleNotFoundError:  # the engine's environment has no property tests
    pass
else:
    # The first text of a fresh checkout takes seconds: its table of characters is made then, and kept.
    calm = {"suppress_health_check": [HealthCheck.too_slow], "deadline": None}
    # The same cases in each run, so that a change is judged by what it changed; `make properties` looks for new ones.
    settings.register_profile("suite", derandomize=True, database=None, **calm)
    settings.register_profile("search", **calm)
    settings.load_profile(os.environ.get("FARO_TEST_PROPERTIES", "suite"))

ROOT = Path(__file__).resolve().parents[1]
POSTGRES_URL = os.environ.get("FARO_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


def require(service: str, present: bool, remedy: str) -> None:
    """Skip where a service is missing, but fail where FARO_TEST_REQUIRE names it (as CI does)."""
    if present:
        return
    if service in os.environ.get("FARO_TEST_REQUIRE", "").split():
        pytest.fail(f"{service} is required here but missing: {remedy}")
    pytest.skip(f"{service} is missing: {remedy}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    require("chromium", path is not None, "sudo apt-get install -y chromium")
    assert path is not None
    return path


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The address of a PostgreSQL in which tests may create and drop databases of their own."""
    host, _, port = POSTGRES_URL.rpartition("@")[2].partition("/")[0].partition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        present = probe.connect_ex((host, int(port or 5432))) == 0
    require("postgresql", present, "sudo apt-get install -y postgresql")
    return POSTGRES_URL
