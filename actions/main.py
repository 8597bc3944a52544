"""``python -m actions.main``: the action server as a process of its own, on loopback."""

from __future__ import annotations

import os

from aiohttp import web

from actions.library import section_examples
from actions.server import create_app
from bot.settings import load_settings


def main() -> None:
    """Serve the actions until SIGTERM."""
    settings = load_settings(os.environ)
    section_examples()
    web.run_app(
        create_app(in_service=True), host="127.0.0.1", port=settings.actions_port, print=None, access_log=None
    )


if __name__ == "__main__":
    main()
