"""Passwords: argon2id in threads of their own, and what a password must be."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Characters; the longest keeps a hash from costing more than it should.
SHORTEST, LONGEST = 12, 200
#: Each hash takes 64 MiB for some tens of milliseconds.
_AT_ONCE = 2

#: Without the letters and digits that people confuse.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Passwords:
    """Hashes and checks passwords; ``hasher`` may be a cheaper one in tests."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password[:LONGEST])

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether the password has that hash. Without a hash it takes as long, and is no."""
        async with self._room:
            matches = await asyncio.to_thread(self._matches, kept or self._nobody, password[:LONGEST])
        return matches and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def one_time_password() -> str:
    """A password to give out: 80 bits in groups of four that can be read aloud."""
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(20))
    return "-".join(signs[start : start + 4] for start in range(0, 20, 4))


def problem_of(password: str, login: str, name: str) -> str | None:
    """Which of the rules a new password breaks, as the name of its words; None when it may be used."""
    if len(password) < SHORTEST:
        return "password_short"
    if len(password) > LONGEST:
        return "password_long"
    plain = password.casefold()
    if len(set(plain)) < 5 or any(
        part in plain for part in (login, *name.casefold().split()) if len(part) > 3
    ):
        return "password_guessable"
    return None
