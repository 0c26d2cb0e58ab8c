import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scanpath import InputError, Stimulus, create_agent, list_agents, run_episode
from scanpath.agents.eccnet import pixel_inside
from scanpath.agents.field_of_view import FixedGridField, WholeField
from scanpath.agents.target_found import InBox
from scanpath.recognition import create_backbone
from scanpath.recognition.coarse_features import coarse_features
from scanpath.recognition.rectangles import Rectangle

REFERENCE = Path(__file__).parents[1] / "reference" / "eccnet"
AGENTS = {
    "eccNET": "eccnet",
    "eccNET_0_0_1": "eccnet.single_level",
    "eccNET_noecc": "eccnet.no_eccentricity",
    "IVSN": "ivsn.gupta2021",
}
WEIGHTING = {"nl": "maximum", "l": "equal"}


def pixels(path):
    return np.array(Image.open(path))


def picture(path):
    values = pixels(path).astype(np.float32) / np.float32(255)
    return values[None] if values.ndim == 2 else values.transpose(2, 0, 1)


def as_stimulus(folder, name, cells, background):
    return Stimulus(
        picture(folder / f"{name}_search.png"),
        name=name,
        target=picture(folder / f"{name}_target.png"),
        target_mask=pixels(folder / f"{name}_gt.png"),
        cells=None if cells is None else pixels(cells).astype(np.int64),
        background=background,
        px_per_deg=30,
    )


def fixations_rc(path):
    return [[int(y), int(x)] for x, y in path.xy.tolist()]


def check_run(agent, stimulus, run):
    path = run_episode(agent, stimulus, n_fixations=run["NumFix"] + 1, generator=torch.Generator())
    comparable = run["comparable_prefix"]
    assert fixations_rc(path)[:comparable] == run["fixations_rc"][:comparable]


@pytest.fixture(scope="module")
def networks():
    """VGG16 with the reference runs' random weights, with and without eccentricity; built once."""
    settings = {"weights": {"seed": 20261122}}
    return {growth: create_backbone("vgg16", eccentricity=growth, **settings) for growth in (True, False)}


def published(variant, networks, **settings):
    return create_agent(
        AGENTS[variant], backbone=networks[variant.startswith("eccNET") and "noecc" not in variant], **settings
    )


@pytest.mark.parametrize(("trial", "variant"), [("lighting_top_down_n01", "eccNET"), ("lighting_top_down_n01", "IVSN")])
def test_searches_as_the_original_program_on_the_shipped_displays(networks, trial, variant):
    runs = {(run["trial"], run["variant"]): run for run in json.loads((REFERENCE / "search.json").read_text())}
    stimulus = as_stimulus(REFERENCE, trial, REFERENCE / "cells_lighting.png", 27)
    agent = published(variant, networks, level_weighting="maximum", recognition_px=10)
    check_run(agent, stimulus, runs[trial, variant])


@pytest.mark.slow
@pytest.mark.parametrize("variant", AGENTS)
def test_searches_as_the_original_program_on_every_trial(shared, networks, variant):
    folder = shared / "goldens" / "eccnet"
    trials = {trial["id"]: trial for trial in json.loads((folder / "trials.json").read_text())}
    runs = [run for run in json.loads((folder / "search.json").read_text()) if run["variant"] == variant]
    assert len(runs) >= 10
    for run in runs:
        trial = trials[run["trial"]]
        agent = published(
            variant,
            networks,
            level_weighting=WEIGHTING[trial["weight_pattern"]],
            sharpening=tuple(tuple(part) for part in trial["dog_size"]),
            margin_px=trial["corner_bias"],
            recognition_px=trial["ior_size"],
        )
        cells = folder / trial["cells"] if trial["cells"] else None
        check_run(agent, as_stimulus(folder / "trials", trial["id"], cells, trial["bg_value"]), run)


def test_features_and_maps_equal_the_original_programs(shared, networks):
    folder = shared / "goldens" / "eccnet"
    trial = "lighting_top_down_n06"
    stimulus = as_stimulus(folder / "trials", trial, folder / "cells_lighting.png", 27)
    with np.load(folder / "features.npz") as stored, np.load(folder / "first_maps.npz") as maps:
        for variant in ("eccNET", "eccNET_noecc"):
            agent = published(variant, networks, level_weighting="maximum")
            scene = agent.prepared(stimulus)
            key = f"{trial}__{variant}"
            for level, (found, target) in enumerate(zip(levels_seen(scene, (99, 99)), scene.field.targets.values()), 3):
                near(target.permute(1, 2, 0), stored[f"{key}__target{level}"], 5e-5)
                near(found[0, :8].permute(1, 2, 0), stored[f"{key}__feat{level}_ch0_7"], 5e-5)
                near(found[0].double().sum(0), stored[f"{key}__feat{level}_chansum"], 5e-5)
            final = stored[f"{key}__final"]
            origin = 99 - (198 + 64)
            inside = final[-origin : -origin + 198, -origin : -origin + 198]
            np.testing.assert_allclose(agent.priority(stimulus, [(99, 99)]).numpy(), inside, atol=2e-5)
            assert maps[f"{key}__sharp"].shape == (33, 33)


