"""Signatures: a fixed vector, and everything that must not pass, one second or one letter off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks.webhooks import Webhook

from bot.booking.signature import SignatureError, signed, verified
from tests.booking.conftest import OTHER_SECRET

# The example of the specification and of its libraries, with literal values.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
BODY = '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {
    "content-type": "application/json",
    "webhook-id": ID,
    "webhook-timestamp": "1614265330",
    "webhook-signature": SIGNATURE,
}


def test_the_vector_of_the_specification() -> None:
    assert signed([SECRET], ID, AT, BODY) == HEADERS
    assert verified([SECRET], HEADERS, BODY.encode(), AT) == ID


def test_another_time_zone_signs_the_same_second() -> None:
    assert signed([SECRET], ID, AT.astimezone(timezone(timedelta(hours=-6))), BODY) == HEADERS


def test_a_moment_without_time_zone_is_not_signed() -> None:
    with pytest.raises(ValueError, match="time zone"):
        signed([SECRET], ID, AT.replace(tzinfo=None), BODY)


def test_while_secrets_change_either_side_may_be_first() -> None:
    both = signed([OTHER_SECRET, SECRET], ID, AT, BODY)
    assert both["webhook-signature"].split(" ")[1] == SIGNATURE
    for secret in (SECRET, OTHER_SECRET):
        assert verified([secret], both, BODY.encode(), AT) == ID
    assert verified([OTHER_SECRET, SECRET], HEADERS, BODY.encode(), AT) == ID


@pytest.mark.parametrize("body", ["{}", '{"nombre": "Ñandú ¿sí? 🙏"}'])
def test_the_library_accepts_what_is_signed(body: str) -> None:
    now = datetime.now(UTC)
    Webhook(SECRET).verify(body, signed([SECRET], ID, now, body), json_parse=False)


def _with(**changes: str | None) -> dict[str, str]:
    headers: dict[str, str | None] = {**HEADERS}
    for name, value in changes.items():
        headers[f"webhook-{name}"] = value
    return {name: value for name, value in headers.items() if value is not None}


@pytest.mark.parametrize(
    ("headers", "body", "moved", "code"),
    [
        (_with(id=None), BODY, 0, "headers"),
        (_with(timestamp=None), BODY, 0, "headers"),
        (_with(signature=None), BODY, 0, "headers"),
        (_with(id=""), BODY, 0, "headers"),
        (_with(id="msg_other"), BODY, 0, "signature"),
        (_with(timestamp="1614265331"), BODY, 0, "signature"),
        (_with(timestamp="1614265330.0"), BODY, 0, "timestamp"),
        (_with(timestamp="nan"), BODY, 0, "timestamp"),
        (_with(timestamp="-1614265330"), BODY, 0, "timestamp"),
        (_with(timestamp="9" * 40), BODY, 0, "timestamp"),
        (HEADERS, BODY, 301, "old"),
        (HEADERS, BODY, -301, "new"),
        (HEADERS, BODY + " ", 0, "signature"),
        (HEADERS, "", 0, "signature"),
        (HEADERS, b"\xff\xfe", 0, "body"),
        (_with(signature=SIGNATURE[:-5] + "AAAA="), BODY, 0, "signature"),
        (_with(signature=SIGNATURE.removeprefix("v1,")), BODY, 0, "signature"),
        (_with(signature=SIGNATURE.replace("v1,", "v2,")), BODY, 0, "signature"),
        (_with(signature="v1,"), BODY, 0, "signature"),
        (_with(signature="ñ,🙏"), BODY, 0, "signature"),
        (_with(signature=" ".join(["v1,x"] * 10 + [SIGNATURE])), BODY, 0, "signature"),
    ],
)
def test_what_is_not_exactly_right_is_refused(
    headers: dict[str, str], body: str | bytes, moved: int, code: str
) -> None:
    raw = body if isinstance(body, bytes) else body.encode()
    with pytest.raises(SignatureError) as caught:
        verified([SECRET], headers, raw, AT + timedelta(seconds=moved))
    assert caught.value.code == code


@pytest.mark.parametrize("moved", [300, -300])
def test_five_minutes_are_still_in_time(moved: int) -> None:
    assert verified([SECRET], HEADERS, BODY.encode(), AT + timedelta(seconds=moved)) == ID


@pytest.mark.parametrize(
    "secret", [SECRET, SECRET.removeprefix("whsec_")], ids=["with prefix", "without prefix"]
)
@pytest.mark.parametrize(
    "given",
    [SIGNATURE, f"v1,AAAA {SIGNATURE}", f"v1a,xyz {SIGNATURE}"],
    ids=["alone", "second", "beside v1a"],
)
def test_one_right_signature_is_enough(secret: str, given: str) -> None:
    headers = {"Webhook-Id": ID, "WEBHOOK-TIMESTAMP": "1614265330", "webhook-signature": given}
    assert verified([secret], headers, BODY.encode(), AT) == ID


def test_another_secret_is_refused() -> None:
    with pytest.raises(SignatureError):
        verified([OTHER_SECRET], HEADERS, BODY.encode(), AT)
    with pytest.raises(SignatureError):
        verified([], HEADERS, BODY.encode(), AT)
