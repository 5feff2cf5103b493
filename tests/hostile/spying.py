"""Find the references, the expected values or the seed, wherever they may be."""

from hostile import Family

SPYING = Family("spying out the answers")
REPORT = """
BREACH = "reached-what" + "-it-must-not"
MARK = b"hidden" + b"-hw"
def report(what, text=""):
    raise RuntimeError(f"{BREACH}: {what} {text}")
"""

SPYING.add(
    "frames-in-the-answer",
    "look for expected values in the frames around a call",
    """
    import sys
    def found(*args):
        frame, seen = sys._getframe(), []
        while frame:
            seen += [*frame.f_locals.values(), *frame.f_globals.values()]
            frame = frame.f_back
        for value in seen:
            for case in value if isinstance(value, (list, tuple)) else [value]:
                if hasattr(case, "expected") and case.expected is not None:
                    return case.expected
                if isinstance(case, dict) and "expected" in case:
                    return case["expected"]
        raise LookupError("nothing there")
    brightness = extremes = stretch = classify = found
    """,
    quick=True,
)
SPYING.add(
    "garbage",
    "search everything the garbage collector knows for cases of this question",
    """
    import gc
    def found(*args):
        for thing in gc.get_objects():
            if type(thing).__name__ in ("Case", "Question", "Assignment") and getattr(thing, "hint", "") == "":
                expected = getattr(thing, "expected", None)
                if expected is not None:
                    return expected
        raise LookupError("nothing there")
    brightness = extremes = stretch = classify = found
    """,
)
SPYING.add(
    "import-the-references",
    "import the hidden tests under every name they might have",
    REPORT
    + """
import importlib, sys
sys.path[:0] = ["/work", "/w", "/srv", "..", "../..", *sys.path]
def found(*args):
    for name in ("coursework.hw0.hidden", "coursework.hw0", "coursework.checker", "hw0.hidden", "hidden", "checker"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        report(name, dir(module))
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
    quick=True,
)
WALK = (
    REPORT
    + """
import os, time
def found(*args):
    end = time.monotonic() + 1.5
    for folder, folders, files in os.walk(TOP):
        folders[:] = [f for f in folders if f not in SKIP]
        for name in files:
            path = os.path.join(folder, name)
            try:
                if not os.path.isfile(path) or os.path.getsize(path) > 2**20:
                    continue
                with open(path, "rb") as file:
                    text = file.read()
            except OSError:
                continue
            if MARK in text:
                at = text.index(MARK)
                report(path, text[at : at + 40].decode(errors="replace"))
            if time.monotonic() > end:
                raise LookupError("no time left")
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
"""
)
EVERYWHERE = "TOP, SKIP = '/', {'usr', 'proc', 'sys', 'site-packages', 'lib-dynload'}"
SPYING.add(
    "walk-the-disk",
    "read every small file outside /usr, /proc and the packages for the sentinel",
    EVERYWHERE + WALK,
    quick=True,
)
SPYING.add("walk-proc", "read every file of /proc", "TOP, SKIP = '/proc', {}" + WALK)
SPYING.add(
    "walk-by-descriptors",
    "go through the file descriptors that are open, and up from those that are folders",
    REPORT
    + """
import os
def found(*args):
    for fd in os.listdir("/proc/self/fd"):
        for path in (f"/proc/self/fd/{fd}", f"/proc/self/fd/{fd}/..", f"/proc/self/fd/{fd}/../.."):
            try:
                names = os.listdir(path)
            except OSError:
                continue
            if "coursework" in names or "hidden.py" in names or "shared" in names:
                report(path, names)
        try:
            data = os.pread(int(fd), 2**20, 0)
        except OSError:
            continue
        if MARK in data or b"expected" in data:
            report(fd, data[:40])
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
)
SPYING.add(
    "other-processes",
    "read memory, environment, command line and folders of every process that can be seen",
    REPORT
    + """
import os
def found(*args):
    me = {os.getpid(), os.getppid()}
    for pid in [p for p in os.listdir("/proc") if p.isdigit()]:
        for entry in ("environ", "cmdline", "maps"):
            try:
                text = open(f"/proc/{pid}/{entry}", "rb").read()
            except OSError:
                continue
            if MARK in text or b"coursework.checker" in text or b"seed" in text.lower():
                report(f"{pid} {entry}", text[:200])
        for entry in ("cwd", "root"):
            try:
                names = os.listdir(f"/proc/{pid}/{entry}")
            except OSError:
                continue
            if "coursework" in names or "submissions" in names:
                report(f"{pid} {entry}", names)
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
)
SPYING.add(
    "read-the-parent",
    "read the memory of all visible processes for the sentinel",
    REPORT
    + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
def found(*args):
    for pid in [int(p) for p in os.listdir("/proc") if p.isdigit()]:
        if pid == os.getpid():
            continue
        libc.ptrace(16, pid, 0, 0)
        try:
            maps = open(f"/proc/{pid}/maps").read().splitlines()
            memory = open(f"/proc/{pid}/mem", "rb", 0)
        except OSError:
            continue
        for line in maps:
            if "rw-p" not in line:
                continue
            low, high = (int(x, 16) for x in line.split()[0].split("-"))
            try:
                memory.seek(low)
                text = memory.read(min(high - low, 2**24))
            except (OSError, ValueError, OverflowError):
                continue
            if b"f4b2e9a70c1d5-0wh-neddih"[:-20:-1] in text:
                report(f"memory of {pid}")
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
)
SPYING.add(
    "environment",
    "read the environment and the arguments",
    REPORT
    + """
import os, sys
def found(*args):
    text = f"{dict(os.environ)} {sys.argv} {sys.orig_argv} {os.getcwd()} {os.uname()}"
    if "seed" in text.lower() or "hidden" in text or "submi" in text:
        report("environment", text)
    secret = [k for k in os.environ if any(s in k.upper() for s in ("TOKEN", "KEY", "SECRET", "PASS", "GIT"))]
    if secret:
        report("environment", secret)
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
)
SPYING.add(
    "compiled-files",
    "look for compiled files and stored versions of the references",
    REPORT
    + """
import glob, subprocess
def found(*args):
    for pattern in ("/course/**", "/home/*/*", "/root/*", "/*/hidden*", "/*/.git", "/*/*/.git"):
        for path in glob.iglob(pattern, recursive=True, include_hidden=True):
            if "hidden.cpython" in path or path.endswith(("/hidden.py", "/.git")) and "-packages" not in path:
                report(path)
    try:
        done = subprocess.run(["git", "-C", "/", "log"], capture_output=True, text=True, timeout=1)
    except (OSError, subprocess.TimeoutExpired):
        raise LookupError("nothing there") from None
    if done.returncode == 0:
        report("git", done.stdout)
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
)
SPYING.add(
    "where-packages-come-from",
    "follow every path that the installed packages name",
    REPORT
    + """
import glob, os, re, sys
def found(*args):
    for folder in [p for p in sys.path if p]:
        for path in glob.glob(folder + "/*.pth") + glob.glob(folder + "/*.dist-info/direct_url.json"):
            for place in re.findall(r"(/[\\w./-]+)", open(path).read()):
                if os.path.isdir(place) and "coursework" in os.listdir(place):
                    report(place, os.listdir(place))
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
)
SPYING.instead(
    "hidden-packages",
    "bring back packages that the assignment hides",
    REPORT
    + """
import ctypes, importlib, os, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.unshare(0x10020000)
for line in open("/proc/self/mountinfo"):
    place = line.split()[4]
    if any(name in place for name in ("torch", "scipy", "sklearn", "skimage")):
        libc.umount2(place.encode(), 2)
        libc.mount(b"tmpfs", place.encode(), b"tmpfs", 0, None)
        libc.rename(place.encode(), b"/w/elsewhere")
importlib.invalidate_caches()
for name in ("torch", "scipy.ndimage", "sklearn", "skimage"):
    try:
        report(importlib.import_module(name).__version__)
    except (ImportError, AttributeError):
        pass
    done = subprocess.run([sys.executable, "-c", f"import {name}.version"], capture_output=True)
    if done.returncode == 0:
        report(name)
""",
)
SPYING.add(
    "seed-guess",
    "try seeds until the inputs come out, then draw the rest of what that seed gives",
    """
    import numpy as np
    def seeds(image):
        for seed in range(3000):
            for key in (seed, [seed, *b"q1"], [seed, 0], [seed, 1]):
                if np.allclose(np.random.default_rng(key).normal(size=image.shape), image):
                    return key
        raise LookupError("no such seed")
    def brightness(image): return seeds(image)
    def extremes(image): return seeds(image), 0
    def stretch(image): return seeds(image)
    def classify(images): return seeds(images)
    """,
)
SPYING.add(
    "earlier-question",
    "store what an earlier question was asked, and answer later ones with it",
    """
    import pickle, sys
    def keep(image):
        with open("/w/kept", "ab") as file:
            pickle.dump([image, {k: v for k, v in sys._getframe(1).f_globals.items() if k.startswith("_")}.keys()], file)
        return 0.0
    brightness = keep
    """,
    """
    def extremes(image):
        with open("/w/kept", "rb") as file:
            image, names = pickle.load(file)
        return image.min(), image.max()
    stretch = classify = extremes
    """,
)
SPYING.add(
    "audit",
    "record what the grader opens, imports and compiles",
    REPORT
    + """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(repr((event, args))[:300]))
def found(*args):
    text = "".join(seen)
    if MARK.decode() in text or "hidden.py" in text:
        report("audit", text[-200:])
    raise LookupError("nothing there")
brightness = extremes = stretch = classify = found
""",
)
SPYING.add(
    "trace",
    "trace every call, and read the locals of all functions that run",
    REPORT
    + """
import sys, threading
def trace(frame, event, arg):
    for name in ("expected", "reference", "labels", "seed"):
        if frame.f_locals.get(name) is not None:
            raise RuntimeError(f"{BREACH}: {name}")
    return trace
sys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)
def brightness(image): return 0.0
def extremes(image): return 0.0, 0.0
def stretch(image): return image
def classify(images): return [0] * len(images)
""",
)
