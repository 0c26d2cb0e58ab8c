"""The examples of public names whose docstrings have none."""

import doctest
import re
from pathlib import Path

import pytest

from scanpath.metrics import METRICS

FOLDER = Path(__file__).parents[2] / "docs" / "name_examples"
BLOCKS = [
    (names.split()[0], text)
    for file in sorted(FOLDER.glob("*.txt"))
    for names, text in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", file.read_text(encoding="utf-8"), re.M)
]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.fixture(autouse=True)
def forget_example_metrics():
    """Take back what the examples of declaring a metric registered."""
    yield
    for name in [name for name in METRICS if name.startswith("example_")]:
        del METRICS._entries[name]


@pytest.mark.parametrize(("name", "text"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_the_example_gives_what_it_says(name, text):
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, name, None, None)
    said = []
    failed = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append).failed
    assert failed == 0, "".join(said)