def levels_seen(scene, fixation):
    """Features of the whole square at each level."""
    field = scene.field
    with torch.inference_mode():
        rows = field.fine.in_square(scene.image, (fixation[1] - field.half, fixation[0] - field.half), {})
        return [
            cells.over(empty, Rectangle(0, empty.side, 0, empty.side))
            for cells, empty in zip(coarse_features(field.ground, rows), field.ground.levels, strict=True)
        ]


def near(found, expected, share):
    np.testing.assert_allclose(found.numpy(), expected, atol=share * np.abs(expected).max(), rtol=0)


def test_the_network_sees_the_same_pixels_as_the_original_program(shared, networks):
    folder = shared / "goldens" / "eccnet"
    stimulus = as_stimulus(folder / "trials", "lighting_top_down_n06", folder / "cells_lighting.png", 27)
    field = WholeField(networks[True], stimulus.size, {}, gray=27 / 255, margin_px=64)
    seen = networks[True].preprocessing(field.square(stimulus.rgb, (99, 99)))[0]
    with np.load(folder / "features.npz") as stored:
        np.testing.assert_allclose(seen.permute(1, 2, 0).numpy(), stored["lighting_top_down_n06__input"], atol=2e-5)


# behavior on the weight-free backbone


@pytest.fixture(scope="module")
def scene():
    """A gray picture with a striped patch among plain ones, and the same as a display with slots."""
    generator = torch.Generator().manual_seed(0)
    image = 0.4 + 0.05 * torch.rand(1, 150, 210, generator=generator)
    stripes = (torch.arange(30) % 6 < 3).float().expand(30, 30)
    for top, left in ((20, 30), (100, 40), (90, 160)):
        image[0, top : top + 30, left : left + 30] = 0.8
    image[0, 20:50, 150:180] = stripes
    cells = torch.zeros(150, 210, dtype=torch.int64)
    for label in range(6):
        row, column = divmod(label, 3)
        cells[75 * row : 75 * row + 74, 70 * column : 70 * column + 69] = label + 1
    common = {"target_box": (150, 20, 30, 30), "px_per_deg": 10}
    natural = Stimulus(image, name="natural", **common)
    return natural, Stimulus(image, name="display", cells=cells, background=102, **common)


@pytest.mark.parametrize("features", ["patchwise", "whole", "fixed_grid"])
def test_finds_the_patch_that_looks_like_the_target(scene, features):
    agent = create_agent("eccnet", backbone="steerable", features=features, recognition_px=10)
    for stimulus in scene:
        path = run_episode(agent, stimulus, n_fixations=4, generator=torch.Generator())
        assert path.info["target_found"]


@pytest.mark.parametrize("display", [False, True])
def test_patches_and_whole_squares_give_the_same_priority_after_any_history(scene, display):
    stimulus = scene[display]
    patchwise, whole = (create_agent("eccnet", backbone="steerable", features=f) for f in ("patchwise", "whole"))
    for history in ([(105, 75)], [(105, 75), (20, 20), (200, 140)], [(105, 75), (60, 120)], [(0, 0)]):
        a, b = patchwise.priority(stimulus, history), whole.priority(stimulus, history)
        assert a.shape == stimulus.size
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_a_visited_slot_is_closed_and_painted_over(scene):
    display = scene[1]
    agent = create_agent("eccnet", backbone="steerable")
    first = agent.priority(display, [(105, 75)])
    later = agent.priority(display, [(105, 75), (30, 30)])
    assert (later[:74, :69] == 0).all()
    assert (first[:74, :69] > 0).any()
    assert (first[display.cells == 0] == 0).all()
    painted, changed = agent_picture(agent, display, [(105, 75), (30, 30)])
    assert set(changed) == {1}
    assert torch.equal(painted[:, :74, :69], torch.full((3, 74, 69), 102 / 255))
    assert torch.equal(painted[:, :, 70:], agent.prepared(display).image[:, :, 70:])


