"""What a person gets when a part of Faro is stopped, killed or slow, on real processes."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest

from tests.stack import Refused, Stack, free_port, running

PHONE = "555-0100"


@pytest.fixture(autouse=True)
def all_well_before_and_after(faro: Stack) -> Iterator[None]:
    faro.wait_ready()
    yield
    faro.wait_ready()


def paused(stack: Stack, part: str) -> Callable[[], None]:
    """Stop a process as a hung machine would; what comes back lets it run again."""
    pid = stack.pid(part)
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def killed(stack: Stack, part: str) -> None:
    os.kill(stack.pid(part), signal.SIGKILL)


def eventually(condition: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.2)


def test_a_killed_action_server_gives_an_apology_with_the_phone_number_and_comes_back(faro: Stack) -> None:
    talk = faro.talk("es")
    first = faro.pid("actions")
    killed(faro, "actions")
    said = talk.say("¿puedo trabajar mientras espero?")
    if said[-1]["kind"] == "apology":  # the supervisor may have been quicker
        assert PHONE in said[-1]["text"]
        assert said[-1]["language"] == "es"
    eventually(lambda: runs_anew(faro, "actions", first))
    eventually(lambda: talk.say("¿puedo trabajar mientras espero?")[0]["kind"] == "answer")


def test_a_hung_action_server_is_apologised_for_within_the_time_limit(faro: Stack) -> None:
    talk = faro.talk("en")
    go_on = paused(faro, "actions")
    try:
        began = time.monotonic()
        said = talk.say("can i work while i wait")
        assert time.monotonic() - began < 8
        assert said[-1]["kind"] == "apology"
        assert PHONE in said[-1]["text"]
    finally:
        go_on()
    eventually(lambda: talk.say("can i work while i wait")[0]["kind"] == "answer")


def test_a_hung_engine_is_apologised_for_and_emergencies_are_still_answered(faro: Stack) -> None:
    talk = faro.talk("es")
    go_on = paused(faro, "engine")
    try:
        began = time.monotonic()
        emergency = talk.say("la migra esta tocando mi puerta ahorita")
        assert time.monotonic() - began < 2
        assert emergency[0]["about"] == "emergency_agents"
        assert talk.say("¿puedo trabajar mientras espero?")[-1]["kind"] == "apology"
        assert faro.get("/healthz")[0] == 200
    finally:
        go_on()
    eventually(lambda: talk.say("¿puedo trabajar mientras espero?")[0]["kind"] == "answer")


def test_a_killed_engine_comes_back_and_the_conversation_goes_on(faro: Stack) -> None:
    talk = faro.talk("en", consent=True)
    assert talk.say("can i work while i wait")[0]["kind"] == "answer"
    first = faro.pid("engine")
    killed(faro, "engine")
    said = talk.say("what does it cost to apply for asylum")
    assert said[-1]["kind"] in ("apology", "answer")
    eventually(lambda: runs_anew(faro, "engine", first))
    eventually(lambda: talk.say("what does it cost to apply for asylum")[0]["kind"] == "answer")


def test_a_killed_gateway_keeps_what_was_consented_to(faro: Stack) -> None:
    kept, unkept = faro.talk("en", consent=True), faro.talk("en")
    for talk in (kept, unkept):
        talk.say("can i work while i wait")
    first = faro.pid("gateway")
    killed(faro, "gateway")
    eventually(lambda: runs_anew(faro, "gateway", first))
    faro.wait_ready()
    texts = [message["text"] for message in kept.call("GET", "/messages?after=0")["messages"]]
    assert "can i work while i wait" in texts
    with pytest.raises(Refused) as gone:
        unkept.call("GET", "/messages?after=0")
    assert gone.value.problem["code"] == "conversation_gone"


def test_20_000_characters_are_refused_with_what_to_do(faro: Stack) -> None:
    with pytest.raises(Refused) as refused:
        faro.talk("es").say("me paso esto " * 1540)
    assert (refused.value.status, refused.value.problem["code"]) == (413, "text_too_long")
    assert "4" in refused.value.problem["detail"]


def test_a_long_story_gets_its_answer(faro: Stack) -> None:
    story = "yo era maestra en mi pais y un dia llegaron unos hombres a preguntar por mi hermano. " * 20
    said = faro.talk("es").say(story + "mi pregunta es si puedo trabajar mientras espero el asilo")
    assert said[0]["kind"] in ("answer", "question", "notice")


def test_the_canary_tells_which_part_is_down(faro: Stack) -> None:
    go_on = paused(faro, "actions")
    try:
        eventually(lambda: faro.get("/readyz")[0] == 503, 40)
    finally:
        go_on()
    faro.wait_ready()


def runs_anew(stack: Stack, part: str, before: int) -> bool:
    try:
        return stack.pid(part) != before
    except LookupError:
        return False


class LosingProxy:
    """Between gateway and engine: when armed, it takes the engine's answer, kills the engine and says nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        self.engine = ""
        self.kill: Callable[[], None] | None = None
        self.lost: dict[str, Any] | None = None
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = urllib.request.Request(proxy.engine + self.path, body, dict(self.headers.items()))
                try:
                    with urllib.request.urlopen(request, timeout=20) as response:
                        status, answer = response.status, response.read()
                except urllib.error.HTTPError as refused:
                    with refused:
                        status, answer = refused.code, refused.read()
                except OSError:
                    self.close_connection = True
                    return
                is_turn = self.path.endswith("/turn/turn") and b'"text"' in body
                if proxy.kill and is_turn and b"c_canary" not in body:
                    proxy.lost = {"request": json.loads(body), "answer": json.loads(answer)}
                    proxy.kill()
                    proxy.kill = None
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, LosingProxy]]:
    proxy = LosingProxy()
    engine_port = free_port()
    proxy.engine = f"http://127.0.0.1:{engine_port}"
    settings = {
        "FARO_ENGINE_URL": f"http://127.0.0.1:{proxy.port}",
        "FARO_ENGINE_PORT": str(engine_port),
    }
    with running(tmp_path_factory.mktemp("proxied"), **settings) as stack:
        stack.ports["FARO_ENGINE_PORT"] = engine_port
        yield stack, proxy
    proxy.server.shutdown()
    proxy.server.server_close()


def test_a_turn_whose_answer_was_lost_is_not_done_twice(behind_proxy: tuple[Stack, LosingProxy]) -> None:
    """The engine dies after the turn and before its answer: asked again with the same id it gives the stored reply."""
    stack, proxy = behind_proxy
    talk = stack.talk("en", consent=True)
    proxy.kill = lambda: killed(stack, "engine")
    said = talk.say("can i work while i wait", uuid4().hex)
    assert proxy.lost is not None
    assert said[-1]["kind"] in ("apology", "answer")
    request = urllib.request.Request(
        f"{stack.engine_address}/webhooks/turn/turn",
        json.dumps(proxy.lost["request"]).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {stack.engine_secret}"},
    )
    again: dict[str, Any] = {}

    def asked_again() -> bool:
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                again.update(json.loads(response.read()))
        except OSError:  # the engine is still loading
            return False
        return True

    eventually(asked_again)
    assert again["replayed"] is True
    assert again["messages"] == proxy.lost["answer"]["messages"]
