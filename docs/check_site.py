"""Check built pages: `python docs/check_site.py FOLDER`.

Every public name has a page, every picture has words for those who do not see it, every link inside the site leads
somewhere, and nothing is fetched from elsewhere when a page is opened.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from public_names import public_names


class Page(HTMLParser):
    """What a page holds: anchors, links, pictures, and what it fetches."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.faults: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters of one element."""
        values = {name: value or "" for name, value in attrs}
        self.ids.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img" and "alt" not in values:
            self.faults.append(f"the picture {values.get('src')} has no alt text")
        fetched = values.get("src") or (values.get("href") if tag == "link" and "stylesheet" in values["rel"] else None)
        if fetched and urlsplit(fetched).netloc:
            self.faults.append(f"it fetches {fetched}")


def broken_links(site: Path, path: Path, pages: dict[Path, Page]) -> list[str]:
    """Name the links of a page that lead to no file, or to no place in it."""
    broken = []
    for link in pages[path].links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        goal = goal / "index.html" if goal.is_dir() else goal
        if not goal.exists() or site not in goal.parents:
            broken.append(f"the link {link} leads to no file")
        elif parts.fragment and goal in pages and unquote(parts.fragment) not in pages[goal].ids:
            broken.append(f"the link {link} leads to no place on its page")
    return broken


def main(site: Path) -> int:
    """Print every fault; 1 if there is one."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    faults = [
        f"{path.relative_to(site)}: {fault}"
        for path in pages
        for fault in [*pages[path].faults, *broken_links(site, path, pages)]
    ]
    names = public_names()
    for entry in names:
        page = pages.get(site / "api" / "names" / f"{entry.name}.html")
        if page is None or entry.name not in page.ids:
            faults.append(f"{entry.name} has no page that documents it")
    print("\n".join(faults) or f"{len(pages)} pages, {len(names)} public names: no fault.")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
