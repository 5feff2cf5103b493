"""Where a notebook's questions are evaluated, and honest notebooks in the real sandboxes."""

import os
import signal
import subprocess
import sys
import time

import pytest
from coursework_lab import blank, grade_here, notebook_bytes, sandbox_or_skip, sources_of, with_answer

from coursework.hw0.variants import CORRECT, WRONG
from coursework.plan import bound_names, evaluation_points
from coursework.unit import grade_one

QUESTIONS = [("q1", ["f"]), ("q2", ["g"]), ("q3", ["h", "k"])]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x):\n    y = 1", {"f"}),
        ("async def f(): pass", {"f"}),
        ("class F:\n    a = 1", {"F"}),
        ("a = b = 1; (c, *d), [e] = x; o.f = g[0] = 1", {"a", "b", "c", "d", "e"}),
        ("a: int = 1\nb += 1\nprint(c := 2)", {"a", "b", "c"}),
        ("import a.b, c as d\nfrom e import f, g as h", {"a", "d", "f", "h"}),
        ("if x:\n    a = 1\nelse:\n    b = 2", {"a", "b"}),
        ("for i in x:\n    with y as z:\n        a = 1", {"i", "z", "a"}),
        ("try:\n    a = 1\nexcept E:\n    b = 1\nfinally:\n    c = 1", {"a", "b", "c"}),
        ("[a for a in x]; (lambda b: (c := 1))", set()),
        ("%matplotlib inline\n!ls\nf = !ls\nx?", {"f"}),
        ("%%time\ndef f(): pass", {"f"}),
        ("\n%%capture out\nf = 1", {"f"}),
        ("%%writefile f.py\nf = 1", set()),
        ("%%bash\nf=1", set()),
        ("await f()\na = 1", {"a"}),
        ("def f(:", set()),
        ("x = '\x00'", set()),
        ("x = '\ud800'", set()),
        ("", set()),
        ("x = " + "(" * 5000, set()),
    ],
)
def test_the_names_that_a_cell_binds(source, names):
    assert bound_names(source) == names


@pytest.mark.parametrize(
    ("cells", "points"),
    [
        (["f=1", "g=1", "h=1"], (1, 2, 3)),
        (["f=1", "check(1)", "g=1", "h=1; k=1", "more"], (2, 3, 5)),
        (["f=1; g=1; h=1"], (1, 1, 1)),
        (["f=0", "help=1", "f=1", "g=1", "g=2", "h=1"], (3, 5, 6)),
        (["h=1", "g=1", "f=1"], (3, 3, 3)),
        (["k=1", "f=1", "g=1", "h=1"], (2, 4, 4)),
        (["g=1", "h=1"], (2, 1, 2)),
        (["f=1", "h=1"], (1, 2, 2)),
        (["f=1", "g=1", "h=1"] * 2, (1, 2, 6)),
        ([], (0, 0, 0)),
    ],
)
def test_a_question_is_evaluated_before_the_first_cell_of_a_later_one(cells, points):
    assert tuple(evaluation_points(cells, QUESTIONS).values()) == points


@pytest.fixture(scope="module")
def grade():
    """Grade cells in the real sandboxes."""
    sandbox_or_skip()

    def grade(*sources, seconds=20, **options):
        return grade_one(notebook_bytes(list(sources)), "hw0", seed=3, seconds=seconds, **options)

    return grade


def points(result):
    return [question["points"] for question in result["questions"].values()]


def reasons(result):
    return {name: question["reason"] for name, question in result["questions"].items() if question["reason"]}


def test_the_solutions_get_all_points_and_the_result_says_what_was_graded(grade):
    result = grade(*sources_of("hw0"))
    assert (result["score"], result["max_score"], result["reason"]) == (6, 6, "")
    assert result["assignment"] == "hw0"
    assert result["seed"] == 3
    assert len(result["sha256"]) == len(result["grader"]) == 64
    assert {cell["status"] for cell in result["cells"]} == {"ok"}
    assert result["questions"]["q3"] == {"title": "Stretch", "points": 2, "max_points": 2, "reason": ""}


def test_a_blank_notebook_gets_none(grade):
    result = grade(*blank("hw0"))
    assert points(result) == [0, 0, 0, 0]
    assert set(reasons(result).values()) == {"not written yet"}


@pytest.mark.parametrize("table", [CORRECT, WRONG], ids=["right", "wrong"])
@pytest.mark.parametrize("turn", range(2))
def test_the_sandbox_marks_as_the_lab_does(grade, table, turn):
    """One variant of each question at a time: results travel, and mean the same afterwards."""
    sources = sources_of("hw0")
    for question in table:
        variant = list(table[question].values())[turn % len(table[question])]
        changed = with_answer("hw0", question, variant)
        where = next(i for i, old in enumerate(sources_of("hw0")) if changed[i] != old)
        sources[where] = changed[where]
    here, there = grade_here("hw0", sources, seed=3), grade(*sources)
    assert {name: (q["points"], q["reason"]) for name, q in there["questions"].items()} == here


