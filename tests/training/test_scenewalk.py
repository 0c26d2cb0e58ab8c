"""SceneWalk fitted to people that it made itself: their parameters come back, and intervals hold them."""

import json

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.agents.scene_density import SceneDensity
from scanpath.training import fit_scenewalk
from scanpath.training.scenewalk_evidence import evidence_of
from scanpath.training.scenewalk_search import Checkpoint, Search

TRUTH = {
    "attention_rate": 8.0,
    "inhibition_rate": 1.2,
    "attention_sd_deg": 5.0,
    "inhibition_sd_deg": 3.5,
    "attention_exponent": 0.9,
    "inhibition_strength": 0.45,
    "uniform_share": 0.05,
}
SIDE, PX_PER_DEG = 128, 5.0  # a pixel is a cell


def scene(stimulus):
    """Eight blobs on a low ground, other ones on each picture."""
    draw = np.random.default_rng(int(stimulus.name))
    y, x = np.mgrid[:SIDE, :SIDE]
    density = np.full((SIDE, SIDE), 3e-6)
    for a, b, sd, weight in draw.uniform([10, 10, 4, 0.3], [118, 118, 10, 1], (8, 4)):
        density += weight * 0.02 / sd**2 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * sd**2))
    return torch.from_numpy(density / density.sum())


def pictures(n):
    return [sp.Stimulus(torch.zeros(1, SIDE, SIDE), name=str(i), px_per_deg=PX_PER_DEG) for i in range(n)]


def make_people(n_people, n_pictures, n_fixations, configuration="subtractive", seed=0):
    agent = sp.create_agent("scenewalk", density=scene, configuration=configuration, parameters=TRUTH)
    looked = sp.simulate(agent, pictures(n_pictures), n_fixations=n_fixations, seed=range(seed, seed + n_people))
    return looked.assign(subject="s" + looked["seed"].astype(str)).drop(columns=["agent", "seed"])


@pytest.fixture(scope="module")
def few_people():
    return make_people(8, 2, 8)


def search_over(people, names, values=TRUTH, configuration="subtractive"):
    stimuli = pictures(people["stimulus"].nunique())
    evidence = evidence_of(sp.scanpaths_from_table(people), stimuli, SceneDensity(scene))
    defaults = sp.create_agent("scenewalk").parameters
    return Search(evidence, configuration, names, {**defaults, **values}, None)


def test_a_fit_beats_the_truth_and_its_intervals_hold_it(few_people, tmp_path):
    names = ("attention_sd_deg", "uniform_share")
    fit = fit_scenewalk(few_people, pictures(2), density=scene, parameters=TRUTH, fitted=names)
    search = search_over(few_people, names)
    assert fit.bits_per_fixation > search.bits(search.start) > fit.density_bits_per_fixation
    assert set(fit.intervals) == set(names)
    for name, (low, high) in fit.intervals.items():
        assert low < TRUTH[name] < high
        assert low < fit.parameters[name] < high
    assert fit.parameters["inhibition_rate"] == TRUTH["inhibition_rate"]
    assert {"people": 8, "pictures": 2, "scanpaths": 16, "fixations": 112}.items() <= fit.data.items()


def test_what_is_saved_is_an_agent(few_people, tmp_path):
    fit = fit_scenewalk(
        few_people, pictures(2), density="center", configuration="divisive", fitted=["zeta"], parameters=TRUTH
    )
    fit.save(tmp_path / "fit.json")
    agent = sp.create_agent("scenewalk", weights=tmp_path / "fit.json")
    assert agent.parameters == fit.parameters
    assert (agent.configuration, agent.density.source) == ("divisive", "center")
    assert json.loads((tmp_path / "fit.json").read_text())["data"]["scanpaths"] == 16


@pytest.mark.slow
@pytest.mark.parametrize("configuration", ["subtractive"])
def test_parameters_of_200_people_come_back_within_a_tenth(configuration):
    people = make_people(200, 8, 12, configuration, seed=1000)
    fit = fit_scenewalk(people, pictures(8), density=scene, configuration=configuration)
    ratios = {name: fit.parameters[name] / value for name, value in TRUTH.items()}
    assert {name: ratio for name, ratio in ratios.items() if abs(ratio - 1) > 0.1} == {}


def test_scores_are_the_gradients_of_torch(few_people):
    names = ("attention_rate", "inhibition_rate", "attention_exponent", "uniform_share")
    search = search_over(few_people, names)
    values = {name: torch.tensor(TRUTH[name], dtype=torch.float64, requires_grad=True) for name in names}
    total = 0.0
    for looks in search.evidence.looks:
        cells = (looks.paths.cells.double() + 0.5) / PX_PER_DEG
        x, y = (torch.where(looks.paths.known, cells[..., axis], torch.nan) for axis in (0, 1))
        bits = sp.scenewalk_log_likelihood(
            looks.density[0],
            x,
            y,
            looks.paths.duration_s,
            range_deg=((0, SIDE / PX_PER_DEG), (0, SIDE / PX_PER_DEG)),
            parameters={**TRUTH, **values},
        )
        total = total + bits.nansum() * np.log(2)
    total.backward()
    by_torch = [
        float(value.grad) * TRUTH[name] * (1 - TRUTH[name] if name == "uniform_share" else 1)
        for name, value in values.items()
    ]
    np.testing.assert_allclose(search._slope(search.start).scores.sum(0), by_torch, rtol=1e-3, atol=5e-3)


def test_a_shifted_place_has_a_slope(few_people):
    search = search_over(few_people, ("shift_deg",), configuration="subtractive+post")
    assert search._slope(search.start).scores.any()


