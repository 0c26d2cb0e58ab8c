import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath import InputError


def stimuli(n=5):
    generator = torch.Generator().manual_seed(0)
    return [
        sp.Stimulus(torch.rand(1, 30, 40, generator=generator), name=f"{i}.png", target_box=(i, i, 10, 10))
        for i in range(n)
    ]


@pytest.mark.parametrize("name", ["random", "center"])
def test_the_table_does_not_depend_on_batches_order_or_workers(name):
    agent = sp.create_agent(name)
    first = sp.simulate(agent, stimuli(), n_fixations=5, seed=3)
    for table in (
        sp.simulate(agent, stimuli(), n_fixations=5, seed=3, batch_size=1),
        sp.simulate(agent, stimuli(), n_fixations=5, seed=3, jobs=2, batch_size=2),
    ):
        pd.testing.assert_frame_equal(first, table)
    backwards = sp.simulate(agent, stimuli()[::-1], n_fixations=5, seed=3)
    keys = ["stimulus", "fixation"]
    pd.testing.assert_frame_equal(
        first.sort_values(keys, ignore_index=True), backwards.sort_values(keys, ignore_index=True)
    )


def test_another_seed_gives_other_fixations():
    agent = sp.create_agent("random")
    first, second = (sp.simulate(agent, stimuli(), n_fixations=5, seed=seed) for seed in (0, 1))
    assert not first["x_px"].equals(second["x_px"])


def test_a_search_stops_when_the_target_is_found():
    table = sp.simulate(sp.create_agent("random"), stimuli(8), n_fixations=200)
    for _, path in table.groupby("stimulus"):
        assert path["on_target"].tolist()[:-1] == [False] * (len(path) - 1)
        assert path["on_target"].iloc[-1] == path["target_found"].iloc[0]
    assert table["target_found"].any()


def test_without_a_target_nothing_is_found_and_that_is_null():
    table = sp.simulate(sp.create_agent("center"), [sp.Stimulus(torch.zeros(1, 9, 9), name="a")], n_fixations=4)
    assert len(table) == 4
    assert table["target_found"].isna().all()


def test_names_must_differ():
    with pytest.raises(InputError, match="both named 'a'"):
        sp.simulate(sp.create_agent("random"), [sp.Stimulus(torch.zeros(1, 9, 9), name="a")] * 2)
    with pytest.raises(InputError, match="no stimulus"):
        sp.simulate(sp.create_agent("random"), [])


def test_the_written_table_is_the_returned_one(tmp_path):
    table = sp.simulate(sp.create_agent("random"), stimuli(), out=tmp_path / "run.parquet")
    back = sp.read_table(tmp_path / "run.parquet")
    pd.testing.assert_frame_equal(back, table)
    assert back.attrs["scanpath"]["size_px"]["0.png"] == [40, 30]
    assert back.attrs["scanpath"]["seed"] == 0


def test_a_picture_that_fails_can_be_skipped(tmp_path):
    from PIL import Image

    for name in ("good.png", "bad.png"):
        Image.effect_noise((400, 300), 50).save(tmp_path / name)
    (tmp_path / "bad.png").write_bytes((tmp_path / "bad.png").read_bytes()[:600])
    pictures = [sp.Stimulus(tmp_path / name, target_box=(0, 0, 6, 6)) for name in ("good.png", "bad.png")]
    agent = sp.create_agent("eccnet", backbone="steerable")
    with pytest.raises(InputError, match="damaged"):
        sp.simulate(agent, pictures, n_fixations=2)
    table = sp.simulate(agent, pictures, n_fixations=2, on_error="skip")
    assert set(table["stimulus"]) == {"good.png"}
    assert "damaged" in table.attrs["scanpath"]["failures"]["bad.png"]


def test_the_eye_starts_where_the_stimulus_says_or_at_the_nearest_pixel():
    for start, expected in (((3, 4), [3, 4]), ((50, -2), [39, 0]), (None, [20, 15])):
        stimulus = sp.Stimulus(torch.zeros(1, 30, 40), name="a", start_xy=start)
        table = sp.simulate(sp.create_agent("random"), [stimulus], n_fixations=1)
        assert table.loc[0, ["x_px", "y_px"]].tolist() == expected


def test_one_stimulus_need_not_be_in_a_list(tmp_path):
    agent, one = sp.create_agent("random"), stimuli(1)[0]
    table = sp.simulate(agent, one, n_fixations=3)
    pd.testing.assert_frame_equal(table, sp.simulate(agent, [one], n_fixations=3))
    folder = sp.simulate(agent, one, n_fixations=3, out=tmp_path / "run")
    assert folder["x_px"].tolist() == table["x_px"].tolist()


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 1.5}, "seed must be a whole number, or several of them, got 1.5"),
        ({"seed": [0, 1.5]}, "seed must be a whole number, or several of them, got 1.5"),
        ({"seed": "0"}, "seed must be a whole number"),
        ({"seed": None}, "seed must be a whole number"),
        ({"seed": []}, "There is no seed"),
        ({"jobs": 0}, "jobs must be a whole number: 1 or more, or -1 for one worker a core; got 0"),
        ({"jobs": 1.5}, "jobs must be a whole number"),
        ({"agent": "random"}, r"create_agent\('eccnet'\) returns, got 'random'"),
        ({"agent": 3}, "An agent is needed"),
        ({"stimuli": "a.png"}, "stimuli must be Stimulus objects, got 'a.png'"),
        ({"stimuli": 3}, "stimuli must be Stimulus objects, got 3"),
        ({"stimuli": ["a.png"]}, "stimuli must be Stimulus objects, got str"),
        ({"n_fixations": 2.5}, "n_fixations must be a whole number"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
    ],
)
def test_what_cannot_be_simulated_is_said_in_one_sentence(change, says, folder, tmp_path):
    given = {"agent": sp.create_agent("random"), "stimuli": stimuli(2), "out": tmp_path / "run" if folder else None}
    with pytest.raises(InputError, match=says) as error:
        sp.simulate(**(given | change))
    assert "\n" not in str(error.value)
    assert not list(tmp_path.rglob("*.parquet"))
