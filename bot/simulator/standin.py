"""What the stand-ins of both providers share: people, what they were shown, faults, rates, and posts to our webhook.

Nothing here is read from ``bot.gateway``: a stand-in that took its numbers from there would agree with every mistake.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import aiohttp
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Free text may go out for this long after the person's last message.
WINDOW = timedelta(hours=24)

#: How a call to a provider can go wrong. "after" tells that the message was taken all the same.
FAULTS = (
    "500",
    "500 after",
    "503",
    "429",
    "cut before",
    "cut after",
    "hang before",
    "hang after",
    "garbage after",
)

#: Seconds until a webhook that was not answered with 2xx is posted again; the last one repeats.
AGAIN = (0.1, 0.2, 0.5, 1.0)

_PHONE = re.compile(r"[1-9]\d{6,14}")
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def size(text: str) -> int:
    """The length of a text in UTF-16 units. The providers' pages say "characters"; no way of counting gives more."""
    return len(text.encode("utf-16-le")) // 2


def now() -> datetime:
    """The time now (UTC)."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Option:
    """A button or a row as the person sees it."""

    id: str
    title: str
    description: str = ""


@dataclass(slots=True)
class Message:
    """A message of ours as the person sees it; ``kind`` is text, buttons, list, link or template.

    ``row`` is what the sender asked to be handed back with the statuses, ``states`` the statuses posted so far.
    """

    id: str
    kind: str
    text: str
    at: datetime
    options: tuple[Option, ...] = ()
    label: str = ""
    url: str = ""
    template: str = ""
    row: str = ""
    callback: str = ""
    states: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Sent:
    """A message of the person: ``kind`` as in ``KINDS`` of a phone, the fields as far as the kind has them."""

    id: str
    kind: str
    at: datetime
    text: str = ""
    choice: str = ""
    title: str = ""
    description: str = ""
    refers_to: str = ""
    #: What a choice was pressed on: buttons or list.
    pressed_on: str = ""


@dataclass(slots=True)
class Person:
    """Somebody on WhatsApp, with a number, an id of their own at this business, or both."""

    number: str
    bsuid: str
    name: str
    shown: list[Message] = field(default_factory=list)
    sent: dict[str, Sent] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    typing_since: float | None = None
    last_wrote: datetime | None = None
    #: Messages that may go to them at once, and when that was counted (seconds of the event loop's clock).
    burst: float = 0.0
    counted: float = 0.0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        if not (_PHONE.fullmatch(self.number) or (not self.number and self.bsuid)):
            raise ValueError("a number has 7 to 15 digits and no plus; without one there must be an id")
        if self.bsuid and not _BSUID.fullmatch(self.bsuid):
            raise ValueError("an id is two letters, a dot and up to 128 letters and digits")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call; ``seconds`` is the wait of a 429 or 503, or the length of a hang."""

    kind: str
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Post:
    """A signed request to our webhook: ``path`` begins after the address of a gateway."""

    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """How our webhook answered: ``kind`` is message or status, ``seconds`` the time that it took."""

    kind: str
    status: int
    seconds: float


class Refusal(Exception):
    """A call that the provider says no to."""

    def __init__(self, status: int, code: int, details: str, retry_after: float | None = None) -> None:
        super().__init__(code, details)
        self.status, self.code, self.details, self.retry_after = status, code, details, retry_after


