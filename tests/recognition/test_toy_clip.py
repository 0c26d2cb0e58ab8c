"""The package's own CLIP: its file and its token list."""

import pytest
import torch
from safetensors.torch import save_file

import scanpath as sp
from scanpath._core.random import derive_seed
from scanpath.recognition.toy_clip import build_toy_clip, load_toy_clip, make_tokenizer, shipped_weights, train_merges
from scanpath.stimuli.caption_grammar import all_words


def test_shipped_file_is_small_and_loads_frozen():
    assert shipped_weights().stat().st_size <= 2_000_000
    model, _ = load_toy_clip()
    assert not model.training
    assert not any(weight.requires_grad for weight in model.parameters())
    assert type(model).__name__ == "CLIP"


def test_each_word_of_the_grammar_is_one_token_and_any_text_can_be_encoded():
    _, tokenizer = load_toy_clip()
    for word in all_words():
        assert len(tokenizer.encode(word)) == 1
    for text in ("é 😀 漢字", "", "x" * 1000, "\x00\n\t"):
        tokens = tokenizer([text])
        assert tokens.shape == (1, 24)
        assert tokens.max() < tokenizer.vocab_size


def test_token_list_depends_on_nothing_but_the_words():
    words = ["ring", "string", "star", "red"]
    assert train_merges(words) == train_merges(words[::-1] + words)
    tokenizer = make_tokenizer(train_merges(words))
    assert [len(tokenizer.encode(word)) for word in words] == [1] * 4


def test_files_of_another_kind_are_refused(tmp_path):
    with pytest.raises(sp.InputError, match="no toy CLIP file"):
        load_toy_clip(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello, this is no such file")
    with pytest.raises(sp.InputError, match="not a safetensors file"):
        load_toy_clip(tmp_path / "text.safetensors")
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(sp.InputError, match="scanpath toy CLIP 1"):
        load_toy_clip(tmp_path / "other.safetensors")


@pytest.mark.parametrize("seed", range(5))
def test_attention_differs_among_places_before_training(seed):
    """Flat attention tells nothing of where the picture is clear, and does not always come to in training."""
    torch.manual_seed(derive_seed(seed, "toy clip weights"))
    tower = build_toy_clip(520).visual
    pictures = torch.randn(4, 3, 128, 128, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        tokens = tower.features(pictures).flatten(2).transpose(1, 2) + tower.position
        _, weights = tower.pool(tower.query.expand(4, -1, -1), tokens, tokens, average_attn_weights=False)
    n_places = torch.exp(torch.special.entr(weights).sum(-1)).mean()
    assert n_places < 62  # of 64; a query of length 1 attends to 63.9


def test_untrained_weights_follow_the_seed():
    torch.manual_seed(1)
    first = build_toy_clip(520)
    torch.manual_seed(1)
    second = build_toy_clip(520)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters()))