def agent_picture(agent, stimulus, history):
    from scanpath.agents.eccnet import inhibited

    return inhibited(agent.prepared(stimulus), stimulus, history)


def test_on_a_picture_without_slots_a_square_is_closed_also_at_the_start(scene):
    agent = create_agent("eccnet", backbone="steerable", inhibition_px=40)
    priority = agent.priority(scene[0], [(105, 75)])
    assert (priority[55:95, 85:125] == 0).all()
    assert (priority[54, 85:125] > 0).any()


def test_what_lies_outside_the_square_cannot_be_chosen():
    """On a wide picture, columns beyond picture height + margin from the fixation are not seen, nor is the rim."""
    wide = Stimulus(torch.rand(1, 64, 400, generator=torch.Generator().manual_seed(1)), target_box=(300, 10, 20, 20))
    agent = create_agent("eccnet", backbone="steerable", margin_px=16, inhibition_px=2)
    priority = agent.priority(wide, [(100, 30)])
    assert (priority[:, 164:] == 0).all()
    assert (priority[:, :36] == 0).all()
    assert (priority[:, 40:160] > 0).any()


def test_people_look_beside_pictures_and_between_pixels(scene):
    agent = create_agent("eccnet", backbone="steerable")
    beside = agent.priority(scene[0], [(105, 75), (-40.0, 90.2)])
    nearest = agent.priority(scene[0], [(105, 75), (0.0, 90.0)])
    assert torch.isfinite(beside).all()
    inner = (slice(None), slice(40, None))  # squares closed around both fixations differ at the left border
    torch.testing.assert_close(beside[inner], nearest[inner])
    assert pixel_inside((209.6, -3.0), (150, 210)) == (209, 0)


def test_order_of_pictures_and_copies_of_the_agent_do_not_matter(scene):
    natural, display = scene
    agent = create_agent("eccnet", backbone="steerable", found_rule=InBox())
    copy = pickle.loads(pickle.dumps(agent))  # noqa: S301
    first = [run_episode(agent, s, n_fixations=4, generator=torch.Generator()).xy for s in (natural, display)]
    again = [run_episode(copy, s, n_fixations=4, generator=torch.Generator()).xy for s in (display, natural)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again))


def test_pictures_seen_together_are_seen_as_alone(scene):
    """Different sizes, scales and numbers of fixations in one batch."""
    natural, display = scene
    small = Stimulus(natural.image[:, :100, 60:200], name="small", target_box=(90, 20, 30, 30), px_per_deg=10)
    bare = Stimulus(natural.image, name="bare", target=natural.require_target("bare"))
    stimuli = [natural, display, small, bare, Stimulus(natural.image.flip(2), name="flip", target_box=(30, 20, 30, 30))]
    agent = create_agent("eccnet", backbone="steerable", features="whole", recognition_px=4)
    together = agent.run(stimuli, n_fixations=4, generators=[torch.Generator() for _ in stimuli])
    assert len({len(path) for path in together}) > 1
    for stimulus, path in zip(stimuli, together):
        alone = run_episode(agent, stimulus, n_fixations=4, generator=torch.Generator())
        assert np.array_equal(path.xy, alone.xy)
        assert path.info == alone.info


def test_pictures_without_a_scale_are_seen_at_the_models(scene):
    natural = scene[0]
    bare = Stimulus(natural.image, name="bare", target_box=natural.target_box)
    coarse, default = (create_agent("eccnet", backbone="steerable", px_per_deg=p) for p in (10, 30))
    history = [(105, 75)]
    assert torch.equal(coarse.priority(bare, history), coarse.priority(natural, history))
    assert torch.equal(default.priority(natural, history), coarse.priority(natural, history))
    assert not torch.equal(default.priority(bare, history), coarse.priority(bare, history))


def test_the_fixed_grid_computes_fine_features_once_a_picture(scene, monkeypatch):
    from scanpath.recognition import patchwise

    agent = create_agent("eccnet.fixed_grid", backbone="steerable")
    agent.priority(scene[0], [(105, 75)])
    monkeypatch.setattr(patchwise, "region", lambda *_, **__: pytest.fail("computed again"))
    moved = agent.priority(scene[0], [(105, 75), (20, 120)])
    assert moved.shape == (150, 210)
    assert isinstance(agent.prepared(scene[0]).field, FixedGridField)


