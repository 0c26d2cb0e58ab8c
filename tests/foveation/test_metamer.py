import sys

import numpy as np
import pytest
import torch
from skimage import data, transform

import scanpath as sp


def least_improvement(report):
    """Smallest factor by which a group's error fell."""
    return min(start / report.group_errors[name] for name, start in report.group_start_errors.items())


def photograph(name, side, gray):
    image = getattr(data, name)()
    image = image.mean(-1, keepdims=True) / 255 if gray else image / 255
    short = min(image.shape[:2])
    resized = transform.resize(image[:short, :short], (side, side), anti_aliasing=True)
    return torch.from_numpy(resized.transpose(2, 0, 1).astype("f4").copy())


def periphery_correlation(first, second, fixation, px_per_deg, beyond_deg=5.0):
    """Correlation of what a Gaussian of 0.4 deg (4 px in pictures of 256 px) leaves, beyond an eccentricity."""
    from scipy.ndimage import gaussian_filter

    far = sp.eccentricity_map(tuple(first.shape[-2:]), fixation, px_per_deg=px_per_deg) > beyond_deg
    sigma = 4 * px_per_deg * 26 / 256
    parts = [image - torch.from_numpy(gaussian_filter(image.numpy(), (0, sigma, sigma))) for image in (first, second)]
    return float(torch.corrcoef(torch.stack([part[:, far].flatten() for part in parts]))[0, 1])


SMALL = {"px_per_deg": 96 / 26, "fovea_deg": 1.82, "n_scales": 3}


def test_statistics_agree_while_pixels_do_not():
    image, fixation = photograph("astronaut", 96, gray=True), (45.0, 20.0)
    results = [
        sp.synthesize_metamer(image, fixation, "energy", 0.5, 100, seed, report=True, **SMALL) for seed in (0, 1)
    ]
    for result in results:
        assert result.report.evaluations <= 100
        assert result.report.improvement >= 5
        assert least_improvement(result.report) >= 1.5
        assert float(result.image.min()) >= 0
        assert float(result.image.max()) <= 1
    first, second = (result.image for result in results)
    for pair in ((image, first), (image, second), (first, second)):
        assert periphery_correlation(*pair, fixation, 96 / 26) <= 0.5
    fovea = sp.eccentricity_map((96, 96), fixation, px_per_deg=96 / 26) < 1.3
    torch.testing.assert_close(first[:, fovea], image[:, fovea], atol=1e-6, rtol=0)


def test_the_reported_errors_are_those_of_pooled_statistics():
    """Recomputed from the public tables, apart from the synthesis."""
    image, fixation = photograph("coffee", 96, gray=False), (45.0, 20.0)
    result = sp.synthesize_metamer(image, fixation, "energy", 0.5, 15, 0, report=True, **SMALL)
    wanted, found = (sp.pooled_statistics(picture, fixation, **SMALL) for picture in (image, result.image))
    errors = {}
    for name, goal in wanted.items():
        n_scales = 3 if name.startswith("magnitude") else 1
        by_scale, all_found = (table.reshape(-1, n_scales, table.shape[-1]) for table in (goal, found[name]))
        squares, spreads = [], []
        for scale in range(n_scales):
            kept = torch.isfinite(by_scale[:, scale]).all(0)
            spreads.append(by_scale[:, scale][:, kept].std(-1, keepdim=True))
            squares.append((all_found - by_scale)[:, scale][:, kept])
        floor = 1e-3 * max(float(spread.max()) for spread in spreads) + 1e-9
        scaled = [(part / spread.clamp_min(floor)).square().flatten() for part, spread in zip(squares, spreads)]
        errors[name] = float(torch.cat(scaled).mean().sqrt())
    for name, error in errors.items():
        assert result.report.group_errors[name] == pytest.approx(error, rel=1e-3), name
    total = np.sqrt(np.mean(np.square(list(errors.values()))))
    assert result.report.error == pytest.approx(total, rel=1e-3)


