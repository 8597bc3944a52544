"""Who may do what: the roles of staff, and the one shape in which a route of the console can exist."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

#: From the least to the most: each may do what those before it may.
ROLES = ("reader", "reviewer", "attorney", "admin")

#: In place of a role: whoever asks, and whoever has signed in but has still to set up the account.
OPEN, SETUP = "open", "setup"

#: Where the console stands below the gateway.
PREFIX = "/staff"

_METHODS = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the firm who is signed in."""

    id: str
    login: str
    name: str
    role: str
    language: str

    def may(self, role: str) -> bool:
        """Whether this one's role is ``role`` or above it."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked of the console; ``path`` is below ``PREFIX``.

    ``changes``: something is different afterwards. Such a route is a POST, and every POST needs the session's token
    (before there is one, it must come from a page of this site). ``audit`` is the code that the audit log gets before
    the handler runs, with the first name in the path as its object; with ``own_audit`` the handler writes it, in the
    transaction of the change. ``passive``: asking does not keep the session alive, as when a page asks by itself.

    Raises ValueError for a route that would let somebody through, or change something without a line in the log.
    """

    method: str
    path: str
    handler_name: str
    role: str
    _: KW_ONLY
    changes: bool
    audit: str = ""
    own_audit: bool = False
    passive: bool = False

    def __post_init__(self) -> None:
        where = f"{self.method} {self.path}"
        if self.method not in _METHODS:
            raise ValueError(f"{where}: a method is GET or POST")
        if self.role not in (*ROLES, OPEN, SETUP):
            raise ValueError(f"{where}: no such role as {self.role!r}")
        if self.changes and self.method != "POST":
            raise ValueError(f"{where}: what changes something is a POST")
        if self.changes and not self.audit:
            raise ValueError(f"{where}: what changes something needs its code in the audit log")