@pytest.mark.parametrize("name", list_agents("eccnet*"))
def test_every_variant_searches_under_its_own_name(scene, name):
    retrained = {"rotated", "mnist", "fisheye", "lines", "places365", "places365_rotated"}
    if name.partition(".")[2] in retrained:
        with pytest.raises(InputError, match="weights"):
            create_agent(name, weights=None)
        agent = create_agent(name, weights={"seed": 3}, backbone="squeezenet1_1")
    elif name == "eccnet.max_pooling":
        agent = create_agent(name, weights={"seed": 3}, backbone="squeezenet1_1")
        assert {stage.pool.kind for stage in agent.backbone.stages} == {"max"}
        assert agent.backbone.eccentricity
    else:
        agent = create_agent(name, backbone="steerable")
    path = run_episode(agent, scene[0], n_fixations=2, generator=torch.Generator())
    assert path.info["agent"] == name


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"level_weighting": "max"}, "level_weighting"),
        ({"levels": (2,)}, "3, 4 and 5"),
        ({"levels": ()}, "3, 4 and 5"),
        ({"features": "fast"}, "features"),
        ({"margin_px": -1}, "margin_px"),
        ({"px_per_deg": 0}, "px_per_deg"),
        ({"inhibition_px": 0}, "inhibition_px"),
        ({"recognition_px": 0}, "recognition_px"),
        ({"levels": 5}, "3, 4 and 5"),
        ({"sharpening": ((4, 1), (5, 1))}, "odd"),
        ({"sharpening": ((3, 0), (5, -1))}, "sigma"),
        ({"sharpening": ((3, 0),)}, "sharpening must be taps"),
        ({"sharpening": 3}, "sharpening must be taps"),
        ({"device": "abacus"}, "device 'abacus' cannot be used"),
        ({"windows": "smooth"}, "fixed_grid"),
        ({"backbone": "stearable"}, "Did you mean"),
    ],
)
def test_bad_settings_get_one_sentence(scene, settings, words):
    with pytest.raises(InputError, match=words):
        create_agent("eccnet", **{"backbone": "steerable", **settings}).priority(scene[0], [(3, 3)])


def test_a_picture_without_a_target_is_refused():
    with pytest.raises(InputError, match="target"):
        create_agent("eccnet", backbone="steerable").priority(Stimulus(torch.zeros(1, 40, 40)), [(3, 3)])


def test_pictures_that_would_take_too_much_memory_are_refused_with_what_fits():
    """Neither height nor area may be too large; the size that is named is accepted."""
    for features, width, height in (
        ("patchwise", 20000, 2200),
        ("patchwise", 300, 3000),
        ("whole", 1500, 1500),
        ("fixed_grid", 9000, 2200),
    ):
        agent = create_agent("eccnet", backbone="steerable", features=features)
        image = torch.zeros(1, 1, 1).expand(1, height, width)
        with pytest.raises(InputError, match=f"{width} x {height} px would take too much memory") as caught:
            agent.prepared(Stimulus(image, target=torch.zeros(1, 9, 9)))
        wide, high = re.search(r"(\d+) x (\d+) px fit", str(caught.value)).groups()
        assert int(wide) / int(high) == pytest.approx(width / height, rel=0.02)
        agent.fields._check_memory(Stimulus(torch.zeros(1, 1, 1).expand(1, int(high), int(wide))), on_cpu=True)
        larger = Stimulus(torch.zeros(1, 1, 1).expand(1, int(high) + 2, int(wide) + 2))
        with pytest.raises(InputError, match="fit"):
            agent.fields._check_memory(larger, on_cpu=True)
    with pytest.raises(InputError, match="margin_px must be less than 2304"):
        create_agent("eccnet", backbone="steerable", margin_px=3000).prepared(
            Stimulus(torch.zeros(1, 9, 9), target=torch.zeros(1, 9, 9))
        )


def test_a_target_larger_than_any_picture_shows_it_is_refused():
    stimulus = Stimulus(torch.zeros(1, 40, 40), target=torch.zeros(1, 1100, 1000))
    with pytest.raises(InputError, match="1000 x 1100 px"):
        create_agent("eccnet", backbone="steerable").prepared(stimulus)


def test_a_picture_of_one_pixel_and_a_blank_one_do_not_fail():
    agent = create_agent("eccnet", backbone="steerable")
    for size in ((1, 1), (40, 3)):
        blank = Stimulus(torch.zeros(1, *size), target=torch.rand(1, 16, 16))
        priority = agent.priority(blank, [(0, 0)])
        assert priority.shape == size
        assert torch.isfinite(priority).all()
