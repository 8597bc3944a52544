"""What the pages of judging share: the store behind them, who may judge, and the way to the next conversation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from aiohttp import web

from bot.console.access import ROLES
from bot.console.accounts import Account
from bot.console.parts import ACCOUNTS, CLOCK, SETTINGS, TRANSCRIPTS, see_other, staff_of
from bot.console.sessions import DEMO
from bot.transcripts.judging import Judging
from bot.transcripts.judging_draw import sampling_key

#: From this role on somebody judges.
JUDGE = "reviewer"

_key = cache(sampling_key)


def judging_of(request: web.Request) -> Judging:
    """What is judged here."""
    return Judging(request.app[TRANSCRIPTS])


def now_of(request: web.Request) -> datetime:
    """This moment."""
    return request.app[CLOCK].now()


async def draw(request: web.Request) -> None:
    """Draws from what has ended since the last time; what does not fit comes with the next opening."""
    await judging_of(request).draw(_key(request.app[SETTINGS].secret_key), now_of(request))


async def judges(request: web.Request) -> dict[str, str]:
    """The names of those who can judge, by id."""
    return judges_of(await request.app[ACCOUNTS].all())


def judges_of(accounts: Iterable[Account]) -> dict[str, str]:
    """Those of these accounts who can judge, by id."""
    able = ROLES[ROLES.index(JUDGE) :]
    return {
        one.id: one.name
        for one in accounts
        if one.id != DEMO and one.disabled_at is None and one.role in able
    }


async def to_next(request: web.Request, said: str = "") -> web.HTTPSeeOther:
    """The next conversation that waits for whoever asks; without one the overview."""
    judging, staff, now = judging_of(request), staff_of(request).id, now_of(request)
    found = await judging.take(staff, now)
    if found is None:
        await draw(request)
        found = await judging.take(staff, now)
    if found is None:
        return see_other("/judging?said=judging_done#said")
    return see_other(f"/judging/{found.conversation_id}{f'?said={said}' if said else ''}")
