"""The bibliography: a reader can get at every work, or is told that there is no address."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = dict(
    re.findall(r"@\w+\{(\w+),\n(.*?)\n\}", (ROOT / "references.bib").read_text(encoding="utf-8"), re.DOTALL)
)
TEXTS = [path.read_text(encoding="utf-8") for path in (*ROOT.glob("*.md"), *ROOT.glob("chapters/*.md"))] + [
    "".join(cell["source"])
    for path in ROOT.glob("chapters/*.ipynb")
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "markdown"
]


def field(entry, name):
    found = re.search(rf"^\s*{name}\s*=\s*\{{(.*)\}},?$", entry, re.MULTILINE)
    return found.group(1) if found else ""


def test_every_entry_is_read():
    assert len(ENTRIES) == (ROOT / "references.bib").read_text(encoding="utf-8").count("\n@") + 1


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_has_a_doi_an_address_or_a_note_that_says_there_is_none(key):
    doi, url, note = (field(ENTRIES[key], name) for name in ("doi", "url", "note"))
    assert re.fullmatch(r"10\.\d{4,9}/\S+", doi) or url.startswith("https://") or "DOI" in note


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_is_cited_somewhere(key):
    cited = {
        name
        for text in TEXTS
        for keys in re.findall(r"\{cite(?::t)?\}`([^`]+)`", text)
        for name in keys.split(",")
    }
    assert key in cited
