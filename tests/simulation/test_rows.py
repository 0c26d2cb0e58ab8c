"""Rows that are written without pandas: those that its checks would have let through, and no others."""

import numpy as np
import pytest

from scanpath import InputError, Scanpath
from scanpath.simulation.rows import checked_rows, plain_rows


def paths(xy=((1.0, 2.0), (3.0, 4.5)), times=(None, None), *, found=(False, True), **info):
    """Two scanpaths of one seed, the second with one fixation less."""
    common = {"agent": "one", "target_found": found[-1], **info}
    first = Scanpath(xy, *times, {"stimulus": "a", "on_target": list(found), **common})
    cut = [None if each is None else each[:1] for each in times]
    second = Scanpath(xy[:1], *cut, {"stimulus": "b", "on_target": list(found[:1]), **common})
    return [(7, first), (7, second)]


PLAIN = {
    "places alone": paths(),
    "times, some of them missing": paths(times=([200.0, np.nan], [0.0, 210.0])),
    "nothing looked for": paths(found=(None, None)),
    "facts of pictures": paths(dataset="toy", task="", trial="3", condition=None, weather="rain", width_deg=3),
    "facts of fixations": paths(object_index=4, object_label="hat"),
}
ODD = {
    "a fact of another type": paths(task=3),
    "a name as bytes": paths(agent=b"one"),
    "a fact in bytes": paths(weather=b"rain"),
    "numbers of NumPy": paths(object_index=np.int64(4)),
    "a number beyond 64 bits": paths(object_index=2**70),
    "text that is no UTF-8": paths(task="\ud800"),
    "a code for missing gaze": paths([(-32768.0, -32768.0), (1.0, 2.0)]),
    "a fact of a column's name": paths(x_px=3.0),
    "no scanpath": [],
    "one scanpath twice": paths()[:1] * 2,
    "the same picture by an empty and by no condition": [
        (7, Scanpath([(1, 2)], info={"stimulus": "a", "agent": "one", "condition": condition}))
        for condition in ("", None)
    ],
    "no picture": [(7, Scanpath([(1, 2)], info={"stimulus": "", "agent": "one"}))],
    "too few answers": [(7, Scanpath([(1, 2)], info={"stimulus": "a", "agent": "one", "on_target": [True, True]}))],
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_rows_are_those_of_the_checked_table(name):
    facts = {"frame": "px"}
    checked, plain = checked_rows(PLAIN[name], facts), plain_rows(PLAIN[name])
    assert plain.replace_schema_metadata(checked.schema.metadata).equals(checked, check_metadata=True)


@pytest.mark.parametrize("name", ODD)
def test_what_is_to_be_converted_or_refused_is_left_to_the_checks(name):
    assert plain_rows(ODD[name]) is None


def test_a_code_for_missing_gaze_is_refused():
    with pytest.raises(InputError, match="The simulated table: row 0 has -32768"):
        checked_rows(ODD["a code for missing gaze"], {})
