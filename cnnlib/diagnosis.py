"""The recipe for learning as a program: from the record of a training run to a suspect, with evidence.

The lecture's flow asks two questions, in this order: is the error on the training data small? And then: is
that on the test data? Before both stands a third one: can the two numbers be believed? Within a
branch the suspects are asked one after the other, certain evidence before mere likelihood, and the first
that has no alibi is named.
"""

from dataclasses import dataclass

import numpy as np

FAMILIES = {  # what to do about it
    "healthy": "Nothing to mend.",
    "leak": "Take the test examples out of the training data.",
    "mode": "Call eval() before testing and train() before training.",
    "input": "Give the input mean 0 and standard deviation 1, with numbers from the training data.",
    "order": "Shuffle the training data in every epoch.",
    "loss": "Hand the loss raw votes, and average it over the batch.",
    "gradient": "Check the gradients by differences; set them to zero before each batch.",
    "frozen": "Hand every layer's parameters to the optimizer.",
    "activation": "Look for a missing activation, or for units that never fire (bias, start, leaky ReLU).",
    "start": "Start with weights of He's or Xavier's size.",
    "high rate": "Divide the learning rate by 10.",
    "low rate": "Multiply the learning rate by 10, or train longer, or adapt the rates (Adam).",
    "labels": "Look at twenty training examples with their labels.",
    "capacity": "Change the network: more units, more layers; or train longer.",
    "overfitting": "Prevent overfitting: more data, dropout, weight decay, early stopping.",
}


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found; printed, it tells the way it took."""

    family: str
    evidence: str
    training_good: bool
    test_good: bool
    steps: tuple

    @property
    def remedy(self):
        return FAMILIES[self.family]

    def __str__(self):
        lines = [*self.steps, f"Suspect: {self.family}. {self.evidence}", f"Try: {self.remedy}"]
        return "\n".join(lines)


def diagnose(history, *, good=0.95, gap=0.08):
    """Name the family of what is wrong with a training run.

    Parameters
    ----------
    history : cnnlib.history.History
        Of a run with a validation set. Without statistics (``history.curves()``) only what curves can show
        is found.
    good : float
        The share of right answers on the training data that would satisfy you.
    gap : float
        How much lower it may be on the validation data.

    Returns
    -------
    Diagnosis
        Its `family` is a key of `FAMILIES`.

    Raises
    ------
    ValueError
        If there is no curve, or no validation set.

    Examples
    --------
    >>> from cnnlib.history import History
    >>> learned = {"train_loss": np.array([2.3, 0.1]), "train_accuracy": np.array([0.1, 0.99])}
    >>> failed = {"val_loss": np.array([2.3, 1.5]), "val_accuracy": np.array([0.1, 0.70])}
    >>> print(diagnose(History(classes=10, batch_size=32, **learned, **failed)))
    Good on the training data? Yes: 99 %.
    Good on the test data? No: 70 %, 29 points less.
    Suspect: overfitting. It knows the training data, and no other suspect is left.
    Try: Prevent overfitting: more data, dropout, weight decay, early stopping.
    """
    if not len(history.train_accuracy) or not len(history.val_accuracy):
        raise ValueError(
            "diagnose needs the curves of training and validation: fit with validation=(x, labels)"
        )
    ours, theirs = history.train_accuracy[-1], history.val_accuracy[-1]
    training_good, test_good = bool(ours >= good), bool(theirs >= ours - gap)
    steps = [f"Good on the training data? {_yes(training_good)}: {_percent(ours)}."]
    suspects = [*BELIEF, *BROKEN]
    if not training_good:
        suspects += TRAINING
        default = "capacity", "It does not even know the training data, and no other suspect is left."
    else:
        below = f"{100 * abs(ours - theirs):.0f} points {'less' if theirs < ours else 'more'}"
        steps += [f"Good on the test data? {_yes(test_good)}: {_percent(theirs)}, {below}."]
        default = "healthy", "Both are good, and no statistic stands out."
        if not test_good:
            suspects += TEST
            default = "overfitting", "It knows the training data, and no other suspect is left."
    family, evidence = next(filter(None, (suspect(history) for suspect in suspects)), default)
    return Diagnosis(family, evidence, training_good, test_good, tuple(steps))


# Each suspect takes a History and returns (family, evidence), or None. What was not measured is no evidence.


def shared_examples(history):
    if history.overlap > 0.005:
        return "leak", f"{_percent(history.overlap)} of the test examples are training examples, too."


def company(history):
    if history.steady < 0.99:
        return "mode", f"Asked twice, the network agrees with itself on {_percent(history.steady)} only."


def input_scale(history):
    size = np.hypot(history.input_mean, history.input_std)
    if size > 5 or size < 0.02:
        return "input", f"The numbers that go in have a typical size of {size:.2g}."


def order_of_batches(history):
    mixed = history.classes * (1 - (1 - 1 / history.classes) ** history.batch_size)
    if len(history.batch_classes) and history.batch_classes.mean() < 0.5 * mixed:
        found = history.batch_classes.mean()
        return "order", f"A batch holds {found:.1f} classes; mixed, it would be {mixed:.1f}."


def shares_as_votes(history):
    if _measured(history) and np.allclose(history.activation_mean[:, -1], 1 / history.classes, rtol=1e-6):
        return "loss", f"The votes have the mean 1/{history.classes} exactly: they are shares already."


def scale_of_loss(history):
    start, expected = history.train_loss[0], np.log(history.classes)
    small_votes = _measured(history) and history.activation_std[0, -1] < 2
    summed = abs(start / expected / history.batch_size - 1) < 0.25
    if start < expected / 2 or (small_votes and start > 2 * expected) or (summed and not _measured(history)):
        return "loss", f"It starts at {start:.3g}, where ln {history.classes} = {expected:.3g} is due."


def wrong_slope(history):
    wrong = np.abs(history.slope - 1) > 0.3  # never true of what was not measured, which is nan
    if wrong.any():
        layer = history.layers[np.argwhere(wrong)[0][-1]]
        value = history.slope[wrong][0]
        return (
            "gradient",
            f"Along the gradient of {layer} the loss rises {value:.2g} times as fast as promised.",
        )


def no_steps(history):
    if len(history.update_ratio):
        moved, pushed = history.update_ratio.max(axis=0) > 0, history.gradient.max(axis=0) > 0
        if (pushed & ~moved).any():
            return "frozen", f"{history.layers[np.argmax(pushed & ~moved)]} has a gradient and never moves."


def idle_activation(history):
    for index, name in enumerate(history.outputs):
        if name.endswith(" ReLU") and history.zeros[:, index].max() == 0:
            return "activation", f"{name} never returns a zero: it rectifies nothing."


def dead_at_the_start(history):
    if _measured(history) and history.dead[0].max() > 0.5:
        index = np.argmax(history.dead[0])
        share = _percent(history.dead[0, index])
        return "activation", f"At the start {share} of {history.outputs[index]} say the same to everything."


def size_of_start(history):
    if not _measured(history):
        return None
    if history.spread[0, -1] > 5:
        return "start", f"At the start votes differ by {history.spread[0, -1]:.2g} from example to example."
    passed = []
    for name in history.layers:
        index = int(name.split()[0])
        before = history.spread[0, index - 1] if index else history.input_std
        if before > 1e-6:  # a dead layer gives the next one nothing to pass on
            passed.append(history.spread[0, index] / before)
    if passed and max(passed) < 0.15:
        return (
            "start",
            f"At the start no layer passes on more than {_percent(max(passed))} of the differences.",
        )


def too_fast(history):
    if history.stopped == "not finite":
        return "high rate", "Training ended with a number that is not finite."
    if len(history.update_ratio):
        step = _typical(history.update_ratio[0])
        if step > 0.035:
            return "high rate", f"In the first epoch a step changes the weights by {_percent(step)}."
    elif (
        history.batch_loss.max() > 3 * history.train_loss[0] or history.train_loss[-1] > history.train_loss[0]
    ):
        return "high rate", "The loss climbs above where it started."


def too_slow(history):
    if len(history.update_ratio):
        step = _typical(history.update_ratio)
        if step < 7e-4:
            return "low rate", f"A step changes the weights by {step:.1e} of their length."
    else:
        middle = history.train_loss[len(history.train_loss) // 2]
        early, late = history.train_loss[0] - middle, middle - history.train_loss[-1]
        if late > 0.4 * early > 0 and history.train_accuracy[-1] < 0.5:
            return "low rate", "The loss falls as slowly at the end as at the beginning."


def odd_labels(history):
    ours, theirs, chance = history.train_accuracy[-1], history.val_accuracy[-1], 1 / history.classes
    if theirs > ours + 0.1:
        return (
            "labels",
            f"Better on the test data ({_percent(theirs)}) than on what it was taught ({_percent(ours)}).",
        )
    if theirs < 2.5 * chance and ours > theirs + 0.07:
        return (
            "labels",
            f"What it learned ({_percent(ours)}) does not carry over at all ({_percent(theirs)}).",
        )


def dead_at_the_end(history):
    if _measured(history) and history.dead[-1].max() > 0.7:
        index = np.argmax(history.dead[-1])
        share = _percent(history.dead[-1, index])
        return "activation", f"At the end {share} of {history.outputs[index]} say the same to everything."


BELIEF = (shared_examples, company)
BROKEN = (
    input_scale,
    order_of_batches,
    shares_as_votes,
    scale_of_loss,
    size_of_start,
    wrong_slope,
    no_steps,
    idle_activation,
    dead_at_the_start,
)
TRAINING = (too_fast, odd_labels, too_slow, dead_at_the_end)
TEST = (odd_labels,)


def _measured(history):
    return len(history.spread) > 0


def _typical(ratios):
    """Geometric mean over epochs and layers."""
    return float(np.exp(np.mean(np.log(np.maximum(ratios, 1e-12)))))


def _yes(truth):
    return "Yes" if truth else "No"


def _percent(share):
    return f"{100 * share:.0f} %"
