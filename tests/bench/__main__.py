"""``make bench``: time, memory and start-up of Faro beside Rasa's default bot, in one run on one machine.

The default bot is what ``rasa init`` writes, trained here and asked through its REST channel. Machines are
noisy, so the two are asked alternately, and what counts is the ratio.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
from rich.console import Console
from rich.table import Table

from bot.cli.training import engine_environment, train
from tests.stack import ROOT, Stack, free_port, running

ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"
PER_POINT = 30
TURNS = (1, 50, 200)

QUESTIONS = (
    "can i work while i wait for asylum",
    "cuanto tiempo tengo para pedir asilo",
    "i crossed the border without papers can i apply",
    "puedo incluir a mi esposa y mis hijos",
    "can i ask for asylum from my country",
    "cuanto cuesta el permiso de trabajo",
)
DEFAULT_BOT_QUESTIONS = ("hello", "i am sad", "are you a bot", "great", "bye", "not good")


def post(url: str, body: dict[str, object], token: str = "") -> object:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def quantiles(samples: list[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(samples, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


@contextmanager
def default_bot(folder: Path) -> Iterator[tuple[str, float, float, int]]:
    """Rasa's own example: its address, training seconds, start-up seconds and process id."""
    environment = engine_environment()
    init = "from rasa.cli.scaffold import create_initial_project; create_initial_project('.')"
    subprocess.run([ENGINE_PYTHON, "-c", init], cwd=folder, env=environment, check=True, capture_output=True)
    began = time.perf_counter()
    subprocess.run(
        [ENGINE_PYTHON, "-m", "rasa", "train", "--fixed-model-name", "default"],
        cwd=folder, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    trained = time.perf_counter() - began
    (folder / "credentials.yml").write_text("rest:\n")
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [ENGINE_PYTHON, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "--enable-api"],
        cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
    try:
        while True:
            try:
                if post(address, {"sender": "start", "message": "hello"}):
                    break
            except OSError:
                pass
            time.sleep(0.2)
        yield address, trained, time.perf_counter() - began, process.pid
    finally:
        process.terminate()
        process.wait(30)


def memory(pid: int) -> float:
    """Resident megabytes of a process and its children."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / 1024**2


def train_from_nothing(console: Console) -> float:
    """Seconds of a training that must encode every example."""
    console.print("Training Faro from nothing ...")
    cache, aside = ROOT / ".cache", ROOT / ".cache-aside"
    cache.rename(aside)
    try:
        return train(ROOT / "var", lambda *_: None, force=True)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        aside.rename(cache)


def bench(console: Console, *, cold: bool) -> dict[str, object]:
    """Every figure; ``cold`` also trains without cached vectors, which takes some minutes."""
    figures: dict[str, object] = {}
    var = Path(tempfile.mkdtemp(prefix="faro-bench-"))
    default_folder = var / "default"
    default_folder.mkdir()
    console.print("Training Faro with the sentence vectors at hand ...")
    training = {"faro, vectors cached": train(ROOT / "var", lambda *_: None, force="--train" in sys.argv)}
    if cold:
        training["faro, from nothing"] = train_from_nothing(console)
    figures["training_s"] = training
    began = time.perf_counter()
    with running(var / "faro") as faro:
        faro_start = time.perf_counter() - began
        console.print("Training and starting Rasa's default bot ...")
        with default_bot(default_folder) as (address, trained, default_start, default_pid):
            training["default bot"] = trained
            figures["start_s"] = {"faro, all three": faro_start, "default bot": default_start}
            figures["per_message_ms"] = per_message(faro, address, console)
            figures["share_ms"] = shares(faro, console)
            figures["memory_mb"] = {
                **{part: memory(faro.pid(part)) for part in ("gateway", "actions", "engine")},
                "default bot": memory(default_pid),
            }
    shutil.rmtree(var, ignore_errors=True)
    return figures


def per_message(
    faro: Stack, default: str, console: Console
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """p50, p95, p99 of one message, fresh and deep in a conversation; both bots in turns."""
    console.print(f"Asking both bots, {PER_POINT} conversations of one turn each, then long ones ...")
    ours: dict[int, list[float]] = {turn: [] for turn in TURNS}
    theirs: dict[int, list[float]] = {turn: [] for turn in TURNS}
    for number in range(PER_POINT):
        talk = faro.talk("en", consent=True)
        # No text twice: the encoder remembers texts, and people do not repeat each other word for word.
        text = f"{QUESTIONS[number % len(QUESTIONS)]} n{number}"
        ours[1].append(timed(lambda talk=talk, text=text: talk.say(text)))  # type: ignore[misc]
        body = {"sender": uuid4().hex, "message": DEFAULT_BOT_QUESTIONS[number % len(DEFAULT_BOT_QUESTIONS)]}
        theirs[1].append(timed(lambda body=body: post(default, body)))  # type: ignore[misc]
    for long_one in range(1):
        talk, sender = faro.talk("en", consent=True), uuid4().hex
        for turn in range(2, max(TURNS) + 6):
            text = f"{QUESTIONS[turn % len(QUESTIONS)]} l{long_one} {turn}"
            spent = timed(lambda talk=talk, text=text: talk.say(text))  # type: ignore[misc]
            body = {"sender": sender, "message": DEFAULT_BOT_QUESTIONS[turn % len(DEFAULT_BOT_QUESTIONS)]}
            other = timed(lambda body=body: post(default, body))  # type: ignore[misc]
            for point in TURNS[1:]:
                if point - 5 <= turn <= point + 5:
                    ours[point].append(spent)
                    theirs[point].append(other)
    return {
        f"turn {turn}": {"faro": quantiles(ours[turn]), "default bot": quantiles(theirs[turn])}
        for turn in TURNS
    }


def shares(faro: Stack, console: Console) -> dict[str, float]:
    """Where the time of one message goes, median milliseconds."""
    console.print("Taking one message apart ...")
    headers = faro.engine_secret
    turn_url = f"{faro.engine_address}/webhooks/turn/turn"
    parse_url = f"{faro.engine_address}/webhooks/turn/parse"
    vector_url = f"{faro.engine_address}/webhooks/turn/vectors"
    whole, engine, parse, encoder, action = [], [], [], [], []
    utter = []
    for number in range(PER_POINT):
        text = f"{QUESTIONS[number % len(QUESTIONS)]} {number}"
        talk = faro.talk("en")
        whole.append(timed(lambda talk=talk, text=text: talk.say(text)))  # type: ignore[misc]
        turn = {
            "conversation": f"c_{uuid4().hex}", "message_id": uuid4().hex, "language": "en", "today": "2026-11-21",
            "timezone": "America/New_York", "channel": "web", "consent": False,
        }  # fmt: skip
        fresh = {**turn, "text": f"{text} ok"}
        engine.append(timed(lambda fresh=fresh: post(turn_url, fresh, headers)))  # type: ignore[misc]
        parse.append(timed(lambda text=text: post(parse_url, {"texts": [f"{text} hm"]}, headers)))  # type: ignore[misc]
        encoder.append(
            timed(lambda text=text: post(vector_url, {"texts": [f"{text} so"], "kind": "query"}, headers))
        )  # type: ignore[misc]
        # The same turn with an action call and with a plain response: the difference is the call.
        with_action = {**turn, "conversation": f"c_{uuid4().hex}", "payload": "/help"}
        without = {**turn, "conversation": f"c_{uuid4().hex}", "payload": "/thank"}
        action.append(timed(lambda body=with_action: post(turn_url, body, headers)))  # type: ignore[misc]
        utter.append(timed(lambda body=without: post(turn_url, body, headers)))  # type: ignore[misc]
    middle = statistics.median
    return {
        "whole message through the chat API": middle(whole),
        "gateway (whole less engine)": middle(whole) - middle(engine),
        "engine turn": middle(engine),
        "understanding (parse)": middle(parse),
        "encoder": middle(encoder),
        "action call": middle(action) - middle(utter),
    }


def show(figures: dict[str, object], console: Console) -> None:
    per = figures["per_message_ms"]
    assert isinstance(per, dict)
    table = Table(title="Milliseconds per message", title_justify="left")
    for heading in ("", "Faro p50", "p95", "p99", "default bot p50", "p95", "p99", "ratio of p50"):
        table.add_column(heading, justify="right")
    for turn, both in per.items():
        ours, theirs = both["faro"], both["default bot"]
        cells = [f"{value:.0f}" for value in (*ours, *theirs)]
        table.add_row(turn, *cells, f"{ours[0] / theirs[0]:.2f}")
    console.print(table)
    for title, unit in (("share_ms", "ms"), ("memory_mb", "MB"), ("start_s", "s"), ("training_s", "s")):
        rows = figures[title]
        assert isinstance(rows, dict)
        part = Table(title=title, title_justify="left")
        part.add_column("")
        part.add_column(unit, justify="right")
        for name, value in rows.items():
            part.add_row(name, f"{value:.1f}")
        console.print(part)


if __name__ == "__main__":
    out = Console(soft_wrap=True, highlight=False)
    os.chdir(ROOT)
    show(bench(out, cold="--cold" in sys.argv), out)
