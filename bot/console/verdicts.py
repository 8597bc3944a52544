"""What the page of a conversation shows of its judgements, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.console.access import Staff
from bot.console.parts import TRANSCRIPTS, staff_of
from bot.transcripts.judging import Judgement, Judging, Sample


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The judgements to show; ``hidden``: there is one that whoever asks sees after judging it too."""

    shown: tuple[Judgement, ...]
    hidden: bool = False


async def verdicts_of(request: web.Request, conversation_id: str) -> Verdicts:
    """What whoever asks may see of the judgements."""
    judging = Judging(request.app[TRANSCRIPTS])
    found = await judging.of(conversation_id)
    sample = await judging.sample(conversation_id) if found else None
    return visible(found, sample, staff_of(request))


def visible(found: Sequence[Judgement], sample: Sample | None, staff: Staff) -> Verdicts:
    """Whoever could still be the second reader must not know what the first one thought."""
    read = any(one.staff_id == staff.id for one in found)
    waits = sample is not None and sample.waits_for_second
    if waits and not read and staff.may("reviewer"):
        return Verdicts((), hidden=True)
    return Verdicts(tuple(found))
