"""``faro up``: everything that one machine needs to answer people."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.cli import urgency
from bot.cli.demo import fill, hints, receiver_command, receiver_environment, receiver_port
from bot.cli.doctor import problems_of_machine, problems_of_ports
from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.processes import Managed, ProcessFailed, Supervisor
from bot.cli.training import engine_environment, is_current, model_path, train
from bot.cli.whatsapp import simulator_environment
from bot.core.errors import BotError, SettingsError
from bot.settings import Settings

#: Seconds until the engine must have answered its first question; a slow disk takes most of it.
READY_WITHIN = 240.0

STEPS = {
    "starting": "Starting",
    "training": "Learning from the examples",
    "engine": "Loading the language model",
    "ready": "Ready",
}


class NotReady(BotError):
    """The processes run, but no question was answered in time."""


@dataclass(slots=True)
class Status:
    """How far the start has come, told in the terminal and in the file that the page shows."""

    file: Path
    bar: Progress
    task: int | None = None

    def tell(self, step: str, share: float) -> None:
        """Show that ``share`` (0 to 1) of a step is done."""
        description = STEPS.get(step, STEPS["training"])
        if self.task is None:
            self.task = self.bar.add_task(description, total=1.0)
        self.bar.update(self.bar.task_ids[0], description=description, completed=share)
        write_status(self.file, step, share)


def write_status(file: Path, step: str, share: float) -> None:
    """Replace the status file at once, so that a reader never sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps({"step": step, "progress": round(share, 3)}), encoding="utf-8")
    draft.replace(file)


def up(settings: Settings, console: Console, *, demo: bool = False) -> None:
    """Start gateway, actions and engine, keep them running until Ctrl-C or SIGTERM, stop them cleanly.

    ``demo`` opens the page with suggested questions, in a browser where there is one, and adds what staff would have:
    conversations in the console, a way into it for this run, and a receiver of requests.

    Raises SettingsError, TrainingFailed, ProcessFailed or NotReady, each with its remedy.
    """
    with only_one(settings.var):
        problems = [*problems_of_machine(settings.var), *problems_of_ports(settings)]
        if problems:
            raise SettingsError(problems)
        today = date.today()  # noqa: DTZ011 - the person at the terminal means theirs
        if settings.production and (sentence := urgency.unapproved(ROOT / "bot", today, "en")):
            console.print(sentence, style="yellow", markup=False)
        asyncio.run(_run(settings, console, demo))


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the lock that keeps a second ``faro up`` out of the same folder."""
    import fcntl

    var.mkdir(parents=True, exist_ok=True)
    with (var / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise SettingsError(
                [
                    "Faro already runs here: stop it with Ctrl-C where it runs, or set FARO_VAR to a second folder."
                ]
            ) from exc
        yield


async def _run(settings: Settings, console: Console, demo: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    supervisor = Supervisor(ROOT, lambda sentence: console.print(f"[yellow]{sentence}[/]"))
    try:
        work = asyncio.create_task(_start(settings, supervisor, console, demo))
        await _first(stop, supervisor.broken, work)
        if not stop.is_set():
            await _first(stop, supervisor.broken)
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, BotError):
            await work
        console.print("Stopping ...")
        await supervisor.stop()
        write_status(settings.status_file, "stopped", 0.0)


async def _first(
    stop: asyncio.Event, broken: asyncio.Future[ProcessFailed], *work: asyncio.Task[None]
) -> None:
    """Wait for a stop, a broken process or the end of ``work``; the last two may raise."""
    waiting = asyncio.create_task(stop.wait())
    awaited: set[asyncio.Future[Any]] = {waiting, broken, *work}
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if broken.done():
        raise broken.result()
    for task in work:
        if task.done():
            task.result()


async def _start(settings: Settings, supervisor: Supervisor, console: Console, demo: bool) -> None:
    address = f"http://{_for_browser(settings.host)}:{settings.port}{'/?demo' if demo else ''}"
    logs = settings.var / "log"
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    environment = _gateway_environment(settings)
    with Progress(*columns, console=console, transient=True) as bar:
        status = Status(settings.status_file, bar)
        status.tell("starting", 0.0)
        if demo:
            await fill(settings)
            if not settings.booking:
                port = receiver_port()
                await supervisor.start(
                    Managed("receiver", receiver_command(port), environment, logs / "receiver.log")
                )
                environment |= receiver_environment(port)
        await supervisor.start(Managed("gateway", python("bot.cli.serve"), environment, logs / "gateway.log"))
        console.print(f"Open [bold]{address}[/] (it shows the same progress until Faro is ready)")
        if not is_current(settings.var):
            seconds = await asyncio.to_thread(
                train, settings.var, lambda _, share: status.tell("training", share)
            )
            console.print(f"Learned from the examples in {seconds:.0f} s")
        status.tell("engine", 0.1)
        await supervisor.start(
            Managed("actions", python("actions.main"), _app_environment(settings), logs / "actions.log")
        )
        await supervisor.start(
            Managed("engine", engine_command(settings), engine_variables(settings), logs / "engine.log")
        )
        await _until_ready(settings, status)
        status.tell("ready", 1.0)
    if demo:
        await asyncio.to_thread(webbrowser.open, address)
        for sentence in await hints(settings, logs):
            console.print(sentence)
    console.print(f"[green]Ready[/]: ask at [bold]{address}[/]   (Ctrl-C stops it, logs lie in {logs})")


def python(module: str) -> list[str]:
    """How a module of this environment is started as a process."""
    return [sys.executable, "-m", module]


def engine_command(settings: Settings) -> list[str]:
    """How the engine is started: loopback only, one model, its log above debug."""
    return [
        str(ENGINE_PYTHON), "-m", "rasa", "run",
        "--model", str(model_path(settings.var)),
        "--interface", "127.0.0.1", "--port", str(settings.engine_port),
        "--credentials", "credentials.yml", "--endpoints", "endpoints.yml",
    ]  # fmt: skip


def engine_variables(settings: Settings) -> dict[str, str]:
    """What credentials.yml and endpoints.yml read from the environment."""
    return {
        **engine_environment(),
        # TensorFlow and BLAS need no second thread here; the encoder sets its own number (bot/engine/encoder.py).
        "OMP_NUM_THREADS": "1",
        "FARO_ENGINE_SECRET": settings.engine_secret,
        "FARO_ACTIONS_PORT": str(settings.actions_port),
        "FARO_ENGINE_DATABASE": f"sqlite:///{(settings.var / 'engine.db').resolve()}",
    }


def _app_environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FARO_SECRET_KEY": settings.secret_key,
        "FARO_ENGINE_SECRET": settings.engine_secret,
    }


def _gateway_environment(settings: Settings) -> dict[str, str]:
    """As for every part of ours; a demo can be written to by ``faro whatsapp simulate`` without more settings."""
    return {**_app_environment(settings), **simulator_environment(settings, os.environ)}


async def _until_ready(settings: Settings, status: Status) -> None:
    """Wait until the gateway's canary question is answered. Raises NotReady after READY_WITHIN seconds."""
    url = f"http://{_for_browser(settings.host)}:{settings.port}/readyz"
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        while loop.time() - began < READY_WITHIN:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            # Loading takes about 15 s here; the bar slows down as it nears the end.
            status.tell("engine", 1 - 0.9 ** (1 + (loop.time() - began) / 2))
            await asyncio.sleep(0.5)
    raise NotReady(
        f"Faro did not answer a question within {READY_WITHIN:.0f} s. The logs lie in {settings.var / 'log'}: "
        "look at the end of engine.log first."
    )


def _for_browser(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - only recognised here, never bound by default
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
