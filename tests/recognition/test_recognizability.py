"""The recognizability index: its formula by hand, its limits, and what it refuses."""

import numpy as np
import pytest
import torch

from scanpath import InputError
from scanpath.recognition import class_prototypes, recognizability_index, unrecognizable_center


def unit(*degrees):
    """Directions in a plane, as rows."""
    angle = np.deg2rad(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_the_index_is_the_product_of_the_three_distances():
    embeddings, prototypes, center = 3 * unit(20, 50), unit(0, 90, 180), unit(270)[0]
    found = recognizability_index(embeddings, np.array([0, 1]), prototypes, center)
    for value, at, own, others in zip(found, (20, 50), (0, 90), ((90, 180), (0, 180))):
        to_own = 1 - np.cos(np.deg2rad(at - own))
        to_other = min(1 - np.cos(np.deg2rad(at - other)) for other in others)
        from_center = 1 - np.cos(np.deg2rad(at - 270))
        assert value == pytest.approx(from_center * to_other / (to_other + to_own))


def test_the_index_falls_on_the_way_to_another_class_and_to_the_center():
    prototypes, center = np.eye(3)[:2], np.eye(3)[2]
    share = np.linspace(0, 1, 11)[:, None]
    labels = np.zeros(11, dtype=int)
    for end in (prototypes[1], center):
        way = (1 - share) * prototypes[0] + share * end
        found = recognizability_index(way, labels, prototypes, center)
        assert (np.diff(found) < 0).all()
        assert found[-1] == pytest.approx(0, abs=1e-12)


def test_lengths_of_embeddings_do_not_count():
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(6, 4, generator=generator)
    scales = torch.tensor([1.0, 2.0, 0.5, 7.0, 1.0, 9.0])[:, None]
    labels = torch.tensor([0, 1, 0, 1, 0, 1])
    torch.testing.assert_close(class_prototypes(embeddings, labels), class_prototypes(scales * embeddings, labels))
    torch.testing.assert_close(unrecognizable_center(embeddings), unrecognizable_center(scales * embeddings))


def test_gradients_reach_the_embeddings():
    embeddings = torch.tensor(unit(20, 70), requires_grad=True)
    recognizability_index(
        embeddings, torch.tensor([0, 1]), torch.tensor(unit(0, 90)), torch.tensor(unit(225)[0])
    ).sum().backward()
    assert bool((embeddings.grad.norm(dim=1) > 0).all())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"embeddings": np.zeros((2, 2))}, "no direction"),
        ({"embeddings": unit(0)[0]}, "one row"),
        ({"labels": np.array([0, 2])}, "a class 2"),
        ({"labels": np.array([0, -1])}, "whole numbers from 0"),
        ({"labels": np.array([0.0, 1.0])}, "whole numbers from 0"),
        ({"prototypes": unit(0)}, "two or more"),
        ({"center": np.ones(3)}, "as many features"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    given = {"embeddings": unit(0, 90), "labels": np.array([0, 1]), "prototypes": unit(0, 90), "center": np.ones(2)}
    with pytest.raises(InputError, match=words):
        recognizability_index(**{**given, **change})


def test_a_class_without_a_picture_has_no_prototype():
    with pytest.raises(InputError, match="none of class 1 of 3"):
        class_prototypes(unit(0, 90), np.array([0, 2]))
