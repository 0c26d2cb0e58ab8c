"""Activation maps in plain torch: any device and floating type, with gradients."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class Walk(NamedTuple):
    """B walks of up to K steps on one picture of H rows and W columns, P phases a step.

    Parameters
    ----------
    start
        (H, W) attention before the first step.
    start_inhibition
        () inhibition before the first step, the same everywhere.
    attention_row, attention_column
        (P, B, K, H) and (P, B, K, W): their outer product times the density is what attention approaches; sum 1.
    attention_keep, attention_keep_back
        (P, B, K) how much of the attention a phase leaves, elsewhere and near the place before.
    back_row, back_column
        (B, K, H) and (B, K, W), 1 near the place before and 0 elsewhere.
    inhibition_row, inhibition_column
        (B, K, H) and (B, K, W): their outer product is what inhibition approaches; sum 1.
    inhibition_keep
        (P, B, K) how much of the inhibition a phase leaves.
    oculomotor_row, oculomotor_column
        (B, K, H) and (B, K, W): one minus their outer product is the oculomotor potential.
    target
        (B, K, 2) row and column of the next place, -1 where there is none.
    read
        () the phase after which the maps are read.
    """

    start: Tensor
    start_inhibition: Tensor
    attention_row: Tensor
    attention_column: Tensor
    attention_keep: Tensor
    attention_keep_back: Tensor
    back_row: Tensor
    back_column: Tensor
    inhibition_row: Tensor
    inhibition_column: Tensor
    inhibition_keep: Tensor
    oculomotor_row: Tensor
    oculomotor_column: Tensor
    target: Tensor
    read: Tensor


class Blend(NamedTuple):
    """How attention A and inhibition F become a density.

    Parameters
    ----------
    divisive
        Divide A^lambda by (C / cells)^gamma + F^gamma; else subtract C F^gamma from A^lambda, both with sum 1.
    attention_exponent, inhibition_exponent, strength
        lambda, gamma and C.
    uniform_share
        Share of the uniform density in the result.
    oculomotor
        "none", "add" or "multiply": what is done with the oculomotor potential before negative values become zero.
    oculomotor_weight
        Its weight.
    """

    divisive: bool
    attention_exponent: float | Tensor
    inhibition_exponent: float | Tensor
    strength: float | Tensor
    uniform_share: float | Tensor
    oculomotor: str
    oculomotor_weight: float | Tensor


class Maps(NamedTuple):
    """Attention, inhibition and the density of the next place, each (..., H, W)."""

    attention: Tensor
    inhibition: Tensor
    density: Tensor


def walk_bits_reference(density: Tensor, walk: Walk, blend: Blend) -> Tensor:
    """`walk_bits` in plain torch."""
    cells = density[0].numel()
    rows = torch.arange(len(walk.target), device=density.device)
    bits = []
    for step, (attention, inhibition) in enumerate(_steps(density, walk)):
        raised = _blended(attention, inhibition, walk, blend, step)
        at = walk.target[:, step].clamp_min(0)
        chance = _mixed(raised[rows, at[:, 0], at[:, 1]], raised.sum((-2, -1)), cells, blend.uniform_share)
        known = walk.target[:, step, 0] >= 0
        bits.append(torch.where(known, torch.log2(chance), math.nan))
    return torch.stack(bits, 1) if bits else density.new_empty(len(rows), 0)


def walk_maps(density: Tensor, walk: Walk, blend: Blend) -> Maps:
    """Maps after the last step of each walk, (B, H, W); all walks have K steps."""
    *_, (attention, inhibition) = _steps(density, walk)
    raised = _blended(attention, inhibition, walk, blend, -1)
    total = raised.sum((-2, -1), keepdim=True)
    return Maps(attention, inhibition, _mixed(raised, total, density[0].numel(), blend.uniform_share))


def _steps(density: Tensor, walk: Walk) -> Iterator[tuple[Tensor, Tensor]]:
    """Maps (B, H, W) at the moment of each step when the next place is chosen."""
    size = (len(walk.target), *density.shape[-2:])
    attention, inhibition = walk.start.expand(size), walk.start_inhibition.expand(size)
    for step in range(walk.target.shape[1]):
        inhibited = _outer(walk.inhibition_row[:, step], walk.inhibition_column[:, step])
        back = _outer(walk.back_row[:, step], walk.back_column[:, step])
        for phase in range(len(walk.attention_keep)):
            attended = _outer(walk.attention_row[phase, :, step], walk.attention_column[phase, :, step]) * density
            keep, keep_back, keep_inhibition = (
                part[phase, :, step, None, None]
                for part in (walk.attention_keep, walk.attention_keep_back, walk.inhibition_keep)
            )
            keep = keep + (keep_back - keep) * back
            attention = keep * attention + (1 - keep) * attended
            inhibition = keep_inhibition * inhibition + (1 - keep_inhibition) * inhibited
            if phase == int(walk.read):
                yield attention, inhibition


def _blended(attention: Tensor, inhibition: Tensor, walk: Walk, blend: Blend, step: int) -> Tensor:
    """The map before it is brought to sum 1, (B, H, W)."""
    tiny = torch.finfo(attention.dtype).tiny  # a power of zero has no gradient
    attention = attention.clamp_min(tiny) ** blend.attention_exponent
    inhibition = inhibition.clamp_min(tiny) ** blend.inhibition_exponent
    if blend.divisive:
        cells = attention[0].numel()
        raised = attention / ((blend.strength / cells) ** blend.inhibition_exponent + inhibition)
    else:
        raised = _to_one(attention) - blend.strength * _to_one(inhibition)
    if blend.oculomotor != "none":
        potential = 1 - _outer(walk.oculomotor_row[:, step], walk.oculomotor_column[:, step])
        weight = blend.oculomotor_weight
        raised = raised + weight * _to_one(potential) if blend.oculomotor == "add" else raised * weight * potential
    return raised.clamp_min(0)


def _mixed(raised: Tensor, total: Tensor, cells: int, uniform_share: float | Tensor) -> Tensor:
    """Bring to sum 1, uniform where nothing is above zero, and mix with the uniform density."""
    empty = total <= 0
    share = torch.where(empty, 1 / cells, raised / torch.where(empty, 1.0, total))
    return (1 - uniform_share) * share + uniform_share / cells


def _to_one(maps: Tensor) -> Tensor:
    return maps / maps.sum((-2, -1), keepdim=True)


def _outer(row: Tensor, column: Tensor) -> Tensor:
    return row[:, :, None] * column[:, None, :]
