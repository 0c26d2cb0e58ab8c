"""The examples of public names whose docstrings have none."""

import doctest
import re
from pathlib import Path

import pytest

from scanpath.metrics import METRICS

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = [
    (names.split()[0], text)
    for file in sorted((DOCS / "name_examples").glob("*.txt"))
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


def test_every_public_name_has_an_example(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    from name_examples import check_examples, read_examples
    from public_names import public_names

    names = public_names()
    assert len(names) > 300
    check_examples(names, read_examples())  # names those without one