class StandIn(ABC):
    """Base of both stand-ins. ``gateways`` are addresses of gateways; each post goes to one of them by chance.

    ``got`` holds every message that was taken, oldest first; ``refused`` what was said no to; ``answers`` how our
    webhook answered. ``statuses`` are posted for each message that was taken; ``shuffle`` posts them out of order and
    some twice. ``trouble`` is asked for a fault at each call that sends, by the ``row`` of the message; what ``fail``
    was given comes before it. ``late`` are codes of refusals that come as a failed status after the message was taken.
    """

    provider: ClassVar[str]
    #: Kinds of messages that the provider passes on at all.
    passes: ClassVar[frozenset[str]]

    def __init__(
        self,
        gateways: Sequence[str],
        *,
        clock: Callable[[], datetime] = now,
        chance: random.Random | None = None,
        burst: float,
        per_second: float,
    ) -> None:
        self.gateways = [address.rstrip("/") for address in gateways]
        self.clock = clock
        self.chance = chance or random.Random()  # noqa: S311 - which gateway, which fault; nothing secret
        self.people: list[Person] = []
        self.got: list[tuple[Person, Message]] = []
        self.refused: list[Refusal] = []
        self.answers: list[Answered] = []
        self.statuses: tuple[str, ...] = ("sent", "delivered")
        self.shuffle = False
        self.late: frozenset[int] = frozenset()
        #: How often a webhook is posted before it is given up; None: until it is taken.
        self.tries: int | None = None
        self.lost: list[Post] = []
        self.trouble: Callable[[str], Fault | None] = lambda row: None
        self.faults: deque[Fault] = deque()
        self.release = asyncio.Event()
        self.burst = burst
        self.refill = 1 / 6
        self.per_second = per_second
        self._recent: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self.host, self.port = "127.0.0.1", 0

    # Running.

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens. Raises OSError when the port is taken."""
        app = web.Application()
        self._add_routes(app)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=20), connector=aiohttp.TCPConnector(limit=0)
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self.host, self.port = host, port
        try:
            await self.open_door()
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends; what was not posted by now never is."""
        self.release.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def open_door(self) -> None:
        """Takes connections (again)."""
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, self.host, self.port, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def close_door(self) -> None:
        """Refuses connections until ``open_door``, and cuts those that are open."""
        assert self._site is not None
        assert self._runner is not None
        assert self._runner.server is not None
        await self._site.stop()
        # Open connections would still serve their next request.
        for connection in self._runner.server.connections:
            connection.force_close()
        # The other side has to notice before it uses one again.
        await asyncio.sleep(0.05)

    @property
    def url(self) -> str:
        """The address to use in place of the provider's."""
        return f"http://{self.host}:{self.port}"

    @abstractmethod
    def _add_routes(self, app: web.Application) -> None:
        """Adds the provider's own addresses."""

    # People.

    def add(self, person: Person) -> Person:
        """Somebody is on WhatsApp from now on."""
        person.burst, person.counted = self.burst, time.monotonic()
        self.people.append(person)
        return person

    def _person(self, address: str) -> Person | None:
        for person in self.people:
            if address and address in (person.number, person.bsuid):
                return person
        return None

    # Faults.

    def fail(self, *kinds: str, seconds: float = 1.0) -> None:
        """The next calls that send a message go wrong, one after the other, in these ways (see FAULTS).

        ``seconds``: the wait that a 429 or 503 asks for, or how long a call hangs. Raises ValueError for another kind.
        """
        if unknown := set(kinds) - set(FAULTS):
            raise ValueError(f"{sorted(unknown)} are not among {FAULTS}")
        self.faults.extend(Fault(kind, seconds) for kind in kinds)

    async def _faulty(
        self, request: web.Request, row: str, take: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """``take``s the message with the fault that is due, if any."""
        fault = self.faults.popleft() if self.faults else self.trouble(row)
        if fault is None:
            return await take()
        answer = await take() if fault.kind.endswith("after") else None
        match fault.kind.split()[0]:
            case "500":
                return web.Response(status=500, text="<html>Sorry, something went wrong.</html>")
            case "429" | "503" as status:
                return web.Response(status=int(status), headers={"Retry-After": f"{fault.seconds:g}"})
            case "garbage":
                return web.Response(text="<html>200 OK</html>")
            case "hang":
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.release.wait(), fault.seconds)
        if request.transport is not None:
            request.transport.abort()
        return answer or web.Response(status=502)

    # Rates.

    def _count(self, person: Person, pair: Refusal, all_together: Refusal) -> None:
        """Raises ``pair`` when too much goes to one person, ``all_together`` when too much goes out in a second."""
        moment = time.monotonic()
        while self._recent and self._recent[0] <= moment - 1:
            self._recent.popleft()
        if len(self._recent) >= self.per_second:
            raise all_together
        person.burst = min(self.burst, person.burst + (moment - person.counted) * self.refill)
        person.counted = moment
        if person.burst < 1:
            raise pair
        person.burst -= 1
        self._recent.append(moment)

    def _window_open(self, person: Person) -> bool:
        return person.last_wrote is not None and self.clock() - person.last_wrote <= WINDOW

    # What the person gets.

    def _show(self, person: Person, message: Message) -> None:
        person.shown.append(message)
        person.typing_since = None
        person.arrived.set()
        self.got.append((person, message))
        self._begin(self._tell(person, message, self.statuses))

    def _fail_later(self, person: Person, message: Message, code: int) -> None:
        self._begin(self._tell(person, message, ("failed",), code))

    async def _tell(self, person: Person, message: Message, states: Sequence[str], code: int = 0) -> None:
        posts = [(state, self._status(person, message, state, code)) for state in states]
        if self.shuffle:
            posts += [post for post in posts if self.chance.random() < 0.3]
            self.chance.shuffle(posts)
        for state, post in posts:
            await self.deliver(post, "status")
            message.states.append(state)

    async def report(self, message: Message, state: str, code: int = 0) -> None:
        """Posts a status of a message: sent, delivered, read or failed with a ``code``. May be repeated at will."""
        person = next(person for person, one in self.got if one is message)
        await self._tell(person, message, (state,), code)

    @abstractmethod
    def _status(self, person: Person, message: Message, state: str, code: int) -> Post:
        """The signed request that tells how far a message of ours has come."""

    @abstractmethod
    def inbound(self, person: Person, messages: Sequence[Sent]) -> list[Post]:
        """The signed requests that tell us of these messages of a person."""

    @abstractmethod
    def renamed(self, person: Person, number: str, bsuid: str, id: str, at: datetime) -> list[Post]:
        """The signed requests that tell us of a new number; none where the provider tells nobody."""

    @abstractmethod
    def new_id(self) -> str:
        """An id of a message in the provider's form."""

    # Posts to our webhook.

    async def post(self, post: Post, kind: str = "message") -> int:
        """Posts once; the HTTP status, or 0 when nobody answered."""
        assert self._session is not None
        address = self.chance.choice(self.gateways)
        began = time.perf_counter()
        try:
            async with self._session.post(
                address + post.path, data=post.body, headers=post.headers
            ) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        self.answers.append(Answered(kind, status, time.perf_counter() - began))
        return status

    async def deliver(self, post: Post, kind: str = "message") -> None:
        """Posts until a gateway answers 2xx; what is given up is ``lost``."""
        tries = 0
        while not 200 <= await self.post(post, kind) < 300:
            tries += 1
            if self.tries is not None and tries >= self.tries:
                self.lost.append(post)
                return
            await asyncio.sleep(AGAIN[min(tries, len(AGAIN)) - 1])

    def deliver_later(self, post: Post) -> None:
        """As ``deliver``, in the background."""
        self._begin(self.deliver(post))

    async def settled(self) -> None:
        """Until everything that was to be posted has been taken."""
        while self._tasks:
            await asyncio.wait(self._tasks)
            # Tasks that are done leave the set only in the loop's next round.
            await asyncio.sleep(0)

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def token(letters: int) -> str:
    """A random text of hexadecimal digits."""
    return secrets.token_hex((letters + 1) // 2)[:letters]


async def json_body(request: web.Request) -> dict[str, object] | None:
    """The body as a JSON object, else None."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
