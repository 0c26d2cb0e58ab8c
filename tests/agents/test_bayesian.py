"""Bayesian searchers: what their densities and scanpaths must be, whatever is seen."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.guidance import bayesian_posterior, expected_maximum

RULES = ("ideal", "elm", "map")


@pytest.fixture(scope="module")
def scene() -> sp.Stimulus:
    picture = torch.rand(1, 160, 224, generator=torch.Generator().manual_seed(0))
    return sp.Stimulus(picture, name="noise", target_box=(170, 30, 24, 24))


HISTORY = [(112, 80), (30, 120), (100, 20)]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("similarity", ["none", "correlation"])
def test_a_density_adds_up_to_one_and_is_even_within_a_cell(scene, rule, similarity):
    drawn = sp.create_agent("bayesian", rule=rule, similarity=similarity).log_density(scene, HISTORY)
    assert tuple(drawn.shape) == scene.size
    assert float(torch.logsumexp(drawn.flatten(), 0)) == pytest.approx(0, abs=1e-9)
    assert torch.all(drawn[:32, :32] == drawn[0, 0])


@pytest.mark.parametrize("rule", RULES)
def test_a_history_gives_one_density_whatever_was_asked_before(scene, rule):
    agent = sp.create_agent("bayesian", rule=rule)
    first = agent.priority(scene, HISTORY)
    agent.priority(scene, HISTORY[:1])
    other = sp.Stimulus(scene.image, name="other", target_box=scene.target_box)
    assert not torch.equal(agent.priority(other, HISTORY), first)
    assert torch.equal(agent.priority(scene, HISTORY), first)
    assert torch.equal(sp.create_agent("bayesian", rule=rule).priority(scene, HISTORY), first)
    assert not torch.equal(sp.create_agent("bayesian", rule=rule, seed=1).priority(scene, HISTORY), first)


def test_a_longer_history_begins_with_the_same_responses(scene):
    agent = sp.create_agent("bayesian")
    assert torch.equal(agent.posterior(scene, HISTORY)[:2], agent.posterior(scene, HISTORY[:2]))


@pytest.mark.parametrize(("update", "same"), [("correct", True), ("cumulative", False)])
def test_the_order_of_places_matters_only_by_their_noise(scene, update, same):
    agent = sp.create_agent("bayesian", update=update, noise="published", sd_cells=(1e3, 1e3))
    # all is seen alike from everywhere: which place comes first cannot matter, but how often responses count does
    forth, back = (agent.posterior(scene, history) for history in (HISTORY, HISTORY[::-1]))
    torch.testing.assert_close(forth, back, rtol=1e-4, atol=1e-6)
    again = sp.create_agent("bayesian", noise="published", sd_cells=(1e3, 1e3)).posterior(scene, HISTORY)
    assert torch.allclose(forth, again) == same


@pytest.mark.parametrize("rule", RULES)
def test_simulated_scanpaths_follow_their_seed(scene, rule):
    agent = sp.create_agent("bayesian", rule=rule)
    paths = [sp.simulate(agent, [scene], 8, seed)[["x_px", "y_px"]].to_numpy() for seed in (0, 0, 1)]
    assert np.array_equal(paths[0], paths[1])
    assert not np.array_equal(paths[0], paths[2])


@pytest.mark.parametrize("rule", RULES)
def test_the_target_is_found_sooner_than_by_chance(rule):
    pictures = [
        sp.Stimulus(torch.zeros(1, 320, 416), name=str(n), target_box=(32 * (n % 13), 32 * (n % 10), 30, 30))
        for n in range(24)
    ]
    found = {}
    for name in ("bayesian", "random"):
        agent = sp.create_agent(name, **({"rule": rule, "prior": "uniform"} if name == "bayesian" else {}))
        table = sp.simulate(agent, pictures, 12, 0)
        found[name] = table.groupby("stimulus")["target_found"].last().sum()
    assert found["bayesian"] >= 2 * found["random"]
    assert found["bayesian"] >= 10


def test_the_ideal_searcher_goes_where_the_most_likely_place_becomes_likeliest(scene):
    agent = sp.create_agent("bayesian", observers=1, lapse=0.0)
    posterior, known = agent.posterior(scene, HISTORY)[-1], agent.prepared(scene)
    best = int(expected_maximum(posterior, known.visibility).argmax())
    x, y = known.grid.place(best)
    drawn = agent.priority(scene, HISTORY)
    assert drawn[int(y), int(x)] == drawn.max()


def test_without_the_truth_two_places_that_look_alike_are_alike():
    generator = torch.Generator().manual_seed(3)
    patch = torch.rand(1, 24, 24, generator=generator)
    picture = torch.full((1, 160, 224), 0.5)
    for x, y in ((36, 68), (164, 68)):
        picture[:, y : y + 24, x : x + 24] = patch
    known = {"similarity": "correlation", "rule": "map", "observers": 400, "prior": "uniform", "noise": "published"}
    density = {}
    for truth in (True, False):
        agent = sp.create_agent("bayesian", truth_in_response=truth, **known)
        stimulus = sp.Stimulus(picture, name="twins", target=patch, target_box=(164, 68, 24, 24))
        density[truth] = agent.priority(stimulus, [(112, 80)])
    left, right = (float(density[False][80, x]) for x in (48, 176))
    assert left == pytest.approx(right, rel=0.05)
    assert float(density[True][80, 176]) > 1.02 * float(density[True][80, 48])


def test_posteriors_are_those_of_the_responses(scene):
    agent = sp.create_agent("bayesian", noise="published", update="cumulative")
    known = agent.prepared(scene)
    cells = known.grid.cells_of(np.array(HISTORY))
    seen = known.visibility.T[cells]
    noise = torch.stack(agent._noises(scene, 0, list(cells), known.grid))
    responses = known.target + noise / (3 * seen / seen.amax(1, keepdim=True) + 4)
    shape = (3, *known.grid.shape)
    right = bayesian_posterior(known.prior, responses.reshape(shape), seen.reshape(shape), update="cumulative")
    torch.testing.assert_close(agent.posterior(scene, HISTORY), right)


def test_a_network_can_tell_what_is_alike(scene):
    density = sp.create_agent("bayesian", similarity="features", rule="elm").priority(scene, HISTORY)
    assert float(density.sum()) == pytest.approx(1)


@pytest.mark.parametrize("name", ["ibs.correlation", "ibs.ssim"])
def test_published_variants_search(scene, name):
    table = sp.simulate(sp.create_agent(name), [scene], 5, 0)
    assert len(table) >= 2


def test_a_picture_without_a_place_of_the_target_is_searched_by_likeness(scene):
    stimulus = sp.Stimulus(scene.image, name="no box", target=scene.require_target("test"))
    agent = sp.create_agent("bayesian", similarity="correlation", truth_in_response=False)
    assert len(sp.simulate(agent, [stimulus], 4, 0)) == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rule": "idael"}, "ideal"),
        ({"similarity": "pixels"}, "similarity"),
        ({"truth_in_response": False}, "Responses tell nothing"),
        ({"cell_px": 0}, "cell_px"),
        ({"prior": "deepgaze"}, "prior"),
        ({"lapse": 2}, "lapse"),
        ({"update": "twice"}, "update"),
        ({"noise": "loud"}, "noise"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, message):
    with pytest.raises(sp.InputError, match=message):
        sp.create_agent("bayesian", **settings)


def test_what_a_picture_lacks_is_named():
    blank = sp.Stimulus(torch.zeros(1, 64, 64), name="blank")
    with pytest.raises(sp.InputError, match="target_box or target_mask"):
        sp.create_agent("bayesian").priority(blank, [(3, 3)])
    with pytest.raises(sp.InputError, match="looks for a target"):
        sp.create_agent("bayesian", similarity="ssim", truth_in_response=False).priority(blank, [(3, 3)])
    target = sp.Stimulus(torch.zeros(1, 64, 64), name="blank", target_box=(0, 0, 9, 9))
    with pytest.raises(sp.InputError, match="prior must give"):
        sp.create_agent("bayesian", prior=lambda stimulus: -torch.ones(64, 64)).priority(target, [(3, 3)])
