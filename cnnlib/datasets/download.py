"""Fetch a data set's files once, from one of several mirrors, and never keep a bad one.

A file is written beside its place under a passing name, checked, and only then renamed, so that at
its place there is either nothing or the whole, right file: whatever breaks off, runs full, is
killed, or runs in four notebooks at once.
"""

import contextlib
import errno
import hashlib
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

DATA = Path(__file__).resolve().parents[2] / "data"
ATTEMPTS = 3  # rounds through the mirrors
PAUSE = 1.0  # seconds before the second round; each further pause is twice as long
TIMEOUT = 30  # seconds without a byte
STALE = 600  # seconds after which an untouched part was left by a killed process
CHUNK = 1 << 16  # bytes

_SCHEMES = ("https",)  # the tests, which serve from this machine, are the only ones to change this


class DownloadError(OSError):
    """A file could not be fetched or written; the message says what to do."""


class _Refused(Exception):
    """What a mirror sent is not the file; asking it again will not help."""


class _CannotWrite(Exception):
    """The disk is the problem, not the mirror."""


@dataclass(frozen=True)
class RemoteFile:
    """A file that the course knows before it sees it.

    Attributes
    ----------
    name : str
        File name.
    sha256 : str or None
        Its SHA-256, in hexadecimal; None where nobody has published one.
    size : int
        Its size in bytes; with no SHA-256, the most that is accepted.
    mirrors : tuple of str
        Addresses of folders that hold it, https only.
    check : callable, optional
        Where there is no SHA-256: raises ValueError if the contents of the file at a path are not
        what was published about them.
    """

    name: str
    sha256: str | None
    size: int
    mirrors: tuple
    check: Callable | None = None

    @property
    def urls(self):
        return [urljoin(mirror, self.name) for mirror in self.mirrors]


def fetch(file, subfolder, *, root=None, download=True):
    """Return the path of a file that has been checked, downloading it if it is not there.

    Parameters
    ----------
    file : RemoteFile
        What to fetch.
    subfolder : str
        Where it belongs, below the data folder.
    root : path, optional
        The data folder. By default the one named by the environment variable ``CNNLIB_DATA``, then
        the course's own ``data/``.
    download : bool, optional
        Whether to download what is missing.

    Returns
    -------
    pathlib.Path
        The file, with the right checksum.

    Raises
    ------
    FileNotFoundError
        If it is not there and `download` is false.
    DownloadError
        If no mirror delivers it, or it cannot be written.
    """
    folders = _folders(root)
    bad = []
    for folder in folders:
        for path in (folder / subfolder / file.name, folder / file.name):
            if os.path.isfile(path):  # False, too, where the folder cannot be looked into
                problem = _problem(file, path)
                if problem is None:
                    return path
                bad.append(f"{path} {problem}")
    target = folders[0] / subfolder / file.name
    if not download:
        found = "; ".join(bad) or f"not found in {' or '.join(map(str, folders))}"
        raise FileNotFoundError(
            f"{subfolder}/{file.name} is needed: {found}; "
            f"allow download=True, or put the file from {file.urls[0]} at {target}"
        )
    _download(file, target, bad)
    return target


def sha256(path):
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _folders(root):
    """Where to look for files; the first is where to download to."""
    if root is not None:
        return [Path(root).expanduser()]
    named = os.environ.get("CNNLIB_DATA")
    return [Path(named).expanduser(), DATA] if named else [DATA]


