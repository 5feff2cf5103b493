"""Train a run with each fault, and write the curves and statistics that ship with the explorer `FaultLab`.

    python scripts/record_faults.py [FILE]        cnnlib/explorers/faults.json unless given

One run for each fault of `cnnlib.faults`, with a seed of its own, so that no two cases share their
digits. Long runs are thinned out to 16 points. Sums are rounded differently on every processor, so
another machine finds slightly other curves, that tell the same. It takes some seconds.
"""

import json
import sys

import numpy as np

from cnnlib.diagnosis import diagnose
from cnnlib.explorers.faults import SHIPPED
from cnnlib.faults import FAULTS, train_with

POINTS = 16
SEED = 3000  # of the first case


def rounded(values):
    """To three significant digits, which is more than a screen shows; None where there is no number."""
    values = np.asarray(values, dtype=float)
    if values.ndim:
        return [rounded(value) for value in values]
    return float(f"{values:.3g}") if np.isfinite(values) else None


def case(name, seed):
    """All that the explorer shows of one run."""
    history = train_with(name, seed)
    spoil, family = FAULTS[name]
    found = diagnose(history)
    kept = np.unique(np.linspace(0, history.epochs, POINTS).astype(int))
    relus = [index for index, output in enumerate(history.outputs) if output.endswith(" ReLU")]
    shown = {
        "loss": [history.train_loss[kept], history.val_loss[kept]],
        "accuracy": [history.train_accuracy[kept], history.val_accuracy[kept]],
        "gradient": history.gradient[kept[1:] - 1].T,
        "step": history.update_ratio[kept[1:] - 1].T,
        "zeros": history.zeros[kept][:, relus].T,
        "dead": history.dead[kept][:, relus].T,
    }
    facts = {
        "first": history.train_loss[0],
        "size": np.hypot(history.input_mean, history.input_std),
        "classes": history.batch_classes.mean(),
        "overlap": history.overlap,
        "steady": history.steady,
        "votes": history.activation_mean[-1, -1],
        "spread": [history.spread[0, index] for index in (relus[0], relus[1], -1)],
        "slope": history.slope[-1],
    }
    return {
        "fault": name,
        "what": spoil.__doc__,
        "family": family,
        "said": found.family,
        "evidence": found.evidence,
        "epochs": kept.tolist(),
        "panels": {key: rounded(values) for key, values in shown.items()},
        "facts": {key: rounded(values) for key, values in facts.items()},
    }


def main(target):
    order = np.random.default_rng(0).permutation(len(FAULTS))  # so that the number gives nothing away
    names = [list(FAULTS)[index] for index in order]
    cases = [case(name, SEED + number) for number, name in enumerate(names)]
    for number, one in enumerate(cases, start=1):
        print(f"{number:2} {one['fault']:16} {one['family']:12} diagnose says {one['said']}")
    lines = ",\n".join(json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in cases)
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        file.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else SHIPPED)
