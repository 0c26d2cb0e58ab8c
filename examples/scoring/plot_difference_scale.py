"""
How far apart do they look?
===========================

Nine levels of something, and a person who says of three at a time which step looks larger. From a few hundred such
answers follows the scale on which they judge. Here the person is simulated, so that the truth can be drawn beside it.
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp

truth = np.linspace(0, 1, 9) ** 0.5  # steps look smaller the higher they are
triads = np.repeat(sp.stimuli.triads(9), 8, axis=0)
answers = sp.metrics.simulate_answers(truth, triads, noise=0.15, seed=3)

fit = sp.difference_scale(triads, answers, monotone=True)
line = sp.metrics.given_scale(np.linspace(0, 1, 9), triads, answers)

figure, ax = plt.subplots(figsize=(6.5, 4.6), layout="constrained")
low, high = fit.interval.T
ax.fill_between(range(9), low, high, color="#0072B2", alpha=0.2, linewidth=0, label="95 % interval")
ax.plot(fit.scale, "o-", color="#0072B2", label=f"fitted to {len(answers)} answers ({fit.log_likelihood:.0f})")
ax.plot(np.linspace(0, 1, 9), ":", color="0.4", label=f"straight line ({line.log_likelihood:.0f})")
ax.plot(truth, "--", color="#D55E00", label="the simulated person's own")
ax.set_xlabel("level")
ax.set_ylabel("perceived, from first to last")
ax.legend(title="in parentheses: log-likelihood", frameon=False)
plt.show()
