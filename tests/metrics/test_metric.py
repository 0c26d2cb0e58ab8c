import inspect
import re
import subprocess
import sys

import numpy as np
import pytest

from scanpath import InputError, UndefinedError, metrics
from scanpath._core.errors import UnknownNameError
from scanpath.metrics import METRICS, Metric, list_metrics, pairwise


@pytest.mark.parametrize("name", list(METRICS))
def test_each_entry_describes_the_public_function_of_its_name(name):
    metric = METRICS[name]
    assert metric.name == name
    assert getattr(metrics, name) is metric.function
    low, high = metric.range
    assert low < high
    assert metric.parts
    assert metric.summary
    assert metric.reference
    assert metric.doi is None or re.fullmatch(r"10\.\d{4,9}/\S+", metric.doi)


@pytest.mark.parametrize("name", list(METRICS))
def test_what_a_metric_needs_is_a_setting_of_its_function(name):
    metric = METRICS[name]
    parameters = inspect.signature(metric.function).parameters
    for need in set(metric.needs) & {"screen_px", "screen"}:
        assert need in parameters
    if metric.batch is not None:
        theirs = list(parameters)[metric.n_inputs :]
        ours = inspect.signature(metric.batch).parameters
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


FAR = [(1e7, 300, 200), (400, -1e7, 250), (300, 500, 180), (1e8, 1e8, 220)]


def test_no_part_of_multimatch_leaves_its_range_where_fixations_leave_the_screen():
    path = [(100, 100, 200), (400, 120, 250), (300, 500, 180), (700, 300, 220)]
    values, reasons = pairwise("multimatch", [path, FAR], screen_px=(1280, 720), return_reasons=True)
    assert np.isnan(values[0, 1, [0, 2, 3]]).all()
    assert (reasons[0, 1, [0, 2, 3]] == "off_screen").all()
    assert values[0, 0] == pytest.approx(1.0)
    assert np.nanmin(values) >= 0
    single = metrics.multimatch(path, FAR, screen_px=(1280, 720))
    assert np.array_equal(single, values[0, 1], equal_nan=True)


def test_a_value_outside_the_stated_range_is_no_score():
    @metrics.plain_metric(range=(0, 1), direction="similarity", reference="none")
    def doubled_share_for_a_test(map, xy):
        """Twice a number."""
        return 2.0 * map[0][0]

    try:
        assert doubled_share_for_a_test([[0.5]], [(0, 0)]) == 1.0
        assert doubled_share_for_a_test([[0.5 + 1e-12]], [(0, 0)]) == 1.0  # rounding
        with pytest.raises(UndefinedError, match="must lie in 0 to 1") as raised:
            doubled_share_for_a_test([[0.75]], [(0, 0)])
        assert raised.value.reason == "other"
    finally:
        METRICS._entries.pop("doubled_share_for_a_test", None)


def test_curves_that_hold_no_shares_are_refused():
    with pytest.raises(InputError, match="at most 1, got 2"):
        metrics.performance_auc([0.5, 2.0])
