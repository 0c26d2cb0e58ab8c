"""The trained searcher as an agent."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath import InputError
from scanpath.agents.searcher import cue_settings, target_likeness
from scanpath.guidance.fixation_readout import with_cue
from scanpath.guidance.viewer_model import ViewerModel, load_viewer, save_viewer


def _scene() -> sp.Stimulus:
    picture = torch.rand(3, 60, 80, generator=torch.Generator().manual_seed(1))
    return sp.Stimulus(
        picture, name="scene", px_per_deg=10, target=picture[:, 20:36, 50:66], target_box=(50, 20, 16, 16)
    )


@pytest.fixture(scope="module")
def cue():
    return sp.create_agent("pixel_match")


def _unlearned(cue: sp.Agent) -> ViewerModel:
    viewer = load_viewer()
    readouts = tuple(with_cue(one).eval().requires_grad_(False) for one in viewer.readouts[:1])
    return replace(
        viewer,
        readouts=readouts,
        recipe=replace(viewer.recipe, readout=readouts[0].recipe, cue=cue_settings(cue)),
        card={"picture_names": ["scene"]},
    )


@pytest.fixture(scope="module")
def weights(cue, tmp_path_factory):
    path = tmp_path_factory.mktemp("searcher") / "searcher.safetensors"
    save_viewer(_unlearned(cue), path)
    return path


@pytest.fixture(scope="module")
def searcher(weights):
    return sp.create_agent("searcher", weights=weights)


@pytest.mark.parametrize("history", [[(40, 30)], [(40, 30), (10, 50), (70, 5)]])
def test_before_it_has_learned_from_the_target_it_is_the_viewer(searcher, tmp_path, history):
    viewer = load_viewer()
    save_viewer(replace(viewer, readouts=viewer.readouts[:1]), tmp_path / "viewer.safetensors")
    plain = sp.create_agent("viewer", weights=tmp_path / "viewer.safetensors")
    assert torch.equal(searcher.log_density(_scene(), history), plain.log_density(_scene(), history))


def test_searches_start_where_the_eye_is_follow_the_seed_and_end_at_the_target(weights):
    searcher = sp.create_agent("searcher", weights=weights)
    stimulus = sp.Stimulus(
        _scene().image, name="s", target=_scene().target, target_box=(50, 20, 16, 16), start_xy=(5, 6)
    )
    first, again, other = (sp.simulate(searcher, stimulus, n_fixations=8, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["x_px"].equals(other["x_px"])
    assert first[["x_px", "y_px"]].to_numpy()[0].tolist() == [5, 6]
    assert first["target_found"].any() or len(first) == 8


def test_it_knows_what_it_was_fitted_to(searcher):
    path = sp.Scanpath([(40, 30), (20, 20)], info={"stimulus": "scene", "subject": "a"})
    other = sp.Stimulus(_scene().image, name="other", px_per_deg=10, target=_scene().target)
    elsewhere = sp.Scanpath([(40, 30), (50, 10)], info={"stimulus": "other", "subject": "a"})
    with pytest.warns(sp.InputWarning, match="fitted to 1 of these 2"):
        sp.evaluation.predict_fixations(searcher, [_scene(), other], [path, elsewhere])


def test_pictures_without_a_target_are_named(searcher):
    with pytest.raises(InputError, match="bare"):
        searcher.log_density(sp.Stimulus(torch.rand(3, 40, 40), name="bare"), [(3, 4)])


def test_files_of_the_other_kind_are_refused(weights, tmp_path):
    with pytest.raises(InputError, match="shown a target"):
        sp.create_agent("viewer", weights=weights)
    save_viewer(load_viewer(), tmp_path / "viewer.safetensors")
    with pytest.raises(InputError, match="shown no target"):
        sp.create_agent("searcher", weights=tmp_path / "viewer.safetensors")
    with pytest.raises(InputError, match="needs weights"):
        sp.create_agent("searcher")


def test_a_cue_that_sees_with_other_weights_is_refused(tmp_path):
    cue = sp.create_agent("ivsn", backbone="squeezenet1_1", weights={"seed": 1})
    save_viewer(_unlearned(cue), tmp_path / "s.safetensors")
    assert sp.create_agent("searcher", weights=tmp_path / "s.safetensors", cue_weights={"seed": 1}).cue.name == "ivsn"
    with pytest.raises(InputError, match="other weights"):
        sp.create_agent("searcher", weights=tmp_path / "s.safetensors", cue_weights={"seed": 2})


def test_likeness_is_that_of_the_start_with_no_place_closed(cue):
    stimulus = _scene()
    assert torch.equal(target_likeness(cue, stimulus), cue.attention(stimulus, [(40.0, 30.0)]))
    with pytest.raises(InputError, match="no map"):
        target_likeness(sp.create_agent("random"), stimulus)
    with pytest.raises(InputError, match="by its name"):
        cue_settings(type(cue)())
