import json
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "reference" / "saliency.json"


@pytest.fixture(params=["smooth", "random", "zeros_heavy", "ties", "constant", "negative"])
def pysaliency_case(request):
    """Maps, fixations and what pysaliency 0.2.22 gave (Python 3.11.7, numpy 1.26.4, scipy 1.11.4)."""
    kept = request.param == "zeros_heavy"
    file = HERE if kept else request.getfixturevalue("shared") / "goldens/metrics/saliency.json"
    return next(case for case in json.loads(file.read_text())["cases"] if case["map_kind"] == request.param)
