"""Options and fixtures that all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# the first call of a compiled loop, or a busy machine, is no failing test
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", action="store_true", help="also run tests that take more than ten seconds")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--runslow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --runslow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference data: $SCANPATH_SHARED, or `shared` beside the checkout; tests skip where it is absent."""
    folder = Path(os.environ.get("SCANPATH_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "goldens").is_dir():
        pytest.skip(f"reference data not found at {folder}; set SCANPATH_SHARED to their folder")
    return folder
