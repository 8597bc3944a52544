"""The supervisor, with small real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cli import processes
from bot.cli.processes import Managed, Supervisor


@pytest.fixture
async def told() -> list[str]:
    return []


@pytest.fixture
async def supervisor(
    told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Supervisor]:
    monkeypatch.setattr(processes, "BACKOFF", (0.0,))
    monkeypatch.setattr(processes, "GRACE", 0.5)
    running = Supervisor(tmp_path, told.append)
    yield running
    await running.stop()


def python(name: str, code: str, folder: Path) -> Managed:
    return Managed(name, [sys.executable, "-c", code], dict(os.environ), folder / f"{name}.log")


async def until(condition: object) -> None:
    async with asyncio.timeout(20):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


WAIT = "import time; print('up', flush=True); time.sleep(60)"


async def test_a_killed_process_is_started_again(
    supervisor: Supervisor, told: list[str], tmp_path: Path
) -> None:
    await supervisor.start(python("sleeper", WAIT, tmp_path))
    first = supervisor.process_ids()["sleeper"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.process_ids().get("sleeper", first) != first)
    assert "sleeper ended (killed by SIGKILL)" in told[0]


async def test_a_process_that_keeps_dying_stops_the_whole_with_the_end_of_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(python("broken", "raise SystemExit('no database')", tmp_path))
    failure = await asyncio.wait_for(supervisor.broken, 20)
    assert "broken keeps ending (exit code 1)" in str(failure)
    assert "no database" in str(failure)


async def test_stopping_ends_even_a_process_that_ignores_the_polite_signal(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAIT
    await supervisor.start(python("deaf", deaf, tmp_path))
    await until(lambda: "up" in (tmp_path / "deaf.log").read_text())
    pid = supervisor.process_ids()["deaf"]
    await supervisor.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_child_does_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    """SIGKILL leaves no time to clean up; Linux ends the children, so that no port stays taken."""
    code = f"""
import asyncio, sys
from pathlib import Path
from bot.cli.processes import Managed, Supervisor
async def main():
    supervisor = Supervisor(Path({str(tmp_path)!r}), print)
    log = Path({str(tmp_path)!r}, "child.log")
    await supervisor.start(Managed("child", [sys.executable, "-c", {WAIT!r}], {{}}, log))
    print(supervisor.process_ids()["child"], flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    await until(lambda: "up" in (tmp_path / "child.log").read_text())
    parent.kill()
    await parent.wait()

    def gone() -> bool:
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        return state == "Z"

    await until(gone)
