import pytest
import torch
from PIL import Image
from skimage import data, transform

import scanpath as sp
from scanpath.foveation.neurofovea import load_decoder, load_encoder
from scanpath.gaze.pictures import find_pictures
from scanpath.training.texture_decoder import DecoderRecipe, main, make_batch, reconstruction_loss, train_decoder

WEIGHTS = {"seed": 0}
TINY = DecoderRecipe(batch_size=2, crop_px=16, learning_rate=1e-3)


@pytest.fixture
def folder(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name, size in (("astronaut", (40, 30)), ("coffee", (24, 64)), ("camera", (12, 12))):
        image = transform.resize(getattr(data, name)(), size, anti_aliasing=True)
        Image.fromarray((image * 255).astype("u1")).save(pictures / f"{name}.png")
    return pictures


def test_training_lowers_the_error_on_crops_it_has_not_seen(folder, tmp_path):
    out = train_decoder(folder, weights=WEIGHTS, out=tmp_path / "decoder.safetensors", steps=25, recipe=TINY)
    start = train_decoder(folder, weights=WEIGHTS, out=tmp_path / "start.safetensors", steps=1, recipe=TINY)
    encoder = load_encoder(WEIGHTS)
    batch = make_batch(find_pictures(folder), DecoderRecipe(batch_size=4, crop_px=16), 10_000)
    errors = [float(reconstruction_loss(batch, encoder, load_decoder(path), 1.0)) for path in (start, out)]
    assert errors[1] < 0.5 * errors[0]


def test_a_run_that_was_interrupted_and_continued_equals_one_that_was_not(folder, tmp_path):
    settings = {"weights": WEIGHTS, "recipe": TINY}
    straight = train_decoder(folder, out=tmp_path / "straight.safetensors", steps=4, **settings)
    train_decoder(folder, out=tmp_path / "resumed.safetensors", steps=2, **settings)
    seen = []
    resumed = train_decoder(
        folder, out=tmp_path / "resumed.safetensors", steps=4, report=lambda step, loss: seen.append(step), **settings
    )
    assert seen == [3, 4]
    ours, theirs = load_decoder(straight).state_dict(), load_decoder(resumed).state_dict()
    for name, value in ours.items():
        torch.testing.assert_close(theirs[name], value, msg=name)


def test_a_checkpoint_of_other_settings_is_refused(folder, tmp_path):
    out = tmp_path / "decoder.safetensors"
    train_decoder(folder, weights=WEIGHTS, out=out, steps=1, recipe=TINY)
    with pytest.raises(sp.InputError, match="was made with"):
        train_decoder(folder, weights=WEIGHTS, out=out, steps=2, recipe=DecoderRecipe(2, 16, 1e-2))
    (tmp_path / "decoder.safetensors.checkpoint.pt").write_bytes(b"damaged")
    with pytest.raises(sp.InputError, match="damaged"):
        train_decoder(folder, weights=WEIGHTS, out=out, steps=2, recipe=TINY)


def test_batches_depend_on_the_step_alone(folder):
    pictures = find_pictures(folder)
    assert torch.equal(make_batch(pictures, TINY, 7), make_batch(pictures, TINY, 7))
    assert not torch.equal(make_batch(pictures, TINY, 7), make_batch(pictures, TINY, 8))
    assert make_batch(pictures, TINY, 7).shape == (2, 3, 16, 16)


def test_unreadable_pictures_are_named_and_left_out(folder, tmp_path, capsys):
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    train_decoder(folder, weights=WEIGHTS, out=tmp_path / "decoder.safetensors", steps=1, recipe=TINY)
    assert "broken.png" in capsys.readouterr().err


def test_the_command_writes_a_decoder_and_tells_mistakes_in_a_sentence(folder, tmp_path, capsys):
    from torchvision.models.vgg import cfgs, make_layers

    features = make_layers(cfgs["E"], batch_norm=False)
    weights, out = tmp_path / "vgg19.pth", tmp_path / "decoder.safetensors"
    torch.save({f"features.{name}": value for name, value in features.state_dict().items()}, weights)
    command = [str(folder), "--weights", str(weights), "--out", str(out), "--batch-size", "1", "--crop-px", "16"]
    assert main([*command, "--steps", "1"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert len(load_decoder(out).state_dict()) == 18
    assert main([*command, "--steps", "1", "--crop-px", "20"]) == 2
    assert "multiple of 8" in capsys.readouterr().err
    assert main(["nowhere", "--weights", str(weights), "--out", str(out)]) == 2
    assert capsys.readouterr().err == "There is no folder at nowhere; give one with pictures to learn from.\n"
    assert main([*command, "--device", "abacus"]) == 2
    assert capsys.readouterr().err.startswith("The device 'abacus' cannot be used")
