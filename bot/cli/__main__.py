"""``python -m bot.cli``: what the ``faro`` script runs."""

from bot.cli.main import main

main()
