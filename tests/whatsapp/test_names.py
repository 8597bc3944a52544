"""Names hide what they stand for and never mix two kinds of things."""

from __future__ import annotations

import re

import pytest

from bot.gateway.whatsapp.names import Names

FIXED = "cc6a45c293be9356659096d0cb592c1ec5bc01f382f80272b1e9aca909a075a2"


def test_a_name_is_the_same_each_time_and_says_nothing() -> None:
    name = Names("a secret").alias("cloud", "phone:12025550142")
    assert name == Names("a secret").alias("cloud", "phone:12025550142")
    assert re.fullmatch("[0-9a-f]{64}", name)


def test_the_derivation_never_changes() -> None:
    # Another value here would make every message that a provider repeats look new.
    assert Names("a secret").message("cloud", "wamid.1") == FIXED


def test_kinds_providers_values_and_secrets_are_kept_apart() -> None:
    names = Names("a secret")
    made = [
        names.message("cloud", "1"),
        names.message("twilio", "1"),
        names.message("cloud", "2"),
        names.sent("cloud", "1"),
        names.alias("cloud", "1"),
        names.handover("1"),
        Names("another").message("cloud", "1"),
        names.message("", "cloud\0" + "1"),
    ]
    assert len(set(made)) == len(made)


def test_a_lone_surrogate_has_a_name() -> None:
    assert Names("a secret").message("cloud", "wamid.\ud800") != Names("a secret").message("cloud", "wamid.?")


def test_without_a_secret_there_are_no_names() -> None:
    with pytest.raises(ValueError, match="secret"):
        Names("")
