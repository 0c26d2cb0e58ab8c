"""Memory stays flat from picture to picture."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import scanpath as sp


class Noise:
    """Another map before each fixation."""

    name = "noise"

    def priority(self, stimulus, history_xy):
        return torch.rand(stimulus.size, generator=torch.Generator().manual_seed(len(history_xy)))


def _resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_predictions_leave_no_maps_behind():
    stimuli = [sp.Stimulus(torch.zeros(1, 400, 500), name=f"{number:02d}") for number in range(8)]
    generator = np.random.default_rng(0)
    people = [
        sp.Scanpath(generator.uniform(0, 399, (9, 2)), info={"stimulus": one.name, "subject": f"s{who}"})
        for one in stimuli
        for who in range(6)
    ]
    after = []

    def note(pictures):
        for picture in pictures:
            yield picture
            after.append(_resident_mb())

    sp.evaluation.predict_fixations(Noise(), stimuli, people, progress=note)
    # 336 further maps of 1.6 MB each, twice and more, leave 200 MB behind where memory is not given back
    assert after[-1] - after[0] < 60
