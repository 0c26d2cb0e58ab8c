"""Fits of OAT: what is left out stays out, a stopped fit goes on, and a known rule is learned."""

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import scanpath as sp
from scanpath import InputError
from scanpath.guidance import load_oat
from scanpath.guidance.object_scenes import object_scene, together
from scanpath.guidance.object_transformer import TransformerRecipe
from scanpath.stimuli import products, shelf
from scanpath.training.drawn_shoppers import Shopper, shoppers_table
from scanpath.training.oat import OatFit, OatFitRecipe
from scanpath.training.object_searches import ObjectSearch, split_searches

SMALL = TransformerRecipe(n_features=16, n_heads=2, n_hidden=16, n_layers=1, pointer_size=16)
QUICK = OatFitRecipe(epochs=2, network=SMALL, left_out=0.2)


@pytest.fixture(scope="module")
def shelves():
    return [shelf(2, 3, trial=trial, seed=1) for trial in range(10)]


def _searches(n_layouts, n_kinds):
    scene = object_scene(shelf(1, 2), shelf(1, 2).objects, SMALL, start_xy=(0.0, 0.0), target=torch.zeros(3, 24, 24))
    return [
        ObjectSearch(scene, (0, 1), True, 1, f"layout{number % n_layouts}", f"kind{number % n_kinds}")
        for number in range(120)
    ]


def test_left_out_layouts_and_targets_are_never_learned_from():
    parts = split_searches(_searches(10, 7), 0.2, seed=3)
    learned = {one.layout for one in parts.learned}, {one.wanted for one in parts.learned}
    for held in (parts.layouts, parts.validation):
        assert held
        assert not {one.layout for one in held} & learned[0]
    assert parts.targets
    assert not {one.wanted for one in parts.targets} & (learned[1] | {one.wanted for one in parts.validation})
    assert sum(map(len, parts)) == 120


def test_too_few_layouts_are_refused():
    with pytest.raises(InputError, match="at least 3 layouts"):
        split_searches(_searches(2, 2), 0.1, seed=0)
    assert len(split_searches(_searches(2, 2), 0.0, seed=0).learned) == 120


def test_a_fit_is_repeatable_and_goes_on_where_it_was_stopped(shelves, tmp_path):
    people = shoppers_table(shelves, 2)

    def fit(name):
        return OatFit(people, shelves, out=tmp_path / name, recipe=QUICK)

    whole = fit("whole.safetensors").run()
    stopped = fit("stopped.safetensors")
    seen = []

    def stop(n):
        seen.append(n)
        if sum(seen) > len(stopped.parts.learned):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.run(stop)
    again = fit("stopped.safetensors").run()
    assert load_oat(whole.weights).checksum() == load_oat(again.weights).checksum()
    assert whole.card == again.card
    with pytest.raises(InputError, match="another recipe"):
        OatFit(people, shelves, out=tmp_path / "whole.safetensors", recipe=OatFitRecipe(network=SMALL)).run()


@pytest.mark.parametrize(("limit", "message"), [(1, "at least 2"), (2, "cut at 2 fixations")])
def test_time_limits_that_cannot_be_are_refused(shelves, tmp_path, limit, message):
    with pytest.raises(InputError, match=message):
        OatFit(
            shoppers_table(shelves), shelves, out=tmp_path / "w", recipe=OatFitRecipe(network=SMALL, time_limit=limit)
        )


def test_a_fit_goes_on_from_a_model(shelves, tmp_path):
    people = shoppers_table(shelves, 2)
    first = load_oat(OatFit(people, shelves, out=tmp_path / "first.safetensors", recipe=QUICK).run().weights)
    still = OatFitRecipe(epochs=1, network=SMALL, left_out=0.2, learning_rate=1e-12, weight_decay=1e-12)
    again = OatFit(people, shelves, out=tmp_path / "again.safetensors", recipe=still, start=first)
    result = again.run()
    for name, value in load_oat(result.weights).network.state_dict().items():
        torch.testing.assert_close(value, first.network.state_dict()[name], atol=1e-6, rtol=0)
    assert result.card["start"] == first.checksum()
    with pytest.raises(InputError, match="has others"):
        OatFit(people, shelves, out=tmp_path / "other.safetensors", start=first)


