"""Write the page of the study of foveated networks from the folder in which it was run.

    scanpath study foveated-networks --seed 1 --out STUDY
    python benchmarks/science/foveated_networks.py STUDY --seconds CPU_SECONDS [--note TEXT] --out FOLDER

A note says in what a run differs from the command as it is now. Writes foveated_networks.json and foveated_networks.md.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from scanpath._core.files import write_text
from scanpath.foveation.conditions import CONDITIONS, FoveationConditions

TABLES = ("scores", "paired", "representations", "matching", "claims", "gates")


def page(
    tables: dict[str, pd.DataFrame], conditions: FoveationConditions, settings: dict, seconds: int, note: str
) -> str:
    """Write the page."""
    rings = ", ".join(f"{sigma:.2f}" for sigma in conditions.rings.sigma_px)
    lines = [
        "# Networks that learn from foveated pictures",
        "",
        f"`scanpath study foveated-networks --seed {settings['seed']}`",
        "",
        f"Drawn scenes of {len(settings['classes'])} classes, {settings['per_class'][0]} of each to learn from and",
        f"{settings['per_class'][1]} to test on, {settings['size_px']} px over {settings['width_deg']:g} degrees;",
        f"texture with a scaling of {settings['scaling']:g}; five runs of two small networks under each condition.",
        f"It took {seconds} s of one core's time. Brackets: 95 % bootstrap intervals over runs and test pictures at",
        "once; all runs share the pictures that they learn from. Pairs are on the same runs and pictures. Chance is",
        "0.125. The scenes and seeds of this page are others than those that the study was written with. These scenes",
        "stand in for photographs: what is found here need not be found with those.",
        "",
        *([note, ""] if note else []),
        f"Blurs matched to the texture: uniform {conditions.sigma_px:.2f} px; rings from inside {rings} px.",
        "",
        "| test pictures | similarity to the reference | minus the texture's | p of equivalence within 0.01 |",
        "|---|---|---|---|",
    ]
    for row in tables["matching"].itertuples():
        p = "" if pd.isna(row.equivalent_p) else f"{row.equivalent_p:.1g}"
        lines.append(f"| {row.condition} | {row.similarity:.4f} | {row.difference:+.4f} | {p} |")
    for network, scores in tables["scores"].groupby("network", sort=False):
        lines += ["", f"## {network}", "", f"| measure | {' | '.join(CONDITIONS)} |", "|---" * 5 + "|"]
        for measure, rows in scores.groupby("measure", sort=False):
            cells = [interval(*rows[rows["condition"] == name][["mean", "low", "high"]].iloc[0]) for name in CONDITIONS]
            lines.append(f"| {measure} | {' | '.join(cells)} |")
    lines += ["", "## What the paper says, and whether it is found here", ""]
    lines += ["| claim | measure | | paper | network | difference | found |", "|---" * 7 + "|"]
    claims = tables["claims"]
    for _, rows in claims.groupby(["claim", "measure", "condition", "against"], sort=False):
        for row in rows.itertuples():
            difference = interval(row.difference, row.low, row.high)
            pair = f"{row.condition} - {row.against}"
            cells = (row.claim, row.measure, pair, row.paper, row.network, difference, f"**{row.found}**")
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## What must hold for these pictures to stand in for photographs", ""]
    lines += ["| network | what | value | |", "|---" * 4 + "|"]
    for row in tables["gates"].itertuples():
        lines.append(f"| {row.network} | {row.gate} | {row.value:.3f} | {'passed' if row.passed else '**missed**'} |")
    lines += ["", "## How alike networks of different runs arrange pictures", ""]
    lines += ["| network | condition | other | correlation of dissimilarities |", "|---" * 4 + "|"]
    for row in tables["representations"].itertuples():
        cells = (row.network, row.condition, row.other, interval(row.correlation, row.low, row.high))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def interval(mean: float, low: float, high: float) -> str:
    """Mean with its interval."""
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Read the study and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--note", default="")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = parser.parse_args()
    tables = {name: pd.read_csv(given.study / f"{name}.csv") for name in TABLES}
    settings = json.loads((given.study / "settings.json").read_text(encoding="utf-8"))
    conditions = json.loads((given.study / "conditions.json").read_text(encoding="utf-8"))
    kept = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
    facts = {"settings": settings, "conditions": conditions, "cpu_seconds": given.seconds, "note": given.note, **kept}
    write_text(given.out / "foveated_networks.json", json.dumps(facts, indent=1) + "\n")
    text = page(tables, FoveationConditions.load(given.study / "conditions.json"), settings, given.seconds, given.note)
    write_text(given.out / "foveated_networks.md", text)


if __name__ == "__main__":
    main()
