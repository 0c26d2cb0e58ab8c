"""How recognizable a picture of a known class is, read off where its embedding lies."""

from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.errors import InputError


def class_prototypes(embeddings: Array, labels: Array) -> Array:
    """Average the directions of each class's embeddings, as prototypes of the class.

    Parameters
    ----------
    embeddings
        (N, D), of pictures that are easy to recognize.
    labels
        (N,) classes 0 to K - 1, each at least once.

    Returns
    -------
    Tensor
        (K, D) of length 1; an array if `embeddings` is one.

    Raises
    ------
    InputError
        If shapes do not fit, a class is missing, or an embedding or a mean has no direction.

    Examples
    --------
    >>> import numpy as np
    >>> class_prototypes(np.array([[2.0, 0.0], [0.0, 3.0], [0.0, 1.0]]), np.array([0, 1, 1]))
    array([[1., 0.],
           [0., 1.]])
    """
    directions = _directions("embeddings", embeddings)
    known = _labels(labels, len(directions)).to(directions.device)
    means = directions.new_zeros(int(known.max()) + 1, directions.shape[1]).index_add(0, known, directions)
    missing = sorted(set(range(len(means))) - set(known.tolist()))
    if missing:
        raise InputError(f"Every class needs an embedding; there is none of class {missing[0]} of {len(means)}.")
    return as_given(embeddings, _directions("the mean embeddings of classes", means))


def unrecognizable_center(embeddings: Array) -> Array:
    """Average the directions of embeddings of pictures that nobody can recognize.

    Parameters
    ----------
    embeddings
        (N, D), such as of empty ground.

    Returns
    -------
    Tensor
        (D,) of length 1; an array if `embeddings` is one.

    Examples
    --------
    >>> import numpy as np
    >>> unrecognizable_center(np.array([[1.0, 0.0], [0.0, 5.0]])).round(3)
    array([0.707, 0.707])
    """
    mean = _directions("embeddings", embeddings).mean(0, keepdim=True)
    return as_given(embeddings, _directions("the mean embedding", mean)[0])


def recognizability_index(embeddings: Array, labels: Array, prototypes: Array, center: Array) -> Array:
    """Say how recognizable pictures of known classes are: far from the unrecognizable ones, and near their own class.

    With d = 1 - cosine, the index is d_U d_N / (d_N + d_P), where d_P is the distance from the own prototype, d_N that
    from the nearest other one and d_U that from the center of unrecognizable pictures. The three distances are those
    of [1]_, who regress an index from them; how the three are combined could not be read there, and this product is
    ours. It needs the true class: it tells how visible a given target is, not whether something unknown can be
    recognized.

    Parameters
    ----------
    embeddings
        (N, D).
    labels
        (N,) the true classes.
    prototypes
        (K, D), as `class_prototypes` returns them; K of at least 2.
    center
        (D,), as `unrecognizable_center` returns it.

    Returns
    -------
    Tensor
        (N,) from 0 to 2; differentiable in the embeddings. An array if `embeddings` is one.

    Raises
    ------
    InputError
        If shapes do not fit or an embedding is 0 in all its features.

    References
    ----------
    .. [1] Chai, J. C. L., Ng, T.-S., Low, C.-Y., Park, J. & Teoh, A. B. J. (2023). Recognizability embedding
       enhancement for very low-resolution face recognition and quality estimation. CVPR.
       https://doi.org/10.48550/arXiv.2304.10066

    Examples
    --------
    >>> import numpy as np
    >>> prototypes, center = np.eye(3)[:2], np.eye(3)[2]
    >>> embeddings, labels = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 4.0]]), np.array([0, 0])
    >>> recognizability_index(embeddings, labels, prototypes, center).round(4)
    array([1.    , 0.0286])
    """
    directions = _directions("embeddings", embeddings)
    known = _labels(labels, len(directions)).to(directions.device)
    classes = _directions("prototypes", prototypes).to(directions)
    ground = _directions("center", to_tensor(center)[None])[0].to(directions)
    if len(classes) < 2 or int(known.max()) >= len(classes):
        raise InputError(
            f"prototypes must be two or more, one for each class; got {len(classes)} and a class {int(known.max())}."
        )
    if not directions.shape[1] == classes.shape[1] == len(ground):
        raise InputError(
            "embeddings, prototypes and center need as many features; got "
            f"{directions.shape[1]}, {classes.shape[1]} and {len(ground)}."
        )
    distances = (1 - directions @ classes.T).clamp(min=0)
    own = F.one_hot(known, len(classes)).bool()
    to_own = distances[own]
    to_other = distances.masked_fill(own, float("inf")).amin(dim=1)
    from_ground = (1 - directions @ ground).clamp(min=0)
    return as_given(embeddings, from_ground * to_other / (to_other + to_own).clamp(min=1e-12))


def _directions(name: str, vectors: Array) -> Tensor:
    given = to_tensor(vectors)
    if not isinstance(given, Tensor) or not given.is_floating_point() or given.ndim != 2 or 0 in given.shape:
        came = f"{given.dtype} {tuple(given.shape)}" if isinstance(given, Tensor) else type(given).__name__
        raise InputError(f"{name} must be floating point, one row of features each, got {came}.")
    length = given.norm(dim=1, keepdim=True)
    if not bool((length > 0).all()) or not bool(length.isfinite().all()):
        raise InputError(f"{name} must be finite with a feature that is not 0 in each row, or they have no direction.")
    return given / length


def _labels(labels: Array, count: int) -> Tensor:
    given = to_tensor(labels)
    if not isinstance(given, Tensor) or given.is_floating_point() or given.shape != (count,) or int(given.min()) < 0:
        raise InputError(f"labels must be {count} whole numbers from 0, one for each embedding.")
    return given.long()
