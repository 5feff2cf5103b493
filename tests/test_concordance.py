"""The concordance keeps its promises: every link leads to a label that exists, in the right place."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "chapters" / "concordance.md").read_text(encoding="utf-8")
ITEMS = re.findall(r"^\| (D\d\d) \|(.*)$", PAGE.split("## Slips")[0], flags=re.MULTILINE)


def labels():
    """Every label of the chapters, with the heading that follows it."""
    found = {}
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                text = "".join(cell["source"])
                found |= dict(re.findall(r"^\(([\w-]+)\)=\n(?=(?:\([\w-]+\)=\n)*#+ (.*))", text, re.M))
    return found


LABELS = labels()


@pytest.mark.parametrize(("item", "row"), ITEMS, ids=[item for item, _ in ITEMS])
def test_item_links_to_its_own_label(item, row):
    assert f"(#{item.lower()})" in row


def test_every_link_leads_somewhere():
    links = re.findall(r"\[([^\]]*)\]\(#([\w-]+)\)", PAGE)
    assert len(links) >= len(ITEMS)
    assert {label for _, label in links} <= set(LABELS)


def test_links_are_named_after_the_sections_they_lead_to():
    for text, label in re.findall(r"\[([^\]]*)\]\(#([\w-]+)\)", PAGE):
        assert text == "here" or text == LABELS[label], f"[{text}](#{label}) leads to {LABELS[label]}"


def test_every_labelled_item_has_its_row():
    assert {label for label in LABELS if re.fullmatch(r"d\d\d", label)} == {i.lower() for i, _ in ITEMS}


def test_items_stand_once_and_in_order():
    names = [item for item, _ in ITEMS]
    assert names == sorted(set(names))
    assert set(names) >= {"D14", *(f"D{n}" for n in range(15, 38))}
