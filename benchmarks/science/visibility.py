"""How visible each way of foveating a picture is, by eccentricity, in units of threshold.

python benchmarks/science/visibility.py [--out visibility.md] [--quick]
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from pathlib import Path

import torch
from skimage import data

import scanpath as sp
from scanpath._core.files import write_text
from scanpath.foveation.views import View

SIZE, PX_PER_DEG = (256, 256), 256 / 30
RINGS_DEG = ((0, 2), (2, 5), (5, 10), (10, 20))
#: Kind of view, the setting that is its strength, and its values.
MODES = (
    ("blur", "geisler_perry", "strength", (1.0, 2.0, 4.0, 8.0)),
    ("blur", "linear", "strength", (1.0, 2.0)),
    ("blur", "watson", "strength", (1.0, 4.0)),
    ("blur", "svis", "strength", (1.0, 4.0)),
    ("texture", None, "scaling", (0.2, 0.4, 0.7, 1.0)),
    ("noise_texture", None, "scaling", (0.4,)),
    ("metamer", None, "scaling", (0.25, 0.5, 1.0)),
)
PICTURES = ("astronaut", "chelsea", "coffee")
HEADING = """# How visible each foveation is

`python benchmarks/science/visibility.py --out visibility.md`

`scanpath.visibility` of scikit-image's astronaut, chelsea and coffee, {height} x {width} px over 30 degrees, fixated in
the middle; means over the pictures. 1 is threshold; a ring's number, like the last one's for the whole picture, is the
fourth root of the mean fourth power. Nobody judged these pictures: this is a reading of published contrast thresholds,
without color, and beyond 1.82 degrees only contrasts pooled in windows of 0.25 times the eccentricity are compared.

Metamers (energy statistics, {steps} evaluations, from noise) beside published scalings at which people began to tell
pictures apart: two samples of the same model 0.26 (energy, V1) and 0.48 (texture, V2; Freeman & Simoncelli 2011,
doi:10.1038/nn.2889); a sample beside the original scene 0.22 (energy) and 0.35 (texture; Wallis et al. 2019,
doi:10.7554/eLife.42512). They were stopped early, which may make them more visible than their model is.
"""
READING = """
How to read it: at strength 1 the blur of Geisler and Perry's law stays far below threshold everywhere, as the law
promises; it takes a strength of about 4 to be seen. Pictures coarser than an eye's acuity hide what a finer display
would show: here frequencies end at {nyquist:.1f} cycles per degree.
"""


def picture(name: str) -> torch.Tensor:
    """Cut the middle square and bring it to size."""
    whole = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1).float() / 255
    side = min(whole.shape[1:])
    top, left = ((whole.shape[axis] - side) // 2 for axis in (1, 2))
    cut = whole[None, :, top : top + side, left : left + side]
    return torch.nn.functional.interpolate(cut, size=SIZE, mode="area")[0]


def in_rings(seen: sp.foveation.Visibility, eccentricity: torch.Tensor) -> list[float]:
    """The fourth root of the mean fourth power in each ring, and over all."""
    rings = [seen.map[(low <= eccentricity) & (eccentricity < high)] for low, high in RINGS_DEG]
    return [float((ring.double() ** 4).mean() ** 0.25) for ring in rings] + [seen.value]


def table(pictures: tuple[str, ...], modes: tuple, steps: int) -> list[str]:
    """One row a mode and strength."""
    middle = ((SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2)
    eccentricity = sp.eccentricity_map(SIZE, middle, px_per_deg=PX_PER_DEG)
    headings = [f"{low} to {high} deg" for low, high in RINGS_DEG]
    lines = [f"| mode | strength | {' | '.join(headings)} | whole |", "|---|---|" + "---|" * (len(headings) + 1)]
    for kind, law, setting, strengths in modes:
        for strength in strengths:
            more = {"law": law} if law else {"steps": steps} if kind == "metamer" else {}
            view = View.of(kind, px_per_deg=PX_PER_DEG, **{setting: strength}, **more)
            rows = []
            for name in pictures:
                given = picture(name)
                shown = view.see(given, [middle], seed=0)[0].clamp(0, 1)
                rows.append(in_rings(sp.visibility(given, shown, middle, px_per_deg=PX_PER_DEG), eccentricity))
            mean = torch.tensor(rows).mean(0).tolist()
            label = f"{kind} {law}" if law else kind
            lines.append(f"| {label} | {setting} {strength:g} | {' | '.join(f'{one:.2f}' for one in mean)} |")
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="one picture, no metamers")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    steps = 100
    modes = tuple(mode for mode in MODES if not (chosen.quick and mode[0] == "metamer"))
    lines = table(PICTURES[:1] if chosen.quick else PICTURES, modes, steps)
    if chosen.out is not None:
        heading = HEADING.format(height=SIZE[0], width=SIZE[1], steps=steps)
        nyquist = PX_PER_DEG / 2
        write_text(chosen.out, heading + "\n" + "\n".join(lines) + "\n" + READING.format(nyquist=nyquist))


if __name__ == "__main__":
    main()