HONEST = {
    "magics": (
        "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n%load_ext autoreload\n"
        "%autoreload 2\n%timeit -n1 -r1 1\n!ls\n!pip install nothing\n%pip install nothing\nran = 1"
    ),
    "a figure": (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.title('é')\nplt.savefig('a.png')\n"
        "plt.show()\ndisplay(plt.gcf())\nran = 1"
    ),
    "accents": "été = '✓'\nprint(été)\nran = 1",
    "await": "import asyncio\nawait asyncio.sleep(0)\nran = 1",
    "a flood of output": "for i in range(20000): print('x' * 100)\nran = 1",
    "strict warnings": "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\nran = 1",
    "processes": "import multiprocessing\nwith multiprocessing.Pool(2) as p: p.map(abs, [1])\nran = 1",
    "quit": "quit(); exit()\nran = 1",
    "a module of one's own": "open('mine.py', 'w').write('x = 3')\nimport mine\nassert mine.x == 3\nran = 1",
    "what a notebook knows": "assert __name__ == '__main__'\nget_ipython().magics_manager\nran = 1",
}


def test_what_notebooks_do_works_here(grade):
    sources = sources_of("hw0")
    result = grade(sources[0], *(f"{cell}" for cell in HONEST.values()), *sources[1:])
    assert [cell for cell in result["cells"] if cell["status"] != "ok"] == []
    assert result["score"] == 6


STOPS = {
    "x = input('who?')": "RuntimeError: input() has nobody to ask while a notebook is graded",
    "def f(:": "SyntaxError: invalid syntax, line 1",
    "import sys\nsys.exit(3)": "SystemExit: 3",
    "import torch": "ModuleNotFoundError: torch is not available in this assignment",
    "from scipy.signal import convolve2d": "ModuleNotFoundError: scipy is not available in this assignment",
    "from cnnlib.convolution import conv2d": "ModuleNotFoundError: No module named 'cnnlib.convolution'",
    "1 / 0": "ZeroDivisionError: division by zero",
    "raise KeyError": "KeyError",
}


def test_a_cell_that_fails_says_why_and_stops_no_other(grade):
    sources = sources_of("hw0")
    result = grade(sources[0], *STOPS, *sources[1:])
    told = [cell["message"] for cell in result["cells"] if cell["status"] == "error"]
    assert told == list(STOPS.values())
    assert result["score"] == 6


def test_files_of_cnnlib_that_the_assignment_names_are_there(grade):
    result = grade("import cnnlib.xo\nimport hw0_checks\nhw0_checks.check('q1')")
    assert result["cells"][0] == {"number": 1, "status": "ok", "message": ""}


DEADLY = ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)", "import os; os.closerange(0, 99)"]


def test_a_cell_that_ends_the_process_is_skipped_and_the_rest_is_marked(grade):
    sources = sources_of("hw0")
    result = grade(sources[0], *DEADLY, *sources[1:])
    assert [cell["number"] for cell in result["cells"] if cell["status"] == "skipped"] == [2, 3, 4]
    assert result["score"] == 6


