"""Fits of the searcher."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath import InputError
from scanpath.agents.searcher import target_likeness
from scanpath.guidance.viewer_model import load_viewer
from scanpath.training.searcher import SearcherFit, SearcherFitRecipe

RECIPE = SearcherFitRecipe(epochs=2, folds=2, n_samples=24, n_moments=24, members=1, mirror=False, learning_rate=3e-3)


def _pictures(n: int) -> list[sp.Stimulus]:
    """Blotches, and a patch of them as the target."""
    found = []
    for k in range(n):
        blotches = torch.rand(1, 1, 12, 16, generator=torch.Generator().manual_seed(k))
        picture = torch.nn.functional.interpolate(blotches, (96, 128), mode="bicubic").clamp(0, 1)[0]
        target = picture[:, 40:56, 20:36]
        found.append(sp.Stimulus(picture, name=f"blotches {k}", px_per_deg=12, target=target))
    return found


def _most_alike(stimulus: sp.Stimulus) -> np.ndarray:
    """Where the cue is largest."""
    likeness = target_likeness(sp.create_agent("pixel_match"), stimulus)
    row, column = divmod(int(likeness.argmax()), likeness.shape[1])
    return np.array([column, row])


def _people(stimuli: list[sp.Stimulus], n_people: int = 4) -> list[sp.Scanpath]:
    """People who make for the place that is most like the target at once, whatever else there is."""
    paths = []
    for stimulus in stimuli:
        for person in range(n_people):
            xy = _most_alike(stimulus) + np.random.default_rng(person).normal(0, 3, (4, 2))
            xy[0] = (64, 48)
            xy = xy.clip(0, (127, 95))
            paths.append(sp.Scanpath(xy, [200] * 4, info={"stimulus": stimulus.name, "subject": f"s{person}"}))
    return paths


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr("scanpath.training.readout_training.LEAST_VISITS", 1)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    stimuli = _pictures(40)
    out = tmp_path_factory.mktemp("fit") / "searcher.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scanpath.training.readout_training.LEAST_VISITS", 240)
        return SearcherFit(
            _people(stimuli), stimuli, sp.create_agent("pixel_match"), out=out, recipe=replace(RECIPE, epochs=3)
        ).run()


def test_it_learns_what_leads_people(result):
    assert result.scores["bits"].mean() > 2
    agents = [sp.create_agent("searcher", weights=result.weights), sp.create_agent("viewer")]
    near = {agent.name: [] for agent in agents}
    for new in _pictures(45)[40:]:
        x, y = _most_alike(new)
        around = (slice(max(y - 10, 0), y + 11), slice(max(x - 10, 0), x + 11))
        for agent in agents:
            near[agent.name].append(float(agent.log_density(new, [(64, 48)]).exp()[around].sum()))
    assert np.mean(near["searcher"]) > 3 * np.mean(near["viewer"])


def test_searchers_of_the_folds_have_not_seen_their_part(result):
    for fold, path in enumerate(result.folds):
        agent = sp.create_agent("searcher", weights=path)
        held = result.scores.loc[result.scores["fold"] == fold, "picture"]
        assert sorted(agent.card["left_out"]) == sorted(held)
        assert not set(agent.fitted_on) & set(held)
    assert len(sp.create_agent("searcher", weights=result.weights).fitted_on) == 40


def test_what_makes_maps_of_pictures_stays_the_viewers(result):
    searcher, viewer = load_viewer(result.weights), load_viewer()
    for name, value in searcher.readouts[0].state_dict().items():
        same = torch.equal(value, viewer.readouts[0].state_dict()[name]) if name != "joint.0.weight" else False
        assert same == name.startswith(("fine", "coarse", "second", "third", "log_sigma")), name


@pytest.mark.filterwarnings("ignore:On pictures that were left out")  # so few steps teach nothing
@pytest.mark.usefixtures("few_steps")
def test_a_fit_that_was_stopped_ends_as_one_that_was_not_whatever_the_order_of_people(tmp_path):
    stimuli = _pictures(4)
    cue = sp.create_agent("pixel_match")
    people = _people(stimuli)
    fits = [SearcherFit(people, stimuli, cue, out=tmp_path / name / "v", recipe=RECIPE) for name in ("a", "b")]
    whole = fits[0].run()
    left = [9]  # maps of four pictures, the first fold's two passes of two, and a part of the second's

    def stop(done: int) -> None:
        left[0] -= done
        if left[0] < 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fits[1].run(stop)
    again = SearcherFit(people[::-1], stimuli, cue, out=tmp_path / "b" / "v", recipe=RECIPE).run()
    pd.testing.assert_frame_equal(again.scores, whole.scores)
    assert load_viewer(again.weights).checksum() == load_viewer(whole.weights).checksum()


@pytest.mark.usefixtures("few_steps")
def test_the_bar_is_full_at_the_end(tmp_path):
    stimuli, done = _pictures(3), []
    recipe = SearcherFitRecipe(epochs=1, folds=0, n_samples=4, n_moments=4, mirror=False)
    cue = sp.create_agent("pixel_match")
    fit = SearcherFit(_people(stimuli), stimuli, cue, out=tmp_path / "s.safetensors", recipe=recipe)
    result = fit.run(done.append)
    assert sum(done) == fit.n_steps
    assert (result.folds, result.card["left_out_bits"]) == ((), None)
    with pytest.raises(InputError, match="searcher already"):
        SearcherFit(_people(stimuli), stimuli, cue, out=tmp_path / "t.safetensors", start=result.weights)


def test_other_pictures_and_too_many_members_are_refused(tmp_path):
    cue = sp.create_agent("pixel_match")
    with pytest.raises(InputError, match="has 3 readouts"):
        SearcherFit([], [], cue, out=tmp_path / "s", recipe=SearcherFitRecipe(members=4))
    bare = [sp.Stimulus(one.image, name=one.name, px_per_deg=12) for one in _pictures(2)]
    recipe = SearcherFitRecipe(folds=0, members=1, mirror=False)
    with pytest.raises(InputError, match="blotches 0"):
        SearcherFit(_people(_pictures(2)), bare, cue, out=tmp_path / "s", recipe=recipe).run()
