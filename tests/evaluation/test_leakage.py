"""Whether a model saw what it is scored on: planted memory is found, and honest models are let pass."""

import numpy as np
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath.evaluation import check_leakage, predict_fixations
from scanpath.metrics import fixation_density

SIZE = (30, 40)


def study(seed, remembered):
    """Score a model that knows each picture's peaks, and people's own fixations on the remembered ones."""
    generator = np.random.default_rng(seed)
    stimuli = [sp.Stimulus(torch.zeros(1, *SIZE), name=f"{n}") for n in range(20)]
    peaks, people = {}, []
    for stimulus in stimuli:
        peaks[stimulus.name] = generator.uniform((4, 4), (36, 26), size=(3, 2))
        # how much people agree differs from picture to picture
        spread = generator.uniform(1, 5)
        for subject in range(5):
            xy = peaks[stimulus.name][generator.integers(3, size=5)] + spread * generator.standard_normal((5, 2))
            info = {"stimulus": stimulus.name, "subject": f"s{subject}"}
            people.append(sp.Scanpath(np.clip(xy, 0, (39, 29)), info=info))
    seen = {name: np.concatenate([p.xy[1:] for p in people if p.info["stimulus"] == name]) for name in peaks}

    class Model:
        name = "model"

        def priority(self, stimulus, history_xy):
            density = fixation_density(peaks[stimulus.name], SIZE, bandwidth_px=4, uniform_share=0.2)
            if stimulus.name in remembered:
                density = (density + fixation_density(seen[stimulus.name], SIZE, bandwidth_px=1)) / 2
            return density

    return predict_fixations(Model(), stimuli, people, marks=("gold standard",))


@pytest.mark.slow
def test_planted_leakage_is_found_in_95_of_100_and_no_leakage_in_few():
    memory = {f"{n}" for n in range(10)}
    found = sum(check_leakage(study(seed, memory), memory).p < 0.05 for seed in range(100))
    false = sum(check_leakage(study(seed, set()), memory).p < 0.05 for seed in range(100))
    assert found >= 95
    assert false <= 12  # 5 expected; more than 12 of 100 come by chance once in 700


@pytest.mark.parametrize("seed", range(3))
def test_planted_leakage_is_found(seed):
    memory = {f"{n}" for n in range(10)}
    leaked = check_leakage(study(seed, memory), memory)
    assert leaked.p < 0.05
    assert leaked.low < leaked.bits < leaked.high
    assert (leaked.n_suspected, leaked.n_others) == (10, 10)


def test_p_values_of_models_that_saw_nothing_are_spread_evenly():
    generator, p = np.random.default_rng(5), []
    for _ in range(200):
        rows = [(who, f"{n}", generator.normal()) for who in ("model", "gold standard") for n in range(16)]
        table = pd.DataFrame(rows, columns=["agent", "stimulus", "information_gain"])
        p.append(check_leakage(table, [f"{n}" for n in range(8)], permutations=499).p)
    for quantile in (0.1, 0.5, 0.9):
        assert np.mean(np.array(p) <= quantile) == pytest.approx(quantile, abs=0.11)


def test_what_cannot_be_checked_is_said():
    rows = [(who, f"{n}", 1.0) for who in ("model", "gold standard") for n in range(4)]
    table = pd.DataFrame(rows, columns=["agent", "stimulus", "information_gain"])
    with pytest.raises(sp.InputError, match="got 1 suspected and 3 others"):
        check_leakage(table, ["0"])
    with pytest.raises(sp.InputError, match="no rows of 'gold standard'"):
        check_leakage(table[table["agent"] == "model"], ["0", "1"])
    with pytest.raises(sp.InputError, match="which of model, other is tested"):
        check_leakage(pd.concat([table, table.iloc[:4].assign(agent="other")]), ["0", "1"])
