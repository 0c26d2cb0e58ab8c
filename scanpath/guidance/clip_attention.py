"""What a CLIP transformer attends to for a task's words and not for any words: attention contrast."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath._core.checks import check_count, check_image
from scanpath._core.errors import InputError
from scanpath.guidance.sharpening import enlarge_to_peak_one
from scanpath.recognition.language import LanguageModel


def clip_attention(
    image: Tensor,
    clip: LanguageModel,
    query: str,
    *,
    general: str = "a picture",
    layers: int = 4,
    floor: float = 0.1,
    sink: float = 4.0,
) -> Tensor:
    """Map what a vision transformer attends to for a query, divided by what it attends to for a general one.

    The attention of the class token in the last layers is weighted by how much it raises the fit of picture and
    words. Tokens to which attention flows whatever the words are sinks: they carry no place and are filled from
    their neighbors.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1].
    clip
        A model of open_clip with a vision transformer.
    query, general
        The task in words, and words that say nothing of it.
    layers
        How many of the last layers count.
    floor
        Added to the general attention, as a share of its mean, before it divides.
    sink
        A token is a sink where its general attention exceeds this many times the median.

    Returns
    -------
    Tensor
        (H, W), not negative, at most 1.

    References
    ----------
    The contrast of a task query against a general query follows "Focusing by Contrastive Attention", the
    discount of sinks "See What You Are Told: Visual Attention Sink in Large Multimodal Models"; gradient-weighted
    attention is that of Chefer, Gur, Wolf (2021), Generic attention-model explainability, arXiv:2103.15679.
    """
    check_image(image)
    layers_read = _attention_layers(clip)[-check_count("layers", layers) :]
    small = F.interpolate(image[None], clip.size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
    task, plain = (_attention(clip, layers_read, small, words) for words in (query, general))
    contrast = _without_sinks(task, plain, sink) / (plain + floor * plain.mean().clamp_min(1e-12))
    height, width = image.shape[-2:]
    return enlarge_to_peak_one(contrast[None, None], (height, width))[0, 0]


def _attention_layers(clip: LanguageModel) -> list[nn.MultiheadAttention]:
    transformer = getattr(clip.model.visual, "transformer", None)
    blocks = list(getattr(transformer, "resblocks", []))
    layers = [block.attn for block in blocks if isinstance(getattr(block, "attn", None), nn.MultiheadAttention)]
    if not blocks or len(layers) < len(blocks):
        raise InputError(f"clip_attention needs a vision transformer such as 'ViT-B-32', and {clip.name!r} is none.")
    return layers


def _attention(clip: LanguageModel, layers: list[nn.MultiheadAttention], image: Tensor, words: str) -> Tensor:
    """Return the gradient-weighted attention (rows, columns) of the class token to the patches."""
    said = clip.encode_text(words)
    with ExitStack() as stack:
        kept = [stack.enter_context(_opened(layer)) for layer in layers]
        fit = F.cosine_similarity(clip(image), said).sum()
        weights = [one[0] for one in kept]
        gradients = torch.autograd.grad(fit, weights)
    helpful = [(weight * gradient).clamp_min(0).mean(1)[0, 0, 1:] for weight, gradient in zip(weights, gradients)]
    rows, columns = clip.model.visual.grid_size
    return torch.stack(helpful).mean(0).detach().reshape(rows, columns)


@contextmanager
def _opened(attention: nn.MultiheadAttention) -> Iterator[list[Tensor]]:
    """Let an attention layer work as before, and keep its weights (B, heads, n, n) with a gradient."""
    kept: list[Tensor] = []

    def replace(module: nn.MultiheadAttention, inputs: tuple, keywords: dict, output: object) -> tuple[Tensor, None]:
        tokens = inputs[0] if inputs else keywords["query"]
        tokens = tokens if module.batch_first else tokens.transpose(0, 1)
        batch, n, width = tokens.shape
        projected = F.linear(tokens, module.in_proj_weight, module.in_proj_bias)
        q, k, v = projected.reshape(batch, n, 3, module.num_heads, -1).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
        weights = weights if weights.requires_grad else weights.requires_grad_()
        kept.append(weights)
        mixed = module.out_proj((weights @ v).transpose(1, 2).reshape(batch, n, width))
        return (mixed if module.batch_first else mixed.transpose(0, 1)), None

    handle = attention.register_forward_hook(replace, with_kwargs=True)
    try:
        yield kept
    finally:
        handle.remove()


def _without_sinks(task: Tensor, plain: Tensor, sink: float) -> Tensor:
    """Replace tokens that draw attention whatever is asked by the mean of their other neighbors."""
    sinks = plain > sink * plain.median().clamp_min(1e-12)
    keep = (~sinks).to(task.dtype)[None, None]
    around = F.avg_pool2d(task[None, None] * keep, 3, 1, 1) / F.avg_pool2d(keep, 3, 1, 1).clamp_min(1e-6)
    return torch.where(sinks, around[0, 0], task)
