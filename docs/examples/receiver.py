"""Takes Faro's events; needs `pip install standardwebhooks`. Behind a proxy that speaks HTTPS.

WEBHOOK_SECRETS=whsec_... PORT=8090 python receiver.py
"""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

# Two while a secret is being changed: one that fits is enough.
SECRETS = [Webhook(secret) for secret in os.environ["WEBHOOK_SECRETS"].split(",")]
LARGEST = 20_000
seen: set[str] = set()  # In your system: a table with the webhook-id as its key.


def signed(headers: dict[str, str], body: bytes) -> bool:
    for webhook in SECRETS:
        try:
            webhook.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return True
    return False


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        body = self.rfile.read(min(int(length), LARGEST + 1)) if length.isdigit() else b""
        if len(body) > LARGEST:
            return self.answer(413, {})
        if not signed(dict(self.headers), body):
            return self.answer(401, {})
        event = json.loads(body)
        if self.headers["webhook-id"] not in seen:
            seen.add(self.headers["webhook-id"])
            print(event["type"], event["data"]["reference"], flush=True)  # Here it goes into your system.
        self.answer(200, {"booking_id": event["data"]["request_id"], "status": "received"})

    def answer(self, status: int, body: dict[str, str]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Nothing about people in a log."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Receiver).serve_forever()
