"""Write the reference: a page for each room and each public name, and let names in the text lead to them."""

import importlib
import inspect
import re
from pathlib import Path
from textwrap import indent

from docutils import nodes
from name_examples import check_examples, read_examples
from numpy.typing import ArrayLike
from public_names import PublicName, public_names, room_names
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import stringify_annotation

from scanpath.gaze.scanpath import ScanpathLike

#: Pages that the text calls by the name of their file in the repository.
FILES = {
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
    "benchmarks/README.md": "numbers/benchmarks",
    "benchmarks/science/free_viewing.md": "numbers/free_viewing",
    "benchmarks/science/bayesian_search.md": "numbers/bayesian_search",
    "benchmarks/science/asymmetry_features.md": "numbers/asymmetry_features",
}


def first_line(text: str | None) -> str:
    """Take the claim from a docstring, without its references to the literature."""
    return re.sub(r" ?\[\d+\]_", "", " ".join((text or "").strip().split("\n\n")[0].split()))


def write_if_changed(path: Path, text: str) -> None:
    """Write a page only where it differs, so that Sphinx reads no page twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def heading(text: str, line: str = "=") -> str:
    """Underline a title."""
    return f"{text}\n{line * len(text)}\n"


def name_page(entry: PublicName, example: str) -> str:
    """Document one public name: what it does, its other names, an example, and the gallery's pictures of it."""
    options = "   :members:\n" if entry.kind == "class" else ""
    if any(base.__module__.startswith("scanpath") for base in getattr(entry.thing, "__bases__", ())):
        options += "   :show-inheritance:\n"
    document = f".. auto{entry.kind}:: {entry.last}\n{options}\n"
    if entry.kind == "data":
        if not entry.says:
            raise RuntimeError(f"{entry.name} needs a comment `#:` above it that says what it is.")
        document = f".. py:data:: {entry.last}\n\n{indent(entry.says, '   ')}\n\n"
    if example:
        document += f".. rubric:: Example\n\n{example}\n\n"
    also = f"Also {' and '.join(f'``{name}``' for name in entry.also)}.\n\n" if entry.also else ""
    return (
        f"{heading(entry.name)}\n.. currentmodule:: {entry.room}\n\n"
        f"{document}{also}"
        f".. minigallery:: {entry.name}\n   :add-heading: Gallery\n   :heading-level: -\n"
    )


def topics(entries: list[PublicName]) -> dict[str, list[PublicName]]:
    """Group a room's names by the file that holds them, in the order of the list of names."""
    groups: dict[str, list[PublicName]] = {}
    for entry in entries:
        groups.setdefault(entry.home, []).append(entry)
    return groups


def room_page(room: str, entries: list[PublicName]) -> str:
    """List a room's names with what each says it does, topic by topic."""
    page = f"{heading(room)}\n{inspect.getdoc(importlib.import_module(room)) or ''}\n\n"
    page += f".. module:: {room}\n\n"
    for module, group in topics(entries).items():
        if module != room:
            page += f"**{first_line(importlib.import_module(module).__doc__).rstrip('.')}**\n\n"
        for entry in group:
            page += f":doc:`{entry.last} <names/{entry.name}>`\n   {first_line(entry.says)}\n\n"
    pages = "\n".join(f"   names/{entry.name}" for entry in entries if entry.room == room)
    return page + (f".. toctree::\n   :hidden:\n\n{pages}\n" if pages else "")


def write_pages(app: Sphinx) -> None:
    """Write all pages of the reference into `api/`, and remove those of names that are gone."""
    entries, examples = public_names(), read_examples()
    check_examples(entries, examples)
    folder = Path(app.srcdir) / "api"
    wanted = {
        folder / "names" / f"{entry.name}.rst": name_page(entry, examples.get(entry.name, "")) for entry in entries
    }
    for room in room_names():
        inside = [entry for entry in entries if room in (entry.room, *(name.rpartition(".")[0] for name in entry.also))]
        wanted[folder / f"{room}.rst"] = room_page(room, inside)
    for path in {*folder.glob("scanpath*.rst"), *folder.glob("names/*.rst")} - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        write_if_changed(path, text)


def all_targets() -> dict[str, PublicName]:
    """Map every way to write a public name to its entry."""
    targets: dict[str, PublicName] = {}
    for entry in public_names():
        for name in (entry.name, *entry.also):
            targets[name] = entry
            targets[name.replace("scanpath.", "sp.", 1)] = entry
            targets.setdefault(name.removeprefix("scanpath."), entry)
        targets.setdefault(entry.last, entry)
        if entry.written_in:
            targets.setdefault(entry.written_in, entry)
    return targets


class LinkLiterals(SphinxPostTransform):
    """Let `sp.evaluate(...)`, `Stimulus` and `docs/viewer.md` lead to their pages, wherever they are said."""

    default_priority = 400

    def run(self, **_: object) -> None:
        """Wrap each literal that is a public name, or a page's file, in a link."""
        for node in list(self.document.findall(nodes.literal)):
            outside = node
            while outside is not None and not isinstance(outside, nodes.reference | nodes.title | pending_xref):
                outside = outside.parent
            if outside is None and (page := self.page_of(node.astext())):
                link = make_refnode(self.app.builder, self.env.docname, page, "", [node.deepcopy()])
                node.replace_self(link)

    def page_of(self, text: str) -> str:
        """Find the page of a name or of a file, if it is another one than this."""
        page = ""
        if entry := self.app.api_targets.get(text.split("(")[0]):
            # one word alone may be an everyday one: only names of two parts, or with a capital, are meant
            said = text.split("(")[0]
            page = f"api/names/{entry.name}" if "." in said or "_" in said or said != said.lower() else ""
        elif text.startswith("docs/") and text.endswith(".md"):
            page = text.removeprefix("docs/").removesuffix(".md")
        elif text.startswith("datasets/") and text.endswith("README.md"):
            page = f"data/{text.split('/')[1]}"
        else:
            page = FILES.get(text, "")
        return page if page in self.env.found_docs and page != self.env.docname else ""


def resolve(app: Sphinx, env: object, node: pending_xref, content: nodes.Element) -> nodes.Element | None:
    """Let types in signatures lead to the public name of what they are; what is not public stays text."""
    target = node.get("reftarget", "")
    if entry := app.api_targets.get(target):
        return make_refnode(app.builder, node["refdoc"], f"api/names/{entry.name}", "", [content])
    return content if node.get("refdomain") == "py" else None


def name_unions(
    _app: Sphinx, _what: str, _name: str, _thing: object, _options: object, arguments: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Write `ArrayLike` and `ScanpathLike` in signatures, where Python has put the unions that they stand for."""
    for union, short in ((ScanpathLike, "~scanpath.ScanpathLike"), (ArrayLike, "~numpy.typing.ArrayLike")):
        spelled = stringify_annotation(union, "smart").replace("~torch.Tensor", "torch.Tensor")
        arguments = arguments and arguments.replace(spelled, short)
        returned = returned and returned.replace(spelled, short)
    return arguments, returned


def collect(app: Sphinx) -> None:
    """Remember the names once a build."""
    app.api_targets = all_targets()
    write_pages(app)


def setup(app: Sphinx) -> dict[str, bool]:
    """Take part in a build."""
    app.connect("builder-inited", collect, priority=100)
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-signature", name_unions)
    app.add_post_transform(LinkLiterals)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
