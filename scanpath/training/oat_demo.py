"""Train the OAT that comes with the package: shoppers that follow a rule search drawn shelves.

    python -m scanpath.training.oat_demo OUT.safetensors [SEED]

No person took part, and no picture that anybody owns.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scanpath.gaze.stimulus import Stimulus
from scanpath.stimuli import shelf
from scanpath.training.drawn_shoppers import ShopperRule, shoppers_table
from scanpath.training.oat import OatFit, OatFitRecipe, OatFitResult

#: Shelves of 3 x 9 products, and of other sizes.
N_USUAL, N_OTHER, MOST_PRODUCTS = 3500, 1500, 40
_PASSES = 5
#: Most scanpaths that a training goes through; some are left out of it for scores.
N_STEPS = _PASSES * (N_USUAL + N_OTHER)
_SEED, _GAP_SEED = 11, 5
#: From one training to the next, so that no two share a shelf.
_SEEDS_APART = 1000
_ORIGIN = {
    "scanpaths": "drawn by a rule (scanpath.training.drawn_shoppers) on drawn shelves (scanpath.stimuli.shelf): no "
    "person took part, and this is no model of people",
    "licence": "MIT, as the package",
}


def demo_shelves(seed: int = 0) -> list[Stimulus]:
    """Draw the shelves that the demo is trained on, or with other seeds as many others."""
    own = _SEED + _SEEDS_APART * seed
    generator = np.random.default_rng(_GAP_SEED + _SEEDS_APART * seed)

    def whole(least: int, most: int) -> int:
        return int(generator.integers(least, most))

    shelves = [shelf(3, 9, trial=trial, seed=own, gap_px=(whole(2, 16), whole(2, 30))) for trial in range(N_USUAL)]
    while len(shelves) < N_USUAL + N_OTHER:
        rows, columns = whole(1, 6), whole(2, 12)
        if rows * columns <= MOST_PRODUCTS:
            gap_px = whole(2, 16), whole(2, 30)
            shelves.append(shelf(rows, columns, trial=len(shelves), seed=own, gap_px=gap_px))
    return shelves


def fit_demo(out: str | Path, advance: Callable[[int], None] | None = None, *, seed: int = 0) -> OatFitResult:
    """Train the demo and write it, or with other seeds a network like it; a training that was stopped goes on."""
    shelves = demo_shelves(seed)
    # a shopper who was still searching after the rule's longest search did not end it; the start counts as one more
    recipe = OatFitRecipe(
        epochs=_PASSES, patience=_PASSES, left_out=0.05, time_limit=ShopperRule().longest + 1, seed=seed
    )
    fit = OatFit(shoppers_table(shelves), shelves, out=out, recipe=recipe, origin=_ORIGIN)
    del shelves  # pictures take more memory than all that is learned from them
    return fit.run(advance)


if __name__ == "__main__":
    print(fit_demo(sys.argv[1], seed=int(sys.argv[2]) if len(sys.argv) > 2 else 0).card["nll"])
