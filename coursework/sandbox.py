"""The two sandboxes around a submission, made by bubblewrap, and whether this machine can make them.

The outer one holds the trusted checker; the inner one, within it, holds the student's process.
Neither has a network, another process in sight or a file that it could change.
"""

import functools
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from coursework import seccomp

ROOT = Path(__file__).resolve().parent.parent
MEMORY = 4 * 2**30  # bytes that all processes of a student may hold together
OWN = ("cnnlib", "coursework")  # if they are installed beside the packages, students do not see them
SHIPPED = ("__init__.py", "check.py", "messages.py", "plan.py", "runner.py")
MUTE = "\n\ndef check(question=None):\n    pass  # its verdict is for the student and costs time here\n"
ISOLATED = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
INSTRUCTIONS = {
    "system": "Submissions are graded on Linux only; on Windows use WSL 2, on a Mac a virtual machine.",
    "machine": "Submissions are graded on processors of the kinds x86_64 and aarch64; here is {}.",
    "root": (
        "Submissions are not graded as root: limits do not hold there. "
        "Use an ordinary account, for example: sudo -u grader ..."
    ),
    "missing": "Submissions are graded in bubblewrap, which is missing: sudo apt install bubblewrap",
    "old": "Submissions are graded in bubblewrap 0.8 or newer; here is {}.",
    "apparmor": (
        "Ubuntu's AppArmor keeps bubblewrap from making a sandbox. Allow it: write into "
        "/etc/apparmor.d/bwrap\n  abi <abi/4.0>,\n  include <tunables/global>\n"
        "  profile bwrap /usr/bin/bwrap flags=(unconfined) {{ userns, }}\n"
        "and run: sudo systemctl reload apparmor\nbubblewrap said: {}"
    ),
    "namespaces": (
        "This machine makes no user namespaces for ordinary accounts. Allow them: "
        "sudo sysctl user.max_user_namespaces=10000 (on Debian 10 also kernel.unprivileged_userns_clone=1; "
        "in Docker run the container with --security-opt seccomp=unconfined "
        "--security-opt apparmor=unconfined --security-opt systempaths=unconfined)\nbubblewrap said: {}"
    ),
}


class Refused(Exception):
    """Submissions cannot be graded here; the message says what to do about it."""


@functools.cache
def refusal():
    """Why submissions cannot be graded here: None, or a reason with what to do about it."""
    if not sys.platform.startswith("linux"):
        return INSTRUCTIONS["system"]
    if platform.machine() not in seccomp.MACHINES:
        return INSTRUCTIONS["machine"].format(platform.machine())
    if os.geteuid() == 0:
        return INSTRUCTIONS["root"]
    if shutil.which("bwrap") is None:
        return INSTRUCTIONS["missing"]
    asked = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    if "--disable-userns" not in asked.stdout + asked.stderr:
        version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)
        return INSTRUCTIONS["old"].format(version.stdout.strip())
    tried = subprocess.run(empty(), capture_output=True, text=True, check=False, timeout=60)
    if not tried.returncode:
        return None
    switch = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    kind = "apparmor" if switch.is_file() and switch.read_text().strip() == "1" else "namespaces"
    return INSTRUCTIONS[kind].format(tried.stderr.strip())


def empty():
    """The command line that starts both sandboxes with nothing in them."""
    return [*outer(), *_box(), "--disable-userns", "--", "true"]


def require():
    """Raise `Refused` where submissions cannot be graded."""
    if reason := refusal():
        raise Refused(reason)


def _box():
    """A file system with the system's and Python's programs, and nothing else."""
    command = ["bwrap", *ISOLATED, "--clearenv", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), f"/{name}"]
        elif path.is_dir():
            command += ["--ro-bind", f"/{name}", f"/{name}"]
    command += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(16 * 2**20), "--tmpfs", "/dev/shm"]
    command += ["--size", str(64 * 2**20), "--tmpfs", "/tmp"]
    if ROOT.is_relative_to("/usr"):
        command += ["--size", str(2**20), "--tmpfs", str(ROOT)]
    bases = dict.fromkeys((sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix))
    for base in (Path(base) for base in bases if not Path(base).is_relative_to("/usr")):
        for part in ("bin", "lib", "lib64", "pyvenv.cfg"):
            if (base / part).exists():
                command += ["--ro-bind", str(base / part), str(base / part)]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    return command


def environment():
    """The variables of both sandboxes: one thread, no screen, no network, English."""
    return {
        "HOME": "/tmp",
        "USER": "student",
        "LANG": "C.UTF-8",
        "PATH": f"{sys.prefix}/bin:/usr/bin",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "PIP_NO_INDEX": "1",
    }


def python(code, *arguments):
    """The command that runs a piece of code in the Python that runs this."""
    return [sys.executable, "-I", "-B", "-X", "utf8", "-c", code, *map(str, arguments)]


def outer():
    """The command line of the outer sandbox, which sees the grader and the assignments.

    Returns
    -------
    list of str
        What is to run in it goes behind.
    """
    command = _box()
    for folder in ("coursework", "cnnlib"):
        command += ["--ro-bind", str(ROOT / folder), str(ROOT / folder)]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]


def inner(assignment, folder, descriptors):
    """The command line of the inner sandbox, which sees what a student may see.

    Parameters
    ----------
    assignment : Assignment
    folder : Path
        An empty folder of the outer sandbox, for what is made for this assignment.
    descriptors : (int, int, int)
        Where the runner reads, where it writes, and where `seccomp.program` can be read.

    Returns
    -------
    list of str
    """
    checks = folder / f"{assignment.name}_checks.py"
    checks.write_text(assignment.checks() + MUTE, encoding="utf-8")
    files = {f"/course/coursework/{name}": ROOT / "coursework" / name for name in SHIPPED}
    files |= {f"/course/cnnlib/{name}": ROOT / "cnnlib" / name for name in assignment.cnnlib}
    files[f"/course/{checks.name}"] = checks
    *pipes, calls = descriptors
    command = [*_box(), "--disable-userns", *_masks(assignment, folder)]
    for place, path in files.items():
        command += ["--ro-bind", str(path), place]
    command += ["--size", str(128 * 2**20), "--tmpfs", "/home/student", "--setenv", "HOME", "/home/student"]
    command += ["--ro-bind", "/proc/sys", "/proc/sys"]  # newer kernels have settings for each namespace
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/home/student"]
    command += ["--seccomp", str(calls), "--"]
    start = "import sys; sys.path.insert(0, '/course'); from coursework.runner import main; main({}, {})"
    return command + python(start.format(*pipes))


def _masks(assignment, folder):
    """Put something that cannot be imported over what an assignment hides."""
    command = []
    packages = [Path(path) for path in sys.path if path.endswith("-packages")]
    for base in {"/usr", "/usr/local", sys.base_prefix}:
        for path in Path(base).glob("lib/python3*/*-packages"):
            if path not in packages:
                command += ["--tmpfs", str(path), "--remount-ro", str(path)]  # packages of other Pythons
    for name in (*assignment.hides, *OWN):
        mask = folder / "hidden" / name
        mask.mkdir(parents=True)
        text = f"raise ModuleNotFoundError('{name} is not available in this assignment', name='{name}')\n"
        (mask / "__init__.py").write_text(text, encoding="utf-8")
        for place in packages:
            for path in (place / name, *place.glob(f"{name}.py"), *place.glob(f"{name}.*.so")):
                if path.exists():
                    source = mask if path.is_dir() else mask / "__init__.py"
                    command += ["--ro-bind", str(source), str(path)]
    return command
