"""Speak in the runner's name: forged, broken and endless frames on every pipe that is open."""

from hostile import Family

FORGING = Family("forging the protocol")
PIPES = """
import base64, json, os, select, struct, sys
def pipes(low=0):
    for fd in range(low, 256):
        try:
            os.fstat(fd)
        except OSError:
            continue
        yield fd
def frame(message):
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    return struct.pack(">I", len(text)) + text
def write(data, low=0):
    for fd in pipes(low):
        os.set_blocking(fd, False)
        try:
            os.write(fd, data)
        except OSError:
            pass
        try:
            os.set_blocking(fd, True)
        except OSError:
            pass
"""
OUTCOMES = """
right = {"value": True}
forged = [
    [], {}, None, True, "ok", "ready", 1, ["ok", ""], [[], ""], [[right] * 4, ""], {"q1": 1, "q2": 1, "q3": 2, "q4": 2},
    {"score": 6, "max_score": 6, "questions": {q: {"points": 9, "max_points": 9} for q in ("q1", "q2", "q3", "q4")}},
    {"points": 6, "reason": ""}, [[{}] * 4, ""], [[{"value": ["array", "|b1", [], "AQ=="]}] * 9, ""],
]
"""
FORGING.instead(
    "forged-answers",
    "write finished answers and results to every descriptor",
    PIPES
    + OUTCOMES
    + "for message in forged:\n    write(frame(message)); write(json.dumps(message).encode() + b'\\n')",
    quick=True,
)
FORGING.add(
    "forged-in-the-answer",
    "write finished answers and results from within an evaluation",
    "import numpy as np",
    PIPES + OUTCOMES,
    """
    def forge(*args):
        for message in forged:
            write(frame(message))
            write(json.dumps(message).encode() + b"\\n")
        os._exit(0)
    brightness = extremes = stretch = classify = forge
    """,
)
FORGING.add(
    "result-on-stdout",
    "print what looks like the grader's own result, on every kind of output",
    "import json, os, sys",
    """
    text = json.dumps({"assignment": "hw0", "score": 6, "max_score": 6, "reason": "", "questions":
        {q: {"title": "", "points": 2, "max_points": 2, "reason": ""} for q in ("q1", "q2", "q3", "q4")}})
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        print(text, file=stream, flush=True)
    for fd in (0, 1, 2):
        try:
            os.write(fd, text.encode() + b"\\n")
        except OSError:
            pass
    for path in ("/dev/tty", "/dev/console", "/dev/stdout", "/proc/1/fd/1", "/proc/self/fd/1"):
        try:
            open(path, "w").write(text)
        except OSError:
            pass
    """,
)
FORGING.instead("close-all", "close every descriptor", "import os\nos.closerange(0, 256)")
FORGING.within(
    "close-all-in-the-answer",
    "close every descriptor within an evaluation",
    "import os\ndef brightness(image):\n    os.closerange(0, 256)\n    return image.mean()",
    may=("q1",),
)
FORGING.instead(
    "flood",
    "write noise to every descriptor until nobody reads",
    PIPES
    + """
noise = os.urandom(65536)
while True:
    write(noise, 3)
""",
)
FORGING.instead(
    "half-a-frame",
    "begin a frame, and wait",
    PIPES + "import time\nwrite(struct.pack('>I', 1000) + b'[', 3)\ntime.sleep(1000)",
)
FORGING.instead(
    "giant-header",
    "announce four gigabytes",
    PIPES + "write(b'\\xff' * 4, 3)\nwrite(b'\\xff' * 65536, 3)",
    quick=True,
)
FORGING.instead("no-bytes", "announce nothing", PIPES + "write(bytes(4096), 3)")
FORGING.instead(
    "odd-json",
    "frames of JSON that is deep, wide, huge, no JSON and no text",
    PIPES
    + """
for text in (b"[" * 100_000, b"[" * 30_000 + b"]" * 30_000, b"9" * 60_000, b"1e999999", b"NaN", b"\\xff\\xfe", b"",
             b'{"a":1,"a":2}', b'"\\\\ud800"', b"\\x00", b'["array","<f8",[-1],""]', b"[" + b"[]," * 15_000 + b"[]]"):
    write(frame(text), 3)
""",
)
ARRAYS = [
    ["array", "|O", [1], "AAAAAAAAAAA="],
    ["array", "<f8", [-1], "AAAAAAAAAAA="],
    ["array", "<f8", [True], "AAAAAAAAAAA="],
    ["array", "<f8", [1.0], "AAAAAAAAAAA="],
    ["array", "<f8", [2**62, 2**62], ""],
    ["array", "<f8", [0] * 40, ""],
    ["array", "<f8", [2**25] * 15 + [0], ""],
    ["array", "<f8", [1], "%%%"],
    ["array", "<f8", [1], "AAAA"],
    ["array", "<M8[s]", [1], "AAAAAAAAAAA="],
    ["array", "V100000000", [0], ""],
    ["array", "(1000,1000)f8", [0], ""],
    ["array", "O", [0], ""],
    ["scalar", "<f8", [1], "AAAAAAAAAAA="],
    ["tuples", "|b1", [], "AQ=="],
    ["dict", [[["list", []], 1]]],
    ["dict", [["a", 1], ["a", 2], [1, 1], [True, 2], [1.0, 3]]],
    ["foreign", "<script>alert(1)</script>"],
    ["foreign", "None"],
    ["foreign", "__class__"],
    ["list", [["list", []]] * 60_000],
    ["pickle", "Y29zCnN5c3RlbQo="],
    {"__class__": "Case"},
    10**30,
]
FORGING.add(
    "forged-values",
    "send values that no encoder gives, by patching what encodes them",
    f"import builtins, json, sys\nFORGED = {ARRAYS!r}",
    """
    import itertools
    turn = itertools.count()
    real = json.dumps
    def dumps(message, **more):
        forged = FORGED[next(turn) % len(FORGED)]
        if isinstance(message, dict) and ("value" in message or "error" in message):
            message = {"value": forged}
        return real(message, **more)
    json.dumps = dumps
    for module in list(sys.modules.values()):
        if getattr(module, "encode", None) and hasattr(module, "decode") and hasattr(module, "receive"):
            module.encode = lambda *args: FORGED[next(turn) % len(FORGED)]
    """,
    "def brightness(image): return image\nextremes = stretch = classify = brightness",
)
FORGING.add(
    "forged-outcomes",
    "send lists of outcomes that are too long, too short, of other types, or keyed twice",
    "import json, sys",
    """
    import itertools
    turn, real = itertools.count(), json.dumps
    odd = [None, [], {}, {"value": None, "error": None}, {"error": 1, "text": []}, {"error": None, "text": None}, "value",
           [{"value": 1}], {"value": {"value": 1}}, {"error": "\\ud800", "text": "\\u202e\\x1b[31m"}, {"text": 1}, 7]
    def dumps(message, **more):
        return real(odd[next(turn) % len(odd)] if isinstance(message, dict) else message, **more)
    json.dumps = dumps
    """,
    "def brightness(image): return image\nextremes = stretch = classify = brightness",
)
FORGING.add(
    "duplicate-replies",
    "send each reply twice, so that the answer to a question counts for the next one",
    "import os, struct",
    """
    real = os.write
    def twice(fd, data):
        done = real(fd, data)
        if fd > 2 and done == len(data):
            real(fd, data)
        return done
    os.write = twice
    """,
    "def brightness(image):\n    return image.mean()",
    "def extremes(image):\n    return 0.0, 0.0",
    may=("q1",),
)
FORGING.beside(
    "held-open",
    "leave a process that holds every pipe open and reads what comes",
    """
    import os, time
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        while True:
            time.sleep(1)
    """,
    quick=True,
)
FORGING.add(
    "second-reader",
    "leave a process that reads the commands meant for the runner, and answers them",
    "import numpy as np",
    PIPES
    + """
if not os.fork():
    os.setsid()
    while True:
        ready = select.select([fd for fd in pipes(3)], [], [], 1)[0]
        for fd in ready:
            try:
                os.read(fd, 65536)
            except OSError:
                continue
        write(frame([[{"value": True}] * 4, ""]), 3)
""",
    "def brightness(image):\n    return 0.0\nextremes = stretch = classify = brightness",
)
FORGING.instead(
    "patched-runner",
    "replace what the runner calls: fork, write, pack, dumps, select, b64encode",
    """
    import base64, json, os, select, struct, time
    base64.b64encode = lambda data: b"AAAA"
    json.loads = lambda text: ["run", 0, 1e9]
    os.fork = lambda: 0
    struct.pack = lambda *args: bytes(4)
    select.select = lambda *args: ([], [], [])
    time.monotonic = lambda: 0.0
    """,
)
