"""What the package offers: every public name, its one page, and where else it can be reached."""

import ast
import importlib
import inspect
from dataclasses import dataclass, field
from pathlib import Path

import scanpath

#: Folders of the package that have public names, in the order in which a picture passes through them.
ROOMS = (
    "gaze",
    "geometry",
    "stimuli",
    "datasets",
    "datasets.formats",
    "foveation",
    "recognition",
    "guidance",
    "agents",
    "simulation",
    "metrics",
    "evaluation",
    "training",
    "plotting",
    "report",
    "explore",
)


@dataclass
class PublicName:
    """One public object: the name it is documented under, the others it has, and where it is written."""

    name: str
    thing: object
    also: list[str] = field(default_factory=list)

    @property
    def room(self) -> str:
        """The module that the name is imported from."""
        return self.name.rpartition(".")[0]

    @property
    def last(self) -> str:
        """The name itself, without its module."""
        return self.name.rpartition(".")[2]

    @property
    def home(self) -> str:
        """The module that holds it, as the list of names of its room says."""
        stub = Path(importlib.import_module(self.room).__file__).with_suffix(".pyi")
        for node in ast.parse(stub.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and self.last in [alias.name for alias in node.names]:
                return f"{self.room}.{node.module}"
        return self.room

    @property
    def says(self) -> str:
        """What its docstring claims, or the comment above a value."""
        if self.kind != "data":
            return inspect.getdoc(self.thing) or ""
        from sphinx.pycode import ModuleAnalyzer  # what tests need of this file works without Sphinx

        comments = ModuleAnalyzer.for_module(self.home).find_attr_docs()
        return "\n".join(comments.get(("", self.last), []))

    @property
    def written_in(self) -> str:
        """The name under which Python itself knows the object, or nothing for values."""
        module, name = (getattr(self.thing, part, None) for part in ("__module__", "__qualname__"))
        ours = str(module).startswith("scanpath") and isinstance(name, str)
        return f"{module}.{name}" if ours else ""

    @property
    def kind(self) -> str:
        """How the page documents it."""
        if inspect.isclass(self.thing):
            return "exception" if issubclass(self.thing, BaseException) else "class"
        return "function" if inspect.isroutine(self.thing) else "data"


def room_names() -> list[str]:
    """Name all modules with public names, the package itself first."""
    folder = Path(scanpath.__file__).parent
    found = {".".join(path.parent.relative_to(folder).parts) for path in folder.rglob("__init__.pyi")} - {""}
    if found != set(ROOMS):
        raise RuntimeError(f"The documentation must list the rooms {sorted(found)}; it lists {sorted(ROOMS)}.")
    return ["scanpath", *(f"scanpath.{room}" for room in ROOMS)]


def public_names() -> list[PublicName]:
    """Collect every public object once; the shortest name is the one that is documented."""
    known: dict[tuple[int, str], PublicName] = {}
    for room in room_names():
        module = importlib.import_module(room)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.ismodule(thing):
                continue
            entry = known.setdefault((id(thing), name), PublicName(f"{room}.{name}", thing))
            if entry.name != f"{room}.{name}":
                entry.also.append(f"{room}.{name}")
    return list(known.values())
