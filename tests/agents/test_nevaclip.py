"""NevaClip: captions lead the eye, in every condition and framing."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath._core.random import torch_generator
from scanpath.agents.nevaclip import CaptionMatch
from scanpath.agents.target_found import Never
from scanpath.recognition.language import load_language_model


@pytest.fixture(scope="module")
def scenes():
    return sp.stimuli.captioned_scenes(30, seed=4242, twin_share=0)


@pytest.fixture(scope="module")
def clip():
    return load_language_model("toy")


def found(table):
    return table.groupby("stimulus")["on_target"].any()


def test_true_captions_find_their_object_and_foreign_ones_do_not(scenes, clip):
    true = found(sp.simulate(sp.create_agent("nevaclip", model=clip), scenes, n_fixations=3))
    foreign = sp.create_agent("nevaclip", model=clip, condition="foreign_caption")
    other = sp.create_agent("nevaclip", model=clip, condition="other_caption")
    assert true.mean() >= 0.75
    assert found(sp.simulate(foreign, scenes, n_fixations=3)).mean() <= 0.4
    assert found(sp.simulate(other, scenes, n_fixations=3)).mean() <= 0.4


def test_published_procedure_finds_them_too(scenes, clip):
    agent = sp.create_agent("nevaclip", model=clip, mode="published", restart="uniform")
    assert found(sp.simulate(agent, scenes[:8], n_fixations=3)).sum() >= 5


@pytest.mark.parametrize("condition", ["caption", "picture", "mixture"])
def test_tables_do_not_depend_on_batches_or_order(scenes, clip, condition):
    agent = sp.create_agent("nevaclip", model=clip, condition=condition, restart="uniform", steps=4)
    whole = sp.simulate(agent, scenes[:5], n_fixations=3, seed=3)
    single = sp.simulate(agent, scenes[4::-1], n_fixations=3, seed=3, batch_size=1)
    keys = ["stimulus", "fixation", "x_px", "y_px"]
    assert whole[keys].equals(single[keys].sort_values(["stimulus", "fixation"], ignore_index=True))


def test_mixture_goes_from_the_picture_to_the_caption():
    said, shown = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 5.0]])
    ours = CaptionMatch("mixture", n_mixed=5, published_mixture=False)
    shares = [ours.goal(said, shown, fixation)[0, 0].item() for fixation in range(7)]
    np.testing.assert_allclose(shares, [0, 0.25, 0.5, 0.75, 1, 1, 1])
    theirs = CaptionMatch("mixture", n_mixed=10, published_mixture=True)
    torch.testing.assert_close(theirs.goal(said, shown, 9), 0.81 * said + 0.19 * shown)
    torch.testing.assert_close(theirs.goal(said, shown, 0), shown)


def test_published_mixture_equals_the_original(neva_original):
    """Trajectory of NevaClip with two targets and a tiny network."""
    data = neva_original
    weights, bias = torch.from_numpy(data["conv_w"]), torch.from_numpy(data["conv_b"])
    image = torch.from_numpy(data["image_u8"]).permute(2, 0, 1).float() / 255
    expected = data["traj_mixed_cos_f1"]

    class Targets(CaptionMatch):
        def target(self, model, image, stimulus):
            return tuple(torch.from_numpy(data[name]).reshape(1, -1) for name in ("mixed_labels", "mixed_output2"))

    agent = sp.create_agent(
        "neva",
        model=lambda seen: torch.relu(torch.nn.functional.conv2d(seen, weights, bias, stride=4)).mean((2, 3)),
        loss=Targets("mixture", len(expected), True),
        mode="published",
        mask_sigma=float(data["foveation_sigma"]),
        blur_sigma_px=float(data["blur_sigma"]),
        kernel_px=int(data["blur_filter_size"]),
    )
    table = sp.simulate(agent, [sp.Stimulus(image, name="scene")], n_fixations=len(expected))
    points = np.stack([table["y_px"], table["x_px"]], axis=1) * 2 / (image.shape[-1] - 1) - 1
    np.testing.assert_allclose(points, expected, atol=1e-4)


@pytest.mark.parametrize("framing", ["whole", "center_crop"])
def test_fixations_are_px_of_the_original_picture(scenes, clip, framing):
    height, width = 300, 420
    scene = torch.nn.functional.interpolate(scenes[0].image[None], (256, 256), mode="bilinear")[0]
    picture = torch.full((3, height, width), 0.45)
    picture[:, 22:278, 82:338] = scene
    x, y, w, h = scenes[0].target_box
    placed = sp.Stimulus(
        picture,
        name="placed",
        caption=scenes[0].caption,
        target_box=(82 + 2 * x - 10, 22 + 2 * y - 10, 2 * w + 20, 2 * h + 20),
    )
    agent = sp.create_agent("nevaclip", model=clip, framing=framing)
    table = sp.simulate(agent, [placed], n_fixations=3)
    assert table["on_target"].any()
    if framing == "center_crop":
        assert table["x_px"].between(59, 361).all()


def test_watching_keeps_what_was_seen_and_how_the_loss_fell(scenes, clip):
    agent = sp.create_agent("nevaclip", model=clip, found_rule=Never())
    record = agent.watch(scenes[0], n_fixations=3, generator=torch.Generator().manual_seed(0))
    assert record.seen.shape == (3, 3, 128, 128)
    table = sp.simulate(agent, [scenes[0]], n_fixations=1)
    np.testing.assert_allclose(record.scanpath.xy[0], table[["x_px", "y_px"]].to_numpy()[0])
    assert len(record.losses) == 3
    assert agent.priority(scenes[0], record.scanpath.xy).shape == scenes[0].size


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (20, 300)])
def test_points_on_an_enlarged_picture_lie_on_its_pixels(clip, size):
    speck = sp.Stimulus(torch.zeros(3, *size), name="speck", caption="a red ring")
    table = sp.simulate(sp.create_agent("nevaclip", model=clip), [speck], n_fixations=3)
    assert table["x_px"].between(0, size[1] - 1).all()
    assert table["y_px"].between(0, size[0] - 1).all()


@pytest.mark.parametrize("caption", [b"a ring", 3, ["a ring"]])
def test_a_caption_is_text(clip, caption):
    blank = sp.Stimulus(torch.zeros(3, 30, 30), name="blank", caption=caption)
    with pytest.raises(sp.InputError, match=f"must be text, got {type(caption).__name__}"):
        sp.simulate(sp.create_agent("nevaclip", model=clip), [blank], n_fixations=1)


def test_a_missing_or_empty_caption_is_one_sentence(clip):
    blank = torch.full((3, 64, 64), 0.5)
    agent = sp.create_agent("nevaclip", model=clip)
    with pytest.raises(sp.InputError, match="give caption="):
        sp.simulate(agent, [sp.Stimulus(blank, name="a")], n_fixations=1)
    with pytest.raises(sp.InputError, match="empty"):
        sp.simulate(agent, [sp.Stimulus(blank, name="a", caption=" ")], n_fixations=1)
    other = sp.create_agent("nevaclip", model=clip, condition="other_person_caption")
    with pytest.raises(sp.InputError, match="other_person_caption"):
        sp.simulate(other, [sp.Stimulus(blank, name="a", caption="a ring")], n_fixations=1)
    picture = sp.create_agent("nevaclip", model=clip, condition="picture")
    assert len(sp.simulate(picture, [sp.Stimulus(blank, name="a")], n_fixations=2)) == 2


def test_watching_ends_and_looks_as_the_run_does(scenes, clip):
    agent = sp.create_agent("nevaclip", model=clip, restart="jitter", steps=3)
    lengths = set()
    for scene in scenes[:3]:
        path = sp.scanpaths_from_table(sp.simulate(agent, [scene], n_fixations=4, seed=5))[0]
        watched = agent.watch(scene, n_fixations=4, generator=torch_generator(5, agent.name, scene.name))
        np.testing.assert_allclose(watched.scanpath.xy, path.xy, atol=1e-3)  # a run sums on one thread
        assert len(watched.searches) == len(path)
        assert watched.scanpath.info["target_found"] == path.info["target_found"]
        lengths.add(len(path))
    assert min(lengths) < 4


def test_a_recorded_scanpath_is_reviewed_without_a_search(scenes, clip, monkeypatch):
    agent = sp.create_agent("nevaclip", model=clip, found_rule=Never())
    watched = agent.watch(scenes[0], n_fixations=3, generator=torch.Generator())
    monkeypatch.setattr(agent, "search", lambda *_: pytest.fail("searched again"))
    reviewed = agent.review(scenes[0], watched.scanpath.xy)
    np.testing.assert_allclose(reviewed.losses, watched.losses)
    torch.testing.assert_close(reviewed.seen, watched.seen)
    assert reviewed.searches == []
    for loss, (_, tried) in zip(reviewed.losses, watched.searches):
        assert loss == pytest.approx(min(tried), rel=1e-4)
