"""Agents that look without a task: one protocol, seeds, and each paper's own law."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.agents.inhibition import FadingDisc
from scanpath.agents.levy import _stable


@pytest.fixture(scope="module")
def pictures():
    generator = torch.Generator().manual_seed(2)
    blobs = torch.nn.functional.interpolate(torch.rand(4, 3, 9, 12, generator=generator), (90, 120), mode="bicubic")
    return [sp.Stimulus(picture.clamp(0, 1), name=f"p{i}") for i, picture in enumerate(blobs)]


def build(name):
    fixations = sp.table_from_scanpaths(
        [
            sp.Scanpath([(i, 2 * s), (10, 10 * s), (20 + i, s)], info={"stimulus": f"p{i}", "subject": f"s{s}"})
            for i in range(4)
            for s in range(5)
        ]
    )
    return sp.create_agent(name, **({"fixations": fixations} if name == "human" else {}))


WALKERS = ["center", "random", "itti_koch", "spectral_residual", "g_eymol", "levy", "human"]


@pytest.mark.parametrize("name", WALKERS)
def test_tables_depend_on_nothing_but_the_seed(pictures, name):
    agent = build(name)
    whole = sp.simulate(agent, pictures, n_fixations=4, seed=1)
    single = sp.simulate(build(name), pictures[::-1], n_fixations=4, seed=1, batch_size=1)
    columns = ["stimulus", "fixation", "x_px", "y_px"]
    order = single[columns].sort_values(["stimulus", "fixation"], ignore_index=True)
    assert whole[columns].equals(order)
    assert whole["x_px"].between(0, 119).all()
    assert whole["y_px"].between(0, 89).all()
    if name not in ("itti_koch", "spectral_residual"):
        other = sp.simulate(agent, pictures, n_fixations=4, seed=2)
        assert not whole[columns].equals(other[columns])


@pytest.mark.parametrize("name", [name for name in WALKERS if name not in ("random", "human")])
def test_priority_is_a_map_of_the_picture(pictures, name):
    values = build(name).priority(pictures[0], np.array([[60.0, 45.0], [10.0, 80.0]]))
    assert tuple(values.shape) == pictures[0].size
    assert torch.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() > values.min()


@pytest.mark.parametrize("name", ["itti_koch", "spectral_residual", "g_eymol", "levy"])
def test_a_blank_picture_is_no_error(name):
    blank = sp.Stimulus(torch.full((1, 64, 80), 0.5), name="blank")
    table = sp.simulate(build(name), [blank], n_fixations=3)
    assert 1 <= len(table) <= 3


@pytest.mark.parametrize("name", WALKERS)
def test_search_stops_in_the_target_box(pictures, name):
    boxed = sp.Stimulus(pictures[0].image, name="p0", target_box=(0, 0, 120, 90))
    table = sp.simulate(build(name), [boxed], n_fixations=5)
    assert len(table) == 1
    assert table["target_found"].all()


def test_winner_is_inhibited_and_recovers():
    stimulus = sp.Stimulus(torch.zeros(1, 60, 90), name="blank")
    rule = FadingDisc(radius=1 / 6, keep=0.9)
    once = rule.weight(stimulus, [(30, 20)])
    assert once[20, 30] == 0
    # at a distance of r the disc is exp(-1/2)
    assert once[20, 40] == pytest.approx(1 - np.exp(-0.5), abs=1e-6)
    later = rule.weight(stimulus, [(30, 20), (80, 50), (80, 50)])
    assert later[20, 30] == pytest.approx(1 - 0.81, abs=1e-3)
    assert rule.weight(stimulus, [(30, 20)] * 5)[20, 30] == 0


def test_stable_numbers_have_the_laws_they_are_named_for():
    uniform = np.random.default_rng(0).random((2, 40_000))
    cauchy, gauss = _stable(1.0, *uniform), _stable(2.0, *uniform)
    # quartiles of a standard Cauchy are -1 and 1; alpha = 2 is a Gaussian of variance 2
    np.testing.assert_allclose(np.quantile(cauchy, [0.25, 0.5, 0.75]), [-1, 0, 1], atol=0.03)
    np.testing.assert_allclose([gauss.std(), (gauss**4).mean() / gauss.var() ** 2], [2**0.5, 3], rtol=0.03)


def test_levy_prefers_salient_places(pictures):
    def corner(stimulus):
        saliency = torch.zeros(stimulus.size)
        saliency[60:, 80:] = 1
        return saliency

    agent = sp.create_agent("levy", saliency=corner)
    table = pd_concat(sp.simulate(agent, pictures, n_fixations=11, seed=seed) for seed in range(4))
    chosen = table[table["fixation"] > 0]
    inside = ((chosen["x_px"] >= 79.5) & (chosen["y_px"] >= 59.5)).mean()
    assert inside > 0.8
    assert (sp.simulate(agent, pictures, n_fixations=1)[["x_px", "y_px"]] == [60, 45]).all(axis=None)


def pd_concat(tables):
    import pandas as pd

    return pd.concat(list(tables), ignore_index=True)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("levy", "alpha", 0),
        ("levy", "alpha", 2.5),
        ("levy", "alpha", "heavy"),
        ("levy", "saliency", "deep"),
        ("levy", "saliency", 3),
        ("levy", "candidates", 0),
        ("levy", "step", "long"),
        ("levy", "force", float("nan")),
        ("itti_koch", "inhibition_keep", 2),
        ("spectral_residual", "inhibition_keep", "all"),
        ("itti_koch", "inhibition_radius", 0),
        ("center", "spread", -1),
        ("g_eymol", "drag", float("inf")),
    ],
)
def test_wrong_settings_are_named(name, setting, value):
    with pytest.raises(sp.InputError, match=setting):
        sp.create_agent(name, **{setting: value})


def test_levy_refuses_a_map_of_another_size(pictures):
    agent = sp.create_agent("levy", saliency=lambda stimulus: torch.ones(3, 3))
    with pytest.raises(sp.InputError, match="size"):
        sp.simulate(agent, pictures[:1], n_fixations=2)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 3), (40, 2)])
@pytest.mark.parametrize("name", ["center", "random", "itti_koch", "spectral_residual", "g_eymol", "levy"])
def test_pictures_of_a_few_pixels_are_looked_at_inside(name, size):
    speck = sp.Stimulus(torch.rand(3, *size, generator=torch.Generator().manual_seed(1)), name="speck")
    table = sp.simulate(build(name), [speck], n_fixations=3)
    assert table["x_px"].between(0, size[1] - 1).all()
    assert table["y_px"].between(0, size[0] - 1).all()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_human_reads_its_table_from_a_file(pictures, tmp_path, ending):
    fixations = sp.table_from_scanpaths(
        [sp.Scanpath([(i, 1), (50, 2)], info={"stimulus": f"p{i}", "subject": "s"}) for i in range(4)]
    )
    sp.write_table(fixations, tmp_path / f"people.{ending}")
    agent = sp.create_agent("human", fixations=str(tmp_path / f"people.{ending}"))
    assert sp.simulate(agent, pictures, n_fixations=1)["x_px"].tolist() == [0, 1, 2, 3]
    with pytest.raises(sp.InputError, match="no table"):
        sp.create_agent("human", fixations=tmp_path / "none.csv")


def test_human_replays_other_people_and_other_pictures(pictures):
    fixations = sp.table_from_scanpaths(
        [
            sp.Scanpath(
                [(10 * i + s, 1), (50, s)],
                duration_ms=[100, 200],
                info={"stimulus": f"p{i}", "subject": str(s), "dataset": "d"},
            )
            for i in range(3)
            for s in range(3)
        ]
    )
    same = sp.create_agent("human", fixations=fixations, exclude_subject="1")
    for seed in range(8):
        x = sp.simulate(same, pictures[:3], n_fixations=1, seed=seed)["x_px"].to_numpy()
        assert (x // 10 == [0, 1, 2]).all()
        assert (x % 10 != 1).all()
    other = sp.create_agent("human", fixations=fixations, picture="other")
    x = sp.simulate(other, pictures[:3], n_fixations=1)["x_px"].to_numpy()
    assert (x // 10 != [0, 1, 2]).all()
    assert same.next_fixation(pictures[1], [(10, 1)], torch.Generator()) == (50, 0)
    with pytest.raises(sp.InputError, match="no scanpath"):
        sp.simulate(same, pictures[3:], n_fixations=2)
