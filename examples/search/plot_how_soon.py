"""
Who finds it sooner?
====================

The share of targets found within 1, 2, 3, ... fixations compares searchers whatever their paths look like. Bands are
95 % bootstrap intervals over displays. Random and center do not know what they look for.
"""

import matplotlib.pyplot as plt

import scanpath as sp
from scanpath.stimuli import asymmetry_display

displays = [asymmetry_display("curve_in_lines", 8, trial=trial, seed=5) for trial in range(10)]
agents = [sp.create_agent("ivsn", backbone="steerable"), sp.create_agent("random"), sp.create_agent("center")]
table = sp.simulate(agents, displays, n_fixations=15, seed=0)
found = sp.search_performance(table, displays, n_fixations=15, margin_px=16)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
left.imshow(displays[0].image.permute(1, 2, 0).numpy().squeeze(), cmap="gray", vmin=0, vmax=1)
left.set_title("A curve among lines")
left.set_axis_off()
for agent, rows in found[found["part"] != "auc"].groupby("agent", sort=False):
    right.plot(rows["n_fixations"], rows["value"], label=agent)
    right.fill_between(rows["n_fixations"], rows["low"], rows["high"], alpha=0.2)
right.set(xlabel="fixations", ylabel="share of targets found", ylim=(0, 1))
right.legend()
plt.show()
