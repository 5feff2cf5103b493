"""How does the work of averaging 2^M networks grow with M? A loop, products of matrices, and cnnlib's halves.

    python -m benchmarks.ensemble                   a minute
    python -m benchmarks.ensemble --repeats 3       a first impression

One example, ten classes, float64 on one thread; each way makes the arithmetic and the geometric mean. The
table shows time as a ratio to cnnlib's, and beside it the quartiles. The loop is timed on at most 2^10 of the
masks, and the matrices, 2^16 masks at a time, on at most 2^18; their time is divided by that part.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.timing import interleaved, machine, one_thread, ratios, save
from cnnlib.ensemble import ensemble_probabilities

RESULTS = Path(__file__).parent / "results" / "ensemble.json"
UNITS, CLASSES, KEEP = (12, 16, 20, 24), 10, 0.5
REFERENCE = "halves"
MOST = {"loop": 2**10, "matrices": 2**18}  # masks of which each way is timed
BLOCK = 2**16  # masks at a time


def arrays(M):
    """Draw hidden numbers, weight and bias."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((1, M)), rng.standard_normal((CLASSES, M)), rng.standard_normal(CLASSES)


def masks(first, last, M):
    """Masks number `first` to `last`, without the last, in binary: ndarray of shape (last - first, M)."""
    return ((np.arange(first, last)[:, np.newaxis] >> np.arange(M)[::-1]) & 1).astype(float)


def log_softmax(votes):
    votes = votes - votes.max(axis=-1, keepdims=True)
    return votes - np.log(np.exp(votes).sum(axis=-1, keepdims=True))


def sums(hidden, weight, bias, count, block):
    """Sum the members' probabilities, and their logarithms, over `count` masks: two arrays (classes,)."""
    total, total_log = np.zeros((2, len(weight)))
    for first in range(0, count, block):
        kept = masks(first, min(first + block, count), hidden.shape[1])
        logs = log_softmax((kept * hidden) @ weight.T + bias)
        total += np.exp(logs).sum(axis=0)
        total_log += logs.sum(axis=0)
    return total, total_log


def means(hidden, weight, bias, count, block):
    """Arithmetic and normalised geometric mean over the first `count` masks."""
    total, total_log = sums(hidden, weight, bias, count, block)
    return total / count, np.exp(log_softmax(total_log / count))


def ways(M, most=None):
    """What is timed, a dict of callables, and which part of the masks each of them does."""
    most, data, all_masks = most or MOST, arrays(M), 2**M
    count = {name: min(limit, all_masks) for name, limit in most.items()}
    functions = {
        "loop": lambda: means(*data, count["loop"], 1),
        "matrices": lambda: means(*data, count["matrices"], BLOCK),
        REFERENCE: lambda: tuple(mean[0] for mean in ensemble_probabilities(*data, KEEP)[:2]),
    }
    return functions, {name: count.get(name, all_masks) / all_masks for name in functions}


def measure(repeats, units, say=print):
    """Time all ways for each M; return a table for `save`."""
    rows = []
    with one_thread():
        table = {"machine": machine(), "repeats": repeats, "classes": CLASSES, "rows": rows}
        for M in units:
            functions, part = ways(M)
            times = {name: t / part[name] for name, t in interleaved(functions, repeats).items()}
            for name, (ratio, low, high) in ratios(times, REFERENCE).items():
                row = {"units": M, "method": name, "ratio": ratio, "low": low, "high": high}
                rows.append(row | {"milliseconds": float(1000 * np.median(times[name])), "part": part[name]})
                say(line(rows[-1]))
    return table


def line(row):
    """A row of the table as text."""
    part = "" if row["part"] == 1 else f"  from {row['part']:.2g} of the masks"
    spread = f"{row['low']:.4g} to {row['high']:.4g}"
    time = f"{row['milliseconds']:12.4g} ms{row['ratio']:10.4g}"
    return f"M = {row['units']:2} {row['method']:9}{time}  {spread}{part}"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    table = measure(options.repeats, UNITS)
    for name, value in table["machine"].items():
        print(f"{name}: {value}")
    save(table, options.output)


if __name__ == "__main__":
    main()
