"""Every route of the console, in one table: the application is made from it and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console import (
    admin,
    articles,
    insights,
    judging,
    learning,
    own_account,
    pages,
    recall,
    signin,
    static,
)
from bot.console.access import OPEN, SETUP, Route
from bot.console.parts import Handler

_OWN: tuple[Route, ...] = (
    Route("GET", "/static/{name}", "static.file", OPEN, changes=False, passive=True),
    Route("GET", "", "signin.start", "reader", changes=False),
    Route("GET", "/login", "signin.login_page", OPEN, changes=False, passive=True),
    Route("POST", "/login", "signin.login", OPEN, changes=True, audit="account.sign_in", own_audit=True),
    Route("GET", "/demo/{door}", "signin.demo_page", OPEN, changes=False),
    Route("POST", "/demo", "signin.demo", OPEN, changes=True, audit="account.sign_in", own_audit=True),
    Route("GET", "/setup", "signin.setup_page", SETUP, changes=False),
    Route("POST", "/setup", "signin.setup", SETUP, changes=True, audit="account.set_up", own_audit=True),
    Route("POST", "/logout", "signin.logout", "reader", changes=True, audit="account.sign_out", own_audit=True),
    Route("GET", "/account", "own_account.page", "reader", changes=False),
    Route("POST", "/account/language", "own_account.language", "reader", changes=True, audit="account.language",
          own_audit=True),
    Route("POST", "/account/password", "own_account.password", "reader", changes=True, audit="account.password",
          own_audit=True),
    Route("POST", "/account/app", "own_account.begin_totp", "reader", changes=True, audit="account.totp_begin",
          own_audit=True),
    Route("POST", "/account/app/confirm", "own_account.confirm_totp", "reader", changes=True, audit="account.totp",
          own_audit=True),
    Route("POST", "/account/codes", "own_account.new_codes", "reader", changes=True, audit="account.codes",
          own_audit=True),
    Route("GET", "/accounts", "admin.staff_list", "admin", changes=False),
    Route("POST", "/accounts", "admin.add", "admin", changes=True, audit="staff.add", own_audit=True),
    Route("POST", "/accounts/{staff_id}/reset", "admin.reset", "admin", changes=True, audit="staff.reset",
          own_audit=True),
    Route("POST", "/accounts/{staff_id}/role", "admin.role", "admin", changes=True, audit="staff.role",
          own_audit=True),
    Route("POST", "/accounts/{staff_id}/disable", "admin.disable", "admin", changes=True, audit="staff.disable",
          own_audit=True),
    Route("POST", "/accounts/{staff_id}/enable", "admin.enable", "admin", changes=True, audit="staff.enable",
          own_audit=True),
    Route("GET", "/audit", "admin.audit_log", "admin", changes=False, audit="audit.read"),
)  # fmt: skip

_OWN_HANDLERS: Mapping[str, Handler] = {
    "static.file": static.file,
    "signin.start": signin.start,
    "signin.login_page": signin.login_page,
    "signin.login": signin.login,
    "signin.demo_page": signin.demo_page,
    "signin.demo": signin.demo,
    "signin.setup_page": signin.setup_page,
    "signin.setup": signin.setup,
    "signin.logout": signin.logout,
    "own_account.page": own_account.page,
    "own_account.language": own_account.language,
    "own_account.password": own_account.password,
    "own_account.begin_totp": own_account.begin_totp,
    "own_account.confirm_totp": own_account.confirm_totp,
    "own_account.new_codes": own_account.new_codes,
    "admin.staff_list": admin.staff_list,
    "admin.add": admin.add,
    "admin.reset": admin.reset,
    "admin.role": admin.role,
    "admin.disable": admin.disable,
    "admin.enable": admin.enable,
    "admin.audit_log": admin.audit_log,
}

#: What is done in the console, each in a package of its own.
_ROOMS = (pages, judging, learning, articles, recall, insights)

ROUTES: tuple[Route, ...] = (*_OWN, *(route for room in _ROOMS for route in room.ROUTES))
HANDLERS: Mapping[str, Handler] = {
    **_OWN_HANDLERS,
    **{name: handler for room in _ROOMS for name, handler in room.HANDLERS.items()},
}
