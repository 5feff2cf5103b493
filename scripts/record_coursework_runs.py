"""Record the training runs that assignment 5 asks a student's program to diagnose.

    python scripts/record_coursework_runs.py [FOLDER]        coursework/hw5 unless given

``hidden_runs.py`` is for the grader, ``PRACTICE`` in ``public.py`` goes to students. Both hold
each fault of `cnnlib.faults` and one that is not among them, with seeds that no chapter uses, in two places
that chapter 10 has not seen: other widths, fewer digits, momentum or Adam. Sums are rounded differently on
every processor, so another machine finds slightly other numbers, that tell the same. It takes a minute.
"""

import re
import sys
from pathlib import Path

import numpy as np

from cnnlib import faults
from cnnlib.optimizers import SGD, Adam

FOLDER = Path(__file__).resolve().parents[1] / "coursework" / "hw5"
POINTS = 6  # epochs of a run that are kept, the first and the last among them
PRACTICE_SEEDS = (5000, 5001)
HIDDEN_SEEDS = range(6000, 6006)
PUBLIC, REST = "nan = np.nan\n# fmt: off\nPRACTICE = ", "# fmt: on\n"
HIDDEN = '''"""Made by scripts/record_coursework_runs.py: pairs of a run and its family."""

from math import inf, nan  # noqa: F401

# fmt: off
RUNS = '''


def with_momentum(rng):
    """A wider network, 500 digits, momentum."""
    run = faults.healthy(rng)
    run.model = faults.network(rng, hidden=(128, 64))
    run.optimizer = SGD(lr=0.02, momentum=0.9)
    run.data = tuple(array[:500] for array in run.data)
    return run


def with_adam(rng):
    """A network between, 600 digits, Adam."""
    run = faults.healthy(rng)
    run.model = faults.network(rng, hidden=(96, 64))
    run.optimizer = Adam(lr=0.003)
    run.data = tuple(array[:600] for array in run.data)
    return run


def raw_test(run, rng):
    """Only the test images keep a scale of their own."""
    scale = 10 ** rng.uniform(1, 2)
    images, labels = run.validation
    run.validation = scale * (images + 1), labels


CASES = [(name, family) for name, (_, family) in faults.FAULTS.items()] + [("raw test", "shift")]


def train(name, seed):
    """Train with a fault, in one place or the other; return the run and its History."""
    made = []

    def setup(rng):
        run = (with_momentum, with_adam)[seed % 2](rng)
        if name == "raw test":
            raw_test(run, rng)
        made.append(run)
        return run

    history = faults.train_with("nothing wrong" if name == "raw test" else name, seed, setup)
    return made[0], history


def rounded(values):
    """To three significant digits, as nested lists."""
    values = np.asarray(values, dtype=float)
    return [rounded(value) for value in values] if values.ndim else float(f"{values:.3g}")


def record(run, history):
    """A History as a dict of plain lists, thinned out to a few epochs."""
    kept = np.unique(np.linspace(0, history.epochs, POINTS).astype(int))
    during = kept[1:] - 1  # rows of what is averaged over an epoch
    if not len(during):
        during = np.arange(len(history.gradient))  # broke in the first epoch
    relus = [index for index, output in enumerate(history.outputs) if output.endswith(" ReLU")]
    linears = [int(layer.split()[0]) for layer in history.layers]
    found = {
        name: getattr(history, name)[kept]
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    }
    found |= {name: getattr(history, name)[during] for name in ("gradient", "update_ratio")}
    found |= {name: getattr(history, name)[kept][:, relus] for name in ("zeros", "dead")}
    found |= {
        "slope": history.slope,
        "spread": [[history.spread[0, index - 1], history.spread[0, index]] for index in linears],
        "votes_mean": history.activation_mean[kept, -1],
        "input": [history.input_mean, history.input_std],
        "test_input": [run.validation[0].mean(), run.validation[0].std()],
        "batch_classes": history.batch_classes.mean(),
        "overlap": history.overlap,
        "steady": history.steady,
    }
    facts = {"classes": history.classes, "batch_size": history.batch_size, "stopped": history.stopped}
    return {**facts, "epochs": kept.tolist()} | {name: rounded(values) for name, values in found.items()}


def runs(seeds):
    """All faults with each of the seeds: list of (record, family)."""
    return [(record(*train(name, seed)), family) for seed in seeds for name, family in CASES]


def as_lines(pairs):
    """A list as Python's source, wrapped to the width of a line of code."""
    lines = []
    for pair in pairs:
        lines.append("")
        for piece in re.split(r"(?<=[,:]) ", repr(pair)):
            if len(lines[-1]) + len(piece) > 105:
                lines.append("")
            lines[-1] += f" {piece}" if lines[-1] else piece
        lines[-1] += ","
    lines[-1] = lines[-1].removesuffix(",")
    return "[\n" + "\n".join(lines) + "\n]"


def main(folder):
    shuffle = np.random.default_rng(0).permutation  # so that the place in the list gives nothing away
    practice = runs(PRACTICE_SEEDS)
    practice = [practice[index] for index in shuffle(len(practice))]
    public = folder / "public.py"
    before, _, code = public.read_text(encoding="utf-8").partition(PUBLIC)
    code = before + PUBLIC + as_lines(practice) + "\n" + REST + code.partition(REST)[2]
    public.write_text(code, encoding="utf-8", newline="\n")
    hidden = as_lines(runs(HIDDEN_SEEDS))
    (folder / "hidden_runs.py").write_text(HIDDEN + hidden + "\n", encoding="utf-8", newline="\n")
    print(f"{len(practice)} runs to practise on; {len(hidden):,} bytes hidden")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
