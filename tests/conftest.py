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


def shared_folder() -> Path:
    """Folder of reference data: $SCANPATH_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("SCANPATH_SHARED", Path(__file__).parents[2] / "shared"))


WITHOUT_SHARED = "reference data not found"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference data; tests skip where it is absent."""
    folder = shared_folder()
    if not (folder / "goldens").is_dir():
        pytest.skip(f"{WITHOUT_SHARED} at {folder}")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line how much was not compared with other programs and with people."""
    skipped = sum(WITHOUT_SHARED in str(report.longrepr) for report in terminalreporter.getreports("skipped"))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests were skipped for want of reference data at {shared_folder()}; "
            "set SCANPATH_SHARED to their folder. tests/reference holds a small part, which was compared.",
            yellow=True,
        )
