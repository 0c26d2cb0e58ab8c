"""The metrics run side by side with other programs, where these are installed."""

import os

import numpy as np
import pytest

from scanpath.metrics import Simplify, dtw, emd, frechet, hausdorff, multimatch, pairwise

SCREEN = (1024, 768)


def walks(count, seed, *, step=None, least=3, most=16):
    """Pairs of random scanpaths with durations in ms, on a grid of `step` px or anywhere."""
    generator = np.random.default_rng(seed)

    def one():
        n = generator.integers(least, most)
        if step is None:
            xy = generator.random((n, 2)) * SCREEN
        else:
            xy = generator.integers(0, (SCREEN[0] // step, SCREEN[1] // step), (n, 2)) * float(step)
        return np.column_stack([xy, generator.integers(40, 600, n)])

    return [(one(), one()) for _ in range(count)]


def records(path):
    return np.rec.fromarrays((path[:, 0], path[:, 1], path[:, 2] / 1000), names="start_x,start_y,duration")


@pytest.fixture
def multimatch_gaze():
    return pytest.importorskip("multimatch_gaze")


@pytest.mark.parametrize("step", [None, 64], ids=["anywhere", "on a coarse grid with ties"])
def test_multimatch_gaze(multimatch_gaze, step):
    for a, b in walks(150, seed=1, step=step):
        theirs = multimatch_gaze.docomparison(records(a), records(b), SCREEN)
        assert multimatch(a, b, SCREEN) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # of its saccades of length zero
@pytest.mark.parametrize(("degrees", "ms", "px"), [(45, 300, 100), (20, 500, 300), (90, 200, 0), (0, 400, 250)])
def test_multimatch_gaze_with_simplification(multimatch_gaze, degrees, ms, px):
    compared = 0
    for a, b in walks(120, seed=2, most=20):
        try:
            theirs = multimatch_gaze.docomparison(
                records(a), records(b), SCREEN, grouping=True, TDir=degrees, TDur=ms / 1000, TAmp=px
            )
        except IndexError:  # it cannot simplify to a single short saccade
            continue
        assert multimatch(a, b, SCREEN, simplify=Simplify(degrees, ms, px)) == pytest.approx(theirs, rel=1e-9)
        compared += 1
    assert compared > 60


@pytest.mark.slow  # tslearn compiles for a while
def test_tslearn_warping():
    metrics = pytest.importorskip("tslearn.metrics")
    for a, b in walks(40, seed=3, least=1):
        assert dtw(a, b, convention="root") == pytest.approx(metrics.dtw(a[:, :2], b[:, :2]), rel=1e-9)


def test_similaritymeasures_warping_and_frechet():
    peer = pytest.importorskip("similaritymeasures")
    for a, b in walks(40, seed=4, least=2):
        assert dtw(a, b) == pytest.approx(peer.dtw(a[:, :2], b[:, :2])[0], rel=1e-9)
        assert frechet(a, b) == pytest.approx(peer.frechet_dist(a[:, :2], b[:, :2]), rel=1e-9)


def test_scipy_hausdorff():
    from scipy.spatial.distance import directed_hausdorff

    for a, b in walks(40, seed=5, least=1):
        both = directed_hausdorff(a[:, :2], b[:, :2])[0], directed_hausdorff(b[:, :2], a[:, :2])[0]
        assert hausdorff(a, b) == pytest.approx(max(both), rel=1e-9)


def test_pot_transport(monkeypatch):
    for backend in ("PYTORCH", "JAX", "TENSORFLOW", "CUPY"):
        monkeypatch.setitem(os.environ, f"POT_BACKEND_DISABLE_{backend}", "1")
    ot = pytest.importorskip("ot")
    for a, b in walks(40, seed=6, least=1):
        cost = ot.dist(a[:, :2], b[:, :2], metric="euclidean")
        assert emd(a, b) == pytest.approx(ot.emd2([], [], cost), rel=1e-9)
        shares = a[:, 2] / a[:, 2].sum(), b[:, 2] / b[:, 2].sum()
        assert emd(a, b, weights="duration") == pytest.approx(ot.emd2(*shares, cost), rel=1e-9)


def test_rapidfuzz_edits():
    peer = pytest.importorskip("rapidfuzz.distance")
    generator = np.random.default_rng(7)
    words = ["".join(generator.choice(list("abcde"), generator.integers(1, 20))) for _ in range(40)]
    theirs = [[peer.Levenshtein.distance(a, b) for b in words] for a in words]
    assert pairwise("levenshtein", words)[:, :, 0].tolist() == theirs
    theirs = [[peer.OSA.distance(a, b) for b in words] for a in words]
    assert pairwise("damerau", words)[:, :, 0].tolist() == theirs
