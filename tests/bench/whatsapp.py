"""WhatsApp under load: answers a second, how long people wait for theirs, and how fast our webhook answers.

    python -m tests.bench.whatsapp [MESSAGES]

A gateway in a process of its own, a stand-in for the Cloud API, and people who each write, wait for the answer, and
write again. The engine is a stand-in whose turn takes a fixed time, alone and as two behind one address, so that what
grows with the people waiting is the gateway's part and the queue's; last comes the real engine, once and twice, where
it is trained. Times hold for this machine only: what counts are the ratios within one run.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import unused_port

from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.training import engine_environment, is_current, model_path
from bot.settings import load_settings
from bot.simulator.cloud import CloudStandIn
from bot.simulator.phone import Phone
from tests.booking.conftest import KEY
from tests.faults import whatsapp_engine, whatsapp_gateway
from tests.faults.whatsapp_engine import MARK
from tests.faults.whatsapp_gateway import Waits
from tests.gateway.standin import SECRET
from tests.whatsapp import simulators

#: Seconds of one turn of the stand-in engine; the real one takes about this on an idle core.
TURN = 0.05
WAITING = (1, 10, 50, 200)
QUESTION = "¿Cuánto tarda el permiso de trabajo?"
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Run:
    """``latencies`` and ``webhook`` in seconds."""

    messages: int
    seconds: float
    latencies: list[float]
    webhook: list[float]

    def row(self, name: str) -> str:
        p50, p95 = percentiles(self.latencies)
        hook50, hook95 = percentiles(self.webhook)
        return (
            f"{name:34} {self.messages / self.seconds:8.1f} {p50:9.2f} {p95:9.2f} "
            f"{hook50 * 1000:12.0f} {hook95 * 1000:9.0f}"
        )


def percentiles(values: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


@contextmanager
def process(target: object, *arguments: object) -> Iterator[None]:
    """A process that is killed at the end."""
    started = _SPAWN.Process(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
    started.start()
    try:
        yield
    finally:
        started.kill()
        started.join()


async def answering(port: int, seconds: float = 120.0) -> None:
    """Until somebody listens."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def faro(folder: Path, engine_url: str, secret: str) -> AsyncIterator[CloudStandIn]:
    """A gateway whose messages come from and go to a stand-in for Meta."""
    port = unused_port()
    meta = simulators.cloud(
        f"http://127.0.0.1:{port}", webhook="/webhooks/whatsapp/cloud", burst=1e9, per_second=1e9
    )
    await meta.start()
    environ = {
        "FARO_PORT": str(port), "FARO_DATABASE_URL": f"sqlite:///{folder / 'faro.db'}", "FARO_DATA_KEY": KEY,
        "FARO_SECRET_KEY": "s" * 64, "FARO_ENGINE_SECRET": secret, "FARO_ENGINE_URL": engine_url,
        "FARO_VAR": str(folder), "FARO_RATE_FACTOR": "1000", "FARO_LOG_LEVEL": "error",
        "FARO_WHATSAPP": "cloud", "FARO_WHATSAPP_APP_SECRET": simulators.APP_SECRET,
        "FARO_WHATSAPP_VERIFY_TOKEN": "v" * 32, "FARO_WHATSAPP_TOKEN": simulators.ACCESS_TOKEN,
        "FARO_WHATSAPP_PHONE_ID": simulators.NUMBER_ID, "FARO_WHATSAPP_API_URL": meta.url,
    }  # fmt: skip
    with process(whatsapp_gateway.run, environ, Waits()):
        try:
            await answering(port)
            yield meta
        finally:
            await meta.stop()


async def load(meta: CloudStandIn, people: int, messages: int, *, marked: bool) -> Run:
    """``people`` who write as soon as they are answered, until ``messages`` are answered in all."""
    phones = [Phone(meta) for _ in range(people)]
    # The first message brings the greeting; it is not counted.
    await asyncio.gather(*(answered(phone, 0, number, marked) for number, phone in enumerate(phones)))
    del meta.answers[:]
    left = iter(range(messages))
    latencies: list[float] = []

    async def go_on(number: int, phone: Phone) -> None:
        for turn in left:
            latencies.append(await answered(phone, turn + 1, number, marked))

    began = time.perf_counter()
    await asyncio.gather(*(go_on(number, phone) for number, phone in enumerate(phones)))
    seconds = time.perf_counter() - began
    webhook = [answer.seconds for answer in meta.answers if answer.kind == "message"]
    return Run(messages, seconds, latencies, webhook)


async def answered(phone: Phone, turn: int, number: int, marked: bool) -> float:
    """Seconds from writing to the answer."""
    began = time.perf_counter()
    mark = f"m-{number:03}-{turn:05}"
    await phone.says(f"{QUESTION} {mark}" if marked else QUESTION)
    while True:
        for message in await phone.hears(1, within=300):
            named = mark in MARK.findall(message.text)
            # The real engine does not name what it answers, but each person waits for one answer only.
            if named or (not marked and "permiso" in message.text):
                return time.perf_counter() - began


async def webhooks_alone(meta: CloudStandIn, messages: int) -> list[float]:
    """How fast our webhook answers when nothing else happens to the messages."""
    phones = [Phone(meta) for _ in range(20)]
    del meta.answers[:]
    for number in range(messages):
        await phones[number % len(phones)].says(f"{QUESTION} m-{number:03}-99999")
    return [answer.seconds for answer in meta.answers if answer.kind == "message"]


