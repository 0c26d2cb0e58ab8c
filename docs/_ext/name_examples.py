"""Examples of public names whose docstrings have none, from `name_examples/*.txt`; the tests run them."""

import inspect
import re
from pathlib import Path

from public_names import PublicName

FOLDER = Path(__file__).parents[1] / "name_examples"
BLOCK = re.compile(r"^## (.+)\n((?:(?!## ).*\n)*)", re.M)


def read_examples() -> dict[str, str]:
    """Read all files: name -> text with its example, which several names may share."""
    return {
        name: text.strip()
        for file in sorted(FOLDER.glob("*.txt"))
        for names, text in BLOCK.findall(file.read_text(encoding="utf-8"))
        for name in names.split()
    }


def has_own(entry: PublicName) -> bool:
    """Whether the docstring of a name, or of one of its methods, has an example."""
    members = vars(entry.thing).values() if entry.kind == "class" else ()
    return any(">>>" in (inspect.getdoc(thing) or "") for thing in (entry.thing, *members))


def check_examples(entries: list[PublicName], examples: dict[str, str]) -> None:
    """Raise where a name has no example, or an example no name; errors and warnings need none."""
    missing = [e.name for e in entries if e.kind != "exception" and e.name not in examples and not has_own(e)]
    unknown = sorted(set(examples) - {entry.name for entry in entries})
    if missing or unknown:
        raise RuntimeError(
            f"Public names without an example in their docstring or in docs/name_examples: {missing or 'none'}; "
            f"examples there of names that are not public: {unknown or 'none'}."
        )
