"""Who may do what: every route times everybody who may ask, from the table that the application is made of."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from bot.console.access import OPEN, PREFIX, ROLES, SETUP, Route, Staff
from bot.console.app import add_routes
from bot.console.routes import HANDLERS, ROUTES
from tests.console.conftest import Console, Visitor

#: What stands in the place of ids: nothing of that name exists, and nobody may learn that without the right to look.
NOTHING = "none_such"


def path_of(route: Route) -> str:
    path = route.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + NOTHING + rest.partition("}")[2]
    return path


async def ask(visitor: Visitor, route: Route) -> tuple[int, str]:
    if route.method == "GET":
        response = await visitor.get(path_of(route))
    else:
        response = await visitor.post(path_of(route))
    return response.status, response.headers.get("Location", "")


async def test_every_route_times_everybody(console: Console) -> None:
    members = {role: (await console.member(role))[0] for role in ROLES}
    for route in ROUTES:
        where = f"{route.method} {route.path}"
        status, location = await ask(console.visitor(), route)
        if route.role == OPEN:
            assert (status, location) != (303, f"{PREFIX}/login"), where
        else:
            # A form without a session is asked to sign in before it is looked at.
            assert (status, location) == (303, f"{PREFIX}/login"), where
        for role in ROLES:
            # Each time a session of its own: some routes end it.
            status, location = await ask(await console.signed_in(members[role]), route)
            told = (where, role, status, location)
            if route.role in ROLES and not members[role].may(route.role):
                assert status == 403, told
            elif route.role == SETUP:
                assert (status, location) == (303, f"{PREFIX}/"), told
            else:
                assert status != 403 or route.role == OPEN, told
                assert status < 500, told
                assert location != f"{PREFIX}/login" or route.path in ("/logout",), told
        status, location = await ask(await console.signed_in(members["admin"], "setup"), route)
        if route.role not in (OPEN, SETUP):
            assert (status, location) == (303, f"{PREFIX}/setup"), where


async def test_the_application_answers_to_the_table_and_to_nothing_else(console: Console) -> None:
    registered = {
        (route.method, route.resource.canonical.removeprefix(PREFIX))
        for route in console.app.router.routes()
        if route.resource is not None
    }
    assert registered == {(route.method, route.path) for route in ROUTES}


def test_what_changes_or_reveals_has_its_code_in_the_log() -> None:
    assert all(route.audit for route in ROUTES if route.changes)
    revealing = ("reveal", "contact", "export", "audit")
    for route in ROUTES:
        if any(word in route.path for word in revealing) or route.path == "/conversations/{conversation}":
            assert route.audit, route.path


@pytest.mark.parametrize(
    ("method", "role", "changes", "audit", "told"),
    [
        ("GET", "reader", True, "x", "is a POST"),
        ("POST", "reader", True, "", "needs its code"),
        ("POST", "visitor", True, "x", "no such role"),
        ("PUT", "reader", True, "x", "GET or POST"),
    ],
)
def test_a_route_without_a_rule_cannot_exist(
    method: str, role: str, changes: bool, audit: str, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        Route(method, "/x", "x", role, changes=changes, audit=audit)


async def test_a_route_without_its_handler_stops_the_start(console: Console) -> None:
    with pytest.raises(ValueError, match=r"admin\.add"):
        add_routes(
            type(console.app)(), ROUTES, {name: HANDLERS[name] for name in HANDLERS if name != "admin.add"}
        )
    with pytest.raises(ValueError, match="twice"):
        add_routes(type(console.app)(), (*ROUTES, ROUTES[0]), HANDLERS)


def test_each_role_may_do_what_those_below_it_may() -> None:
    for place, role in enumerate(ROLES):
        staff = Staff("s", "s", "S", role, "en")
        assert [staff.may(other) for other in ROLES] == [index <= place for index in range(len(ROLES))]


async def test_a_role_that_was_lowered_holds_from_the_next_click_on(
    console: Console, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    visitor = await as_role("admin")
    await visitor.page("/accounts")
    assert visitor.staff is not None
    await console.member("admin")
    await console.accounts.set_role(visitor.staff.id, "reader")
    assert (await visitor.get("/accounts")).status == 403
    assert (await visitor.get("/account")).status == 200


async def test_an_account_that_is_shut_is_out_at_once(
    console: Console, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    visitor = await as_role("attorney")
    assert visitor.staff is not None
    await console.accounts.disable(visitor.staff.id)
    response = await visitor.get("/account")
    assert (response.status, response.headers["Location"]) == (303, f"{PREFIX}/login")
    # Opening it again brings no session back.
    await console.accounts.enable(visitor.staff.id)
    assert (await visitor.get("/account")).status == 303


@pytest.mark.parametrize(
    "path", ["/nothing", "/accounts/a%00b/reset", "/static/..%2Fapp.py", "/static/console.html"]
)
async def test_what_is_not_there_is_a_page_that_says_nothing(console: Console, path: str) -> None:
    response = await console.visitor().get(path)
    assert response.status in (404, 405)
    assert "app.py" not in await response.text()


async def test_a_browser_keeps_files_that_never_change_and_asks_for_others(console: Console) -> None:
    visitor = console.visitor()
    page = await visitor.page("/login")
    found = re.findall(r'"/staff(/static/[a-z]+\.(?:css|js|svg)\?v=[0-9a-f]{16})"', page)
    assert len(found) >= 3
    assert page.count("/static/") == len(found)
    for path in found:
        answer = await visitor.get(path)
        assert (answer.status, answer.headers["Cache-Control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
        # After an update the old address gives the new file, which must not be kept under it.
        older = await visitor.get(path[:-16] + "0" * 16)
        assert (older.status, older.headers["Cache-Control"]) == (200, "no-cache")


async def test_every_answer_carries_the_headers(
    console: Console, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    visitor = await as_role("admin")
    for path in ("/login", "/account", "/audit", "/nothing", "/static/console.css"):
        headers = (await visitor.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == ("no-cache" if "static" in path else "no-store"), path
