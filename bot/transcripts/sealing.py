"""Encryption of what names a person: AES-256-GCM, with the place in the database as associated data.

A ciphertext opens only in the row and column for which it was made, so that nobody who can write to the
database can put one person's number into another's request. Keys rotate: the first encrypts, all open.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.core.errors import BotError

#: What comes first in every ciphertext: how it was made.
_FORM = b"\x01"
_KEY_ID = 4
_NONCE = 12
#: So many bytes at the beginning of a ciphertext say how it was made and with which key.
BEGINNING = len(_FORM) + _KEY_ID


class Unreadable(BotError):
    """A value cannot be opened: its key is not among FARO_DATA_KEY, or it was changed or moved."""


class Keys:
    """The keys of ``FARO_DATA_KEY``, each of 64 hexadecimal digits (32 bytes).

    Raises ValueError when there is none, or one has another form.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        raw = [bytes.fromhex(key) for key in keys]
        if not raw or any(len(key) != 32 for key in raw):
            raise ValueError("a key has 64 hexadecimal digits")
        self._ciphers = {_name(key): AESGCM(key) for key in raw}
        self._first = _name(raw[0])

    @property
    def first(self) -> bytes:
        """How every ciphertext of the key that encrypts begins."""
        return _FORM + self._first

    @property
    def known(self) -> frozenset[bytes]:
        """How the ciphertexts of all keys that open begin."""
        return frozenset(_FORM + name for name in self._ciphers)

    def seal(self, text: str, place: str) -> bytes:
        """The text encrypted for ``place``, such as ``bookings.body:<id>``."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._ciphers[self._first].encrypt(nonce, text.encode(), place.encode())
        return _FORM + self._first + nonce + sealed

    def open(self, sealed: bytes, place: str) -> str:
        """What was sealed for ``place``. Raises Unreadable."""
        form, rest = sealed[:1], sealed[1:]
        cipher = self._ciphers.get(rest[:_KEY_ID])
        if form != _FORM or cipher is None:
            raise Unreadable("The key of this value is not among FARO_DATA_KEY. Add the old key at its end.")
        nonce, text = rest[_KEY_ID : _KEY_ID + _NONCE], rest[_KEY_ID + _NONCE :]
        try:
            return cipher.decrypt(nonce, text, place.encode()).decode()
        except (InvalidTag, ValueError) as exc:
            raise Unreadable("This value was changed, or moved from another row.") from exc


def _name(key: bytes) -> bytes:
    """Tells keys apart without telling anything about them."""
    return hashlib.sha256(b"faro data key " + key).digest()[:_KEY_ID]
