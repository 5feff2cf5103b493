"""Fetching files: whatever goes wrong, the file at its place is the right one or there is none.

A small server on this machine plays the mirrors. It speaks http, so the fixture `mirror` lets the
rule "https only" pass for it; the tests of that rule itself do without.
"""

import errno
import gzip
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from cnnlib.datasets import download
from cnnlib.datasets.catalogue import FILES
from cnnlib.datasets.download import DownloadError, RemoteFile, fetch

ROOT = Path(__file__).resolve().parent.parent
NAME = "numbers.gz"
CONTENT = gzip.compress(np.random.default_rng(0).bytes(200_000), mtime=0)
PAGE = b"\n<!DOCTYPE html><title>Log in to the library's network</title>"


class Mirror(BaseHTTPRequestHandler):
    """Answers by the first folder of the address; the server remembers who asked for what."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        assert self.headers["Accept-Encoding"] == "identity"  # or it might pack what is packed already
        getattr(self, self.path.split("/")[1])()

    def send(self, body, status=200, length=None, **headers):
        self.send_response(status)
        if length != "none":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def good(self):
        self.send(CONTENT)

    def missing(self):
        self.send(b"", status=404)

    def broken(self):
        self.send(b"", status=503)

    def busy(self):
        self.send(b"", status=429)

    def page(self):
        self.send(PAGE)

    def other(self):
        self.send(CONTENT[:-1] + b"?")

    def cut(self):  # announces all of it, then hangs up
        self.send(CONTENT[:150_000], length=len(CONTENT))

    def short(self):  # announces nothing
        self.send(CONTENT[:50_000], length="none")

    def endless(self):
        self.send(CONTENT * 5, length="none")

    def packed(self):  # says that the .gz is an encoding of what is in it
        self.send(CONTENT, Content_Encoding="gzip")

    def elsewhere(self):
        self.send(b"", status=302, Location="https://127.0.0.1:1/good/" + NAME)

    def once(self):  # fails the first time
        self.good() if self.server.asked.count(self.path) > 1 else self.broken()

    def together(self):  # answers when four ask
        self.server.barrier.wait()
        self.good()

    def half(self):  # sends the first half and then nothing
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])
        self.wfile.flush()
        self.server.release.wait(60)
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        server.daemon_threads = True
        server.asked, server.release = [], threading.Event()
        server.barrier = threading.Barrier(4, timeout=60)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def mirror(server, monkeypatch):
    """Make a file whose mirrors are folders of the server."""
    monkeypatch.setattr(download, "_SCHEMES", ("http",))
    monkeypatch.setattr(download, "PAUSE", 0)
    return lambda *folders, **facts: remote(server, *folders, **facts)


def remote(server, *folders, **facts):
    base = f"http://127.0.0.1:{server.server_address[1]}"
    known = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "size": len(CONTENT)} | facts
    return RemoteFile(NAME, mirrors=tuple(f"{base}/{folder}/" for folder in folders), **known)


def below(folder):
    """All files in a folder, hidden ones too."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_file_is_downloaded_once_and_then_found(mirror, server, tmp_path):
    path = fetch(mirror("good"), "set", root=tmp_path)
    assert path == tmp_path / "set" / NAME
    assert path.read_bytes() == CONTENT
    assert fetch(mirror("good"), "set", root=tmp_path) == path
    assert server.asked == [f"/good/{NAME}"]
    assert below(tmp_path) == [path]


@pytest.mark.parametrize("place", ["set", "."])
def test_a_file_that_is_there_is_used_without_the_network(place, server, tmp_path):
    path = tmp_path / place / NAME
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(CONTENT)
    assert fetch(remote(server, "good"), "set", root=tmp_path, download=False) == path
    assert fetch(remote(server, "good"), "set", root=tmp_path) == path
    assert server.asked == []


def test_the_variable_names_the_folder_and_data_is_looked_into_as_well(mirror, tmp_path, monkeypatch):
    own, data = tmp_path / "own", tmp_path / "data"
    monkeypatch.setattr(download, "DATA", data)
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    assert fetch(mirror("good"), "set") == data / "set" / NAME
    monkeypatch.setenv("CNNLIB_DATA", str(own))
    assert fetch(mirror("good"), "set") == data / "set" / NAME
    assert fetch(mirror("good"), "another") == own / "another" / NAME
    assert fetch(mirror("good"), "set", root=tmp_path / "root") == tmp_path / "root" / "set" / NAME


