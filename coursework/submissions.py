"""Find what students handed in and read it once, however odd the files are.

Whatever lies in the folder gets one row: a notebook to grade, or a plain reason why it is none.
Nothing here follows a link, waits for a pipe or believes a name.
"""

import hashlib
import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from coursework.question import NAMES

LARGEST = 20 * 1024 * 1024  # bytes
NOTEBOOKS = (".ipynb", ".ipynb.txt", ".ipynb.json")  # some browsers add an ending of their own
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)", re.DOTALL)
TIMESTAMP = re.compile(rb"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")
KINDS = (
    (stat.S_ISLNK, "a symbolic link; links are not followed, hand in the file itself"),
    (stat.S_ISFIFO, "a named pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


class Unreadable(Exception):
    """A file that cannot be graded; the message is the reason for its row."""


@dataclass(frozen=True)
class Submission:
    """A file that was handed in.

    Attributes
    ----------
    path : Path
        Where it lies. For reading only: its name is the student's choice.
    file : str
        The path inside the folder of submissions, fit to be shown.
    key : str
        What its outputs are called: ASCII letters, digits, hyphens and underscores, unlike every other.
    student, name : str
        The student's id, and the full name where the folder tells it (Moodle's do).
    timestamp : str
        When it was handed in, as UTC: nbgrader's record of it, else the file's own time.
    reason : str
        Why it cannot be graded; empty for a notebook.
    """

    path: Path
    file: str
    key: str
    student: str
    name: str
    timestamp: str
    reason: str

    @property
    def order(self):
        """What lists are sorted by."""
        return self.student, self.file, self.key


def plain(text):
    r"""Make any text fit to be shown: control characters and broken Unicode become escapes.

    Examples
    --------
    >>> print(plain("a\nb\u202ec\udcff"))
    a\nb\u202ec\xff
    """
    return "".join(_visible(c) for c in text)


def _visible(c):
    if "\udc80" <= c <= "\udcff":  # how Python holds a byte of a file name that is no UTF-8
        return f"\\x{ord(c) - 0xDC00:02x}"
    hidden = unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return c.encode("unicode_escape").decode() if hidden else c


def slug(text, longest=40):
    """Reduce a text to what is safe in a file name.

    Examples
    --------
    >>> slug("../Zoë Smith"), slug("...")
    ('Zoe_Smith', 'submission')
    """
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "_", ascii_only)[:longest].strip("_-") or "submission"


def digest(text):
    """SHA-256 of a text or a file name, as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def find(folder, assignment):
    """List every file in a folder of submissions.

    Understood are files side by side, a folder for each student, nbgrader's
    ``submitted/STUDENT/hw2/hw2.ipynb`` and Moodle's ``Anna Smith_12345_assignsubmission_file_/x.ipynb``.

    Parameters
    ----------
    folder : Path
    assignment : str
        "hw1" to "hw6". What lies in a student's folder of another assignment is left aside.

    Returns
    -------
    submissions : list of Submission
        By student and file. One row each, whatever it is.
    aside : int
        How many files belong to other assignments.
    """
    found, aside, folders = [], 0, [((), Path(folder))]
    while folders:
        parts, place = folders.pop()
        try:
            with os.scandir(place) as scan:
                entries = list(scan)
        except OSError as error:
            found.append(_row(place, parts, f"a folder that cannot be opened: {error.strerror}"))
            continue
        if not entries and parts and parts[-1] != ".ipynb_checkpoints":
            found.append(_row(place, parts, "an empty folder: nothing was handed in"))
        stamp = _handed_in_at(place) if len(parts) == 2 and parts[1] == assignment else ""
        for entry in entries:
            here = (*parts, entry.name)
            if entry.is_dir(follow_symlinks=False):
                folders.append((here, Path(entry.path)))
            elif len(parts) > 1 and parts[1] in NAMES and parts[1] != assignment:
                aside += 1
            elif not (stamp and entry.name == "timestamp.txt"):
                found.append(_row(Path(entry.path), here, _refusal(entry, here), stamp))
    return sorted(found, key=lambda row: row.order), aside


def read(path, largest=LARGEST):
    """Read a file once, if it is a regular file of a sensible size.

    It is opened without following a link and without waiting, and judged by what was opened, so that
    nothing can change in between.

    Returns
    -------
    bytes

    Raises
    ------
    Unreadable
        With the reason in words.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise Unreadable(_reason(path) or f"cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable(_reason(path) or "not a regular file")
    with open(descriptor, "rb") as file:
        try:
            data = file.read(largest + 1)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from None
    if not data:
        raise Unreadable("the file is empty")
    if len(data) > largest:
        raise Unreadable(f"larger than {largest / 2**20:g} MB; clear the outputs and hand it in again")
    return data


def _row(path, parts, reason, stamp=""):
    student, name = _who(parts)
    relative = "/".join(parts)
    return Submission(
        path,
        plain(relative),
        f"{slug(student)}-{digest(relative)[:12]}",
        plain(student.replace("\\", "\\\\")),  # two students stay two
        plain(name),
        stamp or _changed_at(path),
        reason,
    )


def _who(parts):
    """The student's id and name, from the path below the folder of submissions."""
    if moodle := MOODLE.fullmatch(parts[0]):
        return moodle["id"], moodle["name"].strip()
    if len(parts) > 1:
        return parts[0], ""
    ending = next((e for e in NOTEBOOKS if parts[0].lower().endswith(e)), Path(parts[0]).suffix)
    return parts[0][: len(parts[0]) - len(ending)] or parts[0], ""


def _refusal(entry, parts):
    """Why an entry is no notebook to grade; empty if it is one."""
    name = parts[-1].lower()
    if reason := _reason(entry.path):
        return reason
    if ".ipynb_checkpoints" in parts or "-checkpoint.ipynb" in name:
        return "a checkpoint that Jupyter made, not what was handed in"
    if "__MACOSX" in parts or name.startswith("._") or name == ".ds_store":
        return "a file that macOS adds to folders, not a notebook"
    if name.endswith(ARCHIVES):
        return "an archive; unpack it and grade again"
    return "" if name.endswith(NOTEBOOKS) else "not a notebook: the name does not end in .ipynb"


def _reason(path):
    try:
        mode = os.lstat(path).st_mode
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    return next((reason for is_kind, reason in KINDS if is_kind(mode)), "")


def _handed_in_at(place):
    """The time in nbgrader's timestamp.txt, or an empty text."""
    try:
        stamp = TIMESTAMP.search(read(place / "timestamp.txt", 1000))
    except Unreadable:
        return ""
    return b" ".join(stamp.groups()).decode() if stamp else ""


def _changed_at(path):
    try:
        return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OSError, OverflowError, ValueError):  # a hostile archive may set any time
        return ""
