"""From the page to WhatsApp: a link and a square code that carry a conversation over, once, within some minutes.

Only an HMAC of the code is stored, beside what the next turn needs of the conversation, sealed: so it goes on at any
gateway, also when it is not kept.
"""

from __future__ import annotations

import asyncio
import io
import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from urllib.parse import quote

import segno
from aiohttp import web

from bot.core.errors import RequestError
from bot.core.messages import LANGUAGES
from bot.gateway.chat import PREFIX
from bot.gateway.clock import Clock
from bot.gateway.conversations import WHATSAPP, Conversation
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.limits import Allowance, Limits, RateLimiter
from bot.gateway.logs import fault, logger
from bot.gateway.middleware import LANGUAGE
from bot.gateway.security import client_address
from bot.gateway.tokens import Tokens
from bot.gateway.typed import folded
from bot.gateway.whatsapp.records import Handed
from bot.gateway.whatsapp.state import Memory, snapshot
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import Words
from bot.settings import Network

#: What is said where a conversation goes on, and on the page that it came from.
CARRIED_OVER = "whatsapp_carried_over"
CODE_TEXT = "whatsapp_code_text"
#: What is said to a code that brings nothing, by what ``WhatsAppStore.redeem`` says of it.
REFUSED = {
    "unknown": "whatsapp_code_expired",
    "expired": "whatsapp_code_expired",
    "used": "whatsapp_code_used",
}

#: For how long a code is good.
VALID = timedelta(minutes=15)
#: How soon a page learns that its conversation was taken over at another gateway, in seconds.
LOOK_SECONDS = 2.0

#: Sixteen consonants that no hand or eye takes for each other, four bits each; without vowels they make no words.
LETTERS = "BCDFHJKLMPQRTWXZ"
_GROUP, _GROUPS = 4, 3
#: Fewer different letters than this are laughter ("jjjjjjjjjjjj"), and no code.
_DIFFERENT = 4
_BETWEEN = r"[\s._\-\u2010-\u2015\u200b-\u200f\u2060]{0,3}"
_CONSONANT = "[BCDFGHJKLMNPQRSTVWXYZ]"
#: Our letters however they are spaced, or three groups of four with dashes and a letter that was copied wrong. What
#: stands within something longer is none.
_CODE = re.compile(
    rf"(?<![^\W_])(?:(?:[{LETTERS}]{_BETWEEN}){{{_GROUP * _GROUPS - 1}}}[{LETTERS}]"
    rf"|{_CONSONANT}{{{_GROUP}}}(?:-{_CONSONANT}{{{_GROUP}}}){{{_GROUPS - 1}}})(?![^\W_])",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"\b(?:(?:the|my|el|mi)\s+)?(?:code|c[oó]digo)\b\s*[:.]?", re.IGNORECASE)
#: Said around a code without wanting an answer.
_HELLO = frozenset(
    {"", "hola", "hello", "hi", "hey", "buenas", "buenos dias", "buenas tardes", "buenas noches"}
)


def new_code() -> str:
    """A random code of 48 bits, without its dashes."""
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(_GROUP * _GROUPS))
        if len(set(code)) >= _DIFFERENT:
            return code


