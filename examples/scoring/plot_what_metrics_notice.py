"""
What each metric notices
========================

One scanpath is changed in five ways. Read a row to see what a change costs by each metric, read a column to see what a
metric does not notice: MultiMatch's parts take one property each, the Hausdorff distance ignores the order, ScanMatch
ignores small shifts.
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp

SCREEN = (800, 600)
rng = np.random.default_rng(3)
steps = np.cumsum(rng.normal(0, 130, (9, 2)), axis=0)
xy = np.clip(np.array([400, 300]) + steps, 40, (640, 560))
timed = np.column_stack([xy, rng.gamma(5, 50, 9)])
other = np.column_stack([rng.uniform((0, 0), SCREEN, (9, 2)), timed[:, 2]])
changes = {
    "moved by 25 px": timed + np.array([25, 0, 0]),
    "moved by 120 px": timed + np.array([120, 0, 0]),
    "smaller by half": np.column_stack([400 + (xy - 400) / 2, timed[:, 2]]),
    "order reversed": timed[::-1],
    "each fixation twice as long": timed * (1, 1, 2),
    "another scanpath": other,
}


def scores(path: np.ndarray) -> dict[str, float]:
    parts = sp.metrics.multimatch(timed, path, screen_px=SCREEN)
    return {
        **{f"MultiMatch {name}": getattr(parts, name) for name in parts._fields},
        "ScanMatch": sp.metrics.scanmatch(timed, path, screen_px=SCREEN),
        "1 - edits a fixation": 1 - sp.metrics.levenshtein(timed, path, screen_px=SCREEN, normalize=True),
        "1 - Hausdorff / diagonal": 1 - sp.metrics.hausdorff(timed, path) / 1000,
        "1 - DTW a fixation / diagonal": 1 - sp.metrics.dtw(timed, path) / 9 / 1000,
    }


table = {name: scores(path) for name, path in changes.items()}
names = list(table["order reversed"])
values = np.array([list(row.values()) for row in table.values()])
figure, ax = plt.subplots(figsize=(11, 5), layout="constrained")
ax.imshow(values, cmap="viridis", vmin=0, vmax=1, aspect="auto")
ax.set_xticks(range(len(names)), names, rotation=35, ha="right")
ax.set_yticks(range(len(table)), list(table))
for (row, column), value in np.ndenumerate(values):
    ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="black" if value > 0.6 else "white")
ax.set_title("Similarity to the scanpath before the change; 1 is identical")
plt.show()
