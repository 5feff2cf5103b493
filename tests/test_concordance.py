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


SLIPS = re.findall(
    r"^\| (D\d\d(?:, D\d\d)*) \| (.*) \| (.*) \|$", PAGE.split("## Slips")[1], flags=re.MULTILINE
)


def test_every_row_of_the_slips_is_read():
    assert len(SLIPS) == PAGE.split("## Slips")[1].count("\n| D") >= 15


@pytest.mark.parametrize(("items", "shown", "holds"), SLIPS, ids=[slip[1][:40] for slip in SLIPS])
def test_a_slip_says_what_holds_and_links_to_where_it_is_seen(items, shown, holds):
    assert set(items.split(", ")) <= {item for item, _ in ITEMS}
    links = re.findall(r"\(\[here\]\(#([\w-]+)\)\)$", holds)
    assert len(links) == 1
    assert links[0] in LABELS
    assert "](#" not in shown


def test_slips_stand_in_the_order_of_the_lecture():
    firsts = [items[:3] for items, _, _ in SLIPS]
    assert firsts == sorted(firsts)
