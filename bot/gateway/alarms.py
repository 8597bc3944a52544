"""Tells who runs the service that something is wrong: a metric, a log line, a row, a signed webhook.

None of it delays or endangers the reply to the person: row and webhook are written in the background, bounded
in number, and what they raise ends in the log.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlalchemy.exc import SQLAlchemyError

from bot.booking.signature import signed
from bot.gateway.clock import Clock
from bot.gateway.limits import Allowance, Limits
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.transcripts.records import AlarmRecord
from bot.transcripts.store import TranscriptStore

#: Posts a body with headers to the alarm address; raises ClientError or TimeoutError.
Post = Callable[[str, bytes, dict[str, str]], Awaitable[int]]


class Alarms:
    """Raises alarms."""

    def __init__(
        self, store: TranscriptStore, metrics: Metrics, clock: Clock, limits: Limits, url: str, secret: str
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._rows = Allowance(limits.alarm_rows)
        self._posts = Allowance(limits.alarm_posts)
        self._url = url
        self._secret = secret
        self._queue: asyncio.Queue[tuple[AlarmRecord, bool, bool]] = asyncio.Queue(maxsize=200)
        self._session: ClientSession | None = None
        self.post: Post = self._post

    def raise_alarm(self, kind: str, code: str, conversation: str | None, kept: bool) -> None:
        """Raises one alarm; the conversation is named in row and webhook only when it is kept.

        kind: ``engine`` (no turn), ``turn`` (empty or failed), ``store``, ``internal``, ``booking`` or ``whatsapp``.
        """
        self._raise(kind, code, conversation, conversation if kept else None, None, asked=False)

    def raise_about(
        self, kind: str, code: str, conversation: str | None, request_id: str | None = None
    ) -> None:
        """Raises one alarm about a person whom somebody may have to call.

        It leads to their conversation when that is kept, and to the request with that id, else to their newest; both
        are found out when it is written, and without the database it names neither.
        """
        self._raise(kind, code, conversation, conversation, request_id, asked=True)

    def _raise(
        self,
        kind: str,
        code: str,
        conversation: str | None,
        named: str | None,
        request_id: str | None,
        *,
        asked: bool,
    ) -> None:
        self._metrics.alarms.labels(kind).inc()
        self._metrics.tally(f"alarm_{kind}")
        logger().error("alarm", kind=kind, code=code, conversation=conversation)
        record = AlarmRecord(
            id=f"a_{secrets.token_hex(16)}",
            created_at=self._clock.now(),
            kind=kind,
            code=code[:128],
            conversation_id=named,
            request_id=request_id,
        )
        row = self._rows.take(kind)
        post = bool(self._url) and self._posts.take(kind)
        if not row and not post:
            return
        try:
            self._queue.put_nowait((record, post, asked))
        except asyncio.QueueFull:
            logger().warning("alarm_dropped", kind=kind)

    async def work(self) -> None:
        """Writes rows and posts webhooks until cancelled."""
        while True:
            record, post, asked = await self._queue.get()
            try:
                record = await self._write(record, asked)
                if post:
                    await self._send(record)
            except Exception as exc:  # The worker must outlive whatever one alarm does.
                logger().warning("alarm_lost", kind=record.kind, **fault(exc))
            finally:
                self._queue.task_done()

    async def settled(self) -> None:
        """Returns when every alarm so far has been worked through."""
        await self._queue.join()

    async def close(self) -> None:
        """Closes the session of the webhook."""
        if self._session is not None:
            await self._session.close()

    async def _write(self, record: AlarmRecord, asked: bool) -> AlarmRecord:
        """The alarm as it was written; of one that is ``asked`` about it names only what is kept."""
        try:
            if asked:
                return await self._store.add_alarm_about(record)
            await self._store.add_alarm(record)
        except (SQLAlchemyError, OSError) as exc:
            logger().warning("alarm_row_lost", kind=record.kind, **fault(exc))
            if asked:
                return replace(record, conversation_id=None, request_id=None)
        return record

    async def _send(self, record: AlarmRecord) -> None:
        body = json.dumps(
            {
                "type": "alarm.raised",
                "timestamp": record.created_at.isoformat(),
                "data": {
                    "id": record.id,
                    "kind": record.kind,
                    "code": record.code,
                    "conversation": record.conversation_id,
                    "request": record.reference,
                },
            },
            separators=(",", ":"),
        )
        headers = signed((self._secret,), record.id, self._clock.now(), body)
        try:
            status = await self.post(self._url, body.encode(), headers)
        except (ClientError, TimeoutError, OSError) as exc:
            logger().warning("alarm_post_failed", kind=record.kind, **fault(exc))
            return
        if not 200 <= status < 300:
            logger().warning("alarm_post_refused", kind=record.kind, status=status)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=10), trust_env=False)
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return response.status
