"""The first page and the contents show the same chapters in the same parts."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
INTRO = (ROOT / "intro.md").read_text(encoding="utf-8")
PARTS = [
    (caption, re.findall(r"file: (\S+)", files))
    for caption, files in re.findall(
        r"- caption: (.*)\n    chapters:\n((?:      - file: .*\n)+)",
        (ROOT / "_toc.yml").read_text(encoding="utf-8"),
    )
]
CARDS = re.findall(
    r":::\{grid-item-card\} ([^\n]*)\n:link: (\S+)\n:link-type: doc\n\n(.*?)\n:::", INTRO, re.DOTALL
)


def test_the_first_page_groups_its_cards_as_the_contents_do():
    sections = re.split(r"^## ", INTRO, flags=re.MULTILINE)[1:]
    shown = [(text.split("\n")[0], re.findall(r":link: (\S+)", text)) for text in sections]
    chapters = [part for part in PARTS if all(re.match(r"chapters/\d\d_", file) for file in part[1])]
    assert [part for part in shown if part[1]] == chapters
    assert len(CARDS) == sum(len(files) for _, files in chapters) >= 16


def test_the_first_page_links_all_that_things_are_looked_up_in():
    caption, files = PARTS[-1]
    section = INTRO.split(f"## {caption}\n")[1].split("\n## ")[0]
    assert sorted(re.findall(r"\{doc\}`(\S+)`", section)) == sorted(files)


@pytest.mark.parametrize(("title", "link", "text"), CARDS, ids=[link for _, link, _ in CARDS])
def test_a_card_has_its_chapters_number_and_time(title, link, text):
    notebook = json.loads((ROOT / f"{link}.ipynb").read_text(encoding="utf-8"))
    first = "".join(notebook["cells"][0]["source"])
    number, name = re.search(r"^# (\d+)\. (.*)$", first, re.MULTILINE).groups()
    assert title == f"{number} · {name}"
    minutes = re.search(r"\*\*It takes\*\* about (\d+) minutes", first).group(1)
    assert re.search(rf"\*{minutes}\sminutes\*$", text)
