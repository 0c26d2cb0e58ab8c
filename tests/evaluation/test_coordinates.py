"""Two sides that speak of different frames are told apart from two that look at different places."""

import warnings

import numpy as np
import pandas as pd
import pytest

import scanpath as sp
from scanpath.evaluation.coordinates import check_frames

SIZE = (1680, 1050)
GENERATOR = np.random.default_rng(0)
PLACES = pd.DataFrame(
    {
        "stimulus": np.repeat([f"{n}.png" for n in range(6)], 10),
        "fixation": np.tile(np.arange(10), 6),
        "x_px": GENERATOR.normal(840, 330, 60).clip(0, 1679),
        "y_px": GENERATOR.normal(525, 210, 60).clip(0, 1049),
    }
)
PEOPLE = pd.concat([PLACES.assign(subject=who) for who in ("s1", "s2")], ignore_index=True)
PEOPLE.loc[60:, ["x_px", "y_px"]] += 9


def agent(x, y):
    return PLACES.assign(agent="m", x_px=x(PLACES.x_px), y_px=y(PLACES.y_px))


def compare(simulated, human=PEOPLE, size=SIZE):
    return sp.evaluate(simulated, human, ["dtw"], screen_px=size, draws=2)


WRONG = {
    "another size": (agent(lambda x: x * 0.3, lambda y: y * 0.3), "another size"),
    "a larger size": (agent(lambda x: x * 2, lambda y: y * 2), "lie off the pictures; .*another size"),
    "from the center, y up": (agent(lambda x: x - 839.5, lambda y: 524.5 - y), "frame='centered'"),
    "from the center, y down": (agent(lambda x: x - 839.5, lambda y: y - 524.5), "frame='centered'"),
    "degrees from the center": (agent(lambda x: (x - 840) / 40, lambda y: (y - 525) / 40), "degrees"),
    "degrees from the corner": (agent(lambda x: x / 40, lambda y: y / 40), "degrees"),
    "percent": (agent(lambda x: x / 16.8, lambda y: y / 10.5), "lies beyond"),
    "x and y changed": (PLACES.assign(agent="m", x_px=PLACES.y_px, y_px=PLACES.x_px), "if x and y changed places"),
}


