"""A model of a few intents, an action server and an engine, each started once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "tests" / "engine" / "bot"
SECRET = "a-secret-of-the-tests-0123456789"


@pytest.fixture(scope="session", autouse=True)
def at_the_root() -> Iterator[None]:
    """Rasa resolves the paths of config.yml against the working directory."""
    with contextlib.chdir(ROOT) if sys.version_info >= (3, 11) else _chdir(ROOT):
        yield


@contextlib.contextmanager
def _chdir(place: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(place)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture
def context() -> Any:
    """What Rasa tells a component about the graph around it."""
    from rasa.engine.graph import ExecutionContext, GraphSchema

    return ExecutionContext(GraphSchema({}), node_name="tested")


@pytest.fixture
def storage(tmp_path: Path) -> Any:
    """An empty model to train into and load from."""
    from rasa.engine.storage.local_model_storage import LocalModelStorage

    place = tmp_path / "storage"
    place.mkdir()
    return LocalModelStorage(place)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, int, int]]]:
    """The small model, trained with the project's own config.yml, and the progress that was told meanwhile."""
    from bot.engine.offline import train

    told: list[tuple[str, int, int]] = []
    folder = tmp_path_factory.mktemp("model")
    model = train(
        folder, "small", folder / "cache", BOT, ROOT / "config.yml", lambda *progress: told.append(progress)
    )
    return model, told


@pytest.fixture(scope="session")
def model(trained: tuple[Path, list[tuple[str, int, int]]]) -> Path:
    return trained[0]


def free_port() -> int:
    """A port on loopback that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server(ThreadingHTTPServer):
    """Ends its connections when it is closed, as a process that ends does."""

    def __init__(self, *arguments: Any) -> None:
        self._open: list[socket.socket] = []
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.append(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for connection in self._open:
            with contextlib.suppress(OSError):  # the other side closed it before
                connection.shutdown(socket.SHUT_RDWR)


class Actions:
    """The action server of ``bot/server.py``, in a thread; it can be stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: _Server | None = None

    def start(self) -> None:
        import runpy

        handler = runpy.run_path(str(BOT / "server.py"))["Handler"]
        self._server = _Server(("127.0.0.1", self.port), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture(scope="session")
def actions() -> Iterator[Actions]:
    server = Actions()
    server.start()
    yield server
    server.stop()


class Engine:
    """``rasa run`` with the project's credentials.yml and endpoints.yml on a port of its own."""

    def __init__(self, model: Path, actions: Actions, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "engine.log"
        self.database = folder / "engine.db"
        self._model = model
        self._actions = actions
        self._process: subprocess.Popen[bytes] | None = None
        self._sent = 0

    def start(self) -> None:
        """Start it and wait until it can do turns."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RASA_TELEMETRY_ENABLED": "false",
            "FARO_ENGINE_SECRET": SECRET,
            "FARO_ACTIONS_PORT": str(self._actions.port),
            "FARO_ENGINE_DATABASE": f"sqlite:///{self.database}",
        }
        command = [
            sys.executable, "-W", "ignore", "-m", "rasa", "run", "--model", str(self._model),
            "--interface", "127.0.0.1", "--port", str(self.port),
            "--credentials", "credentials.yml", "--endpoints", "endpoints.yml",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        began = time.monotonic()
        while self.post("parse", {"texts": []})[0] != 200:
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < 120, self.log.read_text()
            threading.Event().wait(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait until it is gone."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(30)

    def post(self, path: str, body: Any, secret: str = SECRET) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one call; status 0 when nothing listens."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/webhooks/turn/{path}",
            data,
            {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as exc:
            return exc.code, json.load(exc)
        except urllib.error.URLError:
            return 0, {}

    def turn(self, text: str | None = None, **others: Any) -> tuple[int, dict[str, Any]]:
        """One turn; every field of the contract has a default."""
        self._sent += 1
        body = {
            "conversation": "c_1",
            "message_id": f"m_{self._sent}",
            "language": "en",
            "today": "2026-11-21",
            "now": "2026-11-21T17:00:00+00:00",
            "timezone": "",
            "firm_timezone": "America/New_York",
            "channel": "web",
            "consent": True,
            **others,
        }
        if text is not None:
            body["text"] = text
        return self.post("turn", body)

    def said(self, text: str | None = None, **others: Any) -> list[str]:
        """The names of what is said in a turn that must succeed."""
        status, answer = self.turn(text, **others)
        assert status == 200, answer
        return [message["id"] for message in answer["messages"]]


@pytest.fixture(scope="session")
def engine(model: Path, actions: Actions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    running = Engine(model, actions, tmp_path_factory.mktemp("engine"))
    running.start()
    yield running
    running.stop()
