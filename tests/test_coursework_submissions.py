"""What students hand in: every file one row, whatever it is, and none of it followed or believed."""

import os
import re
import socket
from pathlib import Path

import pytest

from coursework import submissions
from coursework.submissions import Unreadable, find, plain, read, slug

pytestmark = pytest.mark.skipif(os.name == "nt", reason="submissions are graded on Linux")


def put(path, data=b"{}"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def rows(folder, assignment="hw2"):
    """What was found, by file."""
    found, _ = find(folder, assignment)
    assert len({row.key for row in found}) == len(found)
    return {row.file: row for row in found}


@pytest.mark.parametrize(
    ("file", "student", "name"),
    [
        ("anna.ipynb", "anna", ""),
        ("hw2 (1).ipynb", "hw2 (1)", ""),
        ("anna.ipynb.txt", "anna", ""),
        ("ANNA.IPYNB", "ANNA", ""),
        ("anna/hw2.ipynb", "anna", ""),
        ("anna/deep/down/hw2.ipynb", "anna", ""),
        ("anna/hw2/hw2.ipynb", "anna", ""),
        ("Anna Smith_12345_assignsubmission_file_/x.ipynb", "12345", "Anna Smith"),
        ("Anna Smith_12345_assignsubmission_file_x.ipynb", "12345", "Anna Smith"),
        ("O_Neill_Zoë_7_assignsubmission_file_/x.ipynb", "7", "O_Neill_Zoë"),
    ],
)
def test_every_way_of_collecting_names_the_student(tmp_path, file, student, name):
    put(tmp_path / file)
    (row,) = rows(tmp_path).values()
    assert (row.file, row.student, row.name, row.reason) == (file, student, name, "")


def test_folders_of_other_assignments_are_left_aside(tmp_path):
    put(tmp_path / "anna" / "hw1" / "hw1.ipynb")
    put(tmp_path / "anna" / "hw2" / "hw2.ipynb")
    found, aside = find(tmp_path, "hw2")
    assert [row.file for row in found] == ["anna/hw2/hw2.ipynb"]
    assert aside == 1


def test_nbgraders_timestamp_is_used_and_is_no_submission(tmp_path):
    put(tmp_path / "anna" / "hw2" / "hw2.ipynb")
    put(tmp_path / "anna" / "hw2" / "timestamp.txt", b"2026-11-23 20:10:49.123456 UTC")
    (row,) = rows(tmp_path).values()
    assert row.timestamp == "2026-11-23 20:10:49"


def test_without_a_timestamp_the_files_own_time_counts(tmp_path):
    os.utime(put(tmp_path / "anna.ipynb"), (86400, 86400))
    assert rows(tmp_path)["anna.ipynb"].timestamp == "1970-01-02 00:00:00"


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("anna/hw2.zip", "an archive; unpack it"),
        ("anna/hw2.tar.gz", "an archive; unpack it"),
        ("anna/.ipynb_checkpoints/hw2-checkpoint.ipynb", "a checkpoint"),
        ("anna/hw2-checkpoint.ipynb", "a checkpoint"),
        ("__MACOSX/anna/._hw2.ipynb", "macOS"),
        ("anna/.DS_Store", "macOS"),
        ("anna/notes.txt", "not a notebook"),
        ("anna/hw2_checks.py", "not a notebook"),
        ("anna/timestamp.txt", "not a notebook"),
    ],
)
def test_what_is_no_notebook_gets_a_row_with_its_reason(tmp_path, file, reason):
    put(tmp_path / file)
    (row,) = rows(tmp_path).values()
    assert reason in row.reason


def test_links_pipes_sockets_and_empty_folders_get_a_row_and_are_not_opened(tmp_path, monkeypatch):
    secret = put(tmp_path / "secret.ipynb")
    folder = tmp_path / "in"
    (folder / "empty").mkdir(parents=True)
    (folder / "link.ipynb").symlink_to(secret)
    (folder / "dangling.ipynb").symlink_to("nowhere")
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.ipynb")
    monkeypatch.chdir(folder)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket.ipynb")
        reasons = {name: row.reason for name, row in rows(folder).items()}
    assert {name: reason.split(";")[0] for name, reason in reasons.items()} == {
        "away": "a symbolic link",
        "dangling.ipynb": "a symbolic link",
        "empty": "an empty folder: nothing was handed in",
        "link.ipynb": "a symbolic link",
        "pipe.ipynb": "a named pipe, not a file",
        "socket.ipynb": "a socket, not a file",
    }


