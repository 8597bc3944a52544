"""The environment, checked all at once."""

from __future__ import annotations

import ast
import stat
from datetime import date
from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.settings import (
    ROOT,
    VARIABLES,
    Settings,
    kept_secret,
    load_settings,
    normalise_database_url,
    with_demo_secrets,
)

KEY, OTHER = "k" * 32, "e" * 32
#: Signing secrets for tests: the base64 of 24 bytes each.
SIGNING, SIGNING_TOO = "whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8
HOOK = {"FARO_BOOKING_URL": "https://firm.example/hook/", "FARO_BOOKING_SECRET": SIGNING}
CALCOM = {
    "FARO_CALCOM_KEY": "cal_x",
    "FARO_CALCOM_EVENT_TYPE": "42",
    "FARO_CALCOM_EMAIL": "intake@firm.example",
}
CLOUD = {
    "FARO_WHATSAPP": "cloud",
    "FARO_WHATSAPP_APP_SECRET": "a" * 32,
    "FARO_WHATSAPP_VERIFY_TOKEN": "v" * 32,
    "FARO_WHATSAPP_TOKEN": "EAAtoken",
    "FARO_WHATSAPP_PHONE_ID": "106540352242922",
}
TWILIO = {
    "FARO_WHATSAPP": "twilio",
    "FARO_TWILIO_ACCOUNT": "AC" + "0" * 32,
    "FARO_TWILIO_AUTH_TOKEN": "b" * 32,
    "FARO_TWILIO_FROM": "+12025550100",
    "FARO_PUBLIC_URL": "https://chat.firm.example",
}
PRODUCTION = {
    "FARO_MODE": "production",
    "FARO_SECRET_KEY": KEY,
    "FARO_ENGINE_SECRET": OTHER,
    "FARO_DATA_KEY": "0a" * 32,
    "FARO_FIRM": "/etc/faro/firm.yml",
}


def _problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return caught.value.problems


def test_nothing_at_all_is_a_demo_on_loopback() -> None:
    settings = load_settings({})
    assert (settings.mode, settings.host, settings.port) == ("demo", "127.0.0.1", 8080)
    assert settings.engine_url == "http://127.0.0.1:5005"
    assert settings.database_url == f"sqlite+aiosqlite:///{ROOT / 'var' / 'faro.db'}"
    assert settings.firm == ROOT / "bot/content/firm.yml"
    assert settings.allowed_origins == settings.trusted_proxies == ()
    assert settings.today is None


def test_production_with_its_secrets_is_accepted() -> None:
    settings = load_settings(PRODUCTION)
    assert settings.production
    assert settings.firm == Path("/etc/faro/firm.yml")


