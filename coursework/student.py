"""The process of a student as the checker sees it: something to ask, whose every word may be a lie."""

import os
import re
import secrets
import subprocess
import tempfile
import time
from pathlib import Path

from coursework import sandbox, seccomp
from coursework.messages import Malformed, receive, send

NO_ANSWER = "what came from the notebook's process is no answer"
START = 60.0  # seconds for the inner sandbox to start


class Gone(Exception):
    """The student's process ended, went silent, used too much or said what is no answer."""


class Student:
    """The process of a student, in the inner sandbox.

    Parameters
    ----------
    assignment : Assignment
    deadline : float
        When the time of the submission is over, by `time.monotonic`.
    """

    def __init__(self, assignment, deadline):
        self.deadline = deadline
        self.folder = tempfile.TemporaryDirectory()
        commands, self.commands = os.pipe()
        self.replies, replies = os.pipe()
        # no file of ours is open there: a student could fill it by way of /proc/1/fd
        errors, complaints = os.pipe()
        calls, program = os.pipe()
        os.write(program, seccomp.program())
        os.close(program)
        inside = (commands, replies, calls)
        self.process = subprocess.Popen(
            sandbox.inner(assignment, Path(self.folder.name), inside),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            pass_fds=inside,
        )
        for descriptor in (*inside, complaints):
            os.close(descriptor)
        try:
            if receive(self.replies, time.monotonic() + START, 100) != "ready":
                raise EOFError
        except (EOFError, TimeoutError, Malformed):
            said = os.read(errors, 4000).decode(errors="replace")
            self.close()
            raise sandbox.Refused(f"The inner sandbox does not start: {said}") from None
        finally:
            os.close(errors)

    def ask(self, message, seconds):
        """Send a message and return the answer, or raise `Gone` with why none came."""
        deadline = min(self.deadline, time.monotonic() + seconds)
        number = secrets.token_hex(8)  # nobody can write the answer before the question
        try:
            send(self.commands, [number, *message], deadline)
            match receive(self.replies, deadline, idle=self.watch):
                case [str(again), answer] if again == number:
                    return answer
            raise Malformed
        except TimeoutError:
            late = deadline == self.deadline
            raise Gone("the time of the notebook was over" if late else "it took too long") from None
        except (EOFError, OSError):
            raise Gone("it ended the notebook's process") from None
        except Malformed:
            raise Gone(NO_ANSWER) from None

    def watch(self, share=1.0):
        """Raise `Gone` if the processes hold more memory together than a share of what is allowed."""
        most = share * sandbox.MEMORY
        if held() > most:
            raise Gone(f"it used more than {most / 2**30:.3g} GB of memory")

    def close(self):
        """End the sandbox and whatever runs in it."""
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.replies)
        self.folder.cleanup()


def held():
    """Bytes of memory held by all processes in sight but this one."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            status = (folder / "status").read_text()
        except OSError:  # it just ended
            continue
        found = re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB$", status, re.MULTILINE)
        total += sum(map(int, found)) * 1024
    return total
