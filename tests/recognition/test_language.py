"""Loading image-text models, and captions that cannot be used."""

import hashlib
import json

import open_clip
import pytest
import torch
from safetensors.torch import save_file

import scanpath as sp
from scanpath.recognition.language import LanguageModel, load_language_model
from scanpath.stimuli.captioned_scenes import draw_scene

SMALL = "scanpath-test-ViT"


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    """A tiny vision transformer under a name of its own in open_clip's list."""
    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    file = tmp_path_factory.mktemp("open_clip") / f"{SMALL}.json"
    file.write_text(json.dumps(config))
    open_clip.add_model_config(file)
    return SMALL


def test_random_weights_follow_the_seed_and_leave_torchs_alone(small_model):
    torch.manual_seed(5)
    before = torch.rand(())
    torch.manual_seed(5)
    first = load_language_model(small_model, {"seed": 1})
    assert torch.rand(()) == before
    again, other = load_language_model(small_model, {"seed": 1}), load_language_model(small_model, {"seed": 2})
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(first(image), again(image))
    assert not torch.equal(first(image), other(image))
    assert first.size == (32, 32)
    torch.testing.assert_close(first.mean.flatten(), torch.tensor(open_clip.OPENAI_DATASET_MEAN))


def test_local_file_gives_the_same_vectors(small_model, tmp_path):
    model = load_language_model(small_model, {"seed": 1})
    file = tmp_path / "weights.safetensors"
    save_file({name: value.contiguous() for name, value in model.model.state_dict().items()}, file)
    loaded = load_language_model(small_model, file)
    torch.testing.assert_close(loaded.encode_text(["a dog"]), model.encode_text("a dog"))
    save_file({"weight": torch.zeros(3)}, tmp_path / "wrong.safetensors")
    with pytest.raises(sp.InputError, match=r"holds no weights of .* \(it lacks [\w.]+\); check the model's name"):
        load_language_model(small_model, tmp_path / "wrong.safetensors")
    (tmp_path / "half.safetensors").write_bytes(file.read_bytes()[:10_000])
    (tmp_path / "text.pt").write_text("hello")
    for damaged in ("half.safetensors", "text.pt"):
        with pytest.raises(sp.InputError, match=f"{damaged} cannot be read as weights: it is damaged"):
            load_language_model(small_model, tmp_path / damaged)


@pytest.mark.parametrize(
    ("model", "pretrained", "message"),
    [
        ("RN5O", None, "RN50"),
        ("RN50", None, "openai"),
        ("RN50", "openia", "openai"),
        ("RN50", "./none.pt", "no weights file"),
        ("toy", {"seed": 1}, "not a seed"),
    ],
)
def test_unknown_names_and_files_are_named(model, pretrained, message):
    with pytest.raises(sp.InputError, match=message):
        load_language_model(model, pretrained)


def test_a_file_is_told_from_another_by_its_checksum(small_model, tmp_path):
    from safetensors.torch import save_file

    save_file(load_language_model(small_model, {"seed": 1}).model.state_dict(), tmp_path / "weights.safetensors")
    file = tmp_path / "weights.safetensors"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest[:16] in load_language_model(small_model, file, digest).learned_from
    with pytest.raises(sp.InputError, match=f"has the SHA-256 {digest}, not 00"):
        load_language_model(small_model, file, "00" * 32)
    with pytest.raises(sp.InputError, match="checksum of a local file"):
        load_language_model(small_model, {"seed": 1}, digest)


@pytest.mark.parametrize(
    ("caption", "message"),
    [("", "empty"), (" \n", "empty"), (None, "NoneType"), (b"a dog", "decode"), ("a \udcff dog", "encoding")],
)
def test_captions_that_cannot_be_used_say_why_in_one_sentence(caption, message):
    with pytest.raises(sp.InputError, match=message) as error:
        load_language_model("toy").encode_text([caption])
    assert str(error.value).count(". ") == 0


def test_long_captions_are_cut_with_a_warning():
    clip = load_language_model("toy")
    with pytest.warns(UserWarning, match="24 tokens"):
        long = clip.encode_text("a red ring " * 40)
    assert torch.isfinite(long).all()


@pytest.mark.filterwarnings("ignore:toy learned from")
def test_odd_letters_are_encoded():
    vectors = load_language_model("toy").encode_text(["ein roter Ring, ¿dónde?", "赤い輪 😀", "a\x00ring"])
    assert torch.isfinite(vectors).all()


def test_toy_model_finds_its_caption_among_others():
    """The shipped model, on scenes it never saw, foveated at an object: the object's caption against 19 others."""
    from scanpath.agents.neva_eye import NevaEye, NevaEyeSettings

    clip, right = load_language_model("toy"), 0
    scenes = [draw_scene(77, index, twin_share=0) for index in range(20)]
    said = torch.nn.functional.normalize(clip.encode_text([scene.caption for scene in scenes]), dim=-1)
    for index, scene in enumerate(scenes):
        eye = NevaEye(torch.from_numpy(scene.image), NevaEyeSettings(0.15, 5.7, 23, 0.7))
        x, y = scene.objects[0].center_px
        point = torch.tensor([[2 * y / 127 - 1, 2 * x / 127 - 1]])
        seen = clip(eye.see(point, eye.memory([])))
        right += int((seen @ said.T).argmax()) == index
    assert right >= 14


def test_any_model_of_that_form_can_be_wrapped(small_model):
    inner = open_clip.create_model(small_model, load_weights=False)
    wrapped = LanguageModel(
        inner,
        lambda texts: torch.zeros(len(texts), 77, dtype=torch.long),
        name="own",
        size=(32, 32),
        mean=[0.5] * 3,
        std=[0.5] * 3,
    )
    assert wrapped.encode_text(["one", "two"]).shape == (2, 16)
