"""Encryption of what names a person, and the vault that uses it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.booking.store import BookingStore
from bot.booking.tables import values
from bot.booking.vault import Vault
from bot.transcripts.sealing import Keys, Unreadable
from tests.booking.conftest import KEY, NOON, OLD_KEY, PHONE


@given(st.text(), st.text())
def test_what_is_sealed_opens_in_its_place(text: str, place: str) -> None:
    keys = Keys([KEY])
    try:
        text.encode()
        place.encode()
    except UnicodeEncodeError:
        return
    assert keys.open(keys.seal(text, place), place) == text


def test_the_same_text_is_never_the_same_twice() -> None:
    keys = Keys([KEY])
    sealed = {keys.seal(PHONE, "t.c:1") for _ in range(50)}
    assert len(sealed) == 50
    assert all(PHONE.encode() not in one for one in sealed)


def test_keys_rotate_the_first_encrypts_and_all_open() -> None:
    old, both, new = Keys([OLD_KEY]), Keys([KEY, OLD_KEY]), Keys([KEY])
    assert both.open(old.seal("x", "p"), "p") == "x"
    assert new.open(both.seal("x", "p"), "p") == "x"
    with pytest.raises(Unreadable, match="Add the old key"):
        new.open(old.seal("x", "p"), "p")


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: sealed[:6] + bytes([sealed[6] ^ 1]) + sealed[7:],
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[:5],
        lambda sealed: b"\x02" + sealed[1:],
        lambda sealed: b"",
    ],
    ids=["last byte", "nonce", "shorter", "only the key's name", "another form", "nothing"],
)
def test_a_changed_value_does_not_open(change) -> None:
    keys = Keys([KEY])
    with pytest.raises(Unreadable):
        keys.open(change(keys.seal(PHONE, "p")), "p")


@pytest.mark.parametrize("keys", [[], ["0a" * 31], ["zz" * 32], [KEY, ""]])
def test_other_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        Keys(keys)


async def test_the_vault_gives_back_what_was_put_for_that_conversation_only(store: BookingStore) -> None:
    vault = Vault(store.database, Keys([KEY]))
    later = NOON + timedelta(hours=1)
    await vault.put("c_1", {"[PHONE_1]": PHONE, "[NAME_1]": "Nombre Apellido"}, later)
    await vault.put("c_1", {"[PHONE_1]": "+12025550143"}, later)
    await vault.put("c_2", {"[PHONE_1]": "+12025550144"}, later)
    await vault.put("c_3", {}, later)
    assert await vault.get("c_1") == {"[NAME_1]": "Nombre Apellido", "[PHONE_1]": "+12025550143"}
    assert await vault.get("c_1", ["[PHONE_1]", "[EMAIL_1]"]) == {"[PHONE_1]": "+12025550143"}
    assert await vault.get("c_1", []) == {}
    assert await vault.erase("c_1") is True
    assert await vault.erase("c_1") is False
    assert await vault.get("c_1") == {}
    assert await vault.get("c_2") == {"[PHONE_1]": "+12025550144"}


async def test_values_go_at_their_time_and_not_before(store: BookingStore) -> None:
    vault = Vault(store.database, Keys([KEY]))
    await vault.put("c_1", {"[PHONE_1]": PHONE}, NOON)
    assert await vault.expire(NOON - timedelta(microseconds=1)) == 0
    assert await vault.expire(NOON) == 1
    assert await vault.get("c_1") == {}


async def test_a_value_cannot_be_moved_to_another_person(store: BookingStore) -> None:
    vault = Vault(store.database, Keys([KEY]))
    await vault.put("c_1", {"[PHONE_1]": PHONE}, NOON)
    await vault.put("c_2", {"[PHONE_1]": "+12025550144"}, NOON)
    async with store.database.begin() as connection:
        kept = {row.conversation_id: row.ciphertext for row in await connection.execute(select(values))}
        assert all(b"2025550" not in sealed for sealed in kept.values())
        await connection.execute(
            update(values).where(values.c.conversation_id == "c_2").values(ciphertext=kept["c_1"])
        )
    with pytest.raises(Unreadable, match="moved"):
        await vault.get("c_2")
