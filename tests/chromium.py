"""How Chromium is started by tests, benchmarks and the pictures."""

from __future__ import annotations

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
