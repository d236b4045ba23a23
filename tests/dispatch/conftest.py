from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import Rig


@pytest.fixture
def rig(transactional_db: None, test_database_url: str, tmp_path: Path) -> Iterator[Rig]:
    """Simulator, gateway, intake and dispatchers around the tests' database."""
    one = Rig(test_database_url, tmp_path)
    try:
        yield one
    finally:
        one.close()
