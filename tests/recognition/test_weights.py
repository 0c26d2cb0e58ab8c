import pickle
import urllib.error
import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from scanpath import InputError, ScanpathError, create_backbone
from scanpath.recognition import read_weights, weights
from scanpath.recognition.backbone import CAFFE, CAFFE_RED_FIRST, TORCHVISION
from scanpath.recognition.conversion import network
from scanpath.recognition.weights import seeded_weights


@pytest.fixture
def no_weights_anywhere(monkeypatch, tmp_path):
    monkeypatch.delenv("SCANPATH_WEIGHTS", raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


@pytest.fixture
def squeezenet_state():
    return seeded_weights(network("squeezenet1_1"), 7)


def first_weight(backbone):
    return backbone.stages[0].body[0].weight


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_files_of_all_kinds_give_the_same_network(tmp_path, squeezenet_state, suffix):
    path = tmp_path / f"mine{suffix}"
    save_file(squeezenet_state, path) if suffix == ".safetensors" else torch.save(squeezenet_state, path)
    backbone = create_backbone("squeezenet1_1", weights=path)
    assert torch.equal(first_weight(backbone), squeezenet_state["features.0.weight"])
    assert backbone.preprocessing == TORCHVISION


def test_half_precision_and_a_training_wrapper_are_undone(tmp_path, squeezenet_state):
    half = {f"module.{name}": value.half() for name, value in squeezenet_state.items()}
    torch.save({"state_dict": half, "epoch": 3}, tmp_path / "checkpoint.pth")
    state = read_weights(tmp_path / "checkpoint.pth")
    assert state["features.0.weight"].dtype == torch.float32
    assert create_backbone("squeezenet1_1", weights=tmp_path / "checkpoint.pth").name == "squeezenet1_1"


def test_a_file_without_tensors_is_refused(tmp_path):
    torch.save({"state_dict": {"epoch": 3}}, tmp_path / "empty.pth")
    with pytest.raises(InputError, match="names to tensors"):
        read_weights(tmp_path / "empty.pth")


def test_a_folder_of_weights_that_is_none_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SCANPATH_WEIGHTS", str(tmp_path / "vgg16.pth"))
    with pytest.raises(InputError, match=r"must name a folder.*vgg16\.pth"):
        create_backbone("vgg16")
    create_backbone("steerable")


def test_the_folder_of_weights_is_searched_by_the_networks_name(monkeypatch, tmp_path, squeezenet_state):
    monkeypatch.setenv("SCANPATH_WEIGHTS", str(tmp_path))
    save_file(squeezenet_state, tmp_path / "squeezenet1_1_mine.safetensors")
    for another in ("squeezenet1_10.safetensors", "squeezenet1_1_bn-12.pth", "squeezenet1_1.txt"):
        (tmp_path / another).write_bytes(b"not this network's")
    assert torch.equal(first_weight(create_backbone("squeezenet1_1")), squeezenet_state["features.0.weight"])


@pytest.mark.usefixtures("no_weights_anywhere")
def test_without_weights_and_nobody_to_ask_the_alternatives_are_named():
    with pytest.raises(InputError) as caught:
        create_backbone("vgg16")
    for part in ("528 MB", "--weights", "SCANPATH_WEIGHTS", "steerable"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


class Terminal:
    def __init__(self, answer=""):
        self.answer = answer
        self.shown = ""

    def isatty(self):
        return True

    def readline(self):
        return self.answer

    def write(self, text):
        self.shown += text

    def flush(self):
        pass


@pytest.mark.usefixtures("no_weights_anywhere")
def test_a_download_is_asked_for_once_with_its_size(monkeypatch, squeezenet_state):
    screen, asked = Terminal(), []

    def answer(url, **settings):
        asked.append((url, settings["weights_only"]))
        return squeezenet_state

    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", answer)
    create_backbone("squeezenet1_1")
    assert "5 MB" in screen.shown
    assert screen.shown.count("?") == 1
    assert [weights_only for _, weights_only in asked] == [True]


@pytest.mark.usefixtures("no_weights_anywhere")
def test_a_no_is_respected(monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **__: pytest.fail("downloaded anyway"))
    with pytest.raises(InputError, match="steerable"):
        create_backbone("squeezenet1_1")


@pytest.mark.usefixtures("no_weights_anywhere")
def test_a_failed_download_is_one_sentence(monkeypatch):
    def fail(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fail)
    with pytest.raises(ScanpathError, match="could not be downloaded") as caught:
        create_backbone("squeezenet1_1")
    assert "\n" not in str(caught.value)


def test_vgg16_as_its_authors_trained_it_keeps_its_preprocessing(tmp_path):
    state = seeded_weights(network("vgg16"), 1)
    torch.save(state, tmp_path / "vgg16_features-amdegroot-88682ab5.pth")
    torch.save(state, tmp_path / "other.pth")
    file = tmp_path / "vgg16_features-amdegroot-88682ab5.pth"
    assert create_backbone("vgg16", weights=file).preprocessing == CAFFE_RED_FIRST
    assert create_backbone("vgg16", weights=tmp_path / "other.pth").preprocessing == TORCHVISION
    assert create_backbone("vgg16", weights=tmp_path / "other.pth", preprocessing="caffe").preprocessing == CAFFE
    gray = torch.tensor([0.2, 0.5, 0.9])[:, None, None].expand(3, 2, 2)
    torch.testing.assert_close(CAFFE(gray).flip(0), CAFFE_RED_FIRST(gray))


def test_weights_that_keras_wrote_become_torchvisions(tmp_path):
    h5py = pytest.importorskip("h5py")
    state = seeded_weights(network("vgg16"), 2)
    blocks = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
    with h5py.File(tmp_path / "rotated.h5", "w") as file:
        for block, layers in enumerate(blocks, start=1):
            for number, index in enumerate(layers, start=1):
                group = file.create_group(f"block{block}_conv{number}/block{block}_conv{number}")
                group["kernel:0"] = state[f"features.{index}.weight"].numpy().transpose(2, 3, 1, 0)
                group["bias:0"] = state[f"features.{index}.bias"].numpy()
        file["optimizer_weights/Adam/block1_conv1/kernel/m:0"] = np.zeros((3, 3, 3, 64))
    read = read_weights(tmp_path / "rotated.h5")
    assert read.keys() == state.keys()
    assert all(torch.equal(read[name], state[name]) for name in state)
    assert create_backbone("vgg16", weights=tmp_path / "rotated.h5").preprocessing == CAFFE


@pytest.mark.parametrize(
    ("content", "suffix", "words"),
    [
        (None, ".pth", "no weights file"),
        (b"", ".pth", "empty"),
        (b"not weights", ".safetensors", "cannot be read"),
        (b"not weights", ".pth", "cannot be read"),
        (b"not weights", ".h5", "cannot be read|h5py"),
    ],
)
def test_files_that_are_no_weights_get_one_sentence(tmp_path, content, suffix, words):
    path = tmp_path / f"weights{suffix}"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScanpathError, match=words) as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


def test_code_in_a_file_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("code in a weights file was run",))

    torch.save({"features.0.weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(InputError, match="holds code or objects beside tensors, which are never loaded") as caught:
        read_weights(tmp_path / "trap.pth")
    assert "weights_only" not in str(caught.value)  # torch advises to set it to False


def test_a_damaged_or_pickled_file_ends_in_one_sentence_without_remarks_of_torch(tmp_path, squeezenet_state):
    with open(tmp_path / "plain.pt", "wb") as file:
        pickle.dump(squeezenet_state, file, protocol=4)  # torch itself warns of any protocol but 2
    torch.save(squeezenet_state, tmp_path / "whole.pth")
    save_file(squeezenet_state, tmp_path / "whole.safetensors")
    for suffix in (".pth", ".safetensors"):
        (tmp_path / f"half{suffix}").write_bytes((tmp_path / f"whole{suffix}").read_bytes()[:100_000])
    for name in ("plain.pt", "half.pth", "half.safetensors"):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with pytest.raises(InputError, match=f"{name} cannot be read as weights: it is damaged"):
                read_weights(tmp_path / name)
        assert not said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("features.3.squeeze.bias"), r"lacks features\.3\.squeeze\.bias, and holds classif"),
        (lambda state: state.update(extra=torch.zeros(1)), "unknown"),
        (lambda state: state.update({"features.0.bias": torch.zeros(3)}), "other shapes"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, squeezenet_state, change, words):
    change(squeezenet_state)
    torch.save(squeezenet_state, tmp_path / "wrong.pth")
    with pytest.raises(InputError, match=words):
        create_backbone("squeezenet1_1", weights=tmp_path / "wrong.pth")


def test_a_classifier_of_other_size_does_not_matter(tmp_path, squeezenet_state):
    squeezenet_state["classifier.1.weight"] = torch.zeros(10, 512, 1, 1)
    torch.save(squeezenet_state, tmp_path / "ten.pth")
    assert weights.find_weights("squeezenet9") is None
    assert create_backbone("squeezenet1_1", weights=tmp_path / "ten.pth").name == "squeezenet1_1"