@pytest.mark.parametrize(("simulated", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("size", [SIZE, None], ids=["size known", "size unknown"])
def test_a_frame_that_is_not_picture_pixels_is_named(simulated, message, size):
    if size is None:
        message = "."  # nothing but the other side tells; one sentence names one side
    with pytest.warns(sp.InputWarning, match=message) as said:
        table = compare(simulated, size=size)
    assert len(said) == 1 or size is None
    assert table.attrs["scanpath"]["doubts"] == [str(one.message) for one in said]


FRACTIONS = {
    "0 to 1": (agent(lambda x: x / 1680, lambda y: y / 1050), "frame='normalized'"),
    "-1 to 1": (agent(lambda x: x / 840 - 1, lambda y: 1 - y / 525), "frame='norm'"),
}


@pytest.mark.parametrize(("simulated", "message"), FRACTIONS.values(), ids=FRACTIONS)
@pytest.mark.parametrize("size", [SIZE, None])
def test_fractions_of_the_screen_are_no_pixels(simulated, message, size):
    with pytest.raises(sp.InputError, match=message):
        compare(simulated, size=size)


def test_people_in_fractions_are_refused_where_they_are_compared_with_themselves():
    people = PEOPLE.assign(x_px=PEOPLE.x_px / 1680, y_px=PEOPLE.y_px / 1050)
    with pytest.raises(sp.InputError, match="within one pixel of"):
        compare(people, people)
    maps = {"m": {name: np.ones((105, 168)) for name in people["stimulus"].unique()}}
    with pytest.raises(sp.InputError, match="within one pixel of"):
        sp.evaluation.evaluate_maps(maps, people, ["nss"])


def test_one_person_in_another_frame_is_named():
    others = pd.concat([PEOPLE, PEOPLE[60:].assign(subject="s3")], ignore_index=True)
    third = others["subject"] == "s3"
    simulated = agent(lambda x: x, lambda y: y)
    centered = others.assign(x_px=others["x_px"] - 840 * third, y_px=others["y_px"] - 525 * third)
    with pytest.warns(sp.InputWarning, match="human, 's3': .*frame='centered'"):
        compare(simulated, centered)
    fractions = others.copy()
    fractions.loc[third, ["x_px", "y_px"]] /= list(SIZE)
    with pytest.raises(sp.InputError, match=r"human, 's3': .*fractions"):
        compare(simulated, fractions)


def test_nothing_on_the_pictures_is_no_comparison():
    with pytest.raises(sp.InputError, match="no fixation lies on its picture"):
        compare(agent(lambda x: x + 3000, lambda y: y))
    with pytest.raises(sp.InputError, match=r"if y points up, .*y_up=True"):
        compare(agent(lambda x: x, lambda y: -y))
    with pytest.warns(sp.InputWarning, match=r"if y points up, .*y_up=True"):
        compare(agent(lambda x: x, lambda y: -y), size=None)


CENTER = {
    "always in the center": agent(lambda x: 0 * x + 839.5, lambda y: 0 * y + 524.5),
    "near the center": agent(lambda x: 840 + (x - 840) / 8, lambda y: 525 + (y - 525) / 8),
    "anywhere": agent(lambda x: np.linspace(0, 1679, 60), lambda y: np.roll(np.linspace(0, 1049, 60), 23)),
    "a little off the screen": agent(lambda x: x + 60, lambda y: y - 30),
    "other, not the same": agent(lambda x: x[::-1].to_numpy(), lambda y: y),
}


@pytest.mark.parametrize("simulated", CENTER.values(), ids=CENTER)
@pytest.mark.parametrize("size", [SIZE, None])
def test_looking_elsewhere_is_no_other_frame(simulated, size):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compare(simulated, size=size).attrs["scanpath"]["doubts"] == []


@pytest.mark.parametrize("name", ["osie", "interiors"])
def test_real_gaze_raises_no_doubt(shared, name):
    data = sp.load_dataset(name, root=shared / "data" / name)
    size = {one.name: one.size[::-1] for one in data.stimuli}
    table = data.fixations
    for _, seen in [*table.groupby("stimulus"), *table.groupby("subject")]:
        xy = seen[["x_px", "y_px"]].to_numpy()
        assert check_frames({"human": xy}, {"human": np.array(seen["stimulus"].map(size).tolist(), dtype=float)}) == []


def test_simulated_pictures_without_people_are_named_beside_the_like():
    simulated = agent(lambda x: x, lambda y: y).assign(stimulus=PLACES["stimulus"].replace({"0.png": "0.PNG"}))
    with pytest.warns(sp.InputWarning, match=r"1 of 6 simulated pictures .* '0.PNG' \(human has '0.png'\)"):
        table = compare(simulated)
    assert table["n_pictures"].tolist() == [5]


def test_scanpaths_are_asked_as_tables_are():
    def paths(who, scale=1.0, **more):
        return [sp.Scanpath(PLACES[["x_px", "y_px"]].to_numpy()[:20] * scale, info={"stimulus": "a", **who}, **more)]

    with pytest.warns(sp.InputWarning, match="human: all durations are below 5 ms"):
        compare(paths({"agent": "m"}), paths({"subject": "s"}, duration_ms=np.full(20, 0.2)))
    with pytest.raises(sp.InputError, match=r"simulated: row 0 has .* code for missing gaze"):
        compare(paths({"agent": "m"}, 1e8), paths({"subject": "s"}))


@pytest.mark.parametrize("n", [1, 60])
def test_one_fixation_far_beside_its_picture_is_named(n):
    simulated = PLACES.assign(agent="m").iloc[:n].copy()
    simulated.loc[0, "x_px"] = 6000.0
    with pytest.warns(sp.InputWarning, match=rf"1 of {n} fixations are far beside.*\(6000, .*1680 x 1050.*\[6000\]"):
        check_frames(
            {"simulated": simulated[["x_px", "y_px"]].to_numpy()}, {"simulated": np.tile(np.array(SIZE, float), (n, 1))}
        )


def test_a_place_beside_the_pictures_that_returns_is_named():
    xy = PLACES[["x_px", "y_px"]].to_numpy()[:50].copy()
    size = {"human": np.tile(np.array(SIZE, float), (50, 1))}
    xy[[4, 9]] = 1900, 1200
    assert check_frames({"human": xy}, size) == []
    xy[7] = 1900, 1200
    with pytest.warns(sp.InputWarning, match=r"human: 3 of 50 .* at exactly \(1900, 1200\): .*missing=\[1900\]"):
        check_frames({"human": xy}, size)
