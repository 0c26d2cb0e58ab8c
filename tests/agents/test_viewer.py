"""The trained viewer as an agent."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath import InputError
from scanpath.agents.scenewalk import SceneWalk
from scanpath.agents.winner_take_all import SpectralResidual
from scanpath.guidance.viewer_model import load_viewer, save_viewer


@pytest.fixture(scope="module")
def viewer():
    return sp.create_agent("viewer")


def _photo(height=150, width=200, channels=3, seed=0):
    coarse = torch.rand(1, channels, 7, 9, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)[0]


@settings(max_examples=12)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    channels=st.sampled_from([1, 3]),
    px_per_deg=st.one_of(st.none(), st.floats(4, 60)),
    n=st.integers(0, 6),
    seed=st.integers(0, 99),
)
def test_densities_are_normalized_over_any_picture(viewer, height, width, channels, px_per_deg, n, seed):
    stimulus = sp.Stimulus(torch.rand(channels, height, width), name="any", px_per_deg=px_per_deg)
    history = np.random.default_rng(seed).uniform(-20, 110, (n, 2))
    density = viewer.log_density(stimulus, history)
    assert tuple(density.shape) == (height, width)
    assert float(torch.logsumexp(density.flatten(), 0)) == pytest.approx(0, abs=1e-6)


def test_gray_is_seen_as_the_same_gray_in_color(viewer):
    gray = _photo(channels=1)
    in_color = sp.Stimulus(gray.expand(3, -1, -1).clone(), name="rgb", px_per_deg=12)
    torch.testing.assert_close(
        viewer.log_density(sp.Stimulus(gray, name="gray", px_per_deg=12), [(100, 75)]),
        viewer.log_density(in_color, [(100, 75)]),
    )


def test_density_depends_on_degrees_and_not_on_pixels(viewer):
    fine = _photo(300, 400)
    coarse = torch.nn.functional.avg_pool2d(fine[None], 2)[0]
    large = viewer.log_density(sp.Stimulus(fine, name="large", px_per_deg=24), [(100.5, 60.5)], [250]).exp()
    small = viewer.log_density(sp.Stimulus(coarse, name="small", px_per_deg=12), [(50, 30)], [250]).exp()
    pooled = torch.nn.functional.avg_pool2d(large[None], 2)[0] * 4
    assert float((pooled - small).abs().sum()) < 0.1


def test_pictures_without_a_scale_are_taken_to_be_33_degrees_long(viewer):
    image = _photo(60, 80)
    torch.testing.assert_close(
        viewer.log_density(sp.Stimulus(image, name="a"), [(40, 30)]),
        viewer.log_density(sp.Stimulus(image, name="b", px_per_deg=80 / (100 / 3)), [(40, 30)]),
    )


def test_scanpaths_follow_the_seed_and_have_times(viewer):
    stimulus = sp.Stimulus(_photo(), name="photo", px_per_deg=12)
    first, again, other = (sp.simulate(viewer, stimulus, n_fixations=6, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["x_px"].equals(other["x_px"])
    assert (first["duration_ms"] > 0).all()
    assert np.allclose(first["onset_ms"], np.r_[0, first["duration_ms"].cumsum()[:-1]])


def test_durations_must_fit_the_history(viewer):
    stimulus = sp.Stimulus(_photo(), name="photo")
    for durations in ([100, 200], 100, ["long"]):
        with pytest.raises(InputError, match="one number for each of 1 fixation"):
            viewer.log_density(stimulus, [(3, 4)], durations)


def test_histories_are_read_by_name_and_may_lie_beside_the_picture(viewer):
    stimulus = sp.Stimulus(_photo(), name="photo", px_per_deg=12)
    xy = np.random.default_rng(0).uniform(20, 140, (9, 2))
    calibrated = sp.calibrate(
        SpectralResidual(),
        [stimulus, sp.Stimulus(_photo(seed=1), name="other", px_per_deg=12)],
        [sp.Scanpath(xy, info={"stimulus": name, "subject": "a"}) for name in ("photo", "other")],
        folds=2,
    )
    table = pd.DataFrame({"y_px": [20.0, 40.0], "x_px": [100.0, 60.0]})
    for agent in (viewer, calibrated, SceneWalk(density="center")):
        named, placed = (agent.log_density(stimulus, history) for history in (table, [(100, 20), (60, 40)]))
        torch.testing.assert_close(named, placed, rtol=0, atol=0)
        for beside in ((9999, 5), (-50, 300), (1e9, -1e9)):
            assert float(agent.log_density(stimulus, [beside]).exp().sum()) == pytest.approx(1)
        with pytest.raises(InputError, match=r"\(1e\+300, 5\), which is no place near"):
            agent.log_density(stimulus, [(4, 5), (1e300, 5)])


def test_files_of_another_layout_are_refused(viewer, tmp_path):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "viewer.safetensors"
    save_viewer(viewer.model, path, with_network=True)
    assert load_viewer(path).checksum() == viewer.model.checksum()
    tensors = load_file(path)
    save_file(tensors, path, metadata={"format": "scanpath viewer 0"})
    with pytest.raises(InputError, match="not a trained viewer of this layout"):
        sp.create_agent("viewer", weights=path)
    for facts, why in ({}, "it has no 'facts'"), ({"facts": "{}"}, "it has no 'recipe'"), ({"facts": "{"}, "line 1"):
        save_file(tensors, path, metadata={"format": "scanpath viewer 1", **facts})
        with pytest.raises(InputError, match=f"another layout than this version reads .*{why}.*; fit it again"):
            sp.create_agent("viewer", weights=path)
    path.write_bytes(b"no weights at all")
    with pytest.raises(InputError, match="cannot be read as a viewer"):
        sp.create_agent("viewer", weights=path)


def test_the_shipped_viewer_says_where_it_comes_from(viewer):
    assert len(viewer.fitted_on) == viewer.card["pictures"] == 600
    assert {"recordings", "network", "pictures"} <= set(viewer.card["origin"])


@pytest.mark.slow
def test_people_are_predicted_on_pictures_that_were_not_learned_from(viewer, shared):
    table = pd.read_parquet(shared / "data/osie/fixations.parquet")
    names = sorted(table["image"].unique())[:6]
    table = table[table["image"].isin(names) & (table["subject"] <= 4)]
    people = [
        sp.Scanpath(look[["x", "y"]].to_numpy(float), look["duration_ms"], info={"stimulus": image, "subject": subject})
        for (image, subject), look in table.groupby(["image", "subject"])
    ]
    stimuli = [sp.Stimulus(shared / "data/osie/images" / name, px_per_deg=24) for name in names]
    scores = sp.evaluation.predict_fixations(viewer, stimuli, people)
    assert scores["information_gain"].mean() > 1.8
    assert scores["auc"].mean() > 0.9