def test_a_link_in_place_of_nbgraders_timestamp_is_not_read(tmp_path):
    put(tmp_path / "secret", b"2001-01-01 00:00:00")
    notebook = put(tmp_path / "in" / "anna" / "hw2" / "hw2.ipynb")
    (notebook.parent / "timestamp.txt").symlink_to(tmp_path / "secret")
    found = rows(tmp_path / "in")
    assert "symbolic link" in found["anna/hw2/timestamp.txt"].reason
    assert not found["anna/hw2/hw2.ipynb"].timestamp.startswith("2001")


@pytest.mark.parametrize(
    "name", [b"a\nb.ipynb", b"\xff\xfe.ipynb", b"..\xe2\x80\xae.ipynb", b"--out=x.ipynb", b"$(id).ipynb"]
)
def test_odd_names_are_graded_under_names_of_our_own(tmp_path, name):
    try:
        put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)))
    except OSError:
        pytest.skip("this file system refuses such names")
    (row,) = rows(tmp_path).values()
    assert row.reason == ""
    assert read(row.path) == b"{}"
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*-[0-9a-f]{12}", row.key)
    for text in (row.file, row.student):
        assert text.isprintable()
        text.encode()


def test_names_that_look_alike_when_shown_are_still_two_students(tmp_path):
    put(tmp_path / "a\nb" / "x.ipynb")
    put(tmp_path / "a\\nb" / "x.ipynb")
    found, _ = find(tmp_path, "hw2")
    assert len({row.student for row in found}) == len({row.key for row in found}) == 2


def test_the_order_is_by_student_and_file(tmp_path):
    for file in ("b/1.ipynb", "a/2.ipynb", "a/1.ipynb", "c.ipynb"):
        put(tmp_path / file)
    assert list(rows(tmp_path)) == ["a/1.ipynb", "a/2.ipynb", "b/1.ipynb", "c.ipynb"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_gets_its_reason(tmp_path):
    file, folder = put(tmp_path / "anna.ipynb"), put(tmp_path / "bob" / "x.ipynb").parent
    file.chmod(0)
    folder.chmod(0)
    try:
        found = rows(tmp_path)
        assert "cannot be opened: Permission denied" in found["bob"].reason
        with pytest.raises(Unreadable, match="cannot be opened: Permission denied"):
            read(found["anna.ipynb"].path)
    finally:
        folder.chmod(0o700)


def test_reading_follows_no_link_and_waits_for_no_pipe(tmp_path):
    file = put(tmp_path / "x.ipynb", b"data")
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    assert read(file) == b"data"
    with pytest.raises(Unreadable, match="symbolic link"):
        read(tmp_path / "link")
    with pytest.raises(Unreadable, match="named pipe"):
        read(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="device"):
        read("/dev/zero")
    with pytest.raises(Unreadable, match="not a regular file"):
        read(tmp_path)


def test_reading_refuses_what_is_empty_or_too_large(tmp_path):
    with pytest.raises(Unreadable, match="is empty"):
        read(put(tmp_path / "empty", b""))
    with pytest.raises(Unreadable, match="larger than 20 MB"):
        read(put(tmp_path / "large", bytes(submissions.LARGEST + 1)))
    assert len(read(put(tmp_path / "fits", bytes(submissions.LARGEST)))) == submissions.LARGEST


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", "..", "/", "a\0b", "\udcff", "CON.", " ", "-rf", "é" * 99]
)
def test_a_slug_is_a_plain_file_name(text):
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", slug(text))


def test_plain_text_can_be_printed_and_encoded():
    nasty = "".join(map(chr, range(0x300))) + "\u2028\u202e\ud800\udcff"
    assert plain(nasty).isprintable() or " " in plain(nasty)
    plain(nasty).encode()
    assert plain("Zoë Smith 1") == "Zoë Smith 1"
