import re
from pathlib import Path

import pytest

from scanpath import InputError
from scanpath.datasets import dataset_card, list_cards, list_datasets, read_card

REPOSITORY = Path(__file__).parents[2]
CARDS = REPOSITORY / "scanpath" / "datasets" / "cards"
FOLDERS = REPOSITORY / "datasets"


def test_every_loader_has_a_card():
    assert sorted(path.stem for path in CARDS.glob("*.toml")) == list_cards()
    assert set(list_datasets()) <= set(list_cards())


def test_every_card_has_a_readme_and_every_folder_a_card():
    assert sorted(path.parent.name for path in FOLDERS.glob("*/README.md")) == list_cards()
    assert sorted(path.name for path in FOLDERS.iterdir() if path.is_dir()) == list_cards()


@pytest.mark.parametrize("name", list_cards())
def test_downloads_have_a_known_kind_of_checksum_and_names_of_their_own(name):
    card = dataset_card(name)
    assert card.known_faults
    assert card.citation
    assert (card.download == "none") == (not card.downloads)
    for entry in card.downloads:
        assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}|unknown", entry.hash)
        assert all(address.startswith(("https://", "http://")) for address in (entry.url, *entry.mirrors))
    assert len({entry.file for entry in card.downloads}) == len(card.downloads)


def test_no_python_at_the_root_that_would_hide_the_other_package_of_that_name():
    assert not list(FOLDERS.glob("*.py"))


@pytest.mark.parametrize("name", list_datasets())
def test_cards_are_complete(name):
    card = dataset_card(name)
    assert card.name == name
    assert card.name in card.folders
    assert card.known_faults
    assert re.search(r"[0-9a-f]{40}", card.origin), "an origin is pinned to a commit"
    assert all(re.fullmatch(r"10\.\d{4,}/\S+", doi) for doi in card.doi)
    digests = [*card.files.values(), *(pictures.sha256 for pictures in card.pictures)]
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("name", list_datasets())
def test_readme_and_card_agree_on_licence_and_source(name):
    card, readme = dataset_card(name), (FOLDERS / name / "README.md").read_text(encoding="utf-8")
    commit = re.search(r"[0-9a-f]{40}", card.origin).group()
    assert commit in readme
    assert ("MIT" if card.license == "MIT" else "None is stated") in readme
    assert any(doi in readme for doi in card.doi)


def test_a_card_prints_what_a_reader_must_know():
    text = str(dataset_card("interiors"))
    assert "px per degree: unknown" in text
    assert "known fault:" in text
    assert "none stated" in text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('license = "MIT"', "", "license"),
        ('license = "MIT"', 'license = "MIT"\ncolour = 1', "colour"),
        ("px_per_deg = 24.0", "px_per_deg = -1", "positive"),
        ("px_per_deg = 24.0", 'px_per_deg = "about 24"', "unknown"),
        ("px_per_deg = 24.0", "px_per_deg =", "TOML"),
    ],
)
def test_a_wrong_card_is_refused(tmp_path, old, new, says):
    text = (CARDS / "osie.toml").read_text(encoding="utf-8")
    path = tmp_path / "osie.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_card(path)
