"""The rules as their files stand now, for a process that lives long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.core.deadlines.rules import Rules, load_rules
from bot.core.errors import LawFileError
from bot.core.law import Parameters

# A disk is asked at most this often whether a file changed (seconds).
_LOOK_EVERY = 1.0


class FreshRules:
    """The rules under ``root``, read again after an edit.

    A broken edit leaves the last good rules in use, with the figures they were read with, and is told to
    ``on_problem`` once for each state of the files. Raises LawFileError when the rules cannot be read at the start.
    """

    def __init__(
        self, root: Path, parameters: Parameters, on_problem: Callable[[LawFileError], None] | None = None
    ) -> None:
        self._on_problem = on_problem
        self._looked: float | None = None
        self._stamp = _look(root)
        self._tried = parameters
        self._rules = load_rules(root, parameters)

    def now(self, parameters: Parameters, clock: float) -> Rules:
        """The rules with these figures. ``clock`` only goes forward, in seconds; the files are looked at no more than
        once in one of them."""
        edited = self._edited(clock)
        if edited or parameters is not self._tried:
            self._tried = parameters
            try:
                self._rules = load_rules(self._rules.root, parameters)
            except LawFileError as exc:
                if self._on_problem is not None:
                    self._on_problem(exc)
        return self._rules

    def _edited(self, clock: float) -> bool:
        if self._looked is not None and clock - self._looked < _LOOK_EVERY:
            return False
        self._looked = clock
        before, self._stamp = self._stamp, _look(self._rules.root)
        return self._stamp != before


def _look(root: Path) -> dict[str, tuple[int, int]]:
    """When each file was last written, and its size."""
    stamp: dict[str, tuple[int, int]] = {}
    for path in root.rglob("*.yml"):
        try:
            status = path.stat()
        except OSError:
            continue
        stamp[str(path)] = (status.st_mtime_ns, status.st_size)
    return stamp
