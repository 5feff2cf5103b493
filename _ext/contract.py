"""What a stored notebook must keep to, as code: the book, the tests and the refresh all ask here.

The book shows the outputs that the notebooks store, so a notebook whose outputs are missing,
failed or bound to one machine is refused when the book is built (as a Sphinx extension) and when
the tests run. `violations` lists what is wrong, cell by cell; nbval then proves that what is
stored is what the code prints.
"""

import ast
import json
from pathlib import Path

MAX_LINES = 15
MIN_ALT = 20  # characters; shorter than that says nothing about a figure
MARKER = "# NBVAL_IGNORE_OUTPUT"
REASON = "# Reason: "
WIDGET = "application/vnd.jupyter.widget-view+json"


def code_cells(notebook):
    """The code cells that are not empty, in order."""
    return [c for c in notebook["cells"] if c["cell_type"] == "code" and source(c).strip()]


def source(cell):
    return "".join(cell["source"])


def outputs_ignored(notebook):
    """How many cells say that their output cannot be compared."""
    return sum(MARKER in source(cell) for cell in code_cells(notebook))


def violations(notebook):
    """List what is wrong with a stored notebook.

    Parameters
    ----------
    notebook : dict
        The notebook as read from its JSON file.

    Returns
    -------
    list of str
        One sentence for each rule that is broken, naming the cell; empty if all is well.
    """
    found = []
    if "widgets" in notebook["metadata"]:
        found.append("the notebook stores widget state; `make refresh` removes it")
    for number, cell in enumerate(code_cells(notebook), start=1):
        found += [f"code cell {number}: {what}" for what in cell_violations(number, cell)]
    return found


def cell_violations(number, cell):
    yield from source_violations(number, cell)
    yield from output_violations(number, cell)


def source_violations(number, cell):
    text = source(cell)
    lines = text.rstrip().split("\n")
    if len(lines) > MAX_LINES:
        yield f"{len(lines)} lines, but a cell holds at most {MAX_LINES}"
    tags = cell["metadata"].get("tags", [])
    if number > 1 and "graduation" not in tags and imports(text):
        yield "imports outside the first cell; only a cell tagged `graduation` may"
    if any(tag.startswith(("nbval-", "raises-exception")) for tag in tags):
        yield f"switches nbval off by a tag; write {MARKER} and a reason in the cell"
    markers = [line.strip() for line in lines if "NBVAL" in line or "PYTEST_VALIDATE" in line]
    if any(marker != MARKER for marker in markers):
        yield f"carries {markers[0]}; only {MARKER} is allowed"
    elif markers and not (lines[0] == MARKER and len(lines) > 1 and lines[1].startswith(REASON)):
        yield f"begins neither with {MARKER} nor with a next line `{REASON}...`"


def imports(text):
    tree = ast.parse(text)
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree))


def output_violations(number, cell):
    if cell["execution_count"] != number:
        yield (
            f"execution count {cell['execution_count']} where {number} is due: "
            "run `make refresh`, which runs the cells in order"
        )
    images = 0
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            yield f"stores an error: {output['ename']}: {output['evalue']}"
        if output.get("name") == "stderr":
            yield f"stores text from stderr: {''.join(output['text'])[:80]!r}"
        if WIDGET in output.get("data", {}):
            yield "stores a live widget's id; `make refresh` removes it"
        images += any(kind.startswith("image/") for kind in output.get("data", {}))
    alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
    if images > 1:
        yield f"shows {images} figures; one figure a cell, so that each has its own alt text"
    if images and len(alt) < MIN_ALT:
        yield f"shows a figure whose alt text is {alt!r}; say in a sentence what it shows"


def check(app, docname, content):
    """Report each violation as a warning of the build, which `make book` makes an error."""
    from sphinx.util import logging

    path = Path(app.env.doc2path(docname))
    if path.suffix == ".ipynb":
        for what in violations(json.loads(path.read_text(encoding="utf-8"))):
            logging.getLogger(__name__).warning(what, location=docname, type="contract")


def setup(app):
    app.connect("source-read", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
