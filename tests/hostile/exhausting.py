"""Use up memory, disk, processes, descriptors and time, so that others go short."""

from hostile import HONEST, POINTS, START, Family

EXHAUSTING = Family("exhausting the machine")

EXHAUSTING.beside(
    "fork-bomb",
    "fork as often as it goes",
    """
    import os
    while True:
        try:
            os.fork()
        except OSError:
            pass
    """,
    quick=True,
)
EXHAUSTING.beside(
    "shell-bomb",
    "the shell's fork bomb",
    "import subprocess\nsubprocess.Popen(['bash', '-c', ':(){ :|:& };:'], start_new_session=True).wait()",
    right=(),  # it may go off while the first answer is tried
    may=tuple(POINTS),
)
EXHAUSTING.beside(
    "busy-crowd",
    "sixty busy processes, each in a session of its own, so that neighbours get no processor",
    """
    import os
    for _ in range(60):
        if not os.fork():
            os.setsid()
            while True:
                pass
    while True:
        pass
    """,
    right=(),
    may=tuple(POINTS),
)
EXHAUSTING.beside(
    "thread-bomb",
    "ten thousand threads",
    """
    import threading, time
    for _ in range(10_000):
        threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start()
    """,
)
EXHAUSTING.beside("memory", "take all memory there is", "x = []\nwhile True:\n    x.append(bytearray(2**26))")
EXHAUSTING.beside("memory-at-once", "sixteen gigabytes of ones", "x = np.ones(2**31)")
EXHAUSTING.within(
    "memory-in-the-answer",
    "take all memory in an answer",
    "def brightness(image):\n    return np.ones(2**30).sum()",
)
EXHAUSTING.beside(
    "memory-of-many",
    "processes that each stay below their limit",
    """
    import os, time
    for _ in range(8):
        if not os.fork():
            x = b"x" * 2**30
            time.sleep(1000)
    time.sleep(1000)
    """,
)
EXHAUSTING.within(
    "memory-of-many-in-the-answer",
    "an answer whose children each stay below their limit",
    """
    import os, time
    def brightness(image):
        for _ in range(8):
            if not os.fork():
                os.setsid()
                x = b"x" * 2**30
                time.sleep(1000)
        time.sleep(1000)
    """,
)
EXHAUSTING.beside(
    "memory-in-files",
    "two gigabytes in files that no folder shows",
    """
    import os
    kept = []
    for i in range(40):
        kept.append(os.memfd_create(str(i)))
        os.write(kept[-1], bytes(50 * 2**20))
    import time; time.sleep(1)
    """,
)
EXHAUSTING.beside(
    "shared-memory",
    "two gigabytes of shared memory that belongs to no process",
    """
    import ctypes, time
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    for i in range(40):
        place = libc.shmat(libc.shmget(1000 + i, 50 * 2**20, 0o1600), None, 0)
        if place not in (None, 2**64 - 1):
            ctypes.memset(place, 1, 50 * 2**20)
            libc.shmdt(ctypes.c_void_p(place))
    time.sleep(1)
    """,
)
EXHAUSTING.beside(
    "disk",
    "fill every folder that can be written",
    """
    import os
    for folder in (".", "/tmp", "/var/tmp", "/dev/shm", "/run", "/w", os.path.expanduser("~"), "/course"):
        for i in range(100):
            try:
                with open(f"{folder}/fill-{i}", "wb") as file:
                    while True:
                        file.write(bytes(2**20))
            except OSError:
                pass
    """,
)
EXHAUSTING.beside(
    "disk-of-the-checker",
    "write without end to the open files of the processes around",
    """
    import os
    for pid in [p for p in os.listdir("/proc") if p.isdigit()] + ["self"]:
        for fd in range(256):
            try:
                with open(f"/proc/{pid}/fd/{fd}", "wb") as file:
                    if not os.path.isfile(f"/proc/{pid}/fd/{fd}"):
                        continue
                    for _ in range(64):
                        file.write(bytes(2**20))
            except OSError:
                pass
    os._exit(0)
    """,
)
EXHAUSTING.beside(
    "many-files",
    "a hundred thousand empty files",
    "for i in range(100_000):\n    open(f'/tmp/{i}', 'w').close()",
)
EXHAUSTING.beside(
    "descriptors",
    "open files until no more can be opened",
    "kept = []\nwhile True:\n    kept.append(open('/dev/null'))",
)
EXHAUSTING.beside(
    "output",
    "print without end",
    "import sys\nwhile True:\n    print('x' * 10**6)\n    print('y' * 10**6, file=sys.stderr)",
)
EXHAUSTING.beside(
    "output-below-python",
    "write to the standard descriptors without end",
    "import os\nwhile True:\n    os.write(1, b'x' * 10**6)\n    os.write(2, b'x' * 10**6)",
)
EXHAUSTING.beside(
    "rich-output",
    "display objects that hang, and a hundred thousand figures",
    """
    class Rich:
        def _repr_html_(self):
            while True: pass
        _repr_png_ = _repr_mimebundle_ = _ipython_display_ = _repr_html_
    display(Rich())
    Rich()
    """,
)
EXHAUSTING.within(
    "long-message",
    "an error with a text of 500 MB",
    "def brightness(image):\n    raise ValueError('x' * 500_000_000)",
)
EXHAUSTING.within(
    "output-in-the-answer",
    "an answer that prints without end",
    "def brightness(image):\n    while True:\n        print('x' * 10**6)",
)
EXHAUSTING.add(
    "slow-cells",
    "each cell takes nearly as long as a cell may",
    START,
    HONEST["q1"],
    *["import time\ntime.sleep(9)"] * 9,
    HONEST["q2"],
    right=("q1",),
)

OUTLIVING = Family("outliving the grading")
OUTLIVING.beside(
    "daemon",
    "a process that has left its family and never ends",
    """
    import os, time
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        while True:
            time.sleep(60)
    """,
    quick=True,
)
OUTLIVING.beside(
    "nohup",
    "shell loops in the background that ignore hang-ups",
    """
    import subprocess
    for _ in range(3):
        subprocess.Popen(["bash", "-c", "trap '' HUP TERM INT; while :; do sleep 1; done"], start_new_session=True)
    """,
)
OUTLIVING.within(
    "daemon-in-the-answer",
    "a process from within an answer that never ends",
    """
    import os, time
    def brightness(image):
        if not os.fork():
            os.setsid()
            os.closerange(0, 256)
            while True:
                time.sleep(60)
        return image.mean()
    """,
    right=tuple(POINTS),
)
OUTLIVING.beside(
    "threads-that-stay",
    "threads that never end and the interpreter waits for",
    "import threading, time\nfor _ in range(5):\n    threading.Thread(target=time.sleep, args=(10**6,)).start()",
)
OUTLIVING.add(
    "late-swap",
    "a thread that replaces an answer while it is being marked, with what an honest later cell defines",
    START,
    """
    import threading, time
    def brightness(image): return 0.0
    def swap():
        while True:
            time.sleep(0.001)
            if "honest" in globals():
                globals()["brightness"] = honest
    threading.Thread(target=swap, daemon=True).start()
    """,
    HONEST["q2"],
    "def honest(image):\n    return image.mean()",
    right=("q2",),
)
