"""Fits of the viewer."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath import InputError
from scanpath.guidance.fixation_readout import ReadoutRecipe
from scanpath.guidance.viewer_model import load_viewer
from scanpath.training.gaze_moments import picture_gaze
from scanpath.training.viewer import ViewerFit, ViewerFitRecipe

SMALL = ReadoutRecipe(widths=(8, 6), n_maps=4, n_kinds=2, n_lags=2, history_widths=(6, 4), joint_widths=(8, 6))
RECIPE = ViewerFitRecipe("steerable", epochs=2, folds=2, n_samples=16, n_moments=16, mirror=False, readout=SMALL)


def _pictures(n: int, px_per_deg: float | None = 12.0) -> list[sp.Stimulus]:
    """Noisy pictures with one bright disc each."""
    found = []
    for k in range(n):
        x, y = np.random.default_rng(k).uniform(15, 65, 2)
        rows, columns = np.mgrid[:80, :80]
        disc = ((rows - y) ** 2 + (columns - x) ** 2 < 36).astype(np.float32)
        noise = np.random.default_rng(k).uniform(0, 0.3, (1, 80, 80)).astype(np.float32)
        image = 0.1 + 0.6 * disc + noise
        found.append(sp.Stimulus(image, name=f"disc {k}", px_per_deg=px_per_deg, info={"at": (x, y)}))
    return found


def _people(stimuli: list[sp.Stimulus], n_people: int = 3) -> list[sp.Scanpath]:
    """People who look at the disc."""
    paths = []
    for stimulus in stimuli:
        for person in range(n_people):
            noise = np.random.default_rng(person).normal(0, 2, (4, 2))
            xy = np.array(stimulus.info["at"]) + noise
            paths.append(sp.Scanpath(xy, [200] * 4, info={"stimulus": stimulus.name, "subject": f"s{person}"}))
    return paths


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    stimuli = _pictures(16)
    out = tmp_path_factory.mktemp("fit") / "viewer.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scanpath.training.readout_training.LEAST_VISITS", 100)
        return ViewerFit(_people(stimuli), stimuli, out=out, recipe=RECIPE, origin={"recordings": "drawn"}).run()


def test_it_learns_where_people_look_on_pictures_it_has_not_seen(result):
    assert result.scores["bits"].mean() > 1
    assert set(result.scores["picture"]) == {f"disc {k}" for k in range(16)}


def test_the_file_holds_viewer_and_card(result):
    model = load_viewer(result.weights)
    assert model.card == json.loads(json.dumps(result.card))
    assert model.card["origin"] == {"recordings": "drawn"}
    assert (model.card["pictures"], model.card["people"]) == (16, 3)
    new = _pictures(20)[19]
    density = sp.create_agent("viewer", weights=result.weights).log_density(new, [(40, 40)]).exp()
    x, y = (round(value) for value in new.info["at"])
    assert float(density[y - 6 : y + 7, x - 6 : x + 7].sum()) > 2 * 13**2 / 80**2


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr("scanpath.training.readout_training.LEAST_VISITS", 1)


@pytest.mark.filterwarnings("ignore:On pictures that were left out")  # so few steps teach nothing
@pytest.mark.usefixtures("few_steps")
def test_a_fit_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    stimuli = _pictures(4)
    fits = [ViewerFit(_people(stimuli), stimuli, out=tmp_path / name / "v", recipe=RECIPE) for name in ("a", "b")]
    whole = fits[0].run()
    left = [14]  # features of four pictures, the first fold's two passes of two, and a part of the second's

    def stop(done: int) -> None:
        left[0] -= done
        if left[0] < 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fits[1].run(stop)
    again = fits[1].run()
    pd.testing.assert_frame_equal(again.scores, whole.scores)
    assert load_viewer(again.weights).checksum() == load_viewer(whole.weights).checksum()


@pytest.mark.usefixtures("few_steps")
def test_the_bar_is_full_at_the_end(tmp_path):
    stimuli, done = _pictures(3), []
    fit = ViewerFit(
        _people(stimuli),
        stimuli,
        out=tmp_path / "v.safetensors",
        recipe=ViewerFitRecipe(
            "steerable", epochs=1, folds=0, members=2, n_samples=4, n_moments=4, mirror=False, readout=SMALL
        ),
    )
    result = fit.run(done.append)
    assert sum(done) == fit.n_steps
    assert result.card["left_out_bits"] is None


@pytest.mark.usefixtures("few_steps")
def test_a_viewer_that_knows_nothing_is_remarked_upon(tmp_path):
    stimuli = _pictures(4)
    anywhere = np.random.default_rng(0)
    people = [
        sp.Scanpath(anywhere.uniform(0, 79, (9, 2)), info={"stimulus": stimulus.name, "subject": subject})
        for stimulus in stimuli
        for subject in ("s1", "s2")
    ]
    recipe = replace(RECIPE, epochs=1, learning_rate=0.3)
    with pytest.warns(sp.InputWarning, match="no more than the center bias"):
        ViewerFit(people, stimuli, out=tmp_path / "v.safetensors", recipe=recipe).run()


@pytest.mark.usefixtures("few_steps")
def test_other_settings_do_not_go_on(tmp_path):
    stimuli = _pictures(2)
    recipe = ViewerFitRecipe("steerable", epochs=1, folds=0, n_samples=4, n_moments=4, mirror=False, readout=SMALL)
    ViewerFit(_people(stimuli), stimuli, out=tmp_path / "v.safetensors", recipe=recipe).run()
    changed = ViewerFitRecipe("steerable", epochs=1, folds=0, n_samples=5, n_moments=4, mirror=False, readout=SMALL)
    with pytest.raises(InputError, match="other settings"):
        ViewerFit(_people(stimuli), stimuli, out=tmp_path / "v.safetensors", recipe=changed).run()
    corrected = [sp.Scanpath(path.xy + 0.25, info=path.info) for path in _people(stimuli)]
    with pytest.raises(InputError, match="another table of people"):
        ViewerFit(corrected, stimuli, out=tmp_path / "v.safetensors", recipe=recipe).run()
    with pytest.raises(InputError, match="other pictures"):
        ViewerFit(_people(_pictures(3)), _pictures(3), out=tmp_path / "v.safetensors", recipe=recipe).run()
    retouched = [sp.Stimulus(1 - one.image, name=one.name, px_per_deg=one.px_per_deg) for one in stimuli]
    with pytest.raises(InputError, match="other pictures"):
        ViewerFit(_people(stimuli), retouched, out=tmp_path / "v.safetensors", recipe=recipe).run()


def _without(paths, key):
    return [sp.Scanpath(path.xy, info={k: v for k, v in path.info.items() if k != key}) for path in paths]


@pytest.mark.parametrize(
    ("people", "stimuli", "message"),
    [
        (_without(_people(_pictures(3)), "subject"), _pictures(3), "subject"),
        (_people(_pictures(3)), _pictures(2), "'disc 2'"),
        (_people(_pictures(3)), _pictures(3, px_per_deg=None), "px_per_deg"),
        (_people(_pictures(1)), _pictures(1), "at least 2 pictures"),
        ([path[:1] for path in _people(_pictures(3))], _pictures(3), "second fixation"),
    ],
    ids=["no subjects", "no picture", "no scale", "one picture", "one fixation"],
)
def test_what_cannot_be_learned_from_is_named_in_one_sentence(tmp_path, people, stimuli, message):
    with pytest.raises(InputError, match=message) as error:
        ViewerFit(people, stimuli, out=tmp_path / "v.safetensors", recipe=RECIPE)
    assert "\n" not in str(error.value)


def test_one_person_is_remarked_upon(tmp_path):
    with pytest.warns(sp.InputWarning, match="one person"):
        ViewerFit(_people(_pictures(3), 1), _pictures(3), out=tmp_path / "v.safetensors", recipe=RECIPE)


def test_moments_are_all_fixations_on_the_picture_with_what_came_before():
    stimulus = _pictures(1)[0]
    path = sp.Scanpath([(10, 20), (-5, 30), (40, 50)], [100, np.nan, 300])
    gaze = picture_gaze(stimulus, [path, path[:1]])
    torch.testing.assert_close(gaze.next_deg, torch.tensor([[10.5, 20.5], [40.5, 50.5], [10.5, 20.5]]) / 12)
    assert gaze.moments.n_fixations.tolist() == [0, 2, 0]
    torch.testing.assert_close(gaze.moments.xy_deg[1, :2], torch.tensor([[-4.5, 30.5], [10.5, 20.5]]) / 12)
    assert gaze.moments.duration_ms[1, 1] == 100
    assert gaze.weight.tolist() == [0.5, 0.5, 1.0]
    twice = gaze.mirrored().mirrored()
    torch.testing.assert_close(twice.moments.xy_deg, gaze.moments.xy_deg, equal_nan=True)
    assert float(gaze.mirrored().next_deg[0, 0]) == pytest.approx((80 - 10.5) / 12)
