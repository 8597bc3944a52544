"""Starting, watching, restarting and stopping the three processes of Faro."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.errors import BotError

#: Seconds between SIGTERM and SIGKILL.
GRACE = 18.0
#: A process that dies this often within CRASH_WINDOW seconds is not restarted again: something is broken.
CRASHES_ALLOWED = 5
CRASH_WINDOW = 120.0
#: Seconds before a restart, by how many crashes came before it; the last one repeats.
BACKOFF = (0.2, 1.0, 3.0, 10.0)

PR_SET_PDEATHSIG = 1


class ProcessFailed(BotError):
    """A process could not be kept running; the message holds the end of its log."""


@dataclass(slots=True)
class Managed:
    """One process: how it is started and how it has fared."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None
    crashes: list[float] = field(default_factory=list)


class Supervisor:
    """Keeps processes running until ``stop``. ``told`` hears every start and crash as a sentence for staff."""

    def __init__(self, cwd: Path, told: Callable[[str], None]) -> None:
        self._cwd = cwd
        self._told = told
        self._managed: list[Managed] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False
        self.broken: asyncio.Future[ProcessFailed] = asyncio.get_running_loop().create_future()

    async def start(self, managed: Managed) -> None:
        """Start a process and watch it from now on."""
        managed.log.parent.mkdir(parents=True, exist_ok=True)
        managed.log.write_bytes(b"")
        await self._spawn(managed)
        self._managed.append(managed)
        self._watchers.append(asyncio.create_task(self._watch(managed), name=f"watch {managed.name}"))

    def process_ids(self) -> dict[str, int]:
        """The process id of each running process by its name."""
        return {m.name: m.process.pid for m in self._managed if m.process and m.process.returncode is None}

    async def stop(self) -> None:
        """End all processes, the last started first: politely, after GRACE seconds by force."""
        self._stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await asyncio.gather(*(self._end(managed) for managed in reversed(self._managed)))

    async def _spawn(self, managed: Managed) -> None:
        with managed.log.open("ab") as output:
            managed.process = await asyncio.create_subprocess_exec(
                *managed.command,
                cwd=self._cwd,
                env=dict(managed.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C reaches the supervisor alone, which then ends the processes in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    async def _watch(self, managed: Managed) -> None:
        while True:
            assert managed.process is not None
            code = await managed.process.wait()
            if self._stopping:
                return
            now = time.monotonic()
            managed.crashes = [moment for moment in managed.crashes if now - moment < CRASH_WINDOW] + [now]
            if len(managed.crashes) > CRASHES_ALLOWED:
                if not self.broken.done():
                    self.broken.set_result(ProcessFailed(_last_words(managed, code)))
                return
            pause = BACKOFF[min(len(managed.crashes), len(BACKOFF)) - 1]
            self._told(f"{managed.name} ended ({_how(code)}); starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            await self._spawn(managed)

    async def _end(self, managed: Managed) -> None:
        process = managed.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _die_with_parent() -> None:
    """Ask Linux to end the child when the supervisor is killed, so that no port stays taken."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _last_words(managed: Managed, code: int) -> str:
    lines = managed.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
    return "\n".join(
        [
            f"{managed.name} keeps ending ({_how(code)}), so Faro stopped. The end of {managed.log}:",
            *(f"  {line}" for line in lines),
        ]
    )
