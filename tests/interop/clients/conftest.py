"""One gateway for all clients; each client works with identifiers of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.process import GatewayProcess
    from tests.interop.conftest import Start


@pytest.fixture(scope="session")
def gateway(start: Start) -> Iterator[GatewayProcess]:
    with start() as serving:
        yield serving
