"""One spelling: prose is British; code, names and what PyTorch calls its things stay as they are."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("chapters/*.ipynb")), *sorted(ROOT.glob("chapters/*.md")), ROOT / "intro.md"]
AMERICAN = re.compile(
    r"\b((optimi|normali|regulari|initiali|generali|visuali|summari|recogni|standardi|randomi)z\w*"
    r"|analyz\w*|colors?|colored|centers?|centered|gray|behaviors?|neighbors?|labeled|modeled)\b"
)
QUOTED = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|^\([\w-]+\)=$", re.MULTILINE | re.DOTALL)
GLOSSARY_NAMES = {"optimizer"}  # people search for PyTorch's word, too


def american(text):
    """Words in American spelling outside of code, links and labels; `Gray` with a capital is a name."""
    return [match.group(0) for match in AMERICAN.finditer(QUOTED.sub(" ", text))]


def prose(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text.replace("```{glossary}", "")
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_prose_is_spelt_in_one_way(path):
    assert set(american(prose(path))) <= (GLOSSARY_NAMES if path.stem == "glossary" else set())


def test_american_spelling_is_seen():
    assert american("the optimizer normalizes, `torch.optim.Optimizer` [too](#optimizer)") == [
        "optimizer",
        "normalizes",
    ]
