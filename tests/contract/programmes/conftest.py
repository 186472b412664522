"""The door over each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.programmes.region import Region

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store


@pytest.fixture
def region(store: Store, tmp_path: Path) -> Region:
    return Region(store, tmp_path)
