"""The stored notebooks keep to the contract of _ext/contract.py, and the checks can go red.

That the stored outputs are what the code prints, nbval proves: pytest collects every notebook in
``chapters/`` (see ``testpaths`` and ``addopts`` in pyproject.toml).
"""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import contract
import pytest

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))

# How many cells of each chapter say that their output is bound to the machine. A chapter that
# needs another one changes this number in the same commit, where a reader of the change sees it.
OUTPUTS_IGNORED = {
    "01_shallow_versus_deep": 11,
    "02_why_not_fully_connected": 6,
    "04_a_toy_convnet": 2,
    "07_lenet": 7,
    "08_from_numpy_to_pytorch": 5,
    "09_vgg16": 7,
    "10_recipe_for_learning": 8,
    "11_activations": 9,
    "12_adaptive_learning_rates": 7,
    "13_dropout": 5,
    "14_dropout_is_an_ensemble": 6,
    "15_beyond_dropout": 7,
    "16_how_fast_can_numpy_convolve": 7,
}


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_chapters():
    assert len(CHAPTERS) >= 2


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_keeps_the_contract(path):
    assert contract.violations(load(path)) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_outputs_that_are_not_compared_are_counted(path):
    assert contract.outputs_ignored(load(path)) == OUTPUTS_IGNORED.get(path.stem, 0)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_is_named_and_numbered_as_the_contents_say(path):
    assert re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem)
    assert f"file: chapters/{path.stem}\n" in (ROOT / "_toc.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_stored_file_is_canonical(path):
    """A notebook saved from an editor carries its own metadata; `make refresh` removes it."""
    from refresh import METADATA

    notebook = load(path)
    assert notebook["metadata"] == METADATA
    assert all("execution" not in cell["metadata"] for cell in notebook["cells"])
    assert all(re.fullmatch(r"[a-z0-9-]+", cell["id"]) for cell in notebook["cells"])


# The canary: a small chapter that keeps the contract, and copies of it with one thing wrong each.

CANARY = {
    "cells": [
        {
            "cell_type": "code",
            "id": "imports",
            "execution_count": 1,
            "metadata": {},
            "outputs": [],
            "source": "import math",
        },
        {
            "cell_type": "code",
            "id": "sum",
            "execution_count": 2,
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "the sum is 3\n"}],
            "source": "print('the sum is', math.floor(3.5))",
        },
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def nbval(notebook, folder):
    """Run a notebook as `make test` does; return pytest's exit status and what it printed."""
    path = folder / "canary.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    options = ("-c", ROOT / "pyproject.toml", "--rootdir", folder, "-p", "no:cacheprovider", path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, options)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    return run.returncode, run.stdout


def test_canary_sings(tmp_path):
    status, printed = nbval(CANARY, tmp_path)
    assert status == 0, printed
    assert "2 passed" in printed
    assert contract.violations(CANARY) == []


def test_a_wrong_stored_output_goes_red(tmp_path):
    wrong = copy.deepcopy(CANARY)
    wrong["cells"][1]["outputs"][0]["text"] = "the sum is 4\n"
    status, printed = nbval(wrong, tmp_path)
    assert status == 1
    assert "the sum is 4" in printed
    assert "1 failed, 1 passed" in printed


def test_a_missing_stored_output_goes_red(tmp_path):
    missing = copy.deepcopy(CANARY)
    missing["cells"][1]["outputs"] = []
    assert nbval(missing, tmp_path)[0] == 1


def test_a_raising_cell_goes_red(tmp_path):
    raising = copy.deepcopy(CANARY)
    raising["cells"][1]["source"] = "print('the sum is', math.floor('3.5'))"
    status, printed = nbval(raising, tmp_path)
    assert status == 1
    assert "TypeError" in printed


def test_a_stored_error_breaks_the_contract():
    raised = copy.deepcopy(CANARY)
    raised["cells"][1]["outputs"] = [
        {"output_type": "error", "ename": "TypeError", "evalue": "must be real number", "traceback": []}
    ]
    assert contract.violations(raised) == ["code cell 2: stores an error: TypeError: must be real number"]


def test_a_chapter_that_was_never_run_breaks_the_contract():
    """nbval compares nothing where the execution count is null, so the contract has to see it."""
    never_run = copy.deepcopy(CANARY)
    for cell in never_run["cells"]:
        cell["execution_count"], cell["outputs"] = None, []
    found = contract.violations(never_run)
    assert len(found) == 2
    assert all("execution count None" in what for what in found)


def figure(alt=None):
    metadata = {"mystnb": {"image": {"alt": alt}}} if alt is not None else {}
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "..."}}
    return {"source": "plt.show()", "metadata": metadata, "outputs": [output]}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"source": "\n".join(["x = 1"] * 16)}, "16 lines, but a cell holds at most 15"),
        ({"source": "def f():\n    import os"}, "imports outside the first cell"),
        ({"source": "x = 1  # NBVAL_SKIP"}, "only # NBVAL_IGNORE_OUTPUT is allowed"),
        ({"source": "# NBVAL_IGNORE_OUTPUT\nx = 1"}, "nor with a next line `# Reason: ...`"),
        ({"source": "x = 1\n# NBVAL_IGNORE_OUTPUT\n# Reason: late"}, "begins neither with"),
        ({"metadata": {"tags": ["nbval-skip"]}}, "switches nbval off by a tag"),
        ({"metadata": {"tags": ["raises-exception"]}}, "switches nbval off by a tag"),
        ({"execution_count": 7}, "execution count 7 where 2 is due"),
        ({"outputs": [{"output_type": "stream", "name": "stderr", "text": "Warn"}]}, "text from stderr"),
        (
            {"outputs": [{"output_type": "display_data", "data": {contract.WIDGET: {}}}]},
            "a live widget's id",
        ),
        (figure(), "alt text is ''"),
        (figure(alt="a figure"), "alt text is 'a figure'"),
        ({**figure(alt="An X beside an O"), "outputs": figure()["outputs"] * 2}, "shows 2 figures"),
    ],
)
def test_contract_names_what_is_broken(change, complaint):
    notebook = copy.deepcopy(CANARY)
    notebook["cells"][1].update(change)
    assert any("code cell 2" in what and complaint in what for what in contract.violations(notebook))


@pytest.mark.parametrize(
    "change",
    [
        {"source": "import os", "metadata": {"tags": ["graduation"]}},
        {"source": "# NBVAL_IGNORE_OUTPUT\n# Reason: the time it takes is this machine's\nx = 1"},
        figure(alt="The letter X as nine by nine pixels"),
    ],
)
def test_contract_allows_what_is_said_openly(change):
    notebook = copy.deepcopy(CANARY)
    notebook["cells"][1].update(change)
    assert contract.violations(notebook) == []
