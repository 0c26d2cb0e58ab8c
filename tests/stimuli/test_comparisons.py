import itertools

import pytest

import scanpath as sp
from scanpath.stimuli import triads


@pytest.mark.parametrize(("n", "gap"), [(13, 3), (7, 2), (5, 1), (6, None)])
def test_triads_are_all_combinations_with_small_gaps_in_their_order(n, gap):
    wide = n if gap is None else gap
    expected = [t for t in itertools.combinations(range(n), 3) if t[1] - t[0] <= wide and t[2] - t[1] <= wide]
    assert [tuple(row) for row in triads(n, widest_gap=gap)] == expected


def test_two_levels_make_no_triad():
    with pytest.raises(sp.InputError, match="n_levels"):
        triads(2)