def _problem(file, path):
    """What is wrong with a file, as the end of a sentence, or None."""
    try:
        return _wrong_contents(file, path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _wrong_contents(file, path):
    size = path.stat().st_size
    with open(path, "rb") as stream:
        if stream.read(256).lstrip()[:1] == b"<":
            return "is a web page, not the data (a login page or a proxy may have answered)"
    if file.sha256 is None:
        if size > file.size:
            return f"has {size:,} bytes, at most {file.size:,} expected"
        try:
            file.check(path)
        except ValueError as error:
            return f"is not what was published: {error}"
        return None
    if size < file.size:
        return f"is cut off: {size:,} of {file.size:,} bytes"
    digest = sha256(path)
    return None if digest == file.sha256 else f"has sha256 {digest}, expected {file.sha256}"


def _download(file, target, bad):
    """Try mirror after mirror, round after round; `bad` says what is wrong with files found here."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(file, target, error) from None
    _sweep(target)
    urls, failures = file.urls, {}
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        for url in list(urls):
            try:
                return _download_from(url, file, target)
            except _CannotWrite as error:
                raise _unwritable(file, target, error.__cause__) from None
            except _Refused as error:
                urls.remove(url)
                failures[url] = str(error)
            except OSError as error:  # requests' errors are OSErrors
                failures[url] = _short(error)
                if _is_final(error):
                    urls.remove(url)
        if not urls:
            break
    reasons = "; ".join([*bad, *(f"{urlsplit(url).hostname}: {reason}" for url, reason in failures.items())])
    raise DownloadError(
        f"{file.name} could not be downloaded ({reasons}); try again when the network is there, or put "
        f"the file from {file.urls[0]} at {target}, or use a data set that needs no network, such as 'digits'"
    )


def _download_from(url, file, target):
    """Download beside the target, check, rename; leave nothing behind if that fails."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            stream = open(part, "xb")  # noqa: SIM115  closed below
        except OSError as error:
            raise _CannotWrite from error
        progress = _Progress(f"{target.parent.name}/{target.name}", file.size)
        try:
            _get(url, _Sink(stream, file.size), progress)
            _write_out(stream)
        finally:
            progress.close()
            with contextlib.suppress(OSError):  # a full disk complains again; it has been heard
                stream.close()
        problem = _problem(file, part)
        if problem is not None:
            # A part that was cut off may be whole next time, so that is no reason to give up.
            raise (OSError if problem.startswith("is cut off") else _Refused)(f"what it sent {problem}")
        try:
            os.replace(part, target)
        except OSError as error:
            # Windows does not replace a file that another notebook has open; it is as good as ours.
            if not target.is_file() or _problem(file, target) is not None:
                raise _CannotWrite from error
    finally:
        part.unlink(missing_ok=True)


def _write_out(stream):
    """Make the disk say now whether it has taken everything."""
    try:
        stream.flush()
        os.fsync(stream.fileno())
    except OSError as error:
        raise _CannotWrite from error


def _get(url, sink, progress):
    """Stream a file over https with pooch."""
    import pooch

    responses = []

    def before_body(response, **_):
        """Called for each answer, also for one that sends us elsewhere."""
        responses.append(response)
        if response.is_redirect:
            _https_only(urljoin(response.url, response.headers["location"]))
        # Some servers announce a .gz as an encoding of what is in it, and requests would unpack it.
        response.raw.headers.discard("Content-Encoding")

    _https_only(url)
    downloader = pooch.HTTPDownloader(
        progressbar=progress,
        chunk_size=CHUNK,
        timeout=TIMEOUT,
        headers={"Accept-Encoding": "identity"},
        hooks={"response": before_body},
    )
    try:
        downloader(url, sink, None)
    finally:
        for response in responses:  # pooch leaves the connection open when a download fails
            response.close()


def _https_only(url):
    if urlsplit(url).scheme not in _SCHEMES:
        raise _Refused(f"leads to {url}, which is not https")


class _Sink:
    """A file that knows how much it may take, and whose errors are told from the network's."""

    def __init__(self, stream, limit):
        self.stream, self.left, self.limit = stream, limit, limit

    def write(self, chunk):
        self.left -= len(chunk)
        if self.left < 0:
            raise _Refused(f"sends more than the {self.limit:,} bytes of the file")
        try:
            return self.stream.write(chunk)
        except OSError as error:
            raise _CannotWrite from error

    def flush(self):
        pass  # once, at the end


class _Progress:
    """A bar for pooch: what is being fetched, and how far it is. It writes to the standard error."""

    def __init__(self, name, size):
        self.name, self.total, self.size, self.done, self.shown = name, 0, size, 0, -1

    def update(self, n):
        self.done += n
        percent = min(100 * self.done // (self.total or self.size), 100)
        if percent > self.shown:
            self.shown = percent
            bar = "#" * (percent // 4)
            text = f"\r{self.name} [{bar:25}] {percent:3} % of {(self.total or self.size) / 1e6:.1f} MB"
            print(text, end="", file=sys.stderr, flush=True)

    def reset(self):
        self.done = 0

    def close(self):
        if self.shown >= 0:
            print(file=sys.stderr, flush=True)
            self.shown = -1


def _sweep(target):
    """Remove what killed downloads of this file left behind."""
    for part in target.parent.glob(f".{target.name}.*.part"):
        try:
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()
        except OSError:
            continue  # another notebook was faster, or it is not ours to remove


def _is_final(error):
    """Whether the server itself says that asking again will not help (404, but not "too many")."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return 400 <= status < 500 and status not in (408, 429)


def _short(error):
    """A network error in a few words; requests' own are paragraphs."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError):
        return f"HTTP {error.response.status_code} {error.response.reason}"
    if isinstance(error, exceptions.SSLError):
        return "its certificate was refused"
    if isinstance(error, exceptions.Timeout):
        return f"no answer for {TIMEOUT} seconds"
    if isinstance(error, exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, exceptions.ConnectionError):
        return "no connection"
    return " ".join(str(error).split()) or type(error).__name__


def _unwritable(file, target, error):
    """A disk that is full or closed: nothing that another mirror could mend."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    need = f"free {file.size / 1e6:.1f} MB there" if full else "make it writable"
    return DownloadError(
        f"{target} could not be written ({error.strerror}); {need}, or set the environment variable "
        "CNNLIB_DATA to another folder",
    )
