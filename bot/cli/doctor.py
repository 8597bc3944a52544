"""Whether Faro can run on this machine; each problem comes with its remedy."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
from pathlib import Path

import psutil

from bot.cli.paths import ENGINE_PYTHON
from bot.settings import Settings

#: The model takes some megabytes; logs, the database and a training need room beside it.
DISK_FREE = 1 * 1024**3
#: The engine alone was seen at 730 MB; training, gateway and actions need the rest.
MEMORY_FREE = 2 * 1024**3

MACHINES = ("x86_64", "amd64", "aarch64", "arm64")


def problems_of_machine(var: Path) -> list[str]:
    """One sentence for each thing that keeps Faro from running here at all."""
    problems = []
    if sys.platform != "linux" or platform.machine().lower() not in MACHINES:
        problems.append(
            f"Faro runs on Linux on x86-64 or ARM64, this is {sys.platform} on {platform.machine()}: "
            "use a Linux machine, a virtual machine or WSL 2."
        )
    if not ENGINE_PYTHON.exists():
        problems.append("The engine's environment is missing: run `make setup`.")
    existing = next(place for place in (var, *var.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < DISK_FREE:
        problems.append(
            f"Only {free / 1024**2:,.0f} MB of disk are free, {DISK_FREE / 1024**2:,.0f} MB are needed: "
            "free some space, or set FARO_VAR to a folder on another disk."
        )
    available = psutil.virtual_memory().available
    if available < MEMORY_FREE:
        problems.append(
            f"Only {available / 1024**2:,.0f} MB of memory are available, {MEMORY_FREE / 1024**2:,.0f} MB are "
            "needed: close other programs or use a larger machine."
        )
    return problems


def problems_of_ports(settings: Settings) -> list[str]:
    """One sentence for each port that somebody else is using."""
    wanted = (
        ("FARO_PORT", settings.host, settings.port),
        ("FARO_ACTIONS_PORT", "127.0.0.1", settings.actions_port),
        ("FARO_ENGINE_PORT", "127.0.0.1", settings.engine_port),
    )
    return [
        f"Port {port} is taken{_by_whom(port)}: stop that program, or set {name} to a free port."
        for name, host, port in wanted
        if not _is_free(host, port)
    ]


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _by_whom(port: int) -> str:
    """A phrase that names the listening program, where the system lets us see it."""
    try:
        listening = psutil.net_connections(kind="tcp")
    except (psutil.AccessDenied, OSError):
        return ""
    for connection in listening:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            try:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
            except (psutil.Error, TypeError):
                return ""
    return ""
