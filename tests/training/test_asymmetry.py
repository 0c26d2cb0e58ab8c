import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from scanpath import InputError, create_backbone
from scanpath.studies.asymmetry import study_agents
from scanpath.training.asymmetry import AsymmetryTraining, TrainingRecipe
from scanpath.training.labeled_pictures import LabeledPictures, labeled_folder
from scanpath.training.regimes import regime_transform

RECIPE = TrainingRecipe(
    "rotated", "squeezenet1_1", epochs=2, batch_size=4, learning_rate=1e-3, resize_px=40, crop_px=36, seed=3
)
SEEDED = {"seed": 5}


def write_pictures(folder, n=6, size=(48, 60)):
    """Reddish and bluish noise."""
    rng = np.random.default_rng(0)
    for name, channel in (("red", 0), ("blue", 2)):
        (folder / name).mkdir(parents=True)
        for number in range(n):
            values = rng.integers(0, 80, (*size, 3), dtype=np.uint8)
            values[..., channel] += 150
            Image.fromarray(values).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures") / "all")


def train(folder, out, recipe=RECIPE, progress=None, **settings):
    return AsymmetryTraining(folder, recipe, out=out, weights=SEEDED, **settings).run(progress)


def states(out):
    return load_file(out / "weights.safetensors"), torch.load(out / "checkpoint.pt", weights_only=True)["parts"][
        "network"
    ]


def test_a_network_learns_what_can_be_learned_and_eccnet_sees_with_it(pictures, tmp_path):
    recipe = dataclasses.replace(RECIPE, epochs=12, validation_share=0.34)
    result = train(pictures, tmp_path, recipe)
    assert result.best_accuracy == 1.0
    assert result.history["loss"].iloc[-1] < 0.5 * result.history["loss"].iloc[0]
    assert json.loads((tmp_path / "training.json").read_text())["preprocessing"] == "torchvision"
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    before = create_backbone("squeezenet1_1", weights=SEEDED)(picture)
    after = create_backbone("squeezenet1_1", weights=result.weights)(picture)
    assert all(not torch.allclose(a, b, atol=1e-3) for a, b in zip(before, after))
    (agent,) = study_agents([], None, {"eccnet.rotated": result.weights}, {"backbone": "squeezenet1_1"})
    assert agent.name == "eccnet.rotated"
    assert agent.settings["preprocessing"] == "torchvision"


@pytest.mark.parametrize("stop_at", [1, 2, 4])
def test_a_stopped_training_ends_where_another_does_bit_by_bit(pictures, tmp_path, stop_at):
    whole = train(pictures, tmp_path / "whole")

    class Stop(Exception):
        pass

    calls = []

    def stop(steps):
        calls.append(steps)
        if sum(calls) == stop_at:
            raise Stop

    with pytest.raises(Stop):
        train(pictures, tmp_path / "parts", progress=stop, checkpoint_every=1)
    calls.clear()
    resumed = train(pictures, tmp_path / "parts", progress=calls.append)
    assert sum(calls) == 2 * 3  # two epochs of three batches
    assert resumed.history.equals(whole.history)
    for ours, theirs in zip(states(tmp_path / "parts"), states(tmp_path / "whole")):
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_finished_training_can_be_made_longer_but_not_changed(pictures, tmp_path):
    train(pictures, tmp_path / "a", dataclasses.replace(RECIPE, epochs=1))
    longer = train(pictures, tmp_path / "a")
    assert longer.history.equals(train(pictures, tmp_path / "b").history)
    with pytest.raises(InputError, match="another recipe"):
        train(pictures, tmp_path / "a", dataclasses.replace(RECIPE, regime="lines"))
    with pytest.raises(InputError, match="another started_from"):
        AsymmetryTraining(pictures, RECIPE, out=tmp_path / "a", weights={"seed": 6})


def test_reading_in_other_processes_gives_the_same_pictures(pictures):
    _, samples, _ = labeled_folder(pictures)
    data = LabeledPictures(samples, regime_transform("plain", train=True, resize_px=40, crop_px=36), seed=0)
    batches = [[0, 3], [5, 1]]
    here, there = (
        [
            (images, labels)
            for images, labels, _ in torch.utils.data.DataLoader(
                data, batch_sampler=batches, num_workers=workers, collate_fn=LabeledPictures.batch
            )
        ]
        for workers in (0, 1)
    )
    for (a, b), (c, d) in zip(here, there):
        assert torch.equal(a, c)
        assert torch.equal(b, d)
    again = data.in_epoch(1)[0][0]
    assert not torch.equal(again, data[0][0])


