"""Training of the package's own CLIP, which can be stopped and resumed."""

import itertools
import math

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath._core.random import derive_seed, numpy_generator
from scanpath.recognition.toy_clip import build_toy_clip, load_toy_clip, make_tokenizer, train_merges
from scanpath.stimuli.caption_grammar import all_words, position_holds
from scanpath.stimuli.captioned_scenes import COLORS, SHAPES, TEXTURES, draw_scene
from scanpath.training.toy_clip import ToyClipRecipe, _blur, _cross_entropy, _described, _foveated, main, train_toy_clip

TINY = ToyClipRecipe(seed=3, steps=4, n_scenes=6, scenes_per_batch=3, empty_per_batch=2, warmup_steps=2)


def test_shipped_model_is_the_training_programs():
    """Tokens that no caption uses keep their first, seeded weights but for the decay of all steps' learning rates."""
    recipe = ToyClipRecipe()
    model, tokenizer = load_toy_clip()
    assert tokenizer.encoder == make_tokenizer(train_merges([*COLORS, *SHAPES, *TEXTURES, *all_words()])).encoder
    torch.manual_seed(derive_seed(recipe.seed, "toy clip weights"))
    first = build_toy_clip(tokenizer.vocab_size).token_embedding.weight.detach()
    decay = math.prod(1 - recipe.rate(step) * recipe.weight_decay for step in range(recipe.steps))
    kept = torch.isclose(model.token_embedding.weight, decay * first, rtol=1e-3, atol=1e-6).all(1)
    assert kept.sum() > 500


def run_out(training):
    losses = []
    while True:
        try:
            losses.append(next(training)[1])
        except StopIteration as end:
            return losses, end.value


def test_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path):
    losses, (model, _) = run_out(train_toy_clip(TINY))
    checkpoint = tmp_path / "state.pt"
    first = list(itertools.islice(train_toy_clip(TINY, checkpoint=checkpoint, checkpoint_every=2), 2))
    assert checkpoint.exists()
    rest, (resumed, _) = run_out(train_toy_clip(TINY, checkpoint=checkpoint, checkpoint_every=2))
    assert [loss for _, loss in first] + rest == pytest.approx(losses, rel=1e-6)
    assert len(rest) == 2
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], weight, rtol=1e-4, atol=1e-5)
    with pytest.raises(sp.InputError, match="other settings"):
        next(train_toy_clip(ToyClipRecipe(seed=4, steps=4, n_scenes=2), checkpoint=checkpoint))


def test_a_checkpoint_of_another_loss_is_refused(tmp_path, monkeypatch):
    checkpoint = tmp_path / "state.pt"
    list(itertools.islice(train_toy_clip(TINY, checkpoint=checkpoint, checkpoint_every=1), 1))
    monkeypatch.setattr("scanpath.training.toy_clip._LOSS", "another")
    with pytest.raises(sp.InputError, match="another loss"):
        next(train_toy_clip(TINY, checkpoint=checkpoint))


def test_training_program_writes_a_file_that_loads(tmp_path):
    out = tmp_path / "model.safetensors"
    threads = torch.get_num_threads()
    main(["--out", str(out), "--steps", "1", "--scenes", "4", "--threads", "1"])
    torch.set_num_threads(threads)
    model, tokenizer = load_toy_clip(out)
    assert model.encode_text(tokenizer(["a red ring"])).shape == (1, 64)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_cross_entropy_is_torchs_over_the_candidates_alone():
    rng = torch.Generator().manual_seed(2)
    logits, fits = torch.randn(5, 8, generator=rng), torch.zeros(5, 8)
    fits[torch.arange(5), torch.arange(5)] = 1
    fits[1, 3] = 1
    shares = fits / fits.sum(1, keepdim=True)
    torch.testing.assert_close(_cross_entropy(logits, fits), torch.nn.functional.cross_entropy(logits, shares))
    barred = logits.clone().requires_grad_()
    loss = _cross_entropy(barred.masked_fill(torch.arange(8) > 4, -math.inf), fits)
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(logits[:, :5], shares[:, :5]))
    loss.backward()
    assert barred.grad[:, :5].isfinite().all()
    assert not barred.grad[:, 5:].any()


def test_position_phrases_of_twins_tell_them_apart():
    rng = numpy_generator(0, "test")
    said = 0
    for index in range(40):
        scene = draw_scene(5, index, twin_share=1.0)
        for (one, phrase), other in zip(_described(rng, scene, 3)[:2], scene.objects[1::-1]):
            if phrase is not None:
                assert position_holds(phrase, one.center_px, 128)
                assert not position_holds(phrase, other.center_px, 128)
                said += 1
    assert said > 60


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 3])
def test_position_phrases_are_learned_within_the_first_steps(seed):
    """On twin scenes a caption fits the picture foveated at what it means better than that foveated at its twin."""
    _, (model, merges) = run_out(train_toy_clip(ToyClipRecipe(seed=seed, steps=120, n_scenes=1500)))
    scenes = [draw_scene(777, index, twin_share=1.0) for index in range(80)]
    places = [np.array(one.center_px) for scene in scenes for one in scene.objects[:2]]
    pictures = _foveated(numpy_generator(0, "test"), scenes, [n // 2 for n in range(160)], places)
    with torch.no_grad():
        seen = model.encode_image(pictures, normalize=True).unflatten(0, (80, 2))
        said = model.encode_text(make_tokenizer(merges)([scene.caption for scene in scenes]), normalize=True)
    fit = (seen * said[:, None]).sum(-1)
    assert (fit[:, 0] > fit[:, 1]).float().mean() > 0.75  # half by chance


def test_blur_of_training_is_that_of_neva():
    from scanpath.agents.neva_eye import NevaEye, NevaEyeSettings

    image = torch.rand(3, 128, 128, generator=torch.Generator().manual_seed(0))
    eye = NevaEye(image, NevaEyeSettings(0.15, 5.7, 23, 0.7))
    torch.testing.assert_close(_blur(image), eye.blurred, atol=1e-5, rtol=0)
