"""A person with a phone: writes, presses what they were really shown, sends voice notes, and reads what comes.

Works the same on both stand-ins; what a provider does not pass on raises NotPassedOn.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.simulator.standin import Message, Option, Person, Post, Sent, StandIn

#: What a person can send.
KINDS = (
    "text",
    "choice",
    "voice",
    "image",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "order",
    "edited",
    "deleted",
    "unsupported",
)


class NotPassedOn(Exception):
    """The provider does not tell businesses of this."""


class NotShown(LookupError):
    """There is nothing of this title to press; the message names what there is."""


class Silence(AssertionError):
    """No answer came in time."""


def new_number() -> str:
    """A number of the range kept for examples (555-01xx), made longer so that thousands of people fit."""
    return f"1555010{secrets.randbelow(10**7):07}"


def new_bsuid() -> str:
    """An id as WhatsApp gives a person at one business."""
    return f"US.{secrets.randbelow(9 * 10**19) + 10**19}"


class Phone:
    """One person. Without ``number`` they are known by ``bsuid`` alone, as people with a username are.

    Every message is posted until our webhook takes it. The methods give the id of what was sent.
    """

    def __init__(
        self, stand_in: StandIn, number: str | None = None, *, bsuid: str = "", name: str = "Somebody"
    ) -> None:
        self.stand_in = stand_in
        if number is None:
            number = "" if bsuid else new_number()
        self.person = stand_in.add(Person(number, bsuid, name))
        self._heard = 0
        self._posted: dict[str, list[Post]] = {}

    # Writing.

    async def says(self, text: str) -> str:
        """Writes a text."""
        return await self.sends("text", text=text)

    async def sends(self, kind: str, text: str = "") -> str:
        """Sends something of a kind; ``text`` is what it says, or its caption. Raises NotPassedOn."""
        sent = self.prepare(kind, text=text)
        await self.deliver(sent)
        return sent.id

    async def presses(self, title: str) -> str:
        """Presses the newest button or row of this title. Raises NotShown."""
        message, option = self.option(title)
        sent = self.prepare(
            "choice",
            choice=option.id,
            title=option.title,
            description=option.description,
            refers_to=message.id,
            pressed_on=message.kind,
        )
        await self.deliver(sent)
        return sent.id

    async def edits(self, id: str, text: str) -> str:
        """Edits a message sent before. Raises NotPassedOn."""
        return await self._about("edited", id, text)

    async def deletes(self, id: str) -> str:
        """Deletes a message sent before for everybody. Raises NotPassedOn."""
        return await self._about("deleted", id)

    async def reacts(self, emoji: str, to: Message | None = None) -> str:
        """Reacts to a message of ours, the newest unless told. Raises NotPassedOn."""
        return await self._about("reaction", (to or self.sees[-1]).id, emoji)

    async def says_quickly(self, *texts: str) -> list[str]:
        """Several messages that reach our webhook together: in one request where the provider joins them."""
        sent = [self.prepare("text", text=text) for text in texts]
        await self.deliver(*sent)
        return [one.id for one in sent]

    async def says_out_of_order(self, *texts: str) -> list[str]:
        """Several messages, written a second apart, of which the last one arrives first; ids as written."""
        started = self.stand_in.clock() - timedelta(seconds=len(texts))
        sent = [
            self.prepare("text", text=text, at=started + timedelta(seconds=number))
            for number, text in enumerate(texts)
        ]
        for one in reversed(sent):
            await self.deliver(one)
        return [one.id for one in sent]

    async def repeats(self, id: str) -> None:
        """The provider posts a message again, byte for byte."""
        for post in self._posted[id]:
            await self.stand_in.deliver(post)

    async def changes_number(self, number: str = "", bsuid: str = "") -> None:
        """Has another number, or another id, from now on; the provider tells us where it tells anybody."""
        posts = self.stand_in.renamed(
            self.person, number, bsuid, self.stand_in.new_id(), self.stand_in.clock()
        )
        self.person.number = number or self.person.number
        self.person.bsuid = bsuid or self.person.bsuid
        for post in posts:
            await self.stand_in.deliver(post)

    def prepare(
        self,
        kind: str,
        *,
        text: str = "",
        choice: str = "",
        title: str = "",
        description: str = "",
        refers_to: str = "",
        pressed_on: str = "",
        at: datetime | None = None,
    ) -> Sent:
        """A message that is written but not yet on its way. Raises NotPassedOn."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not among {KINDS}")
        if kind not in self.stand_in.passes:
            raise NotPassedOn(f"{self.stand_in.provider.title()} does not tell businesses of this ({kind}).")
        moment = at or self.stand_in.clock()
        id = self.stand_in.new_id()
        sent = Sent(id, kind, moment, text, choice, title, description, refers_to, pressed_on)
        self.person.sent[sent.id] = sent
        return sent

    def posts(self, *sent: Sent) -> list[Post]:
        """The signed requests about these messages, for whoever wants to spoil or hold them."""
        posts = self.stand_in.inbound(self.person, sent)
        for one in sent:
            self._posted[one.id] = posts if len(posts) < len(sent) else [posts[sent.index(one)]]
        self.person.last_wrote = max(one.at for one in sent)
        return posts

    async def deliver(self, *sent: Sent) -> None:
        """Posts messages until our webhook has taken them."""
        await asyncio.gather(*(self.stand_in.deliver(post) for post in self.posts(*sent)))

    async def _about(self, kind: str, id: str, text: str = "") -> str:
        sent = self.prepare(kind, text=text, refers_to=id)
        await self.deliver(sent)
        return sent.id

    # Reading.

    @property
    def sees(self) -> list[Message]:
        """Everything that was shown so far, oldest first."""
        return self.person.shown

    def option(self, title: str) -> tuple[Message, Option]:
        """The newest message with a button or row of this title, and that. Raises NotShown."""
        for message in reversed(self.sees):
            for option in message.options:
                if option.title == title:
                    return message, option
        last = next((message for message in reversed(self.sees) if message.options), None)
        there = [option.title for option in last.options] if last else []
        raise NotShown(f"no button or row {title!r}; the last ones were {there}")

    async def hears(self, count: int = 1, within: float = 15.0) -> list[Message]:
        """What came since the last time, at least ``count`` messages. Raises Silence after ``within`` seconds."""
        try:
            async with asyncio.timeout(within):
                while len(self.sees) < self._heard + count:
                    self.person.arrived.clear()
                    await self.person.arrived.wait()
        except TimeoutError:
            came = len(self.sees) - self._heard
            raise Silence(f"{came} of {count} messages came within {within:g} s") from None
        new = self.sees[self._heard :]
        self._heard = len(self.sees)
        return new

    async def hears_out(self, pause: float = 1.0, within: float = 15.0) -> list[Message]:
        """As ``hears``, and all that follows until nothing has come for ``pause`` seconds."""
        heard = await self.hears(1, within)
        while True:
            try:
                heard += await self.hears(1, pause)
            except Silence:
                return heard

    def has_read(self, id: str) -> bool:
        """Whether the blue tick is shown at a message of the person."""
        return id in self.person.read

    @property
    def typing(self) -> bool:
        """Whether an answer is shown as being written: until it comes, or for 25 seconds."""
        since = self.person.typing_since
        return since is not None and self.stand_in.clock().timestamp() - since < 25


def titles(messages: Sequence[Message]) -> list[str]:
    """All buttons and rows of messages, in order."""
    return [option.title for message in messages for option in message.options]
