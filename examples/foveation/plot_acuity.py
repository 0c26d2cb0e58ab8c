"""
What falls off with eccentricity, and how fast
==============================================

Measures of the same eye: the finest grating that can be seen, the finest that one mosaic of ganglion cells can
carry, and the millimeters of primary visual cortex that a degree gets. All fall, at different rates. On the
right the distance within which neighbors make a target hard to recognize; it grows.
"""

import matplotlib.pyplot as plt
import numpy as np

from scanpath.geometry import bouma_spacing, cortical_magnification, cutoff_frequency, midget_nyquist

eccentricity_deg = np.linspace(0, 30, 301)
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")

left.plot(eccentricity_deg, cutoff_frequency(eccentricity_deg), label="visible (Geisler & Perry)")
left.plot(eccentricity_deg, midget_nyquist(eccentricity_deg), label="one mosaic of midget cells")
left.set(yscale="log", ylabel="highest frequency (cycles per degree)", title="Acuity")
left.legend()

middle.plot(eccentricity_deg, cortical_magnification(eccentricity_deg), color="tab:green")
middle.set(yscale="log", ylabel="millimeters of V1 per degree", title="Cortex (Horton & Hoyt)")

right.plot(eccentricity_deg, bouma_spacing(eccentricity_deg), color="tab:red")
right.set(ylabel="distance of neighbors (deg)", title="Reach of crowding (Bouma)")
for ax in (left, middle, right):
    ax.set_xlabel("eccentricity (deg)")
    ax.grid(alpha=0.3)
plt.show()
