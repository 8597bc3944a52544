"""What every provider's webhook must do, as a class that both pass; a new provider adds a subclass."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import statistics
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text as sql

from bot.simulator.cloud import CloudStandIn
from bot.simulator.phone import Phone
from bot.simulator.standin import Post
from bot.simulator.twilio import TwilioStandIn
from tests.whatsapp import simulators
from tests.whatsapp.gateways import VERIFY_TOKEN, Begin, WhatsAppGateway, settings_for, texts
from tests.whatsapp.test_inbox import bodies, met, states

#: A second secret of each provider, while it is being changed.
OTHER_SECRET = "o" * 32


def flipped(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


class WebhookContract:
    """Inherited by the tests of each provider."""

    provider: str
    header: str
    secret_setting: str
    secret_attribute: str
    most: int
    #: Whether it tells when a message was written.
    tells_times: bool

    def post(self, gateway: WhatsAppGateway, text: str = "hola") -> Post:
        phone = gateway.phone()
        (post,) = phone.posts(phone.prepare("text", text=text))
        return post

    async def refused(self, gateway: WhatsAppGateway, post: Post, status: int = 401) -> None:
        response = await gateway.client.post(post.path, data=post.body, headers=post.headers)
        assert response.status == status
        assert await response.read() == b""
        assert await states(gateway) == []

    # Who may post.

    async def test_unsigned_is_refused(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        post = self.post(gateway)
        unsigned = {name: value for name, value in post.headers.items() if name != self.header}
        await self.refused(gateway, replace(post, headers=unsigned))
        assert gateway.metric("faro_whatsapp_received_total", provider=self.provider, what="refused") == 1

    @pytest.mark.parametrize("signature", ["", "sha256=", "sha256=00", "AAAA", "é", "=" * 9_000])
    async def test_nonsense_for_a_signature_is_refused(self, begin: Begin, signature: str) -> None:
        gateway = await begin(self.provider)
        post = self.post(gateway)
        if not signature.isascii():
            signature = signature.encode().decode("latin-1")
        if len(signature) > 8_000:
            signature = signature[:8_000]
        await self.refused(gateway, replace(post, headers={**post.headers, self.header: signature}))

    async def test_one_byte_off_is_refused_wherever_it_is(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        post = self.post(gateway)
        for place in range(0, len(post.body), max(1, len(post.body) // 12)):
            await self.refused(gateway, replace(post, body=flipped(post.body, place)))
        await self.refused(gateway, replace(post, body=post.body + b" "))
        await self.refused(gateway, replace(post, body=post.body[:-1]))
        signature = post.headers[self.header]
        for place in (-3, -10, -20):
            other = "a" if signature[place] != "a" else "b"
            spoilt = signature[:place] + other + signature[place + 1 :]
            await self.refused(gateway, replace(post, headers={**post.headers, self.header: spoilt}))

    async def test_another_secret_is_refused_until_it_is_configured(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        phone = gateway.phone()
        old = getattr(gateway.standin, self.secret_attribute)
        setattr(gateway.standin, self.secret_attribute, OTHER_SECRET)
        (post,) = phone.posts(phone.prepare("text", text="hola"))
        await self.refused(gateway, post)
        both = await begin(beside=gateway, environ={self.secret_setting: f"{OTHER_SECRET},{old}"})
        gateway.standin.gateways[:] = [str(both.client.make_url("")).rstrip("/")]
        assert await gateway.standin.post(post) == 200
        setattr(gateway.standin, self.secret_attribute, old)
        (post,) = phone.posts(phone.prepare("text", text="hola otra vez"))
        assert await gateway.standin.post(post) == 200

    async def test_signed_nonsense_is_refused_and_stores_nothing(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        await self.refused(gateway, self.nonsense(gateway), 400)

    async def test_too_much_is_refused_before_it_is_read(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        post = self.post(gateway)
        response = await gateway.client.post(
            post.path, data=io.BytesIO(b"x" * (self.most + 1)), headers=post.headers
        )
        assert response.status == 413

    async def test_a_provider_that_is_not_configured_has_no_address(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        other = "twilio" if self.provider == "cloud" else "cloud"
        assert (await gateway.client.post(f"/webhooks/whatsapp/{other}")).status == 404

    # What is taken.

    async def test_what_was_replayed_changes_nothing(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        post = self.post(gateway, "work permit")
        assert [await gateway.standin.post(post) for _ in range(3)] == [200, 200, 200]
        await gateway.idle()
        assert await gateway.standin.post(post) == 200
        await gateway.later(days=7)
        assert await gateway.standin.post(post) == 200
        await gateway.idle()
        assert len(gateway.engine.typed) == 1
        assert await states(gateway) == ["answered"]

    async def test_the_same_twice_at_once_is_one_message(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        post = self.post(gateway, "work permit")
        assert set(await asyncio.gather(*(gateway.standin.post(post) for _ in range(6)))) == {200}
        await gateway.idle()
        assert gateway.engine.typed == ["work permit"]

    async def test_messages_out_of_order_are_read_as_far_as_the_provider_tells_it(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        ana = await met(gateway)
        await ana.says_out_of_order("first", "then", "last")
        await ana.hears(1)
        await gateway.idle()
        # Without times there is only the order in which they came.
        written = ["first", "then", "last"] if self.tells_times else ["last", "then", "first"]
        assert "\n".join(gateway.engine.typed[1:]).split("\n") == written
        assert set(await states(gateway)) == {"answered"}

    async def test_several_messages_of_one_person_at_once_lose_none(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        ana = await met(gateway)
        await ana.says_quickly("first", "then", "last")
        await ana.hears(1)
        await gateway.idle()
        read = "\n".join(gateway.engine.typed[1:]).split("\n")
        assert (
            read == ["first", "then", "last"]
            if self.tells_times
            else sorted(read) == ["first", "last", "then"]
        )

    async def test_several_people_at_once_are_each_answered_once(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        people = [gateway.phone() for _ in range(3)]
        posts = self.together(gateway, people)
        assert {await gateway.standin.post(post) for post in posts} == {200}
        for phone in people:
            assert len(await phone.hears(3)) == 3
        assert {await gateway.standin.post(post) for post in posts} == {200}
        await gateway.idle()
        assert sorted(gateway.engine.typed) == ["work 0", "work 1", "work 2"]
        assert [len(phone.sees) for phone in people] == [3, 3, 3]

    async def test_unknown_kinds_are_acknowledged(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        for post in self.unknown(gateway):
            assert await gateway.standin.post(post) == 200
        await gateway.idle()
        assert "aside" not in await states(gateway)

    @pytest.mark.parametrize(
        "text",
        [
            "¡Hola! ¿Cuánto cuesta? Señor Ñandú: «sí», “no”…",
            "👨‍👩‍👧 🇻🇪 e\u0301 \U0001f64f",
            "a+b=c & d%20e; 100% #1 \\ \" ' /",
            "línea una\nlínea dos\ttab",
        ],
    )
    async def test_spanish_and_emoji_arrive_unharmed(self, begin: Begin, text: str) -> None:
        gateway = await begin(self.provider)
        ana = gateway.phone()
        await ana.says(text)
        await ana.hears(2)
        assert gateway.engine.typed == [text]

    async def test_the_longest_message_arrives_whole(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        ana = gateway.phone()
        text = ("palabra ñ " * 500)[:4_095] + "."
        await ana.deliver(ana.prepare("text", text=text))
        await ana.hears(2)
        assert gateway.engine.typed == [text]

    async def test_statuses_between_messages_are_counted_and_never_go_back(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        gateway.standin.shuffle = True
        ana = await met(gateway)
        await ana.says("work permit")
        await ana.hears(1)
        await gateway.standin.settled()
        for _, message in gateway.standin.got:
            for state in ("read", "sent", "delivered"):
                await gateway.standin.report(message, state)
        await gateway.standin.settled()
        async with gateway.store.database.connect() as connection:
            found = await connection.execute(sql("SELECT status, state FROM wa_outbox"))
            assert {tuple(row) for row in found} == {("read", "sent")}

    async def test_a_store_that_fails_has_the_provider_send_again(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        post = self.post(gateway, "work permit")
        async with gateway.store.database.begin() as connection:
            await connection.execute(sql("ALTER TABLE wa_inbox RENAME TO wa_away"))
        assert await gateway.standin.post(post) == 503
        async with gateway.store.database.begin() as connection:
            await connection.execute(sql("ALTER TABLE wa_away RENAME TO wa_inbox"))
        assert await gateway.standin.post(post) == 200
        await gateway.idle()
        assert gateway.engine.typed == ["work permit"]

    async def test_the_answer_is_quick_while_the_engine_is_stuck(self, begin: Begin) -> None:
        gateway = await begin(self.provider, turn_seconds=20.0)
        gateway.engine.mode = "unloaded"
        free = await self.times(gateway, 15)
        gateway.engine.mode = "slow"
        stuck = await self.times(gateway, 30)
        # Other work on the machine makes both slower; the engine must not.
        assert statistics.median(stuck) < max(0.05, 3 * statistics.median(free))

    async def times(self, gateway: WhatsAppGateway, count: int) -> list[float]:
        before = len(gateway.standin.answers)
        for _ in range(count):
            assert await gateway.standin.post(self.post(gateway, "work permit")) == 200
        return [one.seconds for one in gateway.standin.answers[before:] if one.kind == "message"]

    async def test_nothing_of_a_person_stands_in_the_log(self, begin: Begin) -> None:
        gateway = await begin(self.provider)
        ana = await met(gateway)
        await ana.says("Rosa vive en la calle Ocho")
        await ana.hears(1)
        log = gateway.log.getvalue()
        for word in ("Rosa", "Ocho", ana.person.number, ana.sees[0].id, "permit"):
            assert word not in log
        await gateway.idle()
        assert await bodies(gateway) == 0

    # What differs.

    def together(self, gateway: WhatsAppGateway, people: list[Phone]) -> list[Post]:
        """A message of each person, in as few requests as the provider makes of them."""
        return [
            post
            for number, phone in enumerate(people)
            for post in phone.posts(phone.prepare("text", text=f"work {number}"))
        ]

    def nonsense(self, gateway: WhatsAppGateway) -> Post:
        raise NotImplementedError

    def unknown(self, gateway: WhatsAppGateway) -> list[Post]:
        raise NotImplementedError


def _as[T](standin: Any, kind: type[T]) -> T:
    assert isinstance(standin, kind)
    return standin


class TestCloud(WebhookContract):
    provider = "cloud"
    tells_times = True
    header = "X-Hub-Signature-256"
    secret_setting = "FARO_WHATSAPP_APP_SECRET"
    secret_attribute = "app_secret"
    most = 3 * 2**20

    def nonsense(self, gateway: WhatsAppGateway) -> Post:
        post = self.post(gateway)
        body = b'{"entry": 7'
        made = hmac.new(simulators.APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return replace(post, body=body, headers={**post.headers, self.header: f"sha256={made}"})

    def unknown(self, gateway: WhatsAppGateway) -> list[Post]:
        standin, phone = _as(gateway.standin, CloudStandIn), gateway.phone()
        value = standin.value(phone.person, [phone.prepare("text", text="x")])
        value["messages"][0] |= {"type": "hologram", "hologram": {"depth": 3}}
        del value["messages"][0]["text"]
        other_field = standin.envelope({"something": [1]})
        other_field["entry"][0]["changes"][0]["field"] = "account_alerts"
        return [standin.signed(standin.envelope(value)), standin.signed(other_field)]

    def together(self, gateway: WhatsAppGateway, people: list[Phone]) -> list[Post]:
        (one,) = {post.path for post in super().together(gateway, people)}
        standin = _as(gateway.standin, CloudStandIn)
        values = [standin.value(phone.person, list(phone.person.sent.values())) for phone in people]
        post = standin.signed(standin.envelope(*values))
        assert post.path == one
        return [post]

    async def test_several_people_and_statuses_in_one_post(self, begin: Begin) -> None:
        gateway = await begin("cloud")
        standin = _as(gateway.standin, CloudStandIn)
        ana = await met(gateway)
        one, two = gateway.phone(), gateway.phone()
        status = {
            "statuses": [
                {
                    "id": ana.sees[-1].id,
                    "status": "read",
                    "timestamp": "1795348800",
                    "recipient_id": ana.person.number,
                }
            ]
        }
        sent = [(phone, phone.prepare("text", text=f"work {n}")) for n, phone in enumerate((ana, one, two))]
        for phone, text in sent:
            phone.person.last_wrote = text.at
        values: list[dict[str, Any]] = [standin.value(phone.person, [text]) for phone, text in sent]
        assert await standin.post(standin.signed(standin.envelope(values[0], status, *values[1:]))) == 200
        assert len(await ana.hears(1)) == 1
        assert len(await one.hears(3)) == len(await two.hears(3)) == 3
        assert sorted(gateway.engine.typed[1:]) == ["work 0", "work 1", "work 2"]

    @pytest.mark.parametrize(
        ("token", "mode", "status"),
        [(VERIFY_TOKEN, "subscribe", 200), ("wrong", "subscribe", 403), (VERIFY_TOKEN, "other", 403)],
    )
    async def test_the_handshake(self, begin: Begin, token: str, mode: str, status: int) -> None:
        gateway = await begin("cloud")
        query = {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"}
        response = await gateway.client.get(gateway.webhook, params=query)
        assert response.status == status
        assert await response.text() == ("1158201444" if status == 200 else "")


class TestTwilio(WebhookContract):
    provider = "twilio"
    tells_times = False
    header = "X-Twilio-Signature"
    secret_setting = "FARO_TWILIO_AUTH_TOKEN"
    secret_attribute = "auth_token"
    most = 256 * 2**10

    def nonsense(self, gateway: WhatsAppGateway) -> Post:
        standin = _as(gateway.standin, TwilioStandIn)
        return standin.signed(f"{simulators.PUBLIC_URL}{gateway.webhook}", {"From": "whatsapp:+15550100"})

    def unknown(self, gateway: WhatsAppGateway) -> list[Post]:
        standin, phone = _as(gateway.standin, TwilioStandIn), gateway.phone()
        url = f"{simulators.PUBLIC_URL}{gateway.webhook}"
        base = {"From": f"whatsapp:+{phone.person.number}", "To": "whatsapp:+15550109999", "NumMedia": "0"}
        strange = {"MessageSid": f"SM{'1' * 32}", "MessageType": "hologram", "Body": ""}
        status = {"MessageSid": f"SM{'2' * 32}", "MessageStatus": "levitating"}
        by_phone = {"MessageSid": f"SM{'3' * 32}", "From": "+15550100", "Body": "by text message"}
        return [standin.signed(url, base | one) for one in (strange, status, by_phone)]

    @pytest.mark.parametrize("told", ["attacker.example", "bot.firm.example"])
    async def test_the_public_address_decides_and_no_header(self, begin: Begin, told: str) -> None:
        gateway = await begin("twilio")
        standin, phone = _as(gateway.standin, TwilioStandIn), gateway.phone()
        (post,) = phone.posts(phone.prepare("text", text="hola"))
        spoilt = replace(post, headers={**post.headers, "X-Forwarded-Host": told, "Host": told})
        assert await standin.post(spoilt) == 200
        standin.public_url = "https://attacker.example"
        (post,) = phone.posts(phone.prepare("text", text="hola"))
        response = await gateway.client.post(
            post.path, data=post.body, headers={**post.headers, "X-Forwarded-Host": "attacker.example"}
        )
        assert response.status == 401

    @pytest.mark.parametrize(("trusted", "status"), [("127.0.0.1", 200), ("10.0.0.1", 401)])
    async def test_in_a_demo_a_trusted_proxy_tells_the_address(
        self, begin: Begin, trusted: str, status: int
    ) -> None:
        gateway = await begin("twilio", environ={"FARO_PUBLIC_URL": "", "FARO_TRUSTED_PROXIES": trusted})
        post = self.post(gateway)
        headers = {**post.headers, "X-Forwarded-Host": "bot.firm.example", "X-Forwarded-Proto": "https"}
        assert await gateway.standin.post(replace(post, headers=headers)) == status


async def test_one_gateway_serves_both_providers_and_keeps_their_people_apart(begin: Begin) -> None:
    cloud = await begin("cloud")
    both = {**settings_for(cloud.standin), "FARO_WHATSAPP": "cloud,twilio"}
    twilio = await begin("twilio", environ=both)
    await cloud.client.close()
    cloud.standin.gateways[:] = twilio.standin.gateways
    ana, leo = cloud.phone("15550107777"), twilio.phone("15550107777")
    await ana.says("work one")
    await ana.hears(3)
    await leo.says("work two")
    await leo.hears(3)
    conversations = {turn["text"]: turn["conversation"] for turn in cloud.engine.turns}
    assert conversations["work one"] != conversations["work two"]
    assert "cloud" in texts(ana.sees)[0]
    assert "twilio" in texts(leo.sees)[0]
