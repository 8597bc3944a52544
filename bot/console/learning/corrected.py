"""Turns that a reader corrected: staff rewrite the question, and propose it as an example or a test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.console.learning.common import article_of, section_title
from bot.console.pages.common import noting, page, say_of, then
from bot.console.pages.filters import read_key, written_key
from bot.console.parts import CLOCK, TRANSCRIPTS, form_of, staff_of
from bot.core.rewording import LONGEST, one_line, problem_of
from bot.transcripts.learning import Corrected, Learning, Proposal
from bot.transcripts.learning_tables import KINDS

#: Each has a form of its own, so fewer of them than of other rows.
ROWS = 20
#: So many proposals that wait for ``faro learn`` are shown.
OPEN_ROWS = 100

PATH = "/learning"


@dataclass(frozen=True, slots=True)
class _Form:
    """What stands in the form of a turn: as it was sent, else as it begins."""

    text: str
    kinds: frozenset[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Proposed:
    """What was proposed of one turn, and as what; it can only be taken back as a whole."""

    one: Proposal
    kinds: tuple[str, ...]


async def corrected(request: web.Request) -> web.Response:
    """Turns about which nobody has decided yet, and the proposals made of others."""
    before = read_key(request.query.get("before", ""))
    found = await _learning(request).waiting(ROWS, before)
    return await _show(
        request, found.rows, {}, older=written_key(found.next_key), later=before is not None, whole=True
    )


async def propose(request: web.Request) -> web.StreamResponse:
    """Keeps what staff made of a turn; a text that may not go into the files is shown again with the reason."""
    learning, form, message = _learning(request), form_of(request), request.match_info["message"]
    turn = await learning.corrected(message)
    if turn is None:
        raise then(PATH, "gone")
    text = one_line(form.get("text", ""))
    kinds = frozenset(kind for kind in KINDS if form.get(kind, "") == "yes")
    if "test" in kinds and not article_of(request, turn.topic):
        kinds -= {"test"}
    problem = problem_of(text)
    code = f"wording_{problem}" if problem else "wording_no_kind" if not kinds else ""
    if code:
        told = say_of(request)(code, limit=str(LONGEST))
        return await _show(request, (turn,), {message: _Form(text, kinds, told)}, status=400)
    noted = noting(request, "proposal.made", message)
    raise then(PATH, await learning.propose(message, kinds, text, staff_of(request).id, _now(request), noted))


async def dismiss(request: web.Request) -> web.StreamResponse:
    """Nothing shall be learned of a turn."""
    message = request.match_info["message"]
    done = await _learning(request).dismiss(message, staff_of(request).id, _now(request))
    raise then(PATH, "turn_dismissed" if done == "dismissed" else done)


async def withdraw(request: web.Request) -> web.StreamResponse:
    """Takes the proposals of a turn back; it waits again."""
    done = await _learning(request).withdraw(request.match_info["message"])
    raise then(PATH, "withdrawn" if done else "already")


async def _show(
    request: web.Request,
    turns: tuple[Corrected, ...],
    forms: dict[str, _Form],
    *,
    status: int = 200,
    older: str = "",
    later: bool = False,
    whole: bool = False,
) -> web.Response:
    """The page; not ``whole`` with these turns alone, because something is wrong with one of them."""
    proposed = _by_turn(await _learning(request).open(OPEN_ROWS)) if whole else ()
    return await page(
        request,
        "learning/corrected.html",
        status,
        turns=turns,
        forms={turn.message_id: forms.get(turn.message_id) or _blank(turn) for turn in turns},
        proposed=proposed,
        section_of=lambda topic, section: section_title(request, topic, section),
        can_test=lambda topic: article_of(request, topic),
        longest=LONGEST,
        older=older,
        later=later,
        whole=whole,
    )


def _by_turn(proposals: Iterable[Proposal]) -> tuple[_Proposed, ...]:
    found: dict[str, list[Proposal]] = {}
    for proposal in proposals:
        found.setdefault(proposal.message_id, []).append(proposal)
    return tuple(_Proposed(of[0], tuple(sorted(one.kind for one in of))) for of in found.values())


def _blank(turn: Corrected) -> _Form:
    # A story that was not kept leaves nothing to rewrite.
    return _Form("" if turn.asked.startswith("[story") else turn.asked, frozenset({KINDS[0]}))


def _learning(request: web.Request) -> Learning:
    return Learning(request.app[TRANSCRIPTS])


def _now(request: web.Request) -> datetime:
    return request.app[CLOCK].now()