def test_every_problem_is_told_at_once() -> None:
    problems = _problems(
        {
            "FARO_MODE": "production",
            "FARO_PORT": "eighty",
            "FARO_TODAY": "21/11/2026",
            "FARO_HOTS": "localhost",
            "FARO_DATABASE_URL": "mysql://root:hunter2@db/faro",
        }
    )
    text = "\n".join(problems)
    for name in ("FARO_PORT", "FARO_TODAY", "FARO_HOTS", "FARO_DATABASE_URL", "FARO_SECRET_KEY", "FARO_FIRM"):
        assert name in text
    assert "Did you mean FARO_HOST?" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"FARO_MODE": "prod"}, "demo, production"),
        ({"FARO_PORT": "0"}, "1 to 65535"),
        ({"FARO_PORT": "5005"}, "must differ"),
        ({"FARO_SECRET_KEY": "short"}, "shorter than 32"),
        ({"FARO_LOG_LEVEL": "debug"}, "info, warning, error"),
        ({"FARO_ENGINE_URL": "engine:5005"}, "FARO_ENGINE_URL"),
        ({"FARO_ALLOWED_ORIGINS": "https://firm.example/chat"}, "without a path"),
        ({"FARO_ALLOWED_ORIGINS": "*"}, "FARO_ALLOWED_ORIGINS"),
        ({"FARO_TRUSTED_PROXIES": "proxy"}, "networks such as"),
        ({"FARO_ALARM_URL": "https://alarm.example"}, "FARO_ALARM_SECRET"),
        ({"FARO_ALARM_URL": "https://a.example", "FARO_ALARM_SECRET": "whsec_abc"}, "FARO_ALARM_SECRET"),
        ({"FARO_DATABASE_URL": "faro.db"}, "FARO_DATABASE_URL"),
        ({"FARO_DATA_KEY": "k" * 64}, "64 hexadecimal digits"),
        ({"FARO_DATA_KEY": f"{'0a' * 32},{'0b' * 31}"}, "64 hexadecimal digits"),
        ({"FARO_BOOKING_URL": "https://firm.example/hook"}, "FARO_BOOKING_SECRET is missing"),
        ({**HOOK, "FARO_BOOKING_SECRET": f"{SIGNING},whsec_abc"}, "or two separated"),
        ({**HOOK, "FARO_BOOKING_SECRET": f"{SIGNING},{SIGNING},{SIGNING}"}, "or two separated"),
        ({**HOOK, "FARO_BOOKING_URL": "firm.example"}, "FARO_BOOKING_URL is not an address"),
        ({**HOOK, "FARO_BOOKING_URL": "https://a:b@firm.example"}, "user name or password"),
        ({"FARO_BOOKING_CALLBACK_SECRET": "secret"}, "FARO_BOOKING_CALLBACK_SECRET"),
        ({**HOOK, **CALCOM}, "Choose one"),
        ({**CALCOM, "FARO_CALCOM_EVENT_TYPE": ""}, "FARO_CALCOM_EVENT_TYPE is missing"),
        ({**CALCOM, "FARO_CALCOM_EMAIL": ""}, "FARO_CALCOM_EMAIL is missing"),
        ({"FARO_CALCOM_EMAIL": "intake"}, "not an e-mail address"),
        ({"FARO_CALCOM_EVENT_TYPE": "thirty-minutes"}, "number of the event type"),
        ({**CLOUD, "FARO_WHATSAPP_APP_SECRET": ""}, "FARO_WHATSAPP_APP_SECRET is missing"),
        ({**CLOUD, "FARO_WHATSAPP_APP_SECRET": "short"}, "FARO_WHATSAPP_APP_SECRET is not one secret"),
        (
            {**CLOUD, "FARO_WHATSAPP_APP_SECRET": ",".join("abc")},
            "FARO_WHATSAPP_APP_SECRET is not one secret",
        ),
        ({**CLOUD, "FARO_WHATSAPP_VERIFY_TOKEN": ""}, "FARO_WHATSAPP_VERIFY_TOKEN is missing"),
        ({**CLOUD, "FARO_WHATSAPP_VERIFY_TOKEN": "short"}, "FARO_WHATSAPP_VERIFY_TOKEN has another form"),
        ({**CLOUD, "FARO_WHATSAPP_TOKEN": ""}, "FARO_WHATSAPP_TOKEN is missing"),
        ({**CLOUD, "FARO_WHATSAPP_PHONE_ID": "+12025550100"}, "FARO_WHATSAPP_PHONE_ID has another form"),
        ({**CLOUD, "FARO_WHATSAPP_API_URL": "graph"}, "FARO_WHATSAPP_API_URL is not an address"),
        ({**CLOUD, "FARO_WHATSAPP_TEMPLATES": "window=x"}, "FARO_WHATSAPP_TEMPLATES holds"),
        ({**TWILIO, "FARO_TWILIO_ACCOUNT": ""}, "FARO_TWILIO_ACCOUNT is missing"),
        ({**TWILIO, "FARO_TWILIO_AUTH_TOKEN": ""}, "FARO_TWILIO_AUTH_TOKEN is missing"),
        ({**TWILIO, "FARO_TWILIO_FROM": "2025550100"}, "FARO_TWILIO_FROM has another form"),
        ({**TWILIO, "FARO_PUBLIC_URL": ""}, "FARO_PUBLIC_URL is missing"),
        ({"FARO_WHATSAPP": "signal"}, "cloud, twilio"),
        ({"FARO_WHATSAPP_NUMBER": "555-0100"}, "FARO_WHATSAPP_NUMBER is"),
        ({"FARO_NOTHING_LIKE_IT": "1"}, "FARO_NOTHING_LIKE_IT is not a setting"),
    ],
)
def test_a_wrong_value_is_told_with_its_remedy(changes: dict[str, str], told: str) -> None:
    (problem,) = _problems(changes)
    assert told in problem


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"FARO_SECRET_KEY": ""}, "FARO_SECRET_KEY is missing"),
        ({"FARO_ENGINE_SECRET": KEY}, "the same"),
        ({"FARO_TODAY": "2026-11-21"}, "for tests"),
        ({"FARO_FIRM": ""}, "FARO_FIRM is missing"),
        ({"FARO_DATA_KEY": ""}, "FARO_DATA_KEY is missing"),
        ({**HOOK, "FARO_BOOKING_URL": "http://firm.example/hook"}, "FARO_BOOKING_URL must start with https"),
        ({**CALCOM, "FARO_CALCOM_URL": "http://cal.example"}, "FARO_CALCOM_URL must start with https"),
    ],
)
def test_production_refuses_what_a_demo_may(changes: dict[str, str], told: str) -> None:
    (problem,) = _problems({**PRODUCTION, **changes})
    assert told in problem


def test_names_of_others_are_nobodys_business() -> None:
    load_settings({"PATH": "/bin", "FARO_TEST_POSTGRES_URL": "postgresql://x", "FAROLITO": "1"})


def test_lists_and_dates_are_read() -> None:
    settings = load_settings(
        {
            "FARO_ALLOWED_ORIGINS": "https://Firm.example/, http://localhost:3000",
            "FARO_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "FARO_TODAY": "2026-11-21",
            "FARO_PORT": " 9000 ",
        }
    )
    assert settings.allowed_origins == ("https://firm.example", "http://localhost:3000")
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert (settings.today, settings.port) == (date(2026, 11, 21), 9000)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u@h:5432/d?sslmode=require", "postgresql+psycopg://u@h:5432/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
    ],
)
def test_database_addresses_get_their_asynchronous_driver(given: str, normal: str) -> None:
    assert normalise_database_url(given) == normal


