"""What may lie in a folder of submissions besides well-behaved files: odd kinds, odd names."""

import os
import socket
import tempfile
from pathlib import Path

from hostile import WORKED, notebook

# Names of honest notebooks: all must be graded. None may be believed as a path, a formula or markup.
NAMES = (
    "hw0 (1).ipynb",
    "hw0.IPYNB",
    "hw0.ipynb.txt",
    "Zoë Müller — 图像 π.ipynb",
    "Zoe\u0308 decomposed.ipynb",
    "-rf.ipynb",
    "--help.ipynb",
    "=cmd|' /C calc'!A0.ipynb",
    "+1+1.ipynb",
    "@SUM(A1).ipynb",
    "\t=1+1.ipynb",
    "a,b;\"c\",'d'.ipynb",
    "line\nbreak\r\n=1.ipynb",
    "<img src=x onerror=alert(1)>.ipynb",
    "<script>alert(1)<script>.ipynb",
    "{0.__class__}%s%n$(touch x)`id`${HOME}.ipynb",
    "txt.\u202egnp.ipynb",
    "\u2066\u200b\ufeff.ipynb",
    "\x1b[2J\x1b]0;x\x07.ipynb",
    "..\\..\\windows.ipynb",
    "..%2f..%2fetc%2fpasswd.ipynb",
    "....ipynb",
    ".ipynb",
    ".hidden.ipynb",
    "CON.ipynb",
    "run.json.ipynb",
    "grades.csv.ipynb",
    "a b.ipynb",
    "a_b.ipynb",
    "A_B.ipynb",
    "x" * 240 + ".ipynb",
    "  spaces  .ipynb",
    b"\xff\xfe bytes.ipynb",
    "deep/" * 60 + "hw0.ipynb",
    "student/hw0/hw0.ipynb",
    "Anna Smith_12345_assignsubmission_file_/hw0.ipynb",
    "=Evil<b>_666_assignsubmission_file_/hw0.ipynb",
)


def hand_in(folder, secret):
    """Put all of them into a folder.

    Parameters
    ----------
    folder : Path
    secret : Path
        A file that a link would give away.

    Returns
    -------
    graded : list of str
        Files that must get full marks, as paths below the folder.
    refused : dict of str to str
        Files that must get a reason, with a regular expression that it must match.
    """
    data = notebook(WORKED)
    graded = [os.fsdecode(name) for name in NAMES]
    for name in graded:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    refused = {}

    def refuse(name, reason):
        refused[name] = reason
        return folder / name

    refuse("link.ipynb", "link").symlink_to(secret)
    refuse("link-to-a-folder.ipynb", "link").symlink_to(secret.parent)
    refuse("link-to-nothing.ipynb", "link").symlink_to("/nowhere")
    refuse("link-to-itself.ipynb", "link").symlink_to("link-to-itself.ipynb")
    refuse("link-to-a-device.ipynb", "link").symlink_to("/dev/zero")
    refuse("link-to-the-terminal.ipynb", "link").symlink_to("/proc/self/fd/0")
    os.mkfifo(refuse("pipe.ipynb", "pipe"))
    refuse("empty-folder.ipynb", "empty folder").mkdir()
    refuse("empty.ipynb", "empty").touch()
    refuse("archive.zip", "archive").write_bytes(b"PK")
    refuse("notes.pdf", "not a notebook").write_bytes(b"%PDF")
    refuse("no-ending", "not a notebook").write_bytes(data)
    refuse("unreadable.ipynb", "cannot be opened").write_bytes(data)
    (folder / "unreadable.ipynb").chmod(0)
    with open(refuse("sparse.ipynb", "larger than"), "wb") as file:
        file.truncate(2**34)
    (folder / ".ipynb_checkpoints").mkdir()
    refuse(".ipynb_checkpoints/hw0-checkpoint.ipynb", "checkpoint").write_bytes(data)
    with socket.socket(socket.AF_UNIX) as server, tempfile.TemporaryDirectory() as short:
        server.bind(f"{short}/s")  # the path of a socket must be short
        Path(f"{short}/s").rename(refuse("socket.ipynb", "socket"))
    return graded, refused
