"""Make what students get from an assignment's sources: ``python -m coursework.release hw1 hw2``.

The notebook goes through nbgrader's own preprocessors; ``hwN_checks.py`` is check.py with the public
tests behind it. The same sources give the same bytes. Nothing is written if something hidden shows.
"""

import argparse
import io
import re
import shutil
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import nbformat

from coursework.question import NAMES, TRIAL, load

PLACE = Path(__file__).resolve().parent.parent / "_build" / "release"
MARKER = re.compile(r"(BEGIN|END)\s+(SOLUTION|HIDDEN\s+TESTS|MARK\s+SCHEME)", re.IGNORECASE)
RUN = 3  # as many lines in a row are no coincidence
SHORT = 25  # characters; a solution shorter than that says nothing about where it came from
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can name


class Leak(Exception):
    """Something that students must not see is in what they would get."""


def main(arguments=None):
    """Make the releases that the command line names (without names, all of them).

    Returns
    -------
    int
        The exit status: 0, or 1 if something hidden would have been released.
    """
    parser = argparse.ArgumentParser(prog="python -m coursework.release", description=__doc__)
    parser.add_argument("assignments", nargs="*", metavar="hwN", help="which ones (all)")
    parser.add_argument("--out", type=Path, default=PLACE, help="where to (_build/release)")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.assignments) - {*NAMES, TRIAL}):
        parser.error(f"there is no assignment {unknown[0]}; there are {', '.join(NAMES)}")
    for name in options.assignments or NAMES:
        try:
            print(write(name, options.out))
        except Leak as leak:
            print(f"Not released: {leak}", file=sys.stderr)
            return 1
    return 0


def write(name, out):
    """Write the release of an assignment: a folder, and the same as a zip file.

    Parameters
    ----------
    name : str
    out : Path

    Returns
    -------
    Path
        The zip file.

    Raises
    ------
    Leak
        If something hidden would have been released; then nothing is changed.
    """
    files = build(name)
    find_leaks(name, files)
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)
    packed = out / f"{name}.zip"
    packed.write_bytes(pack(name, files))
    return packed


def build(name):
    """The files of a release.

    Parameters
    ----------
    name : str

    Returns
    -------
    dict of str to bytes
        By file name.
    """
    assignment = load(name)
    notebook = nbformat.read(assignment.notebook, as_version=4)
    text = nbformat.writes(student_version(notebook))
    return {f"{name}.ipynb": f"{text}\n".encode(), f"{name}_checks.py": assignment.checks().encode()}


def student_version(notebook):
    """Take the solutions out of a notebook, as ``nbgrader generate_assignment`` does.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        It is changed.

    Returns
    -------
    nbformat.NotebookNode
    """
    from nbgrader import preprocessors as steps

    resources = {}
    for step in (
        steps.LockCells,
        steps.ClearSolutions,
        steps.ClearOutput,
        steps.CheckCellMetadata,
        steps.ClearHiddenTests,
        steps.ClearMarkScheme,
        steps.ComputeChecksums,
        steps.CheckCellMetadata,
    ):
        notebook, resources = step().preprocess(notebook, resources)
    return notebook


def pack(name, files):
    """A zip file of a release; the same files give the same bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(files):
            entry = zipfile.ZipInfo(f"{name}/{file}", EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[file])
    return data.getvalue()


def find_leaks(name, files):
    """Look for solutions and hidden tests in what students would get.

    Refused are marks of a solution or a hidden test, the assignment's sentinel, a whole solution, and any
    three lines in a row of the hidden tests, of the tried variants or of a solution.

    Parameters
    ----------
    name : str
    files : dict of str to bytes
        By file name.

    Raises
    ------
    Leak
        With the file and the line.
    """
    assignment = load(name)
    sentinel = import_module(f"coursework.{name}.hidden").SENTINEL
    secrets = [
        lines_of((assignment.folder / file).read_text("utf-8")) for file in ("hidden.py", "variants.py")
    ]
    solved = solutions(nbformat.read(assignment.notebook, as_version=4))
    for file, data in files.items():
        text = readable(file, data)
        if (mark := MARKER.search(text)) or sentinel in text:
            raise Leak(f"{file} of {name} holds {mark[0] if mark else sentinel!r}")
        given = lines_of(text)
        shown = set(runs(given, RUN))
        for secret in [*secrets, *solved]:
            for run in runs(secret, RUN):
                if run in shown:
                    raise Leak(f"{file} of {name} shows what is hidden: {' / '.join(run)}")
        for secret in solved:
            short = len(secret) < RUN and sum(map(len, secret)) >= SHORT
            if short and tuple(secret) in set(runs(given, len(secret))):
                raise Leak(f"{file} of {name} shows a solution: {' / '.join(secret)}")


def readable(file, data):
    """The text of a released file; of a notebook, every text in it, wherever it is stored."""
    text = data.decode()
    return "\n".join(texts(nbformat.reads(text, as_version=4))) if file.endswith(".ipynb") else text


def texts(value):
    """Every string in a JSON value, keys as well."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value:
            yield from texts(part)
            if isinstance(value, dict):
                yield from texts(value[part])


def lines_of(text):
    """The lines that say something, without indentation: no imports, no brackets alone, no blank ones."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if len(line) > 3 and not line.startswith(("import ", "from "))]


def runs(lines, length):
    """All runs of so many lines."""
    return [tuple(lines[i : i + length]) for i in range(len(lines) - length + 1)]


def solutions(notebook):
    """The lines of each solution of a source notebook."""
    found = []
    for cell in notebook.cells:
        for part in cell.source.split("BEGIN SOLUTION")[1:]:
            found.append(lines_of("\n".join(part.split("END SOLUTION")[0].splitlines()[1:-1])))
    return [lines for lines in found if lines]


if __name__ == "__main__":
    sys.exit(main())
