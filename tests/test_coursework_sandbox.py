"""What a student's process can see, reach and use up, and where the grader refuses to grade."""

import importlib
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from coursework_lab import notebook_bytes, sandbox_or_skip, sources_of

from coursework import sandbox, seccomp, unit
from coursework.question import HERE, NAMES, TRIAL, load
from coursework.sandbox import Refused
from coursework.unit import grade_one


@pytest.fixture(scope="module")
def look():
    """Run code as a student and get what it leaves in ``seen``, as JSON."""
    sandbox_or_skip()

    def look(code, seconds=20):
        cell = f"import json, os\n{code}\nraise Exception(json.dumps(seen))"
        result = grade_one(notebook_bytes([cell]), "hw0", seed=1, seconds=seconds)
        message = result["cells"][0]["message"]
        assert message.startswith("Exception: "), message
        return json.loads(message.removeprefix("Exception: "))

    return look


def test_no_file_of_the_grader_the_course_or_others_is_there(look):
    seen = look(
        f"""
seen = [sorted(os.listdir(f'/course/{{name}}')) for name in ('', 'coursework', 'cnnlib')]
seen += [os.listdir('/home'), sorted(os.listdir('/'))]
seen += [os.path.exists('{sandbox.ROOT}/coursework'), os.path.exists('{sandbox.ROOT}/tests')]
"""
    )
    system = [name for name in ("bin", "lib", "lib64", "sbin") if Path("/", name).exists()]
    seen[3].sort(key="student".__ne__)  # the first of them
    pythons = {Path(path).parts for path in (sys.prefix, sys.base_prefix)}
    homes = sorted({parts[2] for parts in pythons if parts[1] == "home"})  # the way to Python, empty else
    assert seen == [
        ["cnnlib", "coursework", "hw0_checks.py"],
        ["__init__.py", "check.py", "messages.py", "plan.py", "runner.py"],
        ["__init__.py", "xo.py"],
        ["student", *homes],
        sorted({*system, *folders_of_python(), *["course", "dev", "etc", "home", "proc", "tmp", "usr"]}),
        False,
        False,
    ]


def folders_of_python():
    """The folders at the top under which this Python lies."""
    return {Path(path).parts[1] for path in (sys.prefix, sys.base_prefix)}


def test_the_hidden_tests_are_in_no_file(look):
    seen = look(
        """
import sys
word, seen, files = ('hidden-' + 'hw0').encode(), [], 0
for top in ('/course', '/tmp', '/home', '/dev/shm'):
    for folder, folders, names in os.walk(top):
        if folder in (sys.prefix, sys.base_prefix):
            folders.clear()
        for name in names:
            files += 1
            with open(os.path.join(folder, name), 'rb') as file:
                if word in file.read(): seen.append(name)
seen = [seen, files > 7]
"""
    )
    assert seen == [[], True]


def test_no_other_process_is_in_sight(look):
    seen = look(
        "seen = sorted(open(f'/proc/{p}/comm').read().strip() for p in os.listdir('/proc') if p.isdigit())"
    )
    assert seen in (["bwrap", "python"], ["bwrap", "bwrap", "python"])


def test_the_environment_and_the_open_files_tell_nothing(look, monkeypatch):
    monkeypatch.setenv("SECRET_SEED", "1234")
    seen = look(
        "files = [os.readlink(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{f}')]\n"
        "seen = [sorted(os.environ), sorted(f.split(':')[0] for f in files)]"
    )
    assert seen[0] == sorted({*sandbox.environment(), "PWD"})
    assert seen[1] == ["/dev/null", "/dev/null", "/dev/null", "pipe", "pipe"]


def test_nothing_can_be_written_outside_three_small_places(look):
    seen = look(
        "seen = []\n"
        "places = '/ /dev /usr /usr/lib /course /course/coursework /home /proc /lib'.split()\n"
        "try: open('/proc/sys/kernel/pid_max', 'r+'); seen.append('pid_max')\nexcept OSError: pass\n"
        f"for folder in [*places, {sys.prefix + '/bin'!r}, {sys.prefix + '/lib'!r}]:\n"
        "    try:\n        open(folder + '/new', 'w'); seen.append(folder)\n    except OSError: pass\n"
        "for folder in ('/tmp', '/dev/shm', '/home/student'):\n"
        "    size = 0\n    try:\n"
        "        for i in range(50):\n"
        "            with open(f'{folder}/{i}', 'wb') as file: size += file.write(b'x' * 10**7)\n"
        "    except OSError: pass\n"
        "    seen.append(size // 10**7)\n"
    )
    assert seen == [6, 1, 13]  # tens of megabytes


def test_a_file_is_at_most_64_megabytes(look):
    code = "seen = 0\nfile = os.open('a', os.O_CREAT | os.O_RDWR)\n"
    seen = look(code + "try: os.truncate(file, 2**27)\nexcept OSError: seen = 1")
    assert seen == 1


