"""The receivers of docs/api.md, as processes, against what Faro signs; and the page's other examples."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.booking.callback import TYPES, read_callback
from bot.booking.payload import wrong
from bot.booking.ports import CANCELLED, REQUESTED
from bot.booking.signature import signed
from bot.booking.worker import SCHEDULE
from tests.conftest import ROOT, require

PAGE = ROOT / "docs" / "api.md"
EXAMPLES = ROOT / "docs" / "examples"
SECRET, NEXT_SECRET, FOREIGN = ("whsec_" + letter * 32 for letter in "ABC")
LARGEST = 20_000


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def _events() -> list[dict[str, Any]]:
    read = [json.loads(block) for block in _blocks("json")]
    return [event for event in read if str(event.get("type", "")).startswith("consultation.")]


EVENT = next(event for event in _events() if event["type"] == REQUESTED)
#: Letters beyond ASCII: the signature is over the bytes.
BODY = json.dumps(EVENT, ensure_ascii=False).encode()


@dataclass(slots=True)
class Receiver:
    """A running receiver."""

    process: subprocess.Popen[str]
    port: int

    def post(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/hook", body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def stop(self) -> str:
        """What it printed."""
        self.process.terminate()
        return self.process.communicate(timeout=10)[0]


def _command(name: str) -> list[str]:
    if name.endswith(".py"):
        return [sys.executable, str(EXAMPLES / name)]
    node = shutil.which("node")
    require("node", node is not None, "sudo apt-get install -y nodejs")
    assert node is not None
    return [node, str(EXAMPLES / name)]


def _start(name: str, secrets: str, port: int) -> Receiver:
    environment = {**os.environ, "WEBHOOK_SECRETS": secrets, "PORT": str(port)}
    process = subprocess.Popen(
        _command(name), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        else:
            return Receiver(process, port)
    process.kill()
    raise AssertionError(f"{name} did not start: {process.communicate()[0]}")


@pytest.fixture(scope="module", params=["receiver.py", "receiver.mjs"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def receiver(name: str, unused_tcp_port_factory: Any) -> Iterator[Receiver]:
    started = _start(name, SECRET, unused_tcp_port_factory())
    yield started
    started.stop()


def _headers(secrets: list[str], id: str = "msg_1", body: bytes = BODY, **moved: float) -> dict[str, str]:
    return signed(secrets, id, datetime.now(UTC) + timedelta(**moved), body.decode())


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


GOOD = [
    ("one secret", lambda: _headers([SECRET])),
    ("the new secret first", lambda: _headers([NEXT_SECRET, SECRET])),
    ("the new secret second", lambda: _headers([SECRET, NEXT_SECRET])),
    ("four minutes old", lambda: _headers([SECRET], minutes=-4)),
    ("four minutes early", lambda: _headers([SECRET], minutes=4)),
]


@pytest.mark.parametrize(("case", "headers"), GOOD, ids=[case for case, _ in GOOD])
def test_what_faro_signs_is_taken(receiver: Receiver, case: str, headers: Any) -> None:
    status, answer = receiver.post(headers(), BODY)
    assert (status, answer) == (200, {"booking_id": EVENT["data"]["request_id"], "status": "received"})


def _forged(signature: str) -> dict[str, str]:
    return {**_headers([SECRET]), "webhook-signature": signature}


BAD = [
    ("a changed body", lambda: _headers([SECRET]), BODY.replace(b"urgent", b"likely")),
    ("the same JSON, written otherwise", lambda: _headers([SECRET]), json.dumps(EVENT).encode() + b" "),
    ("six minutes old", lambda: _headers([SECRET], minutes=-6), BODY),
    ("six minutes early", lambda: _headers([SECRET], minutes=6), BODY),
    ("a foreign secret", lambda: _headers([FOREIGN]), BODY),
    ("two foreign secrets", lambda: _headers([FOREIGN, NEXT_SECRET]), BODY),
    ("the id of another message", lambda: {**_headers([SECRET]), "webhook-id": "msg_2"}, BODY),
    ("no id", lambda: _without(_headers([SECRET]), "webhook-id"), BODY),
    ("no time", lambda: _without(_headers([SECRET]), "webhook-timestamp"), BODY),
    ("no signature", lambda: _without(_headers([SECRET]), "webhook-signature"), BODY),
    ("a time that is none", lambda: {**_headers([SECRET]), "webhook-timestamp": "nan"}, BODY),
    ("an empty signature", lambda: _forged("v1,"), BODY),
    ("no version", lambda: _forged("AAAA"), BODY),
    ("no base64", lambda: _forged("v1,%%%%"), BODY),
    (
        "another version",
        lambda: _forged(_headers([SECRET])["webhook-signature"].replace("v1", "v2")),
        BODY,
    ),
    ("nothing", dict, b""),
]


@pytest.mark.parametrize(("case", "headers", "body"), BAD, ids=[case for case, _, _ in BAD])
def test_what_faro_did_not_sign_is_refused(receiver: Receiver, case: str, headers: Any, body: bytes) -> None:
    assert receiver.post(headers(), body) == (401, {})


def test_more_than_an_event_is_refused_and_the_receiver_lives_on(receiver: Receiver) -> None:
    large = b" " * (LARGEST + 1)
    assert receiver.post(_headers([SECRET], body=large), large)[0] == 413
    assert receiver.post(_headers([SECRET]), BODY)[0] == 200


def test_while_secrets_change_the_receiver_may_be_first_and_takes_each_event_once(
    name: str, unused_tcp_port: int
) -> None:
    started = _start(name, f"{NEXT_SECRET},{SECRET}", unused_tcp_port)
    try:
        for secret in (SECRET, NEXT_SECRET):
            assert started.post(_headers([secret]), BODY)[0] == 200
        assert started.post(_headers([SECRET], id="msg_2"), BODY)[0] == 200
        assert started.post(_headers([FOREIGN], id="msg_3"), BODY)[0] == 401
    finally:
        printed = started.stop()
    assert printed.splitlines() == [f"consultation.requested {EVENT['data']['reference']}"] * 2


@pytest.mark.parametrize(("file", "language"), [("receiver.py", "python"), ("receiver.mjs", "js")])
def test_the_page_shows_the_files_that_are_run(file: str, language: str) -> None:
    assert (EXAMPLES / file).read_text(encoding="utf-8") in _blocks(language)


def test_the_events_of_the_page_are_as_the_schema_says() -> None:
    ours = [event for event in _events() if event["type"] in (REQUESTED, CANCELLED)]
    sent = [event for event in ours if "schema_version" in event]
    assert {event["type"] for event in sent} == {REQUESTED, CANCELLED}
    assert [wrong(event) for event in sent] == [None] * len(sent)


def test_the_callbacks_of_the_page_can_be_read() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    said = [event for event in _events() if "schema_version" not in event]
    assert tuple(event["type"] for event in said) == TYPES
    for event in said:
        body = json.dumps(event)
        read = read_callback([SECRET], signed([SECRET], "msg_1", now, body), body.encode(), now)
        assert (read.type, read.reference) == (event["type"], event["data"]["reference"])


def test_the_page_names_the_waits_of_the_code() -> None:
    words = {"seconds": 1, "minutes": 60, "hours": 3_600}
    row = PAGE.read_text(encoding="utf-8").partition("tried again after ")[2].partition("later")[0]
    named = [timedelta(seconds=int(n) * words[unit]) for n, unit in re.findall(r"(\d+)\s(\w+)", row)]
    assert tuple(named) == SCHEDULE
