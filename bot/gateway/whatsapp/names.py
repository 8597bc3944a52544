"""Names under which the database knows a provider's ids: nobody can read a phone number or a message's id from them."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"faro whatsapp names 1"


class Names:
    """HMAC-SHA-256 under a key of its own, derived from ``FARO_SECRET_KEY`` by HKDF; 64 hexadecimal digits.

    Not from the data keys: these rotate, and a repeated message must still be known by its name. With another secret
    everybody is new, and what a provider sends again is answered again.
    """

    def __init__(self, secret: str) -> None:
        """Raises ValueError without a secret."""
        if not secret:
            raise ValueError("names need a secret")
        self._key = HKDF(SHA256(), 32, None, _PURPOSE).derive(secret.encode())

    def message(self, provider: str, id: str) -> str:
        """Of a person's message, by the provider's id of it."""
        return self._name("message", provider, id)

    def alias(self, provider: str, alias: str) -> str:
        """Of a person, by one alias such as ``phone:15550100``."""
        return self._name("alias", provider, alias)

    def sent(self, provider: str, id: str) -> str:
        """Of a message of ours, by the provider's id of it."""
        return self._name("sent", provider, id)

    def handover(self, code: str) -> str:
        """Of a conversation on its way here, by the code that the person brings along."""
        return self._name("handover", "", code)

    def _name(self, kind: str, provider: str, value: str) -> str:
        # A lone surrogate, which JSON can carry, must not keep a message out.
        text = "\0".join((kind, provider, value)).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()