def test_a_persons_own_fixations_are_not_in_the_density(few_people):
    density = SceneDensity("people", few_people)
    looks = evidence_of(sp.scanpaths_from_table(few_people), pictures(2), density).looks[0]
    assert looks.density.shape == (8, 128, 128)
    expected = density.on(pictures(1)[0], without=looks.people[3])
    torch.testing.assert_close(looks.density[3], expected)


def test_the_order_of_people_and_pictures_does_not_matter(few_people):
    names = ("attention_sd_deg",)
    shuffled = few_people.sample(frac=1, random_state=0)
    one, two = search_over(few_people, names), search_over(shuffled, names)
    assert one.bits(one.start) == pytest.approx(two.bits(two.start), abs=1e-12)


class Stopped(Exception):
    pass


def test_a_stopped_fit_goes_on_where_it_was(few_people, tmp_path):
    kept, seen = tmp_path / "fit.unfinished", []

    def stop(done):
        seen.append(done)
        if len(seen) > 8:
            raise Stopped

    settings = {"density": scene, "fitted": ["attention_sd_deg", "uniform_share"], "starts": 2, "checkpoint": kept}
    with pytest.raises(Stopped):
        fit_scenewalk(few_people, pictures(2), **settings, progress=stop)
    assert json.loads(kept.read_text())["now"] is not None
    again = fit_scenewalk(few_people, pictures(2), **settings)
    with pytest.raises(sp.InputError, match="another table of people or density"):
        fit_scenewalk(few_people.assign(duration_ms=few_people["duration_ms"] + 1), pictures(2), **settings)
    whole = fit_scenewalk(few_people, pictures(2), **{**settings, "checkpoint": None})
    assert again.bits_per_fixation == pytest.approx(whole.bits_per_fixation, abs=1e-4)
    assert len(again.starts) == 2
    assert max(again.starts) - min(again.starts) < 1e-3  # one maximum
    with pytest.raises(sp.InputError, match="made with other settings: another configuration"):
        fit_scenewalk(few_people, pictures(2), **settings, configuration="divisive")
    kept.write_text("{")
    with pytest.raises(sp.InputError, match="is damaged; delete it"):
        Checkpoint(kept, {})


def test_a_fit_at_the_border_has_no_interval(few_people):
    search = search_over(few_people, ("attention_rate", "uniform_share"), {**TRUTH, "attention_rate": 1e3})
    low, high = search.interval(search.start, 0.95)
    assert np.isinf(low[0])
    assert np.isinf(high[0])
    assert np.isfinite([low[1], high[1]]).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda people: people.drop(columns="subject"), "say who looked"),
        (lambda people: people.assign(duration_ms=np.nan), "'s0' on '0' has no duration"),
        (lambda people: people.assign(stimulus="7" + people["stimulus"]), "no picture named '70'"),
        (lambda people: people[people["fixation"] == 0], "nothing to fit"),
    ],
)
def test_people_that_cannot_be_used(few_people, change, sentence):
    with pytest.raises(sp.InputError, match=sentence):
        fit_scenewalk(change(few_people), pictures(2), density=scene)


def test_pictures_without_scale_and_unknown_names(few_people):
    bare = [sp.Stimulus(torch.zeros(1, SIDE, SIDE), name=str(i)) for i in range(2)]
    with pytest.raises(sp.InputError, match=r"SceneWalk works in degrees .* '0' has no px_per_deg"):
        fit_scenewalk(few_people, bare, density=scene)
    with pytest.raises(sp.InputError, match="No parameter of 'subtractive' is named 'shift_deg'"):
        fit_scenewalk(few_people, pictures(2), density=scene, fitted=["shift_deg"])
    with pytest.raises(sp.InputError, match="needs two of them on each picture"):
        fit_scenewalk(few_people[few_people["subject"] == "s0"], pictures(2), density="people")


def test_fixations_beside_the_picture_cut_a_scanpath(few_people):
    outside = few_people.copy()
    outside.loc[(outside["subject"] == "s0") & (outside["fixation"] == 5), "x_px"] = 150.0
    density = SceneDensity(scene)
    with pytest.warns(sp.InputWarning, match=r"2 scanpath\(s\) are cut .* drops 6 fixation"):
        cut = evidence_of(sp.scanpaths_from_table(outside), pictures(2), density)
    assert cut.counts["fixations"] == 112 - 6


@pytest.mark.slow
def test_the_posterior_lies_where_the_likelihood_is(few_people):
    pytest.importorskip("emcee", reason="emcee is not installed")
    from scanpath.training.scenewalk_posterior import sample_scenewalk

    names = ["uniform_share"]
    two = few_people[few_people["subject"].isin(["s0", "s1"]) & (few_people["stimulus"] == "0")]
    fit = fit_scenewalk(two, pictures(1), density=scene, parameters=TRUTH, fitted=names)
    first, again = (
        sample_scenewalk(fit, two, pictures(1), density=scene, steps=300, warm_up=50, seed=1).draws for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    search = search_over(two, names)
    grid = np.linspace(-10, 4, 400)
    log = [search.nats(np.array([at])).sum() - (at - search.defaults[0]) ** 2 / (2 * 1.5**2) for at in grid]
    weight = np.exp(np.array(log) - max(log))
    mean = float((weight * grid).sum() / weight.sum())
    sd = float(np.sqrt((weight * (grid - mean) ** 2).sum() / weight.sum()))
    points = np.log(first / (1 - first))
    assert points.mean() == pytest.approx(mean, abs=sd / 3)
    assert points.std() == pytest.approx(sd, rel=0.25)