def test_absent_objects_change_nothing():
    small, large = shelf(1, 3), shelf(2, 4)
    scenes = [
        object_scene(one, one.objects, SMALL, start_xy=one.center_xy, target=one.target) for one in (small, large)
    ]
    torch.manual_seed(0)
    network = sp.training.oat.ObjectOat(SMALL).eval()
    sequences = torch.tensor([[0, 2], [5, 1]])
    with torch.inference_mode():
        alone = network.choose(network.look(scenes[0]), sequences[:1])[0]
        both = network.choose(network.look(together(scenes)), sequences)[0]
    torch.testing.assert_close(both[:, [0, 1, 2, -1]], alone, atol=1e-5, rtol=1e-4)
    assert bool((both[:, 3:-1] == -torch.inf).all())


def test_shoppers_follow_their_rule():
    display = shelf(2, 3, seed=5)
    shopper = Shopper(display)
    for sequence in ([], [0], [shopper.target], [0, 0, 3, 1]):
        probability = shopper.probabilities(sequence)
        assert probability.sum() == pytest.approx(1)
        assert (probability[-1] > 0) == (sequence[-1:] == [shopper.target])
    draws = [shopper.draw(np.random.default_rng(seed)) for seed in range(300)]
    firsts = np.bincount([one[0] for one in draws], minlength=6) / 300
    np.testing.assert_allclose(firsts, shopper.probabilities([])[:-1], atol=0.1)


def test_unseen_products_are_on_no_usual_shelf():
    assert not set(products()) & set(products("unseen"))
    display = shelf(3, 9, target="unseen", seed=2)
    labels = {one.label for one in products("unseen")}
    assert sum(label in labels for label in display.object_labels) == 1


@pytest.mark.slow
def test_a_fit_learns_more_than_nothing_of_a_rule(tmp_path):
    shelves = [shelf(1, 6, trial=trial, seed=1) for trial in range(300)]
    fit = OatFit(shoppers_table(shelves), shelves, out=tmp_path / "oat", recipe=OatFitRecipe(epochs=12))
    card = fit.run().card
    assert card["nll"]["unseen layouts"] < card["nll_uniform"]["unseen layouts"] - 0.3


def test_the_command_fits_and_what_it_wrote_looks(shelves, tmp_path):
    from PIL import Image

    from scanpath.cli.app import app

    folder = tmp_path / "pictures"
    folder.mkdir()
    rows = []
    for one in shelves:
        pixels = (one.image.numpy() * 255).round().astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / f"{one.name}.png")
        for box, label in zip(one.objects, one.object_labels):
            rows.append((one.name, *box, label, box == one.target_box))
    columns = ["stimulus", "x", "y", "width", "height", "label", "target"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "boxes.csv", index=False)
    shoppers_table(shelves).to_csv(tmp_path / "people.csv", index=False)
    weights, runner = tmp_path / "oat.safetensors", CliRunner()
    command = ["fit", "oat", "--people", tmp_path / "people.csv", "--pictures", folder, "--epochs", 1]
    command += ["--objects", tmp_path / "boxes.csv", "--out", weights]
    done = runner.invoke(app, list(map(str, command)))
    assert done.exit_code == 0, done.output
    assert "unseen layouts" in done.output
    command = ["simulate", "--agent", "oat", "--weights", weights, "--objects", tmp_path / "boxes.csv", folder]
    done = runner.invoke(app, [*map(str, command), "--fixations", "5", "--out", str(tmp_path / "looked.parquet")])
    assert done.exit_code == 0, done.output
    table = pd.read_parquet(tmp_path / "looked.parquet")
    assert table["stimulus"].nunique() == len(shelves)
    assert table["object_index"].dropna().between(0, 5).all()
