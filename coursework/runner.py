"""Run a student's cells, inside the inner sandbox: everything in this process counts as hostile.

It answers what the checker asks for: the plan of a notebook, one cell, the cases of one question.
References, expected results and seeds never come here.
"""

import builtins
import contextlib
import json
import math
import os
import re
import resource
import select
import signal
import sys
import time
import traceback

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from coursework.check import Case, evaluate
from coursework.messages import LONGEST, TOO_LARGE, decode, encode, receive, send
from coursework.plan import evaluation_points

LIMITS = {  # of each process; the space of all of them together is watched from outside
    resource.RLIMIT_AS: 4 * 2**30,  # bytes
    resource.RLIMIT_NPROC: 64,
    resource.RLIMIT_FSIZE: 64 * 2**20,  # bytes
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_CORE: 0,
}
SPACE = 3 * 2**30  # bytes that cells may use of RLIMIT_AS; the rest is for marking
CROWD, OPEN = 48, 200  # threads and open files that leave room for marking
LONGEST_TEXT = 400  # characters of a message


class TookTooLong(BaseException):
    """A cell's time is over; no ``except Exception`` stops that."""


class Shell(InteractiveShell):
    """IPython as a notebook has it, but with plain errors, no history and no screen."""

    def showtraceback(self, *args, **kwargs):
        """Print an error without the expensive formatting of the lines around it."""
        traceback.print_exc(limit=0)

    showsyntaxerror = showtraceback

    def enable_matplotlib(self, gui=None):
        """Do nothing for ``%matplotlib``: figures are drawn, but shown to nobody."""
        return gui, "agg"

    def enable_gui(self, gui=None):
        """Do nothing: there is no screen."""

    def ask_exit(self):
        """Do nothing for ``exit()`` and ``quit()``, as in a notebook that is run to its end."""

    @contextlib.contextmanager
    def _tee(self, channel):  # IPython 9 would keep all that is printed in memory
        yield

    def system(self, command):
        """Run a shell command, but nothing that would install packages: there is no network."""
        if not re.match(r"\s*(pip3?|conda|mamba|uv|apt|apt-get)\b", command):
            self.system_raw(command)


def make_shell():
    """Start IPython."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = Shell.instance(config=config)
    shell.display_formatter.active_types = ["text/plain"]  # nobody looks at pictures
    for magic in ("config", "pip", "conda"):  # there are no pictures to configure, and no network
        shell.magics_manager.magics["line"][magic] = lambda line: None
    return shell


def no_input(prompt=""):
    """Stand in for ``input``, which nobody would answer."""
    raise RuntimeError("input() has nobody to ask while a notebook is graded")


def text_of(error):
    """The name and the message of an error, whatever its class does when it is asked."""
    try:
        text = f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else str(error)
    except BaseException:
        text = ""
    return {"error": type(error).__name__[:60], "text": text[:LONGEST_TEXT]}


def run_cell(shell, source, seconds):
    """Run a cell for at most some seconds.

    Returns
    -------
    status : str
        "ok", "error", or "full" if what the cell leaves behind leaves no room for marking.
    message : str
    """

    def late(signum, frame):
        raise TookTooLong(f"the cell took longer than {seconds:g} s")

    resource.setrlimit(resource.RLIMIT_AS, (SPACE, LIMITS[resource.RLIMIT_AS]))
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as caught:
        error = caught
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if "matplotlib.pyplot" in sys.modules:  # as notebooks do: a figure lives as long as its cell
        with contextlib.suppress(BaseException):
            sys.modules["matplotlib.pyplot"].close("all")
    resource.setrlimit(resource.RLIMIT_AS, (LIMITS[resource.RLIMIT_AS],) * 2)
    threads = crowd()
    if threads > CROWD:
        return "full", f"it left {threads} threads and processes running"
    if len(os.listdir("/proc/self/fd")) > OPEN:
        return "full", "it left too many files open"
    if error is None:
        return "ok", ""
    said = text_of(error)
    return "error", f"{said['error']}: {said['text']}" if said["text"] else said["error"]


def crowd():
    """Count the threads of all processes in the sandbox."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):  # it just ended
            count += len(os.listdir(f"/proc/{name}/task"))
    return count


def try_cases(cases, names, seconds, wall):
    """Evaluate the cases of a question in a copy of this process, which may hang, crash or change.

    Parameters
    ----------
    cases : list of (str, dict)
        Code and inputs of each.
    names : dict
        The names of the notebook.
    seconds, wall : float
        Processor time and wall time for all of them.

    Returns
    -------
    outcomes : list of dict
        ``{"value": encoded}`` or ``{"error": name, "text": message}`` for each case that ended.
    ended : str
        "" if all did, "late" if the time was over, else "gone".
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    results, writing = os.pipe()
    child = os.fork()
    if not child:
        _child(cases, names, seconds, writing)
    os.close(writing)
    lines = _collect(child, results, wall).split(b"\n")[:-1]
    os.close(results)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):  # if it had no time to open a session
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    complete = len(lines) == len(cases)
    return [json.loads(line) for line in lines], "" if complete else "late" if killed else "gone"


def _collect(child, results, wall):
    """Read what a child writes until it ends or its time is over."""
    data, waiting, end = bytearray(), [os.pidfd_open(child), results], time.monotonic() + wall
    while len(data) <= LONGEST:
        ready = select.select(waiting, [], [], max(0.0, end - time.monotonic()))[0]
        if results in ready:
            part = os.read(results, 2**20)
            data += part
            if not part:  # closed, but perhaps not ended
                waiting.remove(results)
        else:
            break
    os.close(waiting[0])
    return bytes(data)


def _child(cases, names, seconds, writing):
    """Evaluate cases and write a line for each; never return."""
    try:
        os.setsid()
        soft = math.ceil(seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 1))
        room = LONGEST - 2**16
        for code, inputs in cases:
            try:
                outcome = {"value": encode(evaluate(Case("", code, inputs), names))}
                line = json.dumps(outcome).encode() + b"\n"
            except BaseException as error:
                line = json.dumps(text_of(error)).encode() + b"\n"
            if len(line) > room:
                error = {"error": "MemoryError", "text": TOO_LARGE}
                line = json.dumps(error).encode() + b"\n"
            room -= len(line)
            while line:
                line = line[os.write(writing, line) :]
    finally:
        os._exit(0)


def answer(shell, cells, message):
    """Do one thing that the checker asks for."""
    match message:
        case ["plan", list(sources), list(questions)]:
            cells[:] = sources
            return evaluation_points(sources, questions)
        case ["run", int(number), seconds]:
            return run_cell(shell, cells[number], seconds)
        case ["try", list(cases), seconds, wall]:
            cases = [(code, decode(inputs)) for code, inputs in cases]
            return try_cases(cases, shell.user_ns, seconds, wall)


def main(commands, replies):
    """Serve the checker over two pipes until it closes them.

    Parameters
    ----------
    commands, replies : int
        File descriptors.
    """
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    shell, cells = make_shell(), []
    builtins.input = no_input
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    os.close(silence)
    sys.path.insert(0, "")  # as in a notebook, modules may lie beside it
    send(replies, "ready")
    while True:
        try:
            message = receive(commands)
        except EOFError:
            return
        number, *message = message
        send(replies, [number, answer(shell, cells, message)])
