"""
An agent of your own in ten lines
=================================

A subclass of ``PriorityAgent`` gives a map of where to look, from the picture and the history. Here: the least
predictable brightness nearby, cheaper the nearer it is to the eye. Everything else (episodes, seeds, tables, scores)
comes with the base class.
"""

import matplotlib.pyplot as plt
import torch
from skimage import data

import scanpath as sp
from scanpath.plotting import plot_scanpath


class Curious(sp.PriorityAgent):
    """Goes to local variance, and pays for the way."""

    name = "curious"

    def attention(self, stimulus, history):
        """Return the map (H, W)."""
        gray = stimulus.image.mean(0)[None, None]
        mean, square = (
            torch.nn.functional.avg_pool2d(v, 25, 1, 12, count_include_pad=False)[0, 0] for v in (gray, gray**2)
        )
        way_deg = sp.eccentricity_map(stimulus.size, history[-1], px_per_deg=stimulus.px_per_deg)
        return (square - mean**2).sqrt() - 0.004 * way_deg


picture = (data.cat() / 255.0).transpose(2, 0, 1).astype("float32")
stimulus = sp.Stimulus(picture, name="cat", px_per_deg=18)
agent = Curious(inhibition=sp.SquareInhibition(60))
table = sp.simulate(agent, stimulus, n_fixations=7)
(path,) = sp.scanpaths_from_table(table)

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
plot_scanpath(path, stimulus, ax=left, title="Its scanpath")
right.imshow(agent.priority(stimulus, path.xy[:3]).numpy(), cmap="magma")
right.plot(*path.xy[:3].T, "o-", color="cyan")
right.set_title("Its map after three fixations; looked-at places are closed")
right.set_axis_off()
plt.show()
