"""Codes of the app, by the vectors of RFC 6238, Appendix B (its eight digits cut to six)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from bot.console import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_at(SECRET, totp.step_at(moment)) == code
    assert totp.matching_step(SECRET, code, moment, None) == seconds // 30
    assert totp.matching_step(SECRET, f"{code[:3]} {code[3:]}", moment, None) == seconds // 30


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_half_a_minute_off(steps: int, taken: bool) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    code = totp.code_at(SECRET, totp.step_at(now) + steps)
    assert (totp.matching_step(SECRET, code, now, None) is not None) == taken


def test_no_code_works_after_it_or_a_later_one_was_used() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    step = totp.step_at(now)
    for offset, used, taken in ((0, step, False), (0, step - 1, True), (-1, step, False), (1, step, True)):
        code = totp.code_at(SECRET, step + offset)
        assert (totp.matching_step(SECRET, code, now, used) is not None) == taken


@pytest.mark.parametrize("code", ["", "1", "é" * 6, "１２３４５６", "-12345", "1234567"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert totp.matching_step(SECRET, code, datetime(2026, 11, 21, tzinfo=UTC), None) is None


def test_the_address_names_firm_and_login() -> None:
    told = totp.address(SECRET, "m.perez", "Example & Sons: Law")
    assert told == (
        "otpauth://totp/Faro%20Example%20%26%20Sons%3A%20Law:m.perez"
        f"?secret={SECRET}&issuer=Faro%20Example%20%26%20Sons%3A%20Law"
    )
    assert len(totp.new_secret()) == 32
    assert totp.in_groups("ABCDEFGH") == "ABCD EFGH"
