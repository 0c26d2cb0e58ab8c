import runpy
import sys
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(ROOT.glob("*/plot_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_example_runs_and_draws(script, tmp_path):
    assert len(script.read_text().splitlines()) < 80
    with mock.patch.object(sys, "argv", [str(script), str(tmp_path)]):
        runpy.run_path(str(script), run_name="__main__")
    figures = list(tmp_path.glob("*.png"))
    assert figures
    for figure in figures:
        with Image.open(figure) as picture:
            low, high = picture.convert("L").getextrema()
            assert high - low > 100, "the figure is blank"