def written(code: str) -> str:
    """A code as people see it: ``KTHW-MZQF-RLXD``."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def code_in(text: str) -> str | None:
    """The first thing in a text that has the form of a code, as ``new_code`` writes it; it may be none of ours."""
    for found in _CODE.finditer(text):
        code = _plain(found)
        if len(set(code)) >= _DIFFERENT:
            return code
    return None


def beside_code(text: str, words: Words) -> str:
    """What a text says besides codes and the words that the link put around one; nothing for a mere greeting."""
    rest = _CODE.sub(lambda found: " " if len(set(_plain(found))) >= _DIFFERENT else found[0], text)
    for language in LANGUAGES:
        around = words.text(CODE_TEXT, language, code="").strip()
        rest = re.sub(re.escape(around), " ", rest, flags=re.IGNORECASE)
    rest = _BESIDE.sub(" ", rest).strip()
    return "" if folded(rest) in _HELLO else rest


def _plain(found: re.Match[str]) -> str:
    # Of the signs that count as another case of a letter, such as the one for kelvin, only the letter is left.
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", found[0]))).upper()


def square_code(link: str) -> str:
    """The link as a QR code: an SVG without a size of its own, dark on light also where the page is dark."""
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, nl=False, omitsize=True, dark="#000", light="#fff"
    )
    return drawn.getvalue().decode("utf-8")


class Handovers:
    """Gives out codes on the page, and takes them in from WhatsApp."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        keeper: Keeper,
        tokens: Tokens,
        words: Words,
        number: str,
        clock: Clock,
        limits: Limits,
        limiter: RateLimiter,
        trusted_proxies: tuple[Network, ...],
    ) -> None:
        """``number`` is the firm's on WhatsApp, with its country code."""
        self._store = store
        self._keeper = keeper
        self._tokens = tokens
        self._words = words
        self._number = number.lstrip("+")
        self._clock = clock
        self._limiter = limiter
        self._trusted = trusted_proxies
        self._wrong = Allowance(limits.wrong_codes)
        self._wrong_in_all = Allowance(limits.wrong_codes_in_all)
        # Codes given out here and still good: by conversation, until when. And those that came back here.
        self._open: dict[str, datetime] = {}
        self._here: set[str] = set()
        # Conversations of pages of this gateway that go on in WhatsApp.
        self._moved: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        return [web.post(f"{PREFIX}/conversations/{{conversation}}/whatsapp", self.offer)]

    async def offer(self, request: web.Request) -> web.Response:
        """A link, and the same as a picture, with which the conversation goes on in WhatsApp.

        Once it does, the link has no code: a conversation goes on with one person.
        """
        self._limiter.client(client_address(request, self._trusted))
        conversation_id = request.match_info["conversation"]
        self._tokens.check(request.headers.get("Authorization"), conversation_id)
        async with self._keeper.use(conversation_id) as conversation:
            request[LANGUAGE] = conversation.language
            self._limiter.conversation(conversation.id)
            expires_at = self._clock.now() + VALID
            code = await self._offered(conversation, expires_at)
            link = self._link(code, conversation.language)
        return web.json_response(
            {"link": link, "qr": square_code(link), "expires_at": expires_at.isoformat()}, status=201
        )

    async def redeem(self, code: str, by: str, person_id: str) -> Handed | str:
        """What a code stands for, once, and the same again for the same message ``by``.

        Else why not, a key of ``REFUSED``: also for everything that a person brings after several wrong codes.
        """
        if not (self._wrong.has(person_id) and self._wrong_in_all.has("")):
            logger().warning("codes_refused")
            return "unknown"
        now = self._clock.now()
        found = await self._store.redeem(code, by, now)
        if isinstance(found, Handed):
            owner = await self._store.of_conversation(found.conversation_id, now)
            if owner is not None and owner.id != person_id:
                found = "used"
        if isinstance(found, str):
            self._wrong.take(person_id)
            self._wrong_in_all.take("")
            return found
        if found.conversation_id in self._open:
            self._here.add(found.conversation_id)
        return found

    async def work(self) -> None:
        """Tells pages of this gateway what became of their conversations elsewhere, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as exc:  # The database may be away for a while.
                logger().error("handovers_broke", **fault(exc))

    async def look(self) -> None:
        """One look at the codes that are out, and at what has moved."""
        now = self._clock.now()
        if not self._open and not self._moved:
            return
        carried = await self._store.carried([*self._open, *self._moved])
        for conversation_id in self._moved - carried:
            # Erased from WhatsApp, which another gateway may have done.
            self._moved.discard(conversation_id)
            self._keeper.let_go(conversation_id)
        for conversation_id, until in list(self._open.items()):
            if conversation_id not in carried and until >= now:
                continue
            if conversation_id in carried:
                self._moved.add(conversation_id)
                # Who has redeemed it here says so in the conversation itself, which the page shows.
                if conversation_id not in self._here:
                    await self._tell_page(conversation_id)
            del self._open[conversation_id]
            self._here.discard(conversation_id)
        self._moved = {id for id in self._moved if self._keeper.registry.has(id)}

    async def _tell_page(self, conversation_id: str) -> None:
        """Another gateway took the conversation over: the page learns it, and may go on with what it has here."""
        if not self._keeper.registry.has(conversation_id):
            return
        async with self._keeper.use(conversation_id) as conversation, self._keeper.turn(conversation):
            conversation.channel = WHATSAPP
            # Of one that is kept, the store has brought it by now.
            if any((message.reply or {}).get("id") == CARRIED_OVER for message in conversation.messages):
                return
            latest = conversation.latest
            conversation.say(self._words.say(CARRIED_OVER, conversation.language), None, self._clock.now())
            conversation.latest = latest

    async def _offered(self, conversation: Conversation, expires_at: datetime) -> str | None:
        """A new code for the conversation; None when it goes on in WhatsApp already."""
        now = self._clock.now()
        try:
            async with self._keeper.turn(conversation):
                if await self._store.of_conversation(conversation.id, now) is not None:
                    return None
                # The other gateways find a kept conversation in the store, and all of it.
                await self._keeper.flush(conversation)
                code = new_code()
                state = snapshot(conversation, Memory(), now)
                await self._store.offer(code, conversation.id, state, expires_at, now)
        except STORE_FAULTS as exc:
            logger().error("handover_not_offered", conversation=conversation.id, **fault(exc))
            raise RequestError("storage_unavailable", 503, {"seconds": 30}) from None
        self._open[conversation.id] = expires_at
        return code

    def _link(self, code: str | None, language: str) -> str:
        """The address that opens WhatsApp with the firm, and with the text that brings the code."""
        address = f"https://wa.me/{self._number}"
        if code is None:
            return address
        text = self._words.text(CODE_TEXT, language, code=written(code)).strip()
        return f"{address}?text={quote(text, safe='')}"
