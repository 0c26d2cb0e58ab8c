"""The study of foveated networks: stop and resume, folders of pictures, and scores of answers that are known."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import scanpath as sp
from scanpath.foveation.conditions import CONDITIONS
from scanpath.stimuli.cue_conflict import decoys
from scanpath.studies.foveated_battery import DISSIMILARITY, PROBES, VIEWS, WINDOW
from scanpath.studies.foveated_networks import FoveatedDesign, FoveatedNetworks
from scanpath.studies.foveated_pictures import CopyFolder, DrawnSource, FolderSource, first_pictures
from scanpath.studies.foveated_scores import crossover, found_direction, score_networks

SOURCE = DrawnSource(3, 2, size_px=32, seed=7)
DESIGN = FoveatedDesign(("small-resnet",), n_runs=2, epochs={"small-resnet": 2}, seed=3)


@pytest.fixture(autouse=True)
def one_thread():
    """Small convolutions wait for threads longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(out):
    study = FoveatedNetworks(SOURCE, DESIGN, out)
    study.copies().make()
    study.train()
    answers = study.ask()
    return study, answers


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("foveated") / "study"
    return out, *run(out)


def contents(folder):
    return {file.relative_to(folder): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_a_stopped_study_goes_on_to_the_same_bytes(whole, tmp_path):
    class Stopped(Exception):
        pass

    def stop_after(count):
        left = [count]

        def tell(done):
            left[0] -= done
            if left[0] < 0:
                raise Stopped

        return tell

    study = FoveatedNetworks(SOURCE, DESIGN, tmp_path / "s")
    study.copies().make()
    with pytest.raises(Stopped):
        study.train(stop_after(4))  # within the third training, whose checkpoint has one epoch
    assert len(list((tmp_path / "s" / "networks").glob("*.pt"))) == 1
    again, _ = run(tmp_path / "s")
    with pytest.raises(Stopped):
        again.ask(stop_after(0))
    assert contents(tmp_path / "s") == contents(whole[0])


def test_another_study_is_not_mixed_in(whole, tmp_path):
    with pytest.raises(sp.InputError, match="other pictures or settings"):
        FoveatedNetworks(DrawnSource(3, 2, size_px=32, seed=8), DESIGN, whole[0])
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(sp.InputError, match="no study"):
        FoveatedNetworks(SOURCE, DESIGN, tmp_path)


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        ("pictures/test-texture-0000.npy", "copies in .* are damaged; delete the file"),
        ("networks/small-resnet-texture-2-epochs-run-00.safetensors", "network in .* is damaged; delete the file"),
    ],
)
def test_a_damaged_file_is_named(whole, tmp_path, damaged, words):
    folder = shutil.copytree(whole[0], tmp_path / "study")
    shutil.rmtree(folder / "answers")
    file = folder / damaged
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(sp.InputError, match=words):
        FoveatedNetworks(SOURCE, DESIGN, folder).ask()


@pytest.mark.slow
def test_any_number_of_workers_makes_the_same_bytes(whole, tmp_path):
    out, study, _ = whole
    folder = CopyFolder(tmp_path, SOURCE, study.fit(), DESIGN.seed)
    folder.make(jobs=2)
    assert contents(tmp_path) == contents(out / "pictures")


class SameScene(DrawnSource):
    """Every picture is the first."""

    def picture(self, split, number):
        return super().picture(split, 0)


def test_every_picture_has_a_warp_of_its_own(whole, tmp_path):
    _, study, _ = whole
    folder = CopyFolder(tmp_path, SameScene(2, 2, size_px=32, seed=7), study.fit(), DESIGN.seed)
    folder.make()
    first, second = folder.copies("test", "texture").batch([0, 1])
    assert not torch.equal(first, second)
    first, second = folder.copies("test", "foveated blur").batch([0, 1])
    assert torch.equal(first, second)


