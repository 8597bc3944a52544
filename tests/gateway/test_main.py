"""How the gateway starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.core.firm import load_firm
from bot.gateway.main import EXAMPLE_FIRM, build
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