async def with_stand_in_engines(messages: int) -> dict[str, Run]:
    """Each number of engines with each number of people waiting."""
    found: dict[str, Run] = {}
    for engines in (1, 2):
        for people in WAITING:
            with tempfile.TemporaryDirectory(prefix="faro-bench-") as name:
                port = unused_port()
                with process(whatsapp_engine.run, port, "", TURN, engines):
                    await answering(port)
                    async with faro(Path(name), f"http://127.0.0.1:{port}", SECRET) as meta:
                        count = max(20, min(messages, people * 20))
                        found[f"{engines} x {people}"] = await load(meta, people, count, marked=True)
            print(found[f"{engines} x {people}"].row(f"{engines} engine(s), {people} waiting"), flush=True)
    return found


async def the_webhook(messages: int) -> None:
    """Its answer times with the engine idle, busy and down."""
    print(f"\n{'our webhook, ms':34} {'p50':>8} {'p95':>9}")
    for state in ("idle", "busy", "down"):
        with tempfile.TemporaryDirectory(prefix="faro-bench-") as name, contextlib.ExitStack() as stack:
            port = unused_port()
            if state != "down":
                stack.enter_context(process(whatsapp_engine.run, port, "", TURN))
                await answering(port)
            async with faro(Path(name), f"http://127.0.0.1:{port}", SECRET) as meta:
                busy = asyncio.create_task(load(meta, 50, 10**6, marked=True)) if state == "busy" else None
                if busy is not None:
                    await asyncio.sleep(5)
                p50, p95 = percentiles(await webhooks_alone(meta, messages))
                if busy is not None:
                    busy.cancel()
                    await asyncio.gather(busy, return_exceptions=True)
        print(f"{'engine ' + state:34} {p50 * 1000:8.0f} {p95 * 1000:9.0f}", flush=True)


@asynccontextmanager
async def real_engines(folder: Path, count: int) -> AsyncIterator[str]:
    """The address before ``count`` real engines, each conversation always at the same one."""
    settings = load_settings({"FARO_VAR": str(ROOT / "var")})
    secret, ports = "e" * 64, [unused_port() for _ in range(count)]
    actions_port = unused_port()
    common = {**os.environ, "PYTHONPATH": str(ROOT), "FARO_ENGINE_SECRET": secret}
    common |= {"FARO_ACTIONS_PORT": str(actions_port), "FARO_VAR": str(folder), "FARO_TODAY": "2026-11-21"}
    commands = [([sys.executable, "-m", "actions.main"], {**common, "FARO_SECRET_KEY": "s" * 64})]
    for number, port in enumerate(ports):
        command = [
            str(ENGINE_PYTHON), "-m", "rasa", "run", "--model", str(model_path(settings.var)),
            "--interface", "127.0.0.1", "--port", str(port), "--credentials", "credentials.yml",
            "--endpoints", "endpoints.yml",
        ]  # fmt: skip
        engine = {
            **engine_environment(), "OMP_NUM_THREADS": "1", "FARO_ENGINE_SECRET": secret,
            "FARO_ACTIONS_PORT": str(actions_port), "FARO_ENGINE_DATABASE": f"sqlite:///{folder / f'{number}.db'}",
        }  # fmt: skip
        commands.append((command, engine))
    quiet = subprocess.DEVNULL
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
        for command, environment in commands
    ]
    balancer = Balancer(ports)
    try:
        for port in (actions_port, *ports):
            await answering(port)
        yield await balancer.start()
    finally:
        await balancer.stop()
        for one in running:
            one.kill()
            one.wait()


class Balancer:
    """Hands each conversation to one of several engines, as a proxy before them does."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        app = web.Application()
        app.router.add_post("/{path:.*}", self._hand_on)
        self._runner = web.AppRunner(app, access_log=None)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> str:
        self._session = aiohttp.ClientSession()
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        await self._runner.cleanup()

    async def _hand_on(self, request: web.Request) -> web.Response:
        assert self._session is not None
        body = await request.json()
        port = self._ports[hash(body.get("conversation", "")) % len(self._ports)]
        headers = {"Authorization": request.headers.get("Authorization", "")}
        try:
            async with self._session.post(
                f"http://127.0.0.1:{port}{request.path}", json=body, headers=headers
            ) as answer:
                return web.Response(
                    body=await answer.read(), status=answer.status, content_type="application/json"
                )
        except aiohttp.ClientError:
            return web.Response(status=502)


async def with_real_engines(messages: int) -> None:
    """Ten people at one real engine, and at two."""
    if not is_current(ROOT / "var"):
        print("\nThe model is not trained (make train): no real engine.")
        return
    rates = []
    for count in (1, 2):
        with tempfile.TemporaryDirectory(prefix="faro-bench-") as name:
            folder = Path(name)
            async with real_engines(folder, count) as url, faro(folder, url, "e" * 64) as meta:
                run = await load(meta, 10, messages, marked=False)
        rates.append(run.messages / run.seconds)
        print(run.row(f"{count} real engine(s), 10 waiting"), flush=True)
    print(f"two real engines answer {rates[1] / rates[0]:.2f} times as many on {os.cpu_count()} cores")


async def main(messages: int) -> None:
    """Prints everything."""
    print(
        f"a turn of the stand-in engine takes {TURN * 1000:.0f} ms, so one engine answers {1 / TURN:.0f} a second"
    )
    print(f"{'':34} {'answers/s':>8} {'p50 s':>9} {'p95 s':>9} {'webhook p50 ms':>12} {'p95':>9}")
    found = await with_stand_in_engines(messages)
    most = WAITING[-1]
    rates = {name: run.messages / run.seconds for name, run in found.items()}
    print(
        f"two engines answer {rates[f'2 x {most}'] / rates[f'1 x {most}']:.2f} times as many as one, "
        f"with {most} people waiting"
    )
    await with_real_engines(messages)
    await the_webhook(messages)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