def test_the_reference_is_the_picture_itself(whole):
    _, study, _ = whole
    copies = study.copies().copies("test", "reference")
    wanted = torch.stack([SOURCE.picture("test", number) for number in range(16)])
    assert torch.equal(copies.batch(range(16)), (wanted * 255).round().to(torch.uint8))


def test_scores_of_the_study_are_whole(whole):
    _, study, answers = whole
    found = score_networks(answers, study.copies().labels("test"), study.similarities())
    assert set(found.scores["condition"]) == set(CONDITIONS)
    assert ((found.scores["low"] <= found.scores["mean"]) & (found.scores["mean"] <= found.scores["high"])).all()
    assert set(found.claims["found"]) <= {"yes", "no", "undecided"}
    contrasts = found.claims.groupby(["network", "measure", "condition", "against"])
    assert (contrasts["paper"].size() == 1).all(), "the paper cannot say two things of one difference"
    assert len(found.gates) == 9


def known_answers(labels, share, seed, n_runs=4):
    """Runs that are right with a probability, but for the window conflict, where the larger part decides."""
    generator = np.random.default_rng(seed)
    wrong = (labels + 1) % (labels.max() + 1)
    answers = {}
    for name, levels in PROBES.items():
        right = generator.random((n_runs, len(levels), len(labels))) < share
        answers[name] = np.where(right, labels, wrong).astype(np.int16)
    larger = np.array(PROBES[WINDOW])[:, None] > 0.5
    answers[WINDOW] = np.broadcast_to(np.where(larger, labels[decoys(labels)], labels), answers[WINDOW].shape)
    pairs = min(160, len(labels))
    answers[DISSIMILARITY] = generator.random((n_runs, pairs * (pairs - 1) // 2)).astype(np.float32)
    return answers


def test_scores_of_known_answers():
    labels = np.arange(160) % 8
    shares = dict(zip(CONDITIONS, (0.9, 0.89, 0.6, 0.6)))
    answers = {("net", name): known_answers(labels, share, seed) for seed, (name, share) in enumerate(shares.items())}
    similarity = np.random.default_rng(9).normal(0.5, 0.1, 160)
    table = pd.DataFrame({"picture": range(160), "texture": similarity, "uniform blur": similarity + 0.001})
    table["uniform blur"] += np.linspace(-0.01, 0.01, 160)
    table["foveated blur"] = table["uniform blur"] + 0.05
    found = score_networks(answers, labels, table)
    iid = found.scores[found.scores["measure"] == "i.i.d."].set_index("condition")
    for number, (name, share) in enumerate(shares.items()):
        right = answers["net", name][VIEWS][:, number] == labels
        assert iid.loc[name, "mean"] == pytest.approx(right.mean())
        assert iid.loc[name, "low"] < share < iid.loc[name, "high"]
    crossing = found.scores[found.scores["measure"] == "crossover"]
    assert crossing["mean"].between(0.4, 0.55).all()
    gates = found.gates.set_index("gate")["passed"]
    assert gates["held-out similarity of uniform blur within 0.01 of the texture's"]
    assert not gates["held-out similarity of foveated blur within 0.01 of the texture's"]
    assert gates["i.i.d.: texture above uniform blur (low)"]
    assert not gates["crossover: texture below uniform blur (high)"]
    said = found.claims.set_index(["measure", "against"])["found"]
    assert said["i.i.d.", "uniform blur"] == "yes"
    assert abs(found.representations["correlation"]).max() < 0.05


def test_an_interval_over_runs_and_pictures_is_wider_than_over_pictures_alone():
    """Runs that differ as a whole widen the interval, though each has many pictures."""
    labels = np.arange(160) % 8
    widths = []
    for spread in (0.0, 0.2):
        answers = {}
        for name in CONDITIONS:
            one = known_answers(labels, 0.6, 1)
            generator = np.random.default_rng(2)
            shares = 0.6 + spread * np.linspace(-1, 1, 4)[:, None, None]
            right = generator.random(one[VIEWS].shape) < shares
            answers["net", name] = {**one, VIEWS: np.where(right, labels, (labels + 1) % 8).astype(np.int16)}
        table = pd.DataFrame({"picture": range(160), **dict.fromkeys(CONDITIONS[1:], np.linspace(0, 1, 160))})
        rows = score_networks(answers, labels, table).scores.set_index(["measure", "condition"])
        widths.append(rows.loc[("i.i.d.", "reference"), "high"] - rows.loc[("i.i.d.", "reference"), "low"])
    assert widths[1] > 2 * widths[0]


def test_networks_at_chance_decide_nothing():
    labels = np.arange(160) % 8
    answers = {("net", name): known_answers(labels, 0.125, 0) for name in CONDITIONS}
    table = pd.DataFrame({"picture": range(160), **dict.fromkeys(CONDITIONS[1:], np.linspace(0, 1, 160))})
    found = score_networks(answers, labels, table)
    assert set(found.claims["found"]) == {"undecided"}
    assert not found.gates[found.gates["network"] == "net"]["passed"].any()


def test_crossover_of_straight_lines():
    area = np.array(PROBES[WINDOW])
    for wanted in (0.2, 0.5, 0.8):
        center = 0.5 + 0.4 * (area - wanted)
        assert crossover(center, 1 - center, np.array(1.0)) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("low", "high", "sign", "said"),
    [(-0.01, 0.02, 0, "yes"), (-0.06, 0.02, 0, "undecided"), (0.05, 0.07, 0, "no"), (-2, -1, 1, "no")],
)
def test_directions(low, high, sign, said):
    assert found_direction(low, high, sign) == said


@pytest.fixture
def folder(tmp_path):
    """Someone else's class folders: odd sizes, gray, transparent, and one that is no picture."""
    generator = np.random.default_rng(0)
    for name in ("kitchen", "beach"):
        (tmp_path / name).mkdir()
        for number in range(6):
            size = (40 + 7 * number, 71 - 5 * number, 3)
            Image.fromarray(generator.integers(0, 256, size, np.uint8)).save(tmp_path / name / f"{number}.png")
    Image.fromarray(generator.integers(0, 256, (50, 60), np.uint8)).save(tmp_path / "beach" / "gray.jpg")
    Image.fromarray(generator.integers(0, 256, (50, 60, 4), np.uint8)).save(tmp_path / "beach" / "glass.png")
    (tmp_path / "kitchen" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    return tmp_path


def test_someone_elses_folder_is_read_and_what_is_broken_is_left_out(folder, tmp_path_factory):
    source = FolderSource(folder, size_px=32, test_share=0.3, seed=1)
    assert source.classes == ("beach", "kitchen")
    out = tmp_path_factory.mktemp("folder") / "study"
    study = FoveatedNetworks(source, DESIGN, out)
    copies = study.copies()
    copies.make()
    assert len(copies.failures()) == 1
    assert "torn.jpg" in copies.failures()[0]
    for split in ("train", "test"):
        for condition in CONDITIONS:
            assert len(copies.copies(split, condition)) == len(copies.labels(split))
    assert sum(len(copies.labels(split)) for split in ("train", "test")) == 14
    assert first_pictures(source, 3).shape == (3, 3, 32, 32)
    next(copies.path.glob("*-unreadable-*.json")).write_text("[[3")
    with pytest.raises(sp.InputError, match="not readable JSON"):
        copies.failures()


def test_an_empty_class_is_named(folder):
    (folder / "attic").mkdir()
    with pytest.raises(sp.InputError, match="attic"):
        FolderSource(folder)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"networks": ("vgg",)}, "network"),
        ({"networks": ()}, "At least one network"),
        ({"n_runs": 1}, "runs"),
        ({"epochs": {"alexnet": 3}}, "epochs"),
        ({"scaling": 0}, "scaling"),
    ],
)
def test_a_design_that_cannot_be_is_one_sentence(settings, words):
    with pytest.raises(sp.InputError, match=words):
        FoveatedDesign(**settings)