def test_a_run_repeats_and_more_steps_never_do_worse():
    image = photograph("coffee", 64, gray=True)
    settings = {"px_per_deg": 64 / 26, "fovea_deg": 1.5, "n_scales": 2, "report": True}
    runs = [sp.synthesize_metamer(image, (30, 20), steps=steps, **settings) for steps in (10, 40, 40)]
    assert torch.equal(runs[1].image, runs[2].image)
    assert [run.report.evaluations for run in runs] == [10, 40, 40]
    assert runs[1].report.error < runs[0].report.error < runs[0].report.start_error


@pytest.mark.parametrize("statistics", ["luminance", "portilla_simoncelli"])
def test_other_statistics_improve_too(statistics):
    image = photograph("coffee", 64, gray=True)
    settings = {"px_per_deg": 64 / 26, "fovea_deg": 1.5, "n_scales": 2, "report": True}
    report = sp.synthesize_metamer(image, (30, 20), statistics, steps=40, **settings).report
    assert report.improvement > 2


def test_batches_equal_their_pictures_and_arrays_give_arrays():
    images = torch.stack([photograph("coffee", 48, gray=False), photograph("astronaut", 48, gray=False)])
    settings = {"px_per_deg": 48 / 26, "fovea_deg": 1.5, "n_scales": 1, "steps": 8}
    both = sp.synthesize_metamer(images, [[20, 20], [50.0, -4]], report=True, **settings)
    assert len(both.report) == 2
    alone = sp.synthesize_metamer(images[1].numpy(), np.array([50.0, -4]), **settings)
    assert isinstance(alone, np.ndarray)
    np.testing.assert_array_equal(alone, both.image[1].numpy())


def test_progress_goes_to_standard_error(capsys):
    image = photograph("coffee", 48, gray=True)
    settings = {"px_per_deg": 48 / 26, "fovea_deg": 1.5, "n_scales": 1, "steps": 3}
    sp.synthesize_metamer(image, (20, 20), **settings)
    assert capsys.readouterr() == ("", "")
    sp.synthesize_metamer(image, (20, 20), progress=True, **settings)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "metamer" in shown.err
    assert "rich" in sys.modules


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"statistics": "energie"}, "Did you mean energy"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"scaling": 0}, "scaling must be a positive number"),
        ({"fixation": (1, 2, 3)}, "x and y"),
        ({"px_per_deg": 100}, "No pooling window fits"),
        ({"image": torch.rand(1, 10, 10), "fixation": (5, 5), "n_scales": 1}, "No pooling window covers 4 px"),
        ({"image": 255 * torch.rand(1, 64, 64)}, r"\[0, 1\]"),
        ({"seed": "one"}, "seed must be a whole number"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(settings, words):
    arguments = {"fixation": (30, 20), "px_per_deg": 4.0} | settings
    with pytest.raises(sp.InputError, match=words):
        sp.synthesize_metamer(arguments.pop("image", torch.rand(1, 64, 64)), arguments.pop("fixation"), **arguments)


def test_half_precision_is_computed_in_single():
    image = photograph("coffee", 48, gray=True)
    settings = {"px_per_deg": 48 / 26, "n_scales": 1, "steps": 3}
    result = sp.synthesize_metamer(image.half(), (20, 20), **settings)
    wanted = sp.synthesize_metamer(image.half().float(), (20, 20), **settings)
    assert torch.equal(result, wanted.half())


@pytest.mark.slow
@pytest.mark.parametrize(("gray", "least"), [(True, 10), (False, 6)])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_photographs_of_256_px(name, gray, least):
    image, fixation = photograph(name, 256, gray), (125.0, 100.0)
    result = sp.synthesize_metamer(image, fixation, steps=300, px_per_deg=256 / 26, report=True)
    assert result.report.improvement >= least
    assert least_improvement(result.report) >= 1.5
    assert periphery_correlation(image, result.image, fixation, 256 / 26) <= 0.5