HOGS = {
    "threads": (
        "import threading, time\nfor i in range(55):\n"
        "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    ),
    "processes": "import subprocess\nfor i in range(55): subprocess.Popen(['sleep', '99'])",
    "files": "files = [open('/dev/null') for i in range(220)]",
    "memory": "hog = []\nwhile True: hog.append(np.empty(2**24))",
    "disk": "for i in range(20): open(f'/tmp/{i}', 'wb').write(bytes(10**7))",
    "prints": "for i in range(400): print('x' * 10**6)\nassert not get_ipython().history_manager.outputs",
}


@pytest.mark.parametrize("hog", HOGS.values(), ids=HOGS)
def test_a_cell_that_uses_everything_up_costs_nothing_but_itself(grade, hog):
    sources = sources_of("hw0")
    result = grade(sources[0], hog, *sources[1:], seconds=40)
    assert result["score"] == 6
    assert {cell["number"] for cell in result["cells"] if cell["status"] != "ok"} <= {2}


HANGS = {
    "while True: pass": ("error", "TookTooLong: the cell took longer than 3 s"),
    "while True:\n    try:\n        sum(range(99))\n    except BaseException:\n        pass": (
        "skipped",
        "it took too long",
    ),
    "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\nwhile True: pass": (
        "skipped",
        "it took too long",
    ),
    "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)": ("skipped", "it took too long"),
}


@pytest.mark.parametrize(("cell", "told"), HANGS.items(), ids=["plain", "catching", "deaf", "stopped"])
def test_a_cell_that_hangs_is_left_and_the_rest_is_marked(grade, cell, told):
    sources = sources_of("hw0")
    result = grade(sources[0], cell, *sources[1:], seconds=12)
    assert (result["cells"][1]["status"], result["cells"][1]["message"]) == told
    assert result["score"] == 6


def test_when_the_time_of_the_notebook_is_over_what_was_reached_counts(grade):
    slow = ["import time\ntime.sleep(99)"] * 4
    sources = sources_of("hw0")
    result = grade(*sources[:4], *slow, *sources[4:], seconds=12)
    assert points(result) == [1, 1, 0, 0]
    over = "not reached: the 12 s for the whole notebook were over"
    assert reasons(result) == dict.fromkeys(["q3", "q4"], over)


BAD_ANSWERS = {
    "while True: pass": "took longer than 2 s",
    "import time; time.sleep(1000)": "took longer than 2 s",
    "import os; os._exit(0)": "the code ended its process",
    "import os; os.abort()": "the code ended its process",
    "raise SystemExit": "SystemExit",
    "return 'a' * 10**8": "MemoryError: the result is larger than can be marked",
    "return object()": "expected numbers, got a object. Hint: It is the mean of all pixels.",
    "return brightness(image)": "RecursionError: maximum recursion depth exceeded",
}


@pytest.mark.parametrize(("body", "reason"), BAD_ANSWERS.items(), ids=BAD_ANSWERS)
def test_an_answer_that_hangs_or_crashes_costs_its_own_points_only(grade, body, reason):
    result = grade(*with_answer("hw0", "q1", f"def brightness(image):\n    {body}"))
    assert points(result) == [0, 1, 2, 2]
    assert reasons(result)["q1"].startswith(f"a picture of 1x4: {reason}")


def test_what_an_answer_changes_while_it_is_marked_changes_no_other(grade):
    answer = (
        "def brightness(image):\n    global extremes, stretch\n    extremes = stretch = None\n"
        "    np.mean = np.min = None\n    image[:] = 0\n    return 0.0"
    )
    assert points(grade(*with_answer("hw0", "q1", answer))) == [0, 1, 2, 2]


def test_processes_that_an_answer_leaves_behind_end_with_its_question(grade):
    """A dozen for each case: those of two questions together would be more than may run."""
    leave = "    import subprocess\n    for i in range(12): subprocess.Popen(['sleep', '99'])\n    return "
    first = "def brightness(image):\n" + leave + "image.mean()"
    second = "def extremes(image):\n" + leave + "image.min(), image.max()"
    sources = sources_of("hw0")
    assert points(grade(sources[0], first, second, *sources[5:])) == [1, 1, 2, 2]


def test_later_work_changes_no_earlier_grade(grade):
    later = "def classify(images): return 0\nbrightness = extremes = stretch = None\nimport os; os._exit(1)"
    result = grade(*with_answer("hw0", "q4", later))
    assert points(result) == [1, 1, 2, 0]
    assert reasons(result)["q4"] == (
        "the name classify is not defined: is its cell there and does it run? "
        "Cell 8: it ended the notebook's process"
    )


def test_cells_may_be_split_joined_repeated_or_left_out(grade):
    sources = sources_of("hw0")
    imports, answers = sources[0], sources[1::2]
    split = ["def brightness(x):\n    return helper(x)", "def helper(x):\n    return x.mean()"]
    assert grade(imports, *answers)["score"] == 6
    assert grade("\n".join([imports, *answers]))["score"] == 6
    assert grade(*sources, *sources)["score"] == 6
    assert grade(imports, *answers[::-1])["score"] == 6
    assert grade(imports, *split, *answers[1:])["score"] == 6


@pytest.mark.parametrize("data", [b"", b"no notebook", b'{"cells": 1}', b"[" * 10**6])
def test_what_is_no_notebook_gets_a_result_with_a_reason(grade, data):
    result = grade_one(data, "hw0", seed=1)
    assert result["score"] == 0
    assert "not a notebook" in result["reason"]
    assert reasons(result) == dict.fromkeys(["q1", "q2", "q3", "q4"], result["reason"])


def test_the_seed_decides_what_is_tried(grade):
    """An answer that knows the numbers of one seed does not know those of another."""
    from coursework.question import load

    known = {case.inputs["image"].tobytes(): case.expected for case in load("hw0").questions[0].drawn(3)}
    sources = with_answer("hw0", "q1", f"known = {known}\ndef brightness(x): return known[x.tobytes()]")
    assert points(grade(*sources))[0] == 1
    assert points(grade_one(notebook_bytes(sources), "hw0", seed=4))[0] == 0


def test_when_the_caller_is_killed_nothing_stays(grade, tmp_path):
    cell = "import os, time\nif not os.fork(): os.setsid()\ntime.sleep(1000)"
    (tmp_path / "nb.ipynb").write_bytes(notebook_bytes([cell]))
    code = (
        "import sys; from coursework.unit import grade_one\n"
        "grade_one(open(sys.argv[1], 'rb').read(), 'hw0', seed=1, seconds=300)"
    )
    caller = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "nb.ipynb")])
    try:
        family = waited(lambda: len(descendants(caller.pid)) > 6 and descendants(caller.pid))
    finally:
        caller.send_signal(signal.SIGKILL)
        caller.wait()
    assert family
    assert waited(lambda: not any(map(alive, family)))


def waited(condition, seconds=30):
    """What a condition gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def descendants(pid):
    """The processes below one, by number and time of birth."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        found.append((int(name), int(fields[1]), fields[19]))
    family, new = set(), {pid}
    while new:
        below = {(child, born) for child, parent, born in found if parent in new}
        new = {child for child, _ in below - family}
        family |= below
    return family


def alive(process):
    pid, born = process
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[19] == born
    except OSError:
        return False
