"""Matrices of dissimilarity against NumPy and SciPy."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

import scanpath as sp
from scanpath.metrics.representations import dissimilarities, representational_similarity


def test_dissimilarity_is_the_correlation_distance_of_scipy():
    features = np.random.default_rng(0).normal(size=(12, 20))
    np.testing.assert_allclose(dissimilarities(features), pdist(features, "correlation"), atol=1e-12)


def test_features_that_are_all_alike_are_one_away_from_all():
    features = np.array([[0.1] * 3, [0.7] * 3, [1.0, 2.0, 4.0]])  # the mean of 0.1, 0.1, 0.1 is not 0.1
    np.testing.assert_array_equal(dissimilarities(features), [1, 1, 1])


def test_similarity_is_the_correlation_of_numpy():
    matrices = np.random.default_rng(1).random((3, 45))
    np.testing.assert_allclose(representational_similarity(matrices), np.corrcoef(matrices), atol=1e-12)


def test_weights_are_repetitions_without_pairs_of_a_picture_with_itself():
    generator = np.random.default_rng(2)
    features = generator.normal(size=(2, 8, 5))
    weights = generator.multinomial(8, [1 / 8] * 8)
    drawn = np.repeat(np.arange(8), weights)
    first, second = np.triu_indices(len(drawn), 1)
    different = drawn[first] != drawn[second]
    repeated = np.stack([dissimilarities(one[drawn])[different] for one in features])
    wanted = np.corrcoef(repeated)
    found = representational_similarity(np.stack([dissimilarities(one) for one in features]), weights)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_similarity_of_one_picture_drawn_again_and_again_is_undefined():
    assert np.isnan(representational_similarity(np.random.default_rng(3).random((2, 3)), np.array([3, 0, 0]))).all()


def test_bad_input_is_one_sentence():
    with pytest.raises(sp.InputError, match="two or more pictures"):
        dissimilarities(np.zeros((1, 3)))
    with pytest.raises(sp.InputError, match="one weight each"):
        representational_similarity(np.zeros((2, 3)), np.ones(4))
