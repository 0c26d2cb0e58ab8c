"""Draw the site's diagrams from `figures/*.py`, for a light and for a dark page."""

import importlib.util
from pathlib import Path

import matplotlib
from docutils import nodes
from docutils.parsers.rst import Directive
from matplotlib import pyplot as plt
from sphinx.application import Sphinx

PAGES = {"light": ("#ffffff", "#14181e"), "dark": ("#14181e", "#ced6dd")}


def style(page: str) -> dict[str, object]:
    """Set ink and paper for one kind of page."""
    paper, ink = PAGES[page]
    inked = "text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"
    papered = "figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor"
    return {
        **dict.fromkeys(inked, ink),
        **dict.fromkeys(papered, paper),
        "font.size": 12,
        "svg.hashsalt": "scanpath",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }


def draw_all(app: Sphinx) -> None:
    """Draw what is older than its script, or missing."""
    matplotlib.use("agg")
    folder = Path(app.srcdir) / "_static" / "drawings"
    folder.mkdir(parents=True, exist_ok=True)
    for script in sorted((Path(app.srcdir) / "figures").glob("*.py")):
        spec = importlib.util.spec_from_file_location(script.stem, script)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for page in PAGES:
            path = folder / f"{script.stem}-{page}.svg"
            if not path.exists() or path.stat().st_mtime < script.stat().st_mtime:
                with plt.rc_context(style(page)):
                    figure = module.draw(PAGES[page][1])
                    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
                    plt.close(figure)


class Drawing(Directive):
    """`{drawing} NAME`, with the words for those who do not see it as its content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Show the light or the dark one, as the page is."""
        words = " ".join(self.content)
        if not words:
            raise self.error(f"The drawing {self.arguments[0]} needs words for those who do not see it.")
        return [
            nodes.image(
                uri=f"/_static/drawings/{self.arguments[0]}-{page}.svg",
                alt=words,
                classes=[f"only-{page}", "drawing"],
            )
            for page in PAGES
        ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Take part in a build."""
    app.connect("builder-inited", draw_all)
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
