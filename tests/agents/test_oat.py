"""OAT as an agent: it looks at objects and ends its search itself."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath import InputError
from scanpath.gaze import fixated_objects, object_places
from scanpath.guidance import load_oat, save_oat
from scanpath.stimuli import captioned_scenes, shelf


@pytest.fixture(scope="module")
def agent():
    return sp.create_agent("oat")


def _screen(objects, size=(300, 400), **facts):
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(3, *size, generator=generator)
    return sp.Stimulus(image, name="screen", objects=objects, **facts)


def test_it_looks_at_objects_and_says_what_it_did(agent):
    display = shelf(3, 9, seed=4)
    table = sp.simulate(agent, [display, shelf(2, 5, seed=4)], n_fixations=40, seed=2)
    mine = table[table["stimulus"] == display.name]
    assert set(table["ended_by"]) <= {"agent", "limit"}
    xy = mine[["x_px", "y_px"]].to_numpy()
    index = mine["object_index"].tolist()
    assert index[1:] == fixated_objects(xy[1:], display.objects)
    np.testing.assert_array_equal(xy[1:], object_places(display.objects)[index[1:]])
    assert mine["object_label"].tolist()[1:] == [display.object_labels[one] for one in index[1:]]
    assert mine["object_index"].isna().tolist() == [True] + [False] * (len(mine) - 1)
    last = sp.gaze.best_match(display.target_box, display.objects) == index[-1]
    assert set(mine["target_found"]) == {last}


def test_the_end_is_no_finding():
    # a network that always ends after the first object, wherever the target is
    model = load_oat()
    model.network.pointers[0].objects.bias.data.zero_()
    quitter = sp.create_agent("oat", weights=model)
    certain = torch.full((28,), -torch.inf)
    certain[27] = 0
    first = quitter.object_log_probabilities

    def end_after_one(stimulus, history_xy):
        return first(stimulus, history_xy) if len(history_xy) == 1 else certain

    quitter.object_log_probabilities = end_after_one
    tables = [sp.simulate(quitter, shelf(3, 9, seed=seed), n_fixations=9) for seed in range(8)]
    assert {(len(table), table["ended_by"][0]) for table in tables} == {(2, "agent")}
    assert False in {bool(table["target_found"].iloc[-1]) for table in tables}


@settings(max_examples=10)
@given(st.integers(2, 12), st.integers(0, 6), st.integers(0, 99))
def test_choices_are_a_distribution_over_objects_and_the_end(agent, n_objects, n_fixated, seed):
    random = np.random.default_rng(seed)
    cells = random.permutation(48)[:n_objects]
    objects = [(50 * (c % 8) + 1, 50 * (c // 8) + 1, *random.integers(1, 48, 2).tolist()) for c in cells.tolist()]
    display = _screen(objects, target_box=objects[0])
    history = [(200, 150), *random.uniform(0, 300, (n_fixated, 2))]
    log_probability = agent.object_log_probabilities(display, history)
    assert log_probability.shape == (n_objects + 1,)
    assert float(log_probability.exp().sum()) == pytest.approx(1, abs=1e-5)
    assert bool(log_probability[-1] == -torch.inf) == (n_fixated == 0)


def test_without_a_history_the_eye_is_where_the_picture_finds_it(agent):
    display = shelf(2, 4)
    height, width = display.size
    torch.testing.assert_close(
        agent.object_log_probabilities(display, np.zeros((0, 2))),
        agent.object_log_probabilities(display, [(width // 2, height // 2)]),
    )
    torch.testing.assert_close(
        agent.object_log_probabilities(display, torch.tensor([[3.0, 4.0]])),
        agent.object_log_probabilities(display, [(3, 4)]),
    )


def test_the_hidden_place_of_the_target_is_not_used(agent):
    shown = shelf(3, 5, seed=2)
    moved = sp.Stimulus(
        shown.image, name="moved", target=shown.target, target_box=shown.objects[0], objects=shown.objects
    )
    history = [(100, 50), (20, 20)]
    told = sp.create_agent("oat", target_location="given")
    same = agent.object_log_probabilities(shown, history), agent.object_log_probabilities(moved, history)
    torch.testing.assert_close(*same, rtol=0, atol=0)
    assert not torch.equal(told.object_log_probabilities(shown, history), told.object_log_probabilities(moved, history))


def test_the_order_of_objects_changes_nothing(agent):
    display = shelf(3, 5, seed=2)
    order = np.random.default_rng(0).permutation(15)
    turned = sp.Stimulus(
        display.image, name="t", target=display.target, objects=[display.objects[one] for one in order]
    )
    history = [(100, 50), *object_places(display.objects)[[3, 3, 7]]]
    first, second = (agent.object_log_probabilities(one, history) for one in (display, turned))
    torch.testing.assert_close(first[:-1][order], second[:-1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(first[-1], second[-1], atol=1e-5, rtol=1e-4)


def test_greedy_scanpaths_need_no_chance_and_are_the_most_probable():
    greedy, display = sp.create_agent("oat", decoding="greedy"), shelf(3, 4, seed=3)
    one, other = (sp.simulate(greedy, display, n_fixations=6, seed=seed)["object_index"].tolist() for seed in (1, 2))
    assert one[1:] == other[1:]
    first = greedy.object_log_probabilities(display, np.zeros((0, 2)))
    assert one[1] == int(first[:-1].argmax())


def test_draws_follow_the_probabilities(agent):
    display = shelf(1, 3, seed=1)
    firsts = [sp.simulate(agent, display, n_fixations=2, seed=seed)["object_index"].iloc[1] for seed in range(120)]
    expected = agent.object_log_probabilities(display, np.zeros((0, 2))).exp()[:-1]
    counts = np.bincount(np.array(firsts, dtype=int), minlength=3) / len(firsts)
    np.testing.assert_allclose(counts, expected, atol=0.15)


def test_a_caption_leads_it_by_an_image_text_model():
    scene = captioned_scenes(1, seed=3)[0]
    x, y, width, height = scene.target_box
    side = scene.size[0] // 4
    others = [(column * side, row * side, side - 1, side - 1) for row in range(4) for column in range(4)]
    clear = [one for one in others if not (abs(one[0] - x) < side + width and abs(one[1] - y) < side + height)]
    page = sp.Stimulus(scene.image, name="page", caption=scene.caption, objects=[scene.target_box, *clear])
    reader = sp.create_agent("oat")
    match = reader.prepare(page).seen.match[0]
    assert float(match.max()) == 1
    assert int(match.argmax()) == 0
    table = sp.simulate(reader, page, n_fixations=20)
    assert table["target_found"].isna().all()


@pytest.mark.parametrize(
    ("facts", "settings", "message"),
    [
        ({}, {}, "looks for a target"),
        ({"target_box": (0, 0, 9, 9)}, {"cue": "caption"}, "give caption"),
        ({"target": torch.rand(3, 9, 9)}, {"target_location": "given"}, "give target_box"),
        ({"target_box": (300, 200, 9, 9)}, {"target_location": "given"}, "no object"),
    ],
)
def test_what_is_missing_is_said(facts, settings, message):
    display = _screen([(0, 0, 20, 20), (50, 0, 20, 20)], **facts)
    with pytest.raises(InputError, match=message):
        sp.create_agent("oat", **settings).object_log_probabilities(display, [(5, 5)])


def test_pictures_with_one_object_or_none_are_refused_in_one_sentence(agent):
    for objects, message in (([(0, 0, 20, 20)], "at least two"), (None, "has none")):
        with pytest.raises(InputError, match=message):
            sp.simulate(agent, _screen(objects, target=torch.rand(3, 9, 9)), n_fixations=3)


def test_settings_are_checked():
    for wrong in ({"target_location": "known"}, {"decoding": "best"}, {"temperature": 0}, {"cue": "smell"}):
        with pytest.raises(InputError):
            sp.create_agent("oat", **wrong)


def test_the_demo_is_small_and_says_that_it_is_no_model_of_people(agent, tmp_path):
    assert "no model of people" in str(agent.model.card["origin"])
    save_oat(agent.model, tmp_path / "demo.safetensors")
    assert (tmp_path / "demo.safetensors").stat().st_size <= 2_000_000
    again = sp.create_agent("oat", weights=tmp_path / "demo.safetensors")
    assert again.model.checksum() == agent.model.checksum()


def test_files_that_are_no_model_are_refused(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="not a trained OAT"):
        sp.create_agent("oat", weights=path)
    path.write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be read"):
        sp.create_agent("oat", weights=path)


def test_most_things_on_a_page_are_known_by_their_captions():
    goods = [one for one in captioned_scenes(60, seed=9, twin_share=0.0) if " the " not in one.caption][:20]
    page, boxes = torch.full((3, 200, 280), 0.9), []
    for place, scene in enumerate(goods):
        x, y, width, height = map(int, scene.target_box)
        left, top = 8 + 52 * (place % 5), 8 + 48 * (place // 5)
        page[:, top : top + height, left : left + width] = scene.image[:, y : y + height, x : x + width]
        boxes.append((left, top, width, height))
    reader = sp.create_agent("oat")
    found = 0
    for place, scene in enumerate(goods):
        screen = sp.Stimulus(page, name=f"page {place}", caption=scene.caption, objects=boxes)
        found += int(reader.prepare(screen).seen.match[0].argmax()) == place
    assert found >= 15


def test_choices_along_a_scanpath_are_those_before_each_fixation(agent):
    display = shelf(2, 4, seed=3)
    path = np.array([display.center_xy, *object_places(display.objects)[[2, 2, 7, 1]]])
    along = agent.search_log_probabilities(display, path)
    assert along.shape == (5, 9)
    for step in range(5):
        before = agent.object_log_probabilities(display, path[: step + 1])
        torch.testing.assert_close(along[step], before, atol=1e-5, rtol=1e-4)
