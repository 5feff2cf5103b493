"""The glossary: each term says where it is built, and chapters link to it where a term is introduced."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from test_concordance import LABELS

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGE = (ROOT / "chapters" / "glossary.md").read_text(encoding="utf-8")


def entries():
    """The names of each entry and its definition, in order."""
    inside = PAGE.split("```{glossary}\n")[1].split("```")[0]
    for entry in inside.strip().split("\n\n"):
        names, definition = entry.rsplit("\n  ", 1)
        yield tuple(names.split("\n")), definition


ENTRIES = list(entries())
NAMES = [name for names, _ in ENTRIES for name in names]


def linked(path):
    """The terms that a chapter links to; `{term}` with another text names the term in brackets."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for text in re.findall(r"\{term\}`([^`]+)`", "".join(cell["source"])):
                yield re.sub(r".*<(.*)>$", r"\1", text, flags=re.DOTALL)


def test_the_glossary_has_the_size_of_a_course():
    assert 80 <= len(ENTRIES) <= 120


def test_a_name_stands_once_and_entries_are_in_order():
    assert len({name.lower() for name in NAMES}) == len(NAMES)
    firsts = [names[0].lower() for names, _ in ENTRIES]
    assert firsts == sorted(firsts)


@pytest.mark.parametrize(("names", "definition"), ENTRIES, ids=[names[0] for names, _ in ENTRIES])
def test_a_term_is_explained_in_a_sentence_or_two_and_linked_to_its_section(names, definition):
    said, _, link = definition.partition(" See ")
    assert 20 <= len(said) <= 200
    assert re.fullmatch(r"\{ref\}`[\w-]+`\.", link)
    assert link[6:-2] in LABELS, f"{link} leads to no section of a chapter"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_links_its_new_terms(path):
    terms = [term.lower() for term in linked(path)]
    assert 3 <= len(terms) <= 12
    assert set(terms) <= {name.lower() for name in NAMES}


def test_a_term_is_linked_once_where_it_is_introduced():
    """A term that is marked again and again is noise, above all in JupyterLab, which shows the markup."""
    counts = Counter(term.lower() for path in CHAPTERS for term in linked(path))
    assert {term for term, count in counts.items() if count > 1} == set()