def test_pictures_that_cannot_be_read_are_named_and_the_rest_is_done(tmp_path):
    folder = write_pictures(tmp_path / "some", n=4)
    for name in ("red", "blue"):
        (folder / name / "0.png").write_bytes(b"no picture")
    result = train(folder, tmp_path / "out", dataclasses.replace(RECIPE, epochs=1, validation_share=0.5))
    assert {path.rsplit("/", 2)[-2] for path in result.skipped} == {"red", "blue"}
    assert np.isfinite(result.history["loss"]).all()


def test_each_step_takes_the_published_share_of_the_weights_away(pictures, tmp_path):
    """TensorFlow Addons' AdamW, with which the study trained, does not multiply the decay by the learning rate."""
    recipe = dataclasses.replace(RECIPE, epochs=1, batch_size=100, learning_rate=1e-12, weight_decay=0.1)
    training = AsymmetryTraining(pictures, recipe, out=tmp_path, weights=SEEDED)
    before = {name: value.clone() for name, value in training.network.state_dict().items()}
    training.run()
    for name, value in training.network.state_dict().items():
        torch.testing.assert_close(value, 0.9 * before[name], rtol=1e-5, atol=1e-9)


def test_batch_norms_keep_their_statistics(pictures, tmp_path):
    recipe = dataclasses.replace(RECIPE, backbone="mobilenet_v2", epochs=1, learning_rate=1e-5)
    training = AsymmetryTraining(pictures, recipe, out=tmp_path, weights=SEEDED)
    training.run()
    state = load_file(tmp_path / "weights.safetensors")
    assert all((value == 0).all() for name, value in state.items() if name.endswith("running_mean"))
    assert any((value != 1).any() for name, value in state.items() if name.endswith("1.weight"))


def test_the_folders_own_split_is_kept(tmp_path):
    write_pictures(tmp_path / "train", n=3)
    write_pictures(tmp_path / "val", n=1)
    classes, samples, validation = labeled_folder(tmp_path)
    assert classes == ["blue", "red"]
    assert [label for _, label in samples] == [0, 0, 0, 1, 1, 1]
    assert all("val" in file.parts for file, _ in validation)


def test_the_split_has_each_class_on_both_sides_and_follows_the_seed(pictures):
    splits = [labeled_folder(pictures, validation_share=0.34, seed=seed) for seed in (0, 0, 1, 2)]
    for _, samples, validation in splits:
        assert not {file for file, _ in samples} & {file for file, _ in validation}
        assert [label for _, label in validation] == [0, 0, 1, 1]
        assert len(samples) == 8
    assert splits[0] == splits[1]
    assert len({tuple(file for file, _ in validation) for _, _, validation in splits}) > 1


def test_folders_that_cannot_be_used_are_named(tmp_path, pictures):
    with pytest.raises(InputError, match="no folder"):
        labeled_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="two or more classes"):
        labeled_folder(pictures / "red")
    write_pictures(tmp_path / "few", n=1)
    with pytest.raises(InputError, match="one picture"):
        labeled_folder(tmp_path / "few")
    (tmp_path / "few" / "green").mkdir()
    with pytest.raises(InputError, match="green has no picture"):
        labeled_folder(tmp_path / "few")


@pytest.mark.parametrize(
    "change",
    [{"regime": "rot"}, {"backbone": "steerable"}, {"epochs": 0}, {"learning_rate": -1.0}, {"validation_share": 1.0}],
)
def test_recipes_that_make_no_sense_are_refused(change):
    with pytest.raises(InputError):
        dataclasses.replace(RECIPE, **change)


def test_a_loss_that_is_not_finite_stops_the_training(pictures, tmp_path):
    with pytest.raises(InputError, match="loss is"):
        train(pictures, tmp_path, dataclasses.replace(RECIPE, epochs=9, learning_rate=1e30, weight_decay=0.0))
