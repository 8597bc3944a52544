"""A small action server with rasa-sdk's wire format: one port on loopback, printed when it listens.

It needs nothing but the standard library, so that the tests of the engine run in the engine's environment alone.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def answer(call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The status and body for one call, as ``rasa_sdk`` would give them."""
    name = call["next_action"]
    tracker = call["tracker"]
    if name == "action_answer":
        message = tracker["latest_message"]
        reply = {
            "kind": "answer",
            "id": message["intent"]["name"],
            "lang": tracker["slots"]["language"] or "none",
            "text": json.dumps(message["metadata"], sort_keys=True),
        }
        return 200, {
            "events": [{"event": "slot", "name": "counted", "value": tracker["slots"]["counted"] + 1}],
            "responses": [{"custom": reply}],
        }
    if name == "validate_deadline_form":
        candidates = {}
        for event in reversed(tracker["events"]):
            if event["event"] != "slot":
                break
            if event["name"] != "requested_slot":
                candidates[event["name"]] = event["value"]
        slots = [{"event": "slot", "name": key, "value": value} for key, value in candidates.items()]
        return 200, {"events": slots, "responses": []}
    if name == "action_bad_shape":
        return 200, {"events": [{"event": "slot", "nome": "counted"}], "responses": "none"}
    return 500, {"error": "failed", "action_name": name, "tracker": tracker}


class Handler(BaseHTTPRequestHandler):
    """Answers POST /webhook."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = answer(call)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        return


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
