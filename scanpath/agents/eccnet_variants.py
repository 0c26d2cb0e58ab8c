"""eccNET's ablations and relatives: each is eccNET with other settings.

=========================  ==========================================================================================
single_level               the coarsest level alone
no_eccentricity            plain max pooling, as the network was trained
max_pooling                windows that grow, but of which the maximum is taken, as the network was trained
rotated, mnist, fisheye,   weights trained on rotated pictures, digits, fisheye views, pictures with lines drawn over,
lines, places365,          places, and rotated places; the weights are not downloaded, give ``weights=<file>``
places365_rotated
fixed_grid                 our own faster approximation: one grid a picture, over which the rings move
smooth                     the same with windows that grow continuously instead of in rings
=========================  ==========================================================================================
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from scanpath._core.errors import InputError
from scanpath.agents.eccnet import EccNet, eccnet

single_level = functools.partial(eccnet, name="eccnet.single_level", levels=(5,))
no_eccentricity = functools.partial(eccnet, name="eccnet.no_eccentricity", eccentricity=False)
max_pooling = functools.partial(eccnet, name="eccnet.max_pooling", pooling="max")
fixed_grid = functools.partial(eccnet, name="eccnet.fixed_grid", features="fixed_grid")
smooth = functools.partial(eccnet, name="eccnet.smooth", features="fixed_grid", windows="smooth")


def _retrained(regime: str) -> Callable[..., EccNet]:
    """Return eccNET under another name, which does not fall back on the usual weights."""

    def build(*, weights: Any, **settings: Any) -> EccNet:
        if weights is None:
            raise InputError(f"eccnet.{regime} has no weights of its own to fall back on; give weights=<file>.")
        return eccnet(**{"name": f"eccnet.{regime}", "weights": weights, **settings})

    usual = inspect.signature(eccnet)
    parameters = [
        part.replace(default=part.empty) if part.name == "weights" else part for part in usual.parameters.values()
    ]
    build.__signature__ = usual.replace(parameters=parameters)  # type: ignore[attr-defined]
    summary = f"Build eccNET with weights trained under the regime {regime!r}: give their file; see `eccnet`."
    paper = (eccnet.__doc__ or "").partition("    References")[2].partition("    Examples")[0].rstrip()
    build.__doc__ = f"{summary}\n\n    References{paper}\n    "
    return build


rotated = _retrained("rotated")
mnist = _retrained("mnist")
fisheye = _retrained("fisheye")
lines = _retrained("lines")
places365 = _retrained("places365")
places365_rotated = _retrained("places365_rotated")
