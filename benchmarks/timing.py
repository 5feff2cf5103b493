"""Compare how long functions take: by turns, on one thread, in processor time.

A computer is never equally fast twice. Three things make a comparison fair all the same: the functions
take turns, so that a slow second hits all of them; a clock counts only what this process computes, not
what it waits for others; and of many rounds the median is reported, with the spread beside it.
"""

import contextlib
import gc
import json
import math
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
import threadpoolctl


@contextlib.contextmanager
def one_thread():
    """Let NumPy's BLAS, and PyTorch if it is loaded, compute on a single thread inside a ``with``."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else None
    with threadpoolctl.threadpool_limits(1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def interleaved(functions, repeats=20, *, at_least=0.01, clock=time.process_time):
    """Time functions by turns.

    Parameters
    ----------
    functions : dict of str to callable
        What to time, each without arguments. Each is called once before the first round, to warm up.
    repeats : int
        How many rounds. In each round, every function has one turn.
    at_least : float
        In a turn, a function that is faster than this many seconds is called several times.
    clock : callable
        Returns seconds; by default those in which this process computed.

    Returns
    -------
    dict of str to ndarray of shape (repeats,)
        Seconds for one call. Position k holds, for all functions, round k.

    Examples
    --------
    >>> hands = iter(range(100))  # a clock that moves on by one second whenever somebody looks
    >>> interleaved({"a": list, "b": dict}, repeats=2, clock=lambda: next(hands))
    {'a': array([1., 1.]), 'b': array([1., 1.])}
    """
    calls, times = {}, {name: np.empty(repeats) for name in functions}
    for name, function in functions.items():
        function()
        start = clock()
        function()
        took = clock() - start
        calls[name] = max(1, min(1000, math.ceil(at_least / max(took, 1e-9))))
    collecting = gc.isenabled()
    gc.disable()  # it would come when it likes, and hit one of them
    try:
        for turn in range(repeats):
            for name, function in functions.items():
                start = clock()
                for _ in range(calls[name]):
                    function()
                times[name][turn] = (clock() - start) / calls[name]
    finally:
        if collecting:
            gc.enable()
    return times


def ratios(times, reference):
    """Divide each function's time by that of the reference in the same round.

    Parameters
    ----------
    times : dict of str to ndarray of shape (repeats,)
        As `interleaved` returns them.
    reference : str
        The function that counts as 1.

    Returns
    -------
    dict of str to (float, float, float)
        The median of the ratios, and their lower and upper quartile.

    Examples
    --------
    >>> times = {"torch": np.array([1.0, 2.0, 1.0]), "ours": np.array([0.5, 1.0, 0.6])}
    >>> ratios(times, "torch")["ours"][0]  # of 0.5, 0.5 and 0.6
    0.5
    """
    quartiles = {name: np.quantile(t / times[reference], [0.5, 0.25, 0.75]) for name, t in times.items()}
    return {name: tuple(values.tolist()) for name, values in quartiles.items()}


def machine():
    """Say what a measurement ran on: processor, versions, threads.

    Returns
    -------
    dict of str to str
        Also the number of threads in each pool of the libraries that are loaded, at this moment.
    """
    about = {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    if torch := sys.modules.get("torch"):
        about["torch"] = f"{torch.__version__}, threads: {torch.get_num_threads()}"
    for pool in threadpoolctl.threadpool_info():
        where = "/".join(Path(pool["filepath"]).parent.parts[-2:]).removeprefix("site-packages/")
        what = " ".join(filter(None, [pool.get("version"), pool.get("architecture")]))
        about[f"{pool['internal_api']} in {where}"] = f"{what} threads: {pool['num_threads']}".strip()
    return about


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def save(table, path):
    """Store a table as JSON; a run that is cut short leaves the file as it was.

    Parameters
    ----------
    table : dict
        Of numbers, strings, lists and dicts.
    path : pathlib.Path
        Its folder is made if need be.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(rounded(table), indent=1) + "\n", encoding="utf-8", newline="\n")
    os.replace(part, path)


def rounded(table):
    """Round all floats in a table to four significant digits, which is more than a timing has.

    Examples
    --------
    >>> rounded({"seconds": [0.00123456, 12.3456], "repeats": 20})
    {'seconds': [0.001235, 12.35], 'repeats': 20}
    """
    if isinstance(table, dict):
        return {key: rounded(value) for key, value in table.items()}
    if isinstance(table, list):
        return [rounded(value) for value in table]
    return float(f"{table:.4g}") if isinstance(table, float) else table
