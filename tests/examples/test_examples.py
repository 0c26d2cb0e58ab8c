import ast
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

ROOT = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(ROOT.glob("*/plot_*.py"))


@pytest.fixture
def shown(monkeypatch):
    """Let `plt.show()` keep what a script has drawn in place of opening a window."""
    plt.switch_backend("agg")
    pictures = []

    def show():
        for number in plt.get_fignums():
            figure = plt.figure(number)
            figure.canvas.draw()
            pictures.append(np.asarray(figure.canvas.buffer_rgba())[..., :3])
        plt.close("all")

    monkeypatch.setattr(plt, "show", show)
    yield pictures
    plt.close("all")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_example_runs_and_draws(script, shown):
    runpy.run_path(str(script), run_name="__main__")
    assert shown
    for picture in shown:
        assert np.ptp(picture.mean(-1)) > 100, "the figure is blank"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_example_is_short_and_has_a_title(script):
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80
    first, title, underline, empty, claim = ast.get_docstring(ast.parse(text), clean=False).split("\n")[:5]
    assert (first, empty) == ("", "")
    assert underline == "=" * len(title)
    assert claim


@pytest.mark.parametrize("theme", sorted({script.parent for script in SCRIPTS}), ids=lambda path: path.name)
def test_every_theme_has_a_heading(theme):
    assert (theme / "GALLERY_HEADER.rst").is_file()
