"""The real engine keeps the contract that the gateway's stand-in keeps."""

from __future__ import annotations

import pytest

from tests.gateway.engine_contract import EngineContract
from tests.stack import Stack


class TestRealEngine(EngineContract):
    @pytest.fixture
    def engine_url(self, faro: Stack) -> str:
        return faro.engine_address

    @pytest.fixture
    def engine_secret(self, faro: Stack) -> str:
        return faro.engine_secret