def test_no_file_of_the_outer_sandbox_is_within_reach(look):
    seen = look(
        """
seen = []
for pid in filter(str.isdigit, os.listdir('/proc')):
    for name in os.listdir(f'/proc/{pid}/fd'):
        try: seen.append(os.readlink(f'/proc/{pid}/fd/{name}').split(':')[0])
        except OSError: pass
    for link in ('root', 'cwd'):
        seen += [name for name in os.listdir(f'/proc/{pid}/{link}/') if name in ('work', 'root', 'var')]
seen = sorted(set(seen))
"""
    )
    assert set(seen) <= {"/dev/null", "pipe", "anon_inode", "/proc", *(f"/proc/{i}/fd" for i in range(20))}


def test_there_is_no_network(look):
    seen = look(
        "import socket\nseen = []\n"
        "for address in (('1.1.1.1', 53), ('127.0.0.1', 22), ('localhost', 80)):\n"
        "    try: socket.create_connection(address, timeout=2); seen.append(address)\n"
        "    except OSError: pass\n"
        "seen.append([line.split(':')[0].strip() for line in open('/proc/net/dev')][2:])"
    )
    assert seen == [["lo"]]


def test_a_fork_bomb_stops_at_the_limit(look):
    seen = look(
        "import time, signal\nseen, children = 0, []\n"
        "try:\n"
        "    while seen < 200:\n"
        "        child = os.fork()\n"
        "        if not child: time.sleep(100); os._exit(0)\n"
        "        seen += 1; children.append(child)\n"
        "except OSError: pass\n"
        "for child in children: os.kill(child, signal.SIGKILL); os.waitpid(child, 0)"
    )
    assert 20 < seen < 64


def test_memory_files_and_descriptors_have_limits(look):
    seen = look(
        "import resource, ctypes, socket, errno\nseen = []\n"
        "try: bytearray(5 * 2**30)\nexcept MemoryError: seen.append('memory')\n"
        "try: [open('/dev/null') for i in range(300)]\nexcept OSError: seen.append('files')\n"
        "try: resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nexcept ValueError: seen.append('limits')\n"
    )
    assert seen == ["memory", "files", "limits"]


def test_system_calls_that_no_homework_needs_are_denied(look):
    seen = look(
        "import ctypes, socket\nlibc = ctypes.CDLL(None, use_errno=True)\nseen = []\n"
        "try: os.memfd_create('a')\nexcept PermissionError: seen.append('memfd')\n"
        "calls = {'shmget': (0, 4096, 0o1600), 'ptrace': (0, 0, 0, 0), 'unshare': (0x10000000,)}\n"
        "calls |= {'mount': (0, 0, 0, 0, 0), 'setns': (0, 0)}\n"
        "for name, arguments in calls.items():\n"
        "    if getattr(libc, name)(*arguments) == -1 and ctypes.get_errno() == 1: seen.append(name)\n"
        "for family in (1, 2, 10, 16, 17, 38, 40):\n"
        "    try: socket.socket(family, 1 if family != 17 else 3).close()\n"
        "    except PermissionError: seen.append(family)\n"
        "    except OSError as error: seen.append(str(error))\n"
    )
    assert seen == ["memfd", "shmget", "ptrace", "unshare", "mount", "setns", 16, 17, 38, 40]


def test_a_process_that_stays_behind_dies_with_the_sandbox(look):
    name = f"1000.{os.getpid()}"
    seen = look(
        f"import subprocess\nchild = subprocess.Popen(['sleep', '{name}'], start_new_session=True)\n"
        "while not (seen := open(f'/proc/{child.pid}/cmdline').read()).startswith('sleep'): pass"
    )
    assert seen == f"sleep\0{name}\0"
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if name.encode() in read(path)]


def read(path):
    try:
        return path.read_bytes()
    except OSError:  # it just ended
        return b""


def test_all_processes_together_may_not_hold_more_memory_than_allowed(look, monkeypatch):
    small = unit.CODE.replace("main()", "from coursework import sandbox; sandbox.MEMORY = 6 * 10**8; main()")
    monkeypatch.setattr(unit, "CODE", small)
    cell = "import os, time\nfor i in range(4):\n    if not os.fork():\n        x = np.ones(3 * 10**7)\n"
    sources = sources_of("hw0")
    sources.insert(1, cell + "        time.sleep(99)\ntime.sleep(99)")
    result = grade_one(notebook_bytes(sources), "hw0", seed=1, seconds=80)
    assert result["cells"][1]["status"] == "skipped"
    assert result["cells"][1]["message"].startswith("it used more than 0.5")
    assert result["score"] == 6


