"""The caption search study: rows, chance, intervals, and independence of workers."""

import numpy as np
import pandas as pd
import pytest

from scanpath.studies.caption_search import (
    ABSENT,
    CHANCE,
    CONDITIONS,
    RANDOM,
    TRUE,
    _ratio,
    _summary,
    format_caption_search,
    main,
    run_caption_search,
)


@pytest.fixture(scope="module")
def result():
    return run_caption_search(n_scenes=24, seed=31)


def test_captions_lead_the_eye(result):
    share = result.table.set_index("condition")["within"]
    assert share[TRUE] >= 0.7
    assert share[TRUE] > share["another present object's caption"] + 0.3
    assert share[TRUE] > share["an absent object's, nothing shared"] + 0.3
    assert share[TRUE] > share[RANDOM] + 0.3
    assert set(CONDITIONS) <= set(result.table["condition"])


def test_intervals_hold_their_means_and_first_is_part_of_within(result):
    table = result.table
    for part in ("within", "first"):
        assert (table[f"{part}_low"] <= table[part]).all()
        assert (table[part] <= table[f"{part}_high"]).all()
    assert (table["first"] <= table["within"] + 1e-12).all()
    assert (result.ratios["low"] <= result.ratios["value"]).all()


def test_each_scene_counts_once_for_the_floors(result):
    """Also a scene whose target lies in the center, where the random walk starts."""
    counts = result.table.set_index("condition")["n_scenes"]
    assert counts[RANDOM] == counts[CHANCE] == counts[TRUE] == 24


def test_chance_is_the_boxes_share(result):
    from scanpath.stimuli.captioned_scenes import captioned_scenes

    share = np.array([one.target_box[2] * one.target_box[3] / 128**2 for one in captioned_scenes(24, 31)])
    chance = result.table.set_index("condition").loc[CHANCE]
    assert chance["within"] == pytest.approx(np.mean(1 - (1 - share) ** 3))
    assert chance["first"] == pytest.approx(share.mean())


def test_models_are_averaged_within_scenes():
    once, twice = run_caption_search(n_scenes=3, seed=5), run_caption_search([None, None], n_scenes=3, seed=5)
    pd.testing.assert_frame_equal(
        once.table.drop(columns="n_models"), twice.table.drop(columns="n_models"), check_exact=False
    )


def test_intervals_hold_what_other_models_and_other_scenes_would_give():
    """Hits that differ by model alone, or by scene alone: intervals are those of a binomial over models or scenes."""
    n_models, n_scenes = 30, 60
    grid = [(f"m{m}", f"s{s:02d}", m, s) for m in range(n_models) for s in range(n_scenes)]
    for by_model in (True, False):
        rows = [
            {"model": model, "stimulus": scene, "condition": TRUE, "within": float((m if by_model else s) % 2 == 0)}
            for model, scene, m, s in grid
        ]
        row = _summary(pd.DataFrame(rows).assign(first=0.0), TRUE)
        half_width = 1.96 * (0.25 / (n_models if by_model else n_scenes)) ** 0.5
        assert row["within"] == 0.5
        assert row["within_high"] - row["within_low"] == pytest.approx(2 * half_width, rel=0.12)
        assert (row["least_model"], row["largest_model"]) == ((0, 1) if by_model else (0.5, 0.5))


def test_ratio_pairs_models_and_scenes():
    """Twice the hits in every model and scene is a ratio of two without doubt, however much models and scenes vary."""
    rng = np.random.default_rng(0)
    rows = []
    for model in "abc":
        for scene in range(20):
            share = rng.random() / 2
            about = {"model": model, "stimulus": scene, "first": 0.0}
            rows += [about | {"condition": TRUE, "within": 2 * share}, about | {"condition": ABSENT, "within": share}]
    ratio = _ratio(pd.DataFrame(rows), ABSENT)
    assert (ratio["value"], ratio["low"], ratio["high"]) == pytest.approx((2, 2, 2))


def test_command_prints_the_table(capsys, result):
    main(["--scenes", "3"])
    printed = capsys.readouterr().out
    assert "its own caption" in printed
    assert "own caption / chance by area" in printed
    assert format_caption_search(result).count("\n") == len(result.table) + 4
