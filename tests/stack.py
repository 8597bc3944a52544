"""The whole of Faro as a person starts it, for tests: real processes, a folder and ports of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

ROOT = Path(__file__).resolve().parents[1]
READY_WITHIN = 180.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Refused(Exception):
    """The chat API answered with a problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(status, problem)
        self.status = status
        self.problem = problem


@dataclass(slots=True)
class Stack:
    """A running Faro; ``address`` is the gateway's."""

    process: subprocess.Popen[bytes]
    var: Path
    ports: dict[str, int]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports['FARO_PORT']}"

    @property
    def engine_address(self) -> str:
        return f"http://127.0.0.1:{self.ports['FARO_ENGINE_PORT']}"

    @property
    def engine_secret(self) -> str:
        return (self.var / "engine_secret").read_text().strip()

    def pid(self, part: str) -> int:
        """The process id of gateway, actions or engine."""
        module = {"gateway": "bot.cli.serve", "actions": "actions.main", "engine": "rasa"}[part]
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it may be dying this moment
                if module in child.cmdline():
                    return child.pid
        raise LookupError(f"{part} does not run")

    def wait_ready(self) -> None:
        """Until every part answers: a question in each language went through."""
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log("up")
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.3)
        raise AssertionError(
            "not ready:\n" + "\n".join(self.log(part) for part in ("up", "engine", "gateway"))
        )

    def log(self, part: str) -> str:
        file = self.var / "log" / f"{part}.log"
        return file.read_text(errors="replace")[-4000:] if file.exists() else ""

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self.address + path, timeout=15) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()

    def talk(self, language: str = "en", consent: bool | None = None) -> Talk:
        """A new conversation."""
        return Talk(self, language, consent)


class Talk:
    """One conversation through the chat API, as the page holds it."""

    def __init__(self, stack: Stack, language: str, consent: bool | None) -> None:
        self._stack = stack
        started = self._call("POST", "/api/chat/v1/conversations", {"language": language})
        self.id = started["conversation"]
        self.token = started["token"]
        self.messages: list[dict[str, Any]] = started["messages"]
        if consent is not None:
            self.choose(
                "Yes, keep it" if consent else "No, do not keep it",
                "Sí, guardar" if consent else "No guardar",
            )

    def say(self, text: str, client_message_id: str | None = None) -> list[dict[str, Any]]:
        """The bot's messages in answer to a text."""
        return self._send({"text": text}, client_message_id)

    def choose(self, *titles: str) -> list[dict[str, Any]]:
        """Press the newest choice with one of these titles."""
        for message in reversed(self.messages):
            for choice in message["choices"]:
                if choice["title"] in titles:
                    return self._send({"choice": choice["id"]}, None)
        raise LookupError(f"none of {titles} was offered; last: {self.messages[-1]['choices']}")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._call(method, f"/api/chat/v1/conversations/{self.id}{path}", body)

    def _send(self, what: dict[str, Any], client_message_id: str | None) -> list[dict[str, Any]]:
        body = {"client_message_id": client_message_id or uuid4().hex, **what}
        answer = self.call("POST", "/messages", body)
        said = [message for message in answer["messages"] if message["author"] == "bot"]
        self.messages += said
        return said

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(self._stack.address + path, method=method)
        request.add_header("Content-Type", "application/json")
        if hasattr(self, "token"):
            request.add_header("Authorization", f"Bearer {self.token}")
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=30) as response:
                raw = response.read()
        except urllib.error.HTTPError as refused:
            with refused:
                raise Refused(refused.code, json.loads(refused.read())) from None
        return json.loads(raw) if raw else None


@contextmanager
def running(var: Path, **settings: str) -> Iterator[Stack]:
    """Faro started by ``faro up`` with the model that ``faro train`` left in the checkout."""
    var.mkdir(parents=True, exist_ok=True)
    if not (var / "models").exists():
        (var / "models").symlink_to(ROOT / "var" / "models")
    ports = {name: free_port() for name in ("FARO_PORT", "FARO_ACTIONS_PORT", "FARO_ENGINE_PORT")}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FARO_")},
        **{name: str(port) for name, port in ports.items()},
        "FARO_VAR": str(var),
        "FARO_TODAY": "2026-11-21",
        "FARO_RATE_FACTOR": "1000",
        **settings,
    }
    (var / "log").mkdir(exist_ok=True)
    with (var / "log" / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [str(ROOT / ".venv" / "bin" / "faro"), "up"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        stack = Stack(process, var, ports)
        try:
            stack.wait_ready()
            yield stack
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