LIES = """
import coursework.check, coursework.runner, coursework.messages, os, struct, sys
np.isclose = np.allclose = np.array_equal = lambda *a, **k: True
coursework.check.difference = lambda *a, **k: None
coursework.check.evaluate = coursework.runner.evaluate = lambda case, names: case.expected
coursework.messages.encode.__defaults__ = (0,)
class Equal:
    __eq__ = __ge__ = lambda self, other: True
    __hash__ = None
    def __array__(self, *a, **k): return np.array(np.nan)
"""
BODIES = ["Equal()", "None", "float('nan')", "np.nan", "True", "[]", "np.ma.masked", "0"]


@pytest.mark.parametrize("body", BODIES)
def test_lies_earn_nothing(look, body):
    cells = [sources_of("hw0")[0], LIES]
    names = ("brightness", "extremes", "stretch", "classify")
    cells += [f"def {name}(*a):\n    return {body}" for name in names]
    result = grade_one(notebook_bytes(cells), "hw0", seed=1, seconds=20)
    assert [cell["message"] for cell in result["cells"]] == [""] * 6
    assert result["score"] == 0


FORGED = """
import os, struct, json
for name in os.listdir('/proc/self/fd'):
    for message in (['ok', ''], ['x', ['ok', '']], [[{'value': 1.0}] * 4, ''], {'q1': 0}):
        text = json.dumps(message).encode()
        try: int(name) > 2 and os.write(int(name), struct.pack('>I', len(text)) + text)
        except OSError: pass
"""


def test_answers_written_before_the_question_end_that_cell_only(look):
    sources = sources_of("hw0")
    result = grade_one(notebook_bytes([sources[0], FORGED, *sources[1:]]), "hw0", seed=1, seconds=20)
    assert [cell["number"] for cell in result["cells"] if cell["status"] != "ok"] == [2]
    assert result["score"] == 6


def test_the_filter_has_jumps_within_itself():
    for machine in seccomp.MACHINES:
        code = [struct.unpack("=HBBI", line) for line in chunks(seccomp.program(machine))]
        assert code[-2:] == [(6, 0, 0, 0x00050001), (6, 0, 0, 0x7FFF0000)]
        for i, (_, true, false, _) in enumerate(code):
            assert i + 1 + max(true, false) <= len(code) - (i < len(code) - 1)


def chunks(data):
    return [data[i : i + 8] for i in range(0, len(data), 8)]


@pytest.fixture
def fresh():
    """Forget what was found out about this machine, before and after."""
    sandbox.refusal.cache_clear()
    yield
    sandbox.refusal.cache_clear()


def test_root_is_refused(fresh, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Refused, match="not graded as root"):
        grade_one(b"", TRIAL, seed=1)


def test_without_bubblewrap_nothing_is_graded(fresh, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Refused, match="apt install bubblewrap"):
        grade_one(b"", TRIAL, seed=1)


def test_other_systems_and_processors_are_refused(fresh, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert "riscv64" in sandbox.refusal()
    sandbox.refusal.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux only" in sandbox.refusal()


def bubblewrap(monkeypatch, *, help_text="--disable-userns", version="bubblewrap 0.8.0", error=""):
    """A machine with such a bubblewrap."""

    def run(command, **options):
        said = {"--help": help_text, "--version": version}.get(command[1], "")
        return subprocess.CompletedProcess(command, bool(error and not said), said, error)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)


def test_an_old_bubblewrap_is_refused_by_its_version(fresh, monkeypatch):
    bubblewrap(monkeypatch, help_text="--unshare-all", version="bubblewrap 0.6.1")
    assert "here is bubblewrap 0.6.1" in sandbox.refusal()


@pytest.mark.parametrize(("switch", "advice"), [("1", "/etc/apparmor.d/bwrap"), ("0", "max_user_namespaces")])
def test_without_user_namespaces_the_way_to_them_is_told(fresh, monkeypatch, switch, advice):
    bubblewrap(monkeypatch, error="setting up uid map: Permission denied")
    monkeypatch.setattr(Path, "is_file", lambda path: "apparmor" in str(path))
    monkeypatch.setattr(Path, "read_text", lambda path: switch)
    told = sandbox.refusal()
    assert advice in told
    assert "uid map: Permission denied" in told


def test_where_all_is_well_nothing_is_refused(fresh, monkeypatch):
    bubblewrap(monkeypatch)
    assert sandbox.refusal() is None


@pytest.mark.parametrize("name", [name for name in (TRIAL, *NAMES) if (HERE / name).is_dir()])
def test_the_checks_of_a_release_hold_no_hidden_test(name):
    text = load(name).checks()
    secret = importlib.import_module(f"coursework.{name}.hidden").SENTINEL
    assert "hidden-" in secret
    assert secret not in text
    assert "import Case" not in text
    assert text.rstrip().endswith("check = checker(TESTS)")
