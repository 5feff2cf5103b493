"""End or hang the process at a moment that suits the attacker, and see what is left."""

from hostile import POINTS, Family

STOPPING = Family("stopping and crashing")

STOPPING.beside("sys-exit", "sys.exit in a cell", "import sys\nsys.exit(0)")
STOPPING.beside("quit", "IPython's own quit", "quit()")
STOPPING.beside("os-exit", "os._exit in a cell", "import os\nos._exit(0)", quick=True)
STOPPING.beside("segfault", "read address zero in a cell", "import ctypes\nctypes.string_at(0)")
STOPPING.beside("abort", "abort in a cell", "import os\nos.abort()")
STOPPING.beside("exec", "become another program", "import os\nos.execv('/usr/bin/yes', ['yes'])")
STOPPING.beside("kill-all", "kill every process in sight", "import os\nos.kill(-1, 9)")
STOPPING.beside(
    "kill-one-by-one",
    "kill init, the parent and every process of /proc",
    """
    import os
    for pid in [os.getppid(), 1, *(int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid())]:
        for number in (15, 19, 9):
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                pass
    """,
)
STOPPING.beside("stop-itself", "SIGSTOP to itself", "import os\nos.kill(os.getpid(), 19)")
STOPPING.beside(
    "at-exit",
    "hang and crash when the interpreter ends",
    """
    import atexit, os, threading, time
    atexit.register(time.sleep, 1000)
    atexit.register(os.abort)
    threading._register_atexit(time.sleep, 1000)
    """,
)
STOPPING.beside(
    "excepthook",
    "replace the hooks for errors, then raise",
    """
    import os, sys
    sys.excepthook = sys.unraisablehook = lambda *args: os._exit(0)
    get_ipython().showtraceback = get_ipython().showsyntaxerror = lambda *args, **kwargs: os._exit(0)
    get_ipython().set_custom_exc((BaseException,), lambda *args, **kwargs: os._exit(0))
    1 / 0
    """,
)
STOPPING.beside(
    "odd-exceptions",
    "an exception whose text, type and attributes raise",
    """
    class Meta(type):
        __name__ = property(lambda self: 1 / 0)
    class Odd(BaseException, metaclass=Meta):
        def __str__(self): raise SystemExit
        __repr__ = __format__ = __getattribute__ = __str__
    raise Odd
    """,
)
STOPPING.within(
    "odd-exception-in-the-answer",
    "an exception whose text never ends",
    """
    class Odd(Exception):
        def __str__(self):
            while True:
                pass
    def brightness(image): raise Odd
    """,
)
STOPPING.within(
    "keyboard", "KeyboardInterrupt from an answer", "def brightness(image): raise KeyboardInterrupt"
)
STOPPING.within(
    "exit-in-the-answer",
    "os._exit from an answer",
    "import os\ndef brightness(image): os._exit(0)",
    quick=True,
)
STOPPING.within(
    "segfault-in-the-answer",
    "a crash in an answer",
    "import ctypes\nbrightness = lambda x: ctypes.string_at(0)",
)
STOPPING.within(
    "stack-overflow",
    "endless recursion without Python's limit",
    """
    import sys
    def brightness(image):
        sys.setrecursionlimit(2**30)
        def deeper(x): return deeper([x]) + [1]
        return str(deeper([]))
    """,
)
STOPPING.within(
    "kill-the-parent",
    "an answer that kills and stops the process it was forked from",
    "import os\ndef brightness(image):\n    os.kill(os.getppid(), 9)\n    return 0.0",
)
STOPPING.within(
    "exit-after-the-answer",
    "an answer that leaves a thread which ends the process",
    """
    import os, threading, time
    def brightness(image):
        threading.Thread(target=lambda: (time.sleep(0.01), os._exit(0))).start()
        time.sleep(0.2)
        return image.mean()
    """,
)

HANGING = Family("hanging")
HANGING.beside("busy", "a cell that never ends", "while True:\n    pass")
HANGING.beside("asleep", "a cell that sleeps", "import time\ntime.sleep(10**6)")
HANGING.beside(
    "ignored-alarm",
    "a cell that ignores every signal it can",
    """
    import signal
    for number in signal.valid_signals() - {9, 19}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except OSError:
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    signal.setitimer(signal.ITIMER_REAL, 0)
    while True:
        pass
    """,
    quick=True,
)
HANGING.beside(
    "caught-alarm",
    "a cell that catches everything and goes on",
    """
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
    """,
)
HANGING.beside("in-c", "a loop in C, which no Python signal handler interrupts", "sum(range(10**13))")
HANGING.beside(
    "regex", "a regular expression that takes for ever", 'import re\nre.match("(a|a)*$", "a" * 64 + "b")'
)
HANGING.beside("digits", "arithmetic that takes for ever", "x = 3 ** (10**9)")
HANGING.beside(
    "deadlock",
    "two threads that wait for each other",
    """
    import threading
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=lock.acquire).start()
    lock.acquire()
    """,
)
HANGING.beside(
    "waits-for-input",
    "input, the debugger and standard input",
    "import sys\nsys.stdin.read()\nname = input('your name? ')\nbreakpoint()",
)
HANGING.beside("debugger", "the debugger", "import pdb\npdb.set_trace()")
HANGING.beside(
    "hooks",
    "hang before and after each later cell",
    """
    import time
    for event in ("pre_run_cell", "post_run_cell", "pre_execute", "post_execute"):
        get_ipython().events.register(event, lambda *args: time.sleep(1000))
    """,
    right=(),
    may=tuple(POINTS),
)
HANGING.beside(
    "delete",
    "an object that hangs when it is deleted",
    """
    class Slow:
        def __del__(self):
            while True:
                pass
    slow = Slow()
    """,
)
HANGING.within(
    "busy-answer",
    "an answer that never ends",
    "def brightness(image):\n    while True:\n        pass",
    quick=True,
)
HANGING.within(
    "sleeping-answer", "an answer that sleeps", "import time\nbrightness = lambda x: time.sleep(10**6)"
)
HANGING.within(
    "stubborn-answer",
    "an answer that ignores signals, in a session of its own",
    """
    import os, signal
    def brightness(image):
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        if os.fork():
            os.setpgid(0, os.getppid())
        while True:
            pass
    """,
)
HANGING.add(
    "every-answer",
    "all answers hang",
    "import time\nbrightness = lambda x: time.sleep(1000)",
    "def extremes(image):\n    while True: pass",
    "def stretch(image):\n    return sum(range(10**13))",
    "def classify(images):\n    time.sleep(1000)",
)
HANGING.add(
    "many-hanging-cells",
    "six cells that cannot be interrupted, with answers between them",
    *(
        cell
        for answer in (
            "def brightness(image):\n    return image.mean()",
            "def extremes(image):\n    return image.min(), image.max()",
            "x = 1",
            "x = 2",
            "x = 3",
            "x = 4",
        )
        for cell in (
            answer,
            "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nsum(range(10**13))",
        )
    ),
    right=("q1",),
    may=("q2",),
)
