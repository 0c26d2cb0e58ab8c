import inspect
import re
import subprocess
import sys

import pytest

from scanpath import InputError, metrics
from scanpath._core.errors import UnknownNameError
from scanpath.metrics import METRICS, Metric, list_metrics, pairwise


@pytest.mark.parametrize("name", list(METRICS))
def test_each_entry_describes_the_public_function_of_its_name(name):
    spec = METRICS[name]
    assert spec.name == name
    assert getattr(metrics, name) is spec.function
    low, high = spec.range
    assert low < high
    assert spec.parts
    assert spec.summary
    assert spec.reference
    assert spec.doi is None or re.fullmatch(r"10\.\d{4,9}/\S+", spec.doi)


@pytest.mark.parametrize("name", list(METRICS))
def test_what_a_metric_needs_is_a_setting_of_its_function(name):
    spec = METRICS[name]
    parameters = inspect.signature(spec.function).parameters
    for need in set(spec.needs) & {"screen_px", "screen"}:
        assert need in parameters
    if spec.batch is not None:
        theirs = list(parameters)[spec.n_inputs :]
        ours = inspect.signature(spec.batch).parameters
        accepted = any(parameter.kind is parameter.VAR_KEYWORD for parameter in ours.values())
        assert accepted or set(theirs) <= set(ours)


def test_names_can_be_listed_by_pattern():
    assert list_metrics("*tde") == ["sbtde", "scaled_tde", "tde"]
    assert len(list_metrics()) == len(METRICS)


def test_unknown_names_and_settings_hint_at_near_ones():
    with pytest.raises(UnknownNameError, match="multimatch"):
        pairwise("multimach", [])
    with pytest.raises(UnknownNameError, match="screen_px"):
        pairwise("multimatch", [], screen=(3, 4))
    with pytest.raises(InputError, match=r"multimatch needs screen_px=\(width, height\)"):
        pairwise("multimatch", [])


def test_a_spec_says_only_what_the_vocabulary_knows():
    with pytest.raises(InputError, match="similarity"):
        Metric(
            name="x",
            function=len,
            summary="",
            range=(0, 1),
            direction="closeness",
            symmetric=True,
            reference="",
        )


def test_functions_stay_on_top_of_the_modules_of_their_names():
    script = "\n".join(
        [
            "import sys, importlib",
            "for name in ('multimatch', 'scanmatch', 'pairwise', 'recurrence', 'scasim'):",
            "    importlib.import_module(f'scanpath.metrics.{name}')",
            "    import scanpath.metrics",
            "    assert callable(getattr(scanpath.metrics, name)), name",
            "print('torch' in sys.modules)",
        ]
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, timeout=120, capture_output=True, text=True)
    assert done.stdout == "False\n"
