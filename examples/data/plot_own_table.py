"""
Your own table, whatever its columns are called
===============================================

A made-up export with times in seconds and the origin in the lower left. What the columns mean is said once; the reader
says what it took for what and what it changed. Nothing is guessed in silence.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import scanpath as sp
from scanpath.plotting import plot_scanpath

rng = np.random.default_rng(0)
rows = ["Image,Who,GazeX,GazeY,Dur"]
for who in ("p1", "p2", "p3"):
    for x, y in rng.normal((300, 200), (110, 80), (7, 2)).clip(5, (590, 390)):
        rows.append(f"coffee.png,{who},{x:.1f},{400 - 1 - y:.1f},{rng.gamma(5, 0.05):.3f}")

with tempfile.TemporaryDirectory() as folder:
    export = Path(folder) / "export.csv"
    export.write_text("\n".join(rows))
    columns = {"Image": "stimulus", "Who": "subject", "GazeX": "x_px", "GazeY": "y_px", "Dur": "duration_ms"}
    people, changes = sp.read_fixations(
        export, columns=columns, time_unit="s", y_up=True, screen_px=(600, 400), picture_at="screen"
    )
for change in changes:
    print(change.text)
print(people[[*columns.values()]].head())

picture = (data.coffee() / 255.0).transpose(2, 0, 1).astype("float32")
stimulus = sp.Stimulus(picture, name="coffee.png")
figure, axes = plt.subplots(1, 3, figsize=(14, 3.6), layout="constrained")
for ax, path in zip(axes, sp.scanpaths_from_table(people)):
    plot_scanpath(path, stimulus, ax=ax, title=f"{path.info['subject']}: {path.duration_ms.sum():.0f} ms")
plt.show()
