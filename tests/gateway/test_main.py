"""How the gateway starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.booking.calcom import CalcomDestination
from bot.booking.webhook import WebhookDestination
from bot.core.errors import SettingsError
from bot.core.firm import load_firm
from bot.gateway.main import EXAMPLE_FIRM, build, destination
from bot.settings import ROOT, load_settings

EXAMPLE = ROOT / "bot" / "content" / "firm.yml"


def test_the_example_firm_is_the_one_that_is_refused() -> None:
    assert load_firm(EXAMPLE).name == EXAMPLE_FIRM


async def test_production_refuses_a_copy_of_the_example_firm(tmp_path: Path) -> None:
    copy = tmp_path / "ours.yml"
    copy.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    settings = load_settings(
        {
            "FARO_MODE": "production",
            "FARO_FIRM": str(copy),
            "FARO_VAR": str(tmp_path),
            "FARO_SECRET_KEY": "k" * 40,
            "FARO_ENGINE_SECRET": "e" * 40,
            "FARO_DATA_KEY": "d" * 64,
        }
    )
    with pytest.raises(SettingsError, match="example firm"):
        await build(settings)


CALCOM = {
    "FARO_CALCOM_KEY": "cal_test_0123456789",
    "FARO_CALCOM_EVENT_TYPE": "4711",
    "FARO_CALCOM_EMAIL": "citas@bufete.example",
}
WEBHOOK = {
    "FARO_BOOKING_URL": "https://bufete.example/faro",
    "FARO_BOOKING_SECRET": "whsec_" + "QUFB" * 8,
}


@pytest.mark.parametrize(
    ("environ", "kind"), [({}, type(None)), (WEBHOOK, WebhookDestination), (CALCOM, CalcomDestination)]
)
def test_requests_go_where_the_settings_say(tmp_path: Path, environ: dict[str, str], kind: type) -> None:
    settings = load_settings({"FARO_VAR": str(tmp_path), **environ})
    assert type(destination(settings, "America/Chicago")) is kind


def test_cal_com_is_given_what_the_settings_name_and_the_zone_of_the_firm(tmp_path: Path) -> None:
    settings = load_settings(
        {"FARO_VAR": str(tmp_path), **CALCOM, "FARO_CALCOM_URL": "http://127.0.0.1:9/v2"}
    )
    made = destination(settings, "America/Chicago")
    assert isinstance(made, CalcomDestination)
    assert (made._url, made._key, made._event_type, made._relay, made._timezone) == (
        "http://127.0.0.1:9/v2",
        "cal_test_0123456789",
        4711,
        "citas@bufete.example",
        "America/Chicago",
    )
