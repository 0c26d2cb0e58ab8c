"""How alike two networks arrange the same pictures: matrices of dissimilarity and their correlation."""

import numpy as np

from scanpath._core.errors import InputError


def dissimilarities(features: np.ndarray) -> np.ndarray:
    """One minus the correlation of the features of every two pictures.

    Parameters
    ----------
    features
        (n, d): a row a picture.

    Returns
    -------
    numpy.ndarray
        (n (n - 1) / 2,): pairs (0, 1), (0, 2), ..., (1, 2), ... A picture whose features are all alike correlates
        with none, and is 1 away from all.

    References
    ----------
    Kriegeskorte, N., Mur, M., & Bandettini, P. (2008). Representational similarity analysis. Frontiers in Systems
    Neuroscience, 2, 4. https://doi.org/10.3389/neuro.06.004.2008

    Examples
    --------
    >>> dissimilarities(np.array([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 1.0, 0.0]])).round(6).tolist()
    [0.0, 2.0, 2.0]
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise InputError(f"features must have shape (n, d) with two or more pictures, got {rows.shape}.")
    varied = np.ptp(rows, axis=1, keepdims=True) > 0  # the mean of equal numbers may differ from them by rounding
    rows = np.where(varied, rows - rows.mean(axis=1, keepdims=True), 0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return 1 - (rows @ rows.T)[np.triu_indices(len(rows), 1)]


def representational_similarity(matrices: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Correlate the dissimilarities of several networks with each other.

    Parameters
    ----------
    matrices
        (m, pairs), as from `dissimilarities`.
    weights
        (n,) how often each picture counts, as in a bootstrap sample; a pair counts the product. A picture makes no
        pair with itself however often it was drawn.

    Returns
    -------
    numpy.ndarray
        (m, m) Pearson correlations; NaN where no pair counts, or all that do are equal.

    Examples
    --------
    >>> a = np.array([0.1, 0.5, 0.9])
    >>> representational_similarity(np.stack([a, 2 * a, 1 - a])).round(6).tolist()
    [[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]]
    """
    rows = np.asarray(matrices, dtype=np.float64)
    if rows.ndim != 2:
        raise InputError(f"matrices must have shape (m, pairs), got {rows.shape}.")
    if weights is None:
        pairs = np.ones(rows.shape[1])
    else:
        first, second = np.triu_indices(len(weights), 1)
        if len(first) != rows.shape[1]:
            raise InputError(f"{rows.shape[1]} pairs are not those of {len(weights)} pictures; give one weight each.")
        pairs = np.asarray(weights, dtype=np.float64)[first] * np.asarray(weights, dtype=np.float64)[second]
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = (rows - rows @ pairs[:, None] / pairs.sum()) * np.sqrt(pairs)
        length = np.linalg.norm(rows, axis=1)
        return rows @ rows.T / np.outer(length, length)