@pytest.mark.parametrize(
    ("changes", "where"),
    [({}, ""), (HOOK, "webhook"), (CALCOM, "calcom")],
    ids=["nowhere", "webhook", "calcom"],
)
def test_requests_go_to_one_system_or_wait(changes: dict[str, str], where: str) -> None:
    assert load_settings({**PRODUCTION, **changes}).booking == where


def test_keys_and_secrets_that_are_being_changed_are_read_in_their_order() -> None:
    settings = load_settings(
        {
            **HOOK,
            "FARO_BOOKING_SECRET": f"{SIGNING_TOO}, {SIGNING}",
            "FARO_BOOKING_CALLBACK_SECRET": SIGNING,
            "FARO_DATA_KEY": f"{'0b' * 32}, {'0a' * 32}",
        }
    )
    assert settings.booking_secrets == (SIGNING_TOO, SIGNING)
    assert settings.booking_callback_secrets == (SIGNING,)
    assert settings.data_keys == ("0b" * 32, "0a" * 32)
    # A last slash may matter to who receives.
    assert settings.booking_url == "https://firm.example/hook/"


def test_a_demo_keeps_its_secrets_for_its_owner_only(tmp_path: Path) -> None:
    settings = load_settings({"FARO_VAR": str(tmp_path / "var")})
    first, second = with_demo_secrets(settings), with_demo_secrets(settings)
    assert first == second
    assert len(first.secret_key) >= 32
    assert first.secret_key != first.engine_secret
    assert len(first.data_keys) == 1
    for name in ("secret_key", "engine_secret", "data_key"):
        assert stat.S_IMODE((tmp_path / "var" / name).stat().st_mode) == 0o600
    assert sorted(p.name for p in (tmp_path / "var").iterdir()) == [
        "data_key",
        "engine_secret",
        "secret_key",
    ]


def test_given_secrets_are_not_replaced(tmp_path: Path) -> None:
    settings = load_settings({**PRODUCTION, "FARO_VAR": str(tmp_path)})
    assert with_demo_secrets(settings) == settings
    assert list(tmp_path.iterdir()) == []


def test_a_kept_secret_is_closed_to_others_again(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n", encoding="ascii")
    file.chmod(0o644)
    assert kept_secret(file) == "s" * 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_table_documents_exactly_what_is_read() -> None:
    tree = ast.parse((ROOT / "bot" / "settings.py").read_text(encoding="utf-8"))
    used = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
        if isinstance(node.func, ast.Attribute) and node.func.attr in READERS
    }
    assert used == {variable.name for variable in VARIABLES}
    assert all(variable.meaning.endswith(".") for variable in VARIABLES)


READERS = (
    "text", "port", "one_of", "day", "networks", "origins", "address", "secret", "factor", "whole",
    "days", "email",
    "data_keys", "signing", "some_of", "needed", "one_or_two", "number", "templates",
)  # fmt: skip


def test_whatsapp_by_both_providers() -> None:
    settings = load_settings(
        {
            **CLOUD,
            **TWILIO,
            "FARO_WHATSAPP": "twilio, cloud",
            "FARO_TWILIO_AUTH_TOKEN": f"{'n' * 32},{'o' * 32}",
            "FARO_WHATSAPP_TEMPLATES": "window_es=noticias:es_MX, reminder_en=a_date",
        }
    )
    assert settings.cloud is not None
    assert settings.twilio is not None
    assert settings.twilio.auth_tokens == ("n" * 32, "o" * 32)
    assert settings.cloud.templates == {"window_es": "noticias:es_MX", "reminder_en": "a_date"}
    assert load_settings({}).cloud is load_settings({}).twilio is None


@pytest.mark.parametrize(
    "changes",
    [
        {**CLOUD, "FARO_WHATSAPP_API_URL": "http://graph.example"},
        {**TWILIO, "FARO_TWILIO_API_URL": "http://twilio.example"},
        {**TWILIO, "FARO_PUBLIC_URL": "http://chat.firm.example"},
    ],
)
def test_what_people_write_is_encrypted_on_its_way(changes: dict[str, str]) -> None:
    (problem,) = _problems({**PRODUCTION, **changes})
    assert "must start with https://" in problem


def test_a_repr_shows_no_secret_of_a_provider() -> None:
    settings = load_settings({**CLOUD, **TWILIO, "FARO_WHATSAPP": "cloud,twilio"})
    for secret in ("a" * 32, "v" * 32, "EAAtoken", "b" * 32):
        assert secret not in f"{settings!r} {settings.cloud!r} {settings.twilio!r}"


def test_a_repr_shows_no_secret() -> None:
    settings = load_settings({**PRODUCTION, "FARO_DATABASE_URL": "postgresql://u:hunter2@h/d"})
    assert isinstance(settings, Settings)
    for secret in (KEY, OTHER, "hunter2", "0a0a"):
        assert secret not in repr(settings)
