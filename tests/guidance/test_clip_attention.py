"""Attention contrast on a small vision transformer with seeded weights."""

import numpy as np
import pytest
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

import scanpath as sp
from scanpath.guidance.clip_attention import _attention, _attention_layers, _opened, _without_sinks, clip_attention
from scanpath.recognition.language import LanguageModel, load_language_model
from scanpath.recognition.toy_clip import make_tokenizer, train_merges


@pytest.fixture(scope="module")
def clip():
    torch.manual_seed(0)
    tokenizer = make_tokenizer(train_merges(["picture", "ring", "star"]))
    vision = CLIPVisionCfg(layers=3, width=32, head_width=8, patch_size=8, image_size=64)
    text = CLIPTextCfg(context_length=24, vocab_size=tokenizer.vocab_size, width=32, heads=4, layers=1)
    model = CLIP(16, vision, text)
    return LanguageModel(model, tokenizer, name="small", size=(64, 64), mean=[0.5] * 3, std=[0.3] * 3)


@pytest.fixture(scope="module")
def picture():
    return torch.rand(3, 50, 80, generator=torch.Generator().manual_seed(1))


def test_opened_attention_computes_what_the_layer_computes(clip, picture):
    batch = torch.nn.functional.interpolate(picture[None], (64, 64))
    expected = clip(batch)
    with _opened(_attention_layers(clip)[1]) as kept:
        found = clip(batch)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(kept[0].sum(-1), torch.ones_like(kept[0].sum(-1)))
    assert len(clip(batch)) == len(kept) == 1


def test_the_general_query_cancels_itself(clip, picture):
    same = clip_attention(picture, clip, "a picture", general="a picture", sink=1e9)
    small = torch.nn.functional.interpolate(picture[None], (64, 64))
    plain = _attention(clip, _attention_layers(clip)[-2:], small, "a ring")
    assert same.shape == (50, 80)
    assert same.min() >= 0
    assert same.max() == pytest.approx(1)
    task = clip_attention(picture, clip, "a ring", general="a picture", sink=1e9)
    # a map against itself is flat but for the floor, a map against another one is not
    assert np.var(same.numpy()[same.numpy() > 0.05]) < np.var(task.numpy())
    assert plain.shape == (8, 8)


def test_sinks_are_filled_from_their_neighbors():
    task, plain = torch.ones(6, 6), torch.ones(6, 6)
    task[2, 3], plain[2, 3] = 50.0, 40.0
    found = _without_sinks(task, plain, sink=4.0)
    torch.testing.assert_close(found, torch.ones(6, 6))


def test_only_transformers_have_attention(picture):
    with pytest.raises(sp.InputError, match="vision transformer"):
        clip_attention(picture, load_language_model("toy"), "a red ring")
