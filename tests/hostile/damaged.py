"""Files that are damaged, oversized or no notebooks at all."""

import gzip
import io
import json
import zipfile

from hostile import HONEST, LAZY, POINTS, START, WORKED, Family, code, notebook

DAMAGED = Family("damaged files")
ALL = tuple(POINTS)
WHOLE = notebook(WORKED)
TEXT = WHOLE.decode()


def zipped(data):
    """A zip archive that holds a file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../hw0.ipynb", data)
    return file.getvalue()


# Nothing to grade: a row with a reason.
for name, tries, data in (
    ("empty", "no bytes", b""),
    ("blank", "white space", b" \n\t\n"),
    ("null", "null", b"null"),
    ("list", "a list", b"[]"),
    ("number", "a number", b"7"),
    ("string", "a string", b'"cells"'),
    ("object", "an empty object", b"{}"),
    ("truncated", "the first half of a notebook", WHOLE[: len(WHOLE) // 2]),
    ("trailing", "a notebook with a tail", WHOLE + b"}"),
    ("two", "two notebooks", WHOLE + WHOLE),
    ("noise", "bytes that are no text", bytes(range(256)) * 40),
    ("zeros", "a megabyte of zeros", bytes(2**20)),
    ("image", "a picture", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ("pdf", "a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("html", "a page", b"<!doctype html><html><script>alert(1)</script></html>"),
    ("script", "a Python script", "\n".join(WORKED).encode()),
    ("conflict", "marks of a merge", b"<<<<<<< HEAD\n" + WHOLE + b"\n=======\n" + WHOLE + b"\n>>>>>>> x\n"),
    ("gzip", "compressed", gzip.compress(WHOLE, mtime=0)),
    ("zip", "an archive with a path that leads out", zipped(WHOLE)),
    ("gzip-bomb", "a gigabyte, compressed", gzip.compress(bytes(2**24), mtime=0) * 64),
    ("deep", "a hundred thousand lists in each other", b"[" * 100_000 + b"]" * 100_000),
    ("deep-cells", "cells in each other", b'{"cells":' * 50_000 + b"[]" + b"}" * 50_000),
    ("huge-int", "a number of a million digits", b'{"cells": [], "nbformat": ' + b"9" * 1_000_000 + b"}"),
    (
        "many-keys",
        "a million keys",
        b'{"cells": 0,' + b",".join(b'"%d":0' % i for i in range(1_000_000)) + b"}",
    ),
    ("cells-missing", "no cells", b'{"metadata": {}, "nbformat": 4, "nbformat_minor": 5}'),
    ("cells-null", "null for cells", b'{"cells": null, "nbformat": 4}'),
    ("cells-object", "an object for cells", b'{"cells": {"0": {"cell_type": "code"}}, "nbformat": 4}'),
    ("cells-string", "a string for cells", b'{"cells": "import os", "nbformat": 4}'),
    ("too-many-cells", "a hundred thousand cells", notebook(["x = 1"] * 100_000)),
    ("too-much-code", "a cell of 19 MB", notebook(["x = '" + "y" * 19_000_000 + "'"])),
):
    DAMAGED.add(name, tries, data=data, reason=".", quick=name in ("empty", "truncated", "deep"))

# A notebook without an answer: graded, and every question says what is missing.
for name, tries, data in (
    ("no-cells", "an empty list of cells", notebook([])),
    (
        "odd-cells",
        "cells that are no cells",
        notebook([None, 1, "x = 1", [], {}, True, 1.5, {"cell_type": 7}, {"cell_type": "code"}]),
    ),
    (
        "odd-sources",
        "sources that are no text",
        notebook([code(s) for s in (None, 1, {}, [1, None, ["x"]], True, [[[]]])]),
    ),
):
    DAMAGED.add(name, tries, data=data)

# Odd, but everything is there.
AGED = {
    "worksheets": [
        {"cells": [{"cell_type": "code", "language": "python", "input": s, "outputs": []} for s in WORKED]}
    ],
    "metadata": {},
    "nbformat": 3,
    "nbformat_minor": 0,
}
for name, tries, data in (
    ("bom", "a byte order mark", b"\xef\xbb\xbf" + WHOLE),
    (
        "windows-lines",
        "lines that end as on Windows",
        json.dumps(json.loads(WHOLE), indent=1).replace("\n", "\r\n").encode(),
    ),
    (
        "windows-sources",
        "sources whose lines end as on Windows",
        notebook([s.replace("\n", "\r\n") for s in WORKED]),
    ),
    (
        "old-mac-sources",
        "sources whose lines end as on a Mac of 1999",
        notebook([s.replace("\n", "\r") for s in WORKED]),
    ),
    (
        "source-lists",
        "sources as lists of lines",
        notebook([code(s.splitlines(keepends=True)) for s in WORKED]),
    ),
    (
        "no-ids",
        "format 4.4, without ids",
        TEXT.replace('"id"', '"old"').replace('"nbformat_minor": 5', '"nbformat_minor": 4').encode(),
    ),
    (
        "future",
        "format 4.99 with entries nobody knows",
        notebook(WORKED, nbformat_minor=99, future={"x": [1]}),
    ),
    ("format-text", "a format that is no number", notebook(WORKED, nbformat="four")),
    (
        "nan",
        "NaN and infinities in metadata",
        TEXT.replace('"metadata": {}', '"metadata": {"x": [NaN, Infinity, -Infinity, 1e999]}').encode(),
    ),
    (
        "trimmed",
        "neither metadata nor outputs",
        json.dumps({"cells": [{"cell_type": "code", "source": s} for s in WORKED]}).encode(),
    ),
    (
        "outputs",
        "ten megabytes of outputs",
        notebook([*WORKED[:-1], code(WORKED[-1], outputs=["x" * 10_000_000])]),
    ),
    (
        "attachments",
        "cells of other kinds between",
        notebook(
            [{"cell_type": "markdown", "source": "# x", "attachments": {"a": {"image/png": "%%%"}}}, *WORKED]
        ),
    ),
    ("long-line", "a comment of a megabyte", notebook([*WORKED, "# " + "x" * 1_000_000])),
    ("many-cells", "nine hundred small cells", notebook([*WORKED, *["x = 1"] * 900])),
    (
        "duplicate-key",
        "metadata twice",
        TEXT.replace('"metadata": {}, "nbformat"', '"metadata": {}, "metadata": [], "nbformat"').encode(),
    ),
    ("nul-in-a-cell", "a cell with NUL", notebook([START, "x = 1\0", *HONEST.values()])),
    (
        "surrogate-in-a-cell",
        "a cell with lone surrogates",
        notebook([START, "x = '\ud800'\n# \udfff", *HONEST.values()]),
    ),
    (
        "form-feed",
        "form feeds and non-breaking spaces",
        notebook([START, "\x0c\nx\xa0= 1", *HONEST.values()]),
    ),
    (
        "parser-bomb",
        "cells too deep for the parser",
        notebook(
            [
                START,
                "(" * 100_000 + ")" * 100_000,
                "-" * 100_000 + "1",
                "1" + "+1" * 50_000,
                "x" + ".x" * 50_000,
                "[" * 90 + "]" * 90,
                *HONEST.values(),
            ]
        ),
    ),
    (
        "tokenizer-bomb",
        "cells that are hard to take apart",
        notebook(
            [
                START,
                "'" * 100_001,
                '"""' * 33_333,
                "\\\n" * 30_000,
                "x = f'{" * 5_000,
                "!" * 50_000,
                "%" * 50_000,
                "?" * 50_000,
                "if x:\n " * 5_000,
                *HONEST.values(),
            ]
        ),
    ),
    ("many-lines", "fifty thousand lines in a cell", notebook([*WORKED, "x = 1\n" * 50_000])),
    (
        "huge-literal",
        "a number of 100,000 digits in a cell",
        notebook([START, "x = " + "9" * 100_000, *HONEST.values()]),
    ),
):
    DAMAGED.add(name, tries, data=data, right=ALL, quick=name in ("bom", "surrogate-in-a-cell"))
DAMAGED.add("two-cells-keys", "cells twice: the last counts", data=b'{"cells": [], ' + WHOLE[1:], right=ALL)
DAMAGED.add("empty-cells-last", "cells twice: the last is empty", data=WHOLE[:-1] + b', "cells": []}')
# The driver does not read it; a unit of work, which gets the bytes, may.
DAMAGED.add("too-large", "a file of 21 MB", data=WHOLE + b" " * 21 * 2**20, may=ALL, reason=None)
DAMAGED.add("utf-16", "UTF-16", data=TEXT.encode("utf-16"), may=ALL, reason=None)
DAMAGED.add(
    "latin-1", "not UTF-8", data=notebook([*WORKED, "# X"]).replace(b"# X", b"# \xe9"), may=ALL, reason=None
)
DAMAGED.add("format-3", "a notebook of IPython 1", data=json.dumps(AGED).encode(), may=ALL, reason=None)
DAMAGED.add("lazy", "wrong answers, and nothing else", START, LAZY)