def test_a_home_folder_may_be_written_with_a_tilde(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CNNLIB_DATA", "~/own")
    assert fetch(mirror("good"), "set") == tmp_path / "own" / "set" / NAME


# What mirrors do

REFUSED = {
    "missing": "HTTP 404 Not Found",
    "page": "what it sent is a web page, not the data",
    "other": "what it sent has sha256 ",
    "endless": "sends more than the 200,083 bytes of the file",
    "elsewhere": "leads to https://127.0.0.1:1/good/numbers.gz, which is not https",
}
TRIED_AGAIN = {
    "broken": "HTTP 503 Service Unavailable",
    "busy": "HTTP 429 Too Many Requests",
    "cut": "the connection broke off",
    "short": "what it sent is cut off: 50,000 of 200,083 bytes",
}


@pytest.mark.parametrize(("folder", "reason"), [*REFUSED.items(), *TRIED_AGAIN.items()])
def test_a_bad_mirror_leaves_no_file_and_one_line_that_says_what_to_do(folder, reason, mirror, tmp_path):
    file = mirror(folder)
    with pytest.raises(DownloadError) as error:
        fetch(file, "set", root=tmp_path)
    message = str(error.value)
    assert message.startswith(f"{NAME} could not be downloaded (127.0.0.1: {reason}")
    assert message.endswith(
        "); try again when the network is there, or put the file from "
        f"{file.urls[0]} at {tmp_path / 'set' / NAME}, "
        "or use a data set that needs no network, such as 'digits'"
    )
    assert "\n" not in message
    assert below(tmp_path) == []


@pytest.mark.parametrize("folder", [*REFUSED, *TRIED_AGAIN])
def test_the_next_mirror_is_tried_at_once(folder, mirror, server, tmp_path):
    path = fetch(mirror(folder, "good"), "set", root=tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [f"/{folder}/{NAME}", f"/good/{NAME}"]
    assert below(tmp_path) == [path]


@pytest.mark.parametrize("folder", REFUSED)
def test_what_will_not_change_is_asked_for_once(folder, mirror, server, tmp_path):
    with pytest.raises(DownloadError):
        fetch(mirror(folder), "set", root=tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize("folder", TRIED_AGAIN)
def test_what_may_pass_is_tried_three_times(folder, mirror, server, tmp_path):
    with pytest.raises(DownloadError):
        fetch(mirror(folder), "set", root=tmp_path)
    assert len(server.asked) == 3


def test_pauses_grow_between_rounds(mirror, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(download, "PAUSE", 1.0)
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    with pytest.raises(DownloadError):
        fetch(mirror("broken"), "set", root=tmp_path)
    assert pauses == [1.0, 2.0]


def test_a_passing_fault_passes(mirror, tmp_path):
    assert fetch(mirror("once"), "set", root=tmp_path).read_bytes() == CONTENT


def test_gz_announced_as_an_encoding_is_stored_as_it_is(mirror, tmp_path):
    assert fetch(mirror("packed"), "set", root=tmp_path).read_bytes() == CONTENT


def test_offline_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0)
    closed = RemoteFile(NAME, "0" * 64, 1, ("https://127.0.0.1:1/", "https://localhost:1/"))
    with pytest.raises(DownloadError) as error:
        fetch(closed, "set", root=tmp_path)
    assert "(127.0.0.1: no connection; localhost: no connection)" in str(error.value)
    assert "try again when the network is there" in str(error.value)
    assert below(tmp_path) == []


def test_silence_and_a_bad_certificate_are_said_in_few_words():
    from requests import exceptions

    assert download._short(exceptions.ReadTimeout("HTTPSConnectionPool(...)")) == "no answer for 30 seconds"
    assert download._short(exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")) == "its certificate was refused"
    assert download._short(OSError("two\nlines")) == "two lines"


# https only


def test_https_is_the_only_scheme():
    assert download._SCHEMES == ("https",)


def test_http_is_refused_before_anybody_is_asked(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0)
    with pytest.raises(DownloadError, match=r"leads to http://127.0.0.1.*, which is not https"):
        fetch(remote(server, "good"), "set", root=tmp_path)
    assert server.asked == []


def test_every_file_of_the_course_has_two_https_mirrors_on_two_hosts():
    files = {file for splits in FILES.values() for split in splits.values() for file in split}
    assert len(files) == 11
    for file in files:
        hosts = {url.split("/")[2] for url in file.urls}
        assert all(url.startswith("https://") and url.endswith("/" + file.name) for url in file.urls)
        assert len(hosts) >= 2, file.name
        if file.sha256 is None:
            assert file.name == "zip.train.gz"
            assert file.check is not None
        else:
            assert len(bytes.fromhex(file.sha256)) == 32
    assert len({file.sha256 for file in files}) == len(files)


def test_sizes_add_up_to_those_of_the_published_files():
    """Of four files each for MNIST and Fashion-MNIST, and of CIFAR-10's binary version, in bytes."""
    totals = {name: sum({f: f.size for s in FILES[name].values() for f in s}.values()) for name in FILES}
    assert totals["mnist"] == 9_912_422 + 28_881 + 1_648_877 + 4_542
    assert totals["fashion-mnist"] == 26_421_880 + 29_515 + 4_422_102 + 5_148
    assert totals["cifar10"] == 170_052_171


# What is there already


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (PAGE, "is a web page, not the data"),
        (CONTENT[:-1], "is cut off: 200,082 of 200,083 bytes"),
        (CONTENT[:-1] + b"?", "has sha256 "),
        (CONTENT + b"?", "has sha256 "),
        (b"", "is cut off: 0 of 200,083 bytes"),
    ],
)
def test_a_bad_file_at_its_place_is_named_and_then_replaced(content, problem, mirror, tmp_path):
    path = tmp_path / "set" / NAME
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(FileNotFoundError) as error:
        fetch(mirror("good"), "set", root=tmp_path, download=False)
    assert f"set/{NAME} is needed: {path} {problem}" in str(error.value)
    assert "allow download=True, or put the file from http" in str(error.value)
    with pytest.raises(
        DownloadError, match=f"could not be downloaded .{re.escape(f'{path} {problem}')}.*HTTP 404"
    ):
        fetch(mirror("missing"), "set", root=tmp_path)
    assert fetch(mirror("good"), "set", root=tmp_path).read_bytes() == CONTENT
    assert below(tmp_path) == [path]


def test_a_missing_file_is_asked_for_by_name(mirror, server, tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        fetch(mirror("good"), "set", root=tmp_path, download=False)
    assert str(error.value).startswith(f"set/{NAME} is needed: not found in {tmp_path}; allow download=True")
    assert server.asked == []


def test_a_file_that_cannot_be_read_says_so(mirror, tmp_path, monkeypatch):
    def closed(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / NAME).write_bytes(CONTENT)
    monkeypatch.setattr(download, "open", closed, raising=False)
    with pytest.raises(FileNotFoundError, match=r"numbers.gz cannot be read \(Permission denied\)"):
        fetch(mirror("good"), "set", root=tmp_path, download=False)


def counted(path):
    """A check in place of a checksum."""
    if path.read_bytes() != CONTENT:
        raise ValueError("it holds 3 of what should be 4")


def test_without_a_published_checksum_the_contents_are_checked(mirror, server, tmp_path):
    facts = {"sha256": None, "check": counted, "size": 300_000}
    with pytest.raises(DownloadError, match="what it sent is not what was published: it holds 3"):
        fetch(mirror("other", **facts), "set", root=tmp_path)
    assert below(tmp_path) == []
    path = fetch(mirror("other", "good", **facts), "set", root=tmp_path)
    path.write_bytes(b"something else")
    with pytest.raises(FileNotFoundError, match="is not what was published: it holds 3"):
        fetch(mirror("good", **facts), "set", root=tmp_path, download=False)


def test_without_a_published_checksum_there_is_a_largest_size(mirror, tmp_path):
    facts = {"sha256": None, "check": counted, "size": 100_000}
    with pytest.raises(DownloadError, match="sends more than the 100,000 bytes"):
        fetch(mirror("good", **facts), "set", root=tmp_path)
    (tmp_path / NAME).write_bytes(CONTENT)
    with pytest.raises(FileNotFoundError, match="has 200,083 bytes, at most 100,000 expected"):
        fetch(mirror("good", **facts), "set", root=tmp_path, download=False)


# The disk


class Full:
    """A file on a disk that is full."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, chunk):
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self):
        self.stream.close()
        self.write(b"")  # what could not be written is tried once more


@pytest.mark.parametrize("when", ["writing", "at the end"])
def test_a_full_disk_is_said_at_once_and_leaves_nothing(when, mirror, server, tmp_path, monkeypatch):
    def no_space(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if when == "writing":
        monkeypatch.setattr(download, "open", lambda *args: Full(open(*args)), raising=False)  # noqa: SIM115
    else:
        monkeypatch.setattr(download.os, "fsync", no_space)
    with pytest.raises(DownloadError) as error:
        fetch(mirror("good", "good"), "set", root=tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'set' / NAME} could not be written (No space left on device); free 0.2 MB there, "
        "or set the environment variable CNNLIB_DATA to another folder"
    )
    assert len(server.asked) == 1
    assert below(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of a file")
def test_a_real_limit_on_the_size_of_files_leaves_nothing(server, tmp_path):
    run = in_another_process(
        server,
        "good",
        tmp_path,
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))",
    )
    out, err = run.communicate(timeout=120)
    assert "DownloadError" in out, err
    assert "could not be written (File too large); free 0.2 MB there" in out
    assert below(tmp_path) == []


@pytest.mark.parametrize("what", ["mkdir", "open", "replace"])
def test_a_read_only_folder_is_said_at_once(what, mirror, server, tmp_path, monkeypatch):
    def closed(*_, **__):
        raise PermissionError(errno.EROFS, "Read-only file system")

    owner = {"mkdir": download.Path, "open": download, "replace": download.os}[what]
    monkeypatch.setattr(owner, what, closed, raising=False)
    with pytest.raises(DownloadError) as error:
        fetch(mirror("good", "good"), "set", root=tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'set' / NAME} could not be written (Read-only file system); make it writable, "
        "or set the environment variable CNNLIB_DATA to another folder"
    )
    assert len(server.asked) == (1 if what == "replace" else 0)
    assert below(tmp_path) == []


def test_a_file_where_the_folder_should_be_is_said_at_once(mirror, tmp_path):
    (tmp_path / "set").write_text("not a folder")
    with pytest.raises(DownloadError, match=r"set/numbers.gz could not be written \(.*\); make it writable"):
        fetch(mirror("good"), "set", root=tmp_path)


def test_a_place_that_another_notebook_holds_open_is_fine_if_its_file_is(mirror, tmp_path, monkeypatch):
    def held(part, target):
        Path(target).write_bytes(CONTENT)  # the other notebook was faster
        raise PermissionError(errno.EACCES, "The process cannot access the file")

    monkeypatch.setattr(download.os, "replace", held)
    assert fetch(mirror("good"), "set", root=tmp_path).read_bytes() == CONTENT
    assert len(below(tmp_path)) == 1


def test_a_place_that_holds_another_file_is_not_fine(mirror, tmp_path, monkeypatch):
    def held(part, target):
        Path(target).write_bytes(CONTENT[:-1])
        raise PermissionError(errno.EACCES, "The process cannot access the file")

    monkeypatch.setattr(download.os, "replace", held)
    with pytest.raises(DownloadError, match=r"could not be written \(The process cannot access the file\)"):
        fetch(mirror("good"), "set", root=tmp_path)


def test_a_reader_who_interrupts_leaves_nothing(mirror, tmp_path, monkeypatch):
    class Interrupted(Full):
        def write(self, chunk):
            self.stream.write(chunk[:10])
            raise KeyboardInterrupt

    sink = download._Sink
    monkeypatch.setattr(download, "_Sink", lambda stream, limit: sink(Interrupted(stream), limit))
    with pytest.raises(KeyboardInterrupt):
        fetch(mirror("good"), "set", root=tmp_path)
    assert below(tmp_path) == []


# Other processes


def in_another_process(server, folder, root, before="pass"):
    """Start a Python that fetches the file and prints the path or the error."""
    code = f"""
{before}
from cnnlib.datasets import download
download._SCHEMES, download.PAUSE = ("http",), 0
file = download.RemoteFile(
    {NAME!r}, {hashlib.sha256(CONTENT).hexdigest()!r}, {len(CONTENT)},
    ("http://127.0.0.1:{server.server_address[1]}/{folder}/",),
)
try:
    print(download.fetch(file, "set", root={str(root)!r}))
except Exception as error:
    print(type(error).__name__, error)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True, env=environment
    )


def test_four_notebooks_at_once_get_the_same_good_file(server, tmp_path):
    runs = [in_another_process(server, "together", tmp_path) for _ in range(4)]
    answers = [run.communicate(timeout=120) for run in runs]
    path = tmp_path / "set" / NAME
    assert [out.strip() for out, _ in answers] == [str(path)] * 4, answers
    assert len(server.asked) == 4  # none of them waited for another's file
    assert path.read_bytes() == CONTENT
    assert below(tmp_path) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_half_way_leaves_no_file_and_the_next_call_recovers(mirror, server, tmp_path):
    run = in_another_process(server, "half", tmp_path)
    parts = []
    while run.poll() is None and not (parts and parts[0].stat().st_size > 50_000):
        parts = below(tmp_path)
        time.sleep(0.01)
    assert run.poll() is None, run.communicate()
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=60)
    (part,) = below(tmp_path)
    assert part.name.startswith(f".{NAME}.")
    assert part.name.endswith(".part")

    path = fetch(mirror("good"), "set", root=tmp_path)
    assert path.read_bytes() == CONTENT
    assert below(tmp_path) == [part, path]  # who knows whether somebody is still writing it

    long_ago = time.time() - 2 * download.STALE
    os.utime(part, (long_ago, long_ago))
    path.unlink()
    fetch(mirror("good"), "set", root=tmp_path)
    assert below(tmp_path) == [path]


def test_only_parts_of_the_same_file_are_swept(mirror, tmp_path):
    (tmp_path / "set").mkdir()
    others = [tmp_path / "set" / name for name in (".another.gz.0.part", f"{NAME}.0.part", f".{NAME}.0")]
    for path in others:
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    fetch(mirror("good"), "set", root=tmp_path)
    assert all(path.exists() for path in others)


def test_a_part_that_somebody_else_sweeps_first_is_no_error(mirror, tmp_path, monkeypatch):
    part = tmp_path / "set" / f".{NAME}.0.part"
    part.parent.mkdir()
    part.write_bytes(b"")
    os.utime(part, (0, 0))
    unlink = Path.unlink

    def gone(path, missing_ok=False):
        unlink(path, missing_ok=missing_ok)
        if path == part:
            raise FileNotFoundError(path)

    monkeypatch.setattr(download.Path, "unlink", gone)
    assert fetch(mirror("good"), "set", root=tmp_path).read_bytes() == CONTENT


# Manners


def test_progress_is_shown_on_the_standard_error(mirror, tmp_path, capsys):
    fetch(mirror("good"), "set", root=tmp_path)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("\rset/numbers.gz [")
    assert err.endswith("[#########################] 100 % of 0.2 MB\n")
    assert err.count("\r") <= 101


def test_a_download_that_fails_ends_its_line(mirror, tmp_path, capsys):
    with pytest.raises(DownloadError):
        fetch(mirror("cut"), "set", root=tmp_path)
    assert capsys.readouterr().err.endswith("MB\n")


def test_files_are_readable_for_whom_the_system_says(mirror, tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    path = fetch(mirror("good"), "set", root=tmp_path)
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_importing_the_loaders_loads_nothing_heavy():
    heavy = {"sklearn", "skimage", "scipy", "PIL", "pooch", "requests"}
    code = f"import sys, cnnlib.datasets; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"
