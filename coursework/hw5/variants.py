"""Answers to assignment 5 to try the tests on: right ones that differ, and mistakes that people make."""

WHERE = "def where_to_look(reference, training, validation, test, gap=0.05):\n"
FIRST = "def first_loss(loss, classes, batch_size):\n"
START = "def starting_weight(shape, rng, a=0.0):\n"
MOMENTUM = (
    "def momentum_step(weight, gradient, buffer, lr, momentum=0.9, weight_decay=0.0, nesterov=False):\n"
)
RATE = "def learning_rate(step, steps, peak, warmup, start=0.1, floor=0.0):\n"
WALK = "def rmsprop_walk(slope, start, steps, lr, alpha=0.9, eps=1e-8, centered=False):\n"
DIAGNOSE = "def diagnose(run):\n"

CORRECT = {
    "q1": {
        "loop": WHERE
        + """
    errors = [reference, training, validation, test]
    for k, name in enumerate(["training", "overfitting", "chosen"]):
        if errors[k + 1] > errors[k] + gap:
            return name
    return "done"
""",
        "numpy": WHERE
        + """
    wide = np.diff([reference, training, validation, test]) > gap
    return ["training", "overfitting", "chosen", "done"][int(np.argmax([*wide, True]))]
""",
        "elif and prints": WHERE
        + """
    word = "done"
    if training > gap + reference:
        word = "training"
    elif validation > gap + training:
        word = "overfitting"
    elif test > gap + validation:
        word = "chosen"
    print("look at", word)
    return word
""",
    },
    "q2": {
        "math": "import math\n\n"
        + FIRST
        + """
    due = math.log(classes)
    if due * 0.5 <= loss <= due * 2:
        word = "fine"
    elif abs(loss - batch_size * due) <= 0.1 * batch_size * due:
        word = "summed"
    elif loss < due:
        word = "small"
    else:
        word = "sure"
    return (due, word)
""",
        "minus log of the share": FIRST
        + """
    due = -np.log(np.float32(1 / classes))
    word = "sure"
    if loss / due < 2.0:
        word = "fine" if loss / due > 0.5 else "small"
    elif 0.9 < loss / due / batch_size < 1.1:
        word = "summed"
    return [due, word]
""",
        "softmax of zeros": FIRST
        + """
    shares = np.exp(np.zeros(classes)) / np.exp(np.zeros(classes)).sum()
    due = float(-np.log(shares[0]))
    tests = [(0.5 * due <= loss <= 2 * due, "fine"), (abs(loss / (batch_size * due) - 1) < 0.1, "summed")]
    tests += [(loss < due, "small"), (True, "sure")]
    return due, next(word for true, word in tests if true)
""",
    },
    "q3": {
        "evenly": START
        + """
    fan_in = 1
    for size in shape[1:]:
        fan_in *= size
    bound = np.sqrt(3) * np.sqrt(2 / ((1 + a**2) * fan_in))
    return rng.uniform(-bound, bound, size=shape)
""",
        "float32": START
        + """
    fan_in = int(np.prod(shape)) // shape[0]
    gain = np.sqrt(2 / (1 + a * a))
    return (rng.standard_normal(shape) * gain / np.sqrt(fan_in)).astype(np.float32)
""",
        "filled by rows": START
        + """
    weight = np.empty(shape)
    fan_in = weight[0].size
    for k in range(shape[0]):
        weight[k] = rng.normal(scale=(2 / (1 + a**2) / fan_in) ** 0.5, size=weight[k].shape)
    return weight
""",
    },
    "q4": {
        "zeros as a buffer": MOMENTUM
        + """
    if buffer is None:
        buffer = np.zeros_like(weight)
    g = gradient + weight_decay * weight
    new = momentum * buffer + g
    if nesterov:
        return weight - lr * (g + momentum * new), new
    return weight - lr * new, new
""",
        "copies in place": MOMENTUM
        + """
    weight, g = weight.copy(), gradient.copy()
    g += weight_decay * weight
    b = np.zeros_like(g) if buffer is None else buffer.copy()
    b *= momentum
    b += g
    weight -= lr * (g + momentum * b if nesterov else b)
    return [weight, b]
""",
        "number by number": MOMENTUM
        + """
    w, b = np.empty(weight.shape), np.empty(weight.shape)
    for at in np.ndindex(*weight.shape):
        g = gradient[at] + weight_decay * weight[at]
        b[at] = g if buffer is None else momentum * buffer[at] + g
        w[at] = weight[at] - lr * (g + momentum * b[at] if nesterov else b[at])
    return w, b
""",
        "float32": MOMENTUM
        + """
    weight, gradient = np.float32(weight), np.float32(gradient)
    g = gradient + weight_decay * weight
    b = g if buffer is None else momentum * np.float32(buffer) + g
    return weight - lr * (g + momentum * b if nesterov else b), b
""",
    },
    "q5": {
        "interp": RATE
        + """
    if warmup and step <= warmup:
        return np.interp(step, [0, warmup], [start * peak, peak])
    share = min((step - warmup) / (steps - warmup), 1)
    return floor + (peak - floor) * np.cos(np.pi * share / 2) ** 2
""",
        "list": "import math\n\n"
        + RATE
        + """
    first = np.linspace(start * peak, peak, warmup, endpoint=False).tolist()
    down = steps - warmup
    rest = [floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * k / down)) for k in range(down + 1)]
    return (first + rest)[min(step, steps)]
""",
        "array of no axes": RATE
        + """
    if step >= warmup:
        step = np.minimum(step, steps)
        return floor + (peak - floor) / 2 * (1 + np.cos(np.array(np.pi) * (step - warmup) / (steps - warmup)))
    return start * peak + step * (peak - start * peak) / warmup
""",
    },
    "q6": {
        "filled array": WALK
        + """
    places = np.zeros((steps + 1, len(start)))
    places[0] = start
    m, s = 0.0, 0.0
    for t in range(steps):
        g = np.asarray(slope(places[t]))
        m, s = alpha * m + (1 - alpha) * g, alpha * s + (1 - alpha) * g * g
        spread = s - m**2 if centered else s
        spread = np.where(spread < 0, 0, spread)
        places[t + 1] = places[t] - lr * g / (np.sqrt(spread) + eps)
    return places
""",
        "copies in a list": WALK
        + """
    w = np.array(start, float)
    memory, found = {"s": np.zeros(len(w)), "m": np.zeros(len(w))}, [w.copy()]
    for _ in range(steps):
        g = slope(w)
        memory["s"] += (1 - alpha) * (g**2 - memory["s"])
        memory["m"] += (1 - alpha) * (g - memory["m"])
        size = memory["s"] - centered * memory["m"] ** 2
        w -= lr * g / (np.sqrt(size.clip(0)) + eps)
        found.append(w.copy())
    return found
""",
        "one more slope": WALK
        + """
    place = np.asarray(start, dtype=np.float64)
    square, mean, g, path = 0, 0, slope(place), [place]
    while len(path) <= steps:
        square = alpha * square + (1 - alpha) * g**2
        mean = alpha * mean + (1 - alpha) * g
        below = np.maximum(square - mean**2, 0) if centered else square
        place = place - lr * g / (eps + np.sqrt(below))
        path.append(place)
        g = slope(place)
    return np.stack(path)
""",
    },
    "q7": {
        "memory by place": """
class AdamW:
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.lr, self.eps, self.weight_decay = lr, eps, weight_decay
        self.beta1, self.beta2 = betas
        self.memory, self.steps = {}, 0

    def step(self, params, grads):
        self.steps += 1
        for k in range(len(params)):
            m, v = self.memory.get(k, (0, 0))
            m = self.beta1 * m + (1 - self.beta1) * grads[k]
            v = self.beta2 * v + (1 - self.beta2) * grads[k] ** 2
            self.memory[k] = m, v
            m_hat = m / (1 - self.beta1**self.steps)
            v_hat = v / (1 - self.beta2**self.steps)
            shrunk = params[k] * (1 - self.lr * self.weight_decay)
            params[k][...] = shrunk - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
""",
        "rate corrected instead": """
import math


class AdamW:
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.__dict__.update(lr=lr, betas=betas, eps=eps, decay=weight_decay, t=0, state=[])

    def step(self, params, grads):
        if not self.state:
            self.state = [[np.zeros(p.shape), np.zeros(p.shape)] for p in params]
        self.t += 1
        one, two = (1 - beta**self.t for beta in self.betas)
        for weight, gradient, (m, v) in zip(params, grads, self.state):
            m *= self.betas[0]
            m += (1 - self.betas[0]) * gradient
            v *= self.betas[1]
            v += (1 - self.betas[1]) * gradient * gradient
            pull = m * math.sqrt(two) / one / (np.sqrt(v) + self.eps * math.sqrt(two))
            np.subtract(weight, self.lr * (pull + self.decay * weight), out=weight)
""",
        "sums that know their share": """
class AdamW:
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.seen = [0.0, 0.0]
        self.first = None

    def step(self, params, grads):
        b1, b2 = self.betas
        if self.first is None:
            self.first, self.second = [p * 0 for p in params], [p * 0 for p in params]
        self.seen = [b1 * self.seen[0] + 1 - b1, b2 * self.seen[1] + 1 - b2]
        for i, (p, g) in enumerate(zip(params, grads)):
            self.first[i] += (1 - b1) * (g - self.first[i])
            self.second[i] += (1 - b2) * (g**2 - self.second[i])
            mean, square = self.first[i] / self.seen[0], self.second[i] / self.seen[1]
            p -= self.lr * self.weight_decay * p
            p -= self.lr * mean / (square**0.5 + self.eps)
        print("step done")
""",
    },
    "q8": {
        "by points": DIAGNOSE
        + """
    points = {}
    chance, due = 1 / run["classes"], np.log(run["classes"])
    ours, theirs = run["train_accuracy"][-1], run["val_accuracy"][-1]
    loss, step = run["train_loss"], np.array(run["update_ratio"])
    rms = lambda pair: (pair[0] ** 2 + pair[1] ** 2) ** 0.5
    size = rms(run["input"])
    points["leak"] = 100 * (run["overlap"] > 0.01)
    points["mode"] = 90 * (run["steady"] < 0.98)
    points["shift"] = 85 * (abs(np.log(rms(run["test_input"]) / size)) > 0.5)
    points["input"] = 80 * (size > 3)
    points["order"] = 75 * (run["batch_classes"] < 6)
    votes = run["spread"][2][1]
    points["loss"] = 70 * (abs(run["votes_mean"][-1] - 0.1) < 1e-4)
    points["loss"] += 70 * (loss[0] < 1.2 or (loss[0] > 5 and votes < 2))
    most = max(after / max(before, 1e-6) for before, after in run["spread"])
    points["start"] = 65 * (votes > 5 or most < 0.2)
    slope = np.array(run["slope"], dtype=float)
    points["gradient"] = 60 * (np.nanmax(np.append(np.abs(slope - 1), 0)) > 0.25)
    moved, pushed = (step > 0).any(axis=0), (np.array(run["gradient"]) > 0).any(axis=0)
    points["frozen"] = 55 * bool((pushed & ~moved).any())
    points["activation"] = 50 * bool((np.array(run["zeros"]) == 0).all(axis=0).any())
    points["activation"] += 50 * (max(run["dead"][0]) > 0.5)
    bad = ours < 0.95
    broken = run["stopped"] != "finished" or max(loss) > 1.2 * loss[0] or step[0].mean() > 0.05
    points["high rate"] = 40 * (bad and broken)
    points["labels"] = 35 * (theirs < 0.55 and (ours - theirs > 0.06 or theirs - ours > 0.06))
    points["low rate"] = 30 * (bad and float(np.median(step)) < 0.001)
    points["capacity"] = 25 * bad
    points["overfitting"] = 20 * (not bad and ours - theirs > 0.08)
    points["healthy"] = 1
    return max(points, key=points.get)
""",
        "a table of questions": """
def unlike_one(run):
    return any(abs(s - 1) > 0.2 for row in run["slope"] for s in row if s == s)


def still(run):
    return any(max(row[k] for row in run["update_ratio"]) == 0 for k in range(3))


def no_zeros(run):
    return any(max(row[k] for row in run["zeros"]) == 0 for k in range(2))


def typical(run):
    steps = [step for row in run["update_ratio"] for step in row]
    return np.exp(np.mean(np.log(np.array(steps) + 1e-12)))


def last(run, part):
    return run[part + "_accuracy"][-1]


QUESTIONS = [
    ("leak", lambda run: run["overlap"] > 0),
    ("mode", lambda run: run["steady"] < 0.99),
    ("shift", lambda run: run["test_input"][1] > 3 * run["input"][1]),
    ("input", lambda run: run["input"][1] > 4),
    ("order", lambda run: run["batch_classes"] < 5),
    ("loss", lambda run: abs(np.ptp(run["votes_mean"])) < 1e-6 and abs(run["votes_mean"][0] - 0.1) < 1e-6),
    ("loss", lambda run: run["train_loss"][0] < 1 or (run["train_loss"][0] > 6 and run["spread"][2][1] < 3)),
    ("start", lambda run: run["spread"][2][1] > 4 or all(b < 0.2 * a for a, b in run["spread"] if a > 1e-6)),
    ("activation", lambda run: max(run["dead"][0]) > 0.6 or no_zeros(run)),
    ("gradient", unlike_one),
    ("frozen", lambda run: still(run)),
    ("high rate", lambda run: run["stopped"] == "not finite" or max(run["update_ratio"][0]) > 0.1),
    ("high rate", lambda run: last(run, "train") < 0.9 and max(run["train_loss"]) > 3),
    ("labels", lambda run: last(run, "val") < 0.5 and abs(last(run, "val") - last(run, "train")) > 0.07),
    ("low rate", lambda run: last(run, "train") < 0.95 and typical(run) < 8e-4),
    ("capacity", lambda run: last(run, "train") < 0.9),
    ("overfitting", lambda run: last(run, "val") < last(run, "train") - 0.08),
    ("healthy", lambda run: True),
]


def diagnose(run):
    return next(family for family, question in QUESTIONS if question(run))
""",
        "what is nearest": """
def features(run):
    tail = lambda name: run[name][-1]
    steps = np.log10(np.array(run["update_ratio"]) + 1e-8)
    slope = np.nan_to_num(np.array(run["slope"], float), nan=1.0)
    most = max(b / max(a, 1e-6) for a, b in run["spread"])
    loss = np.minimum(np.nan_to_num(run["train_loss"], nan=100, posinf=100), 100)
    pushed = np.max(run["gradient"], axis=0) > 0
    return np.array([
        8.0 * (run["overlap"] > 0), 8.0 * (run["steady"] < 0.99),
        8.0 * (run["test_input"][1] > 2 * run["input"][1]), 8.0 * (run["input"][1] > 3),
        8.0 * (run["batch_classes"] < 6), 8.0 * (abs(run["votes_mean"][0] - 0.1) < 1e-4),
        8.0 * (loss[0] < 1.2 or (loss[0] > 5 and run["spread"][2][1] < 3)),
        8.0 * (run["spread"][2][1] > 4), 8.0 * (most < 0.2),
        5.0 * (np.abs(slope - 1).max() > 0.25),
        6.0 * bool((pushed & (np.max(run["update_ratio"], axis=0) == 0)).any()),
        6.0 * (min(np.max(run["zeros"], axis=0)) == 0), 6.0 * (max(run["dead"][0]) > 0.5),
        3.0 * tail("train_accuracy"), 4.0 * tail("val_accuracy"),
        5.0 * (tail("val_accuracy") < tail("train_accuracy") - 0.08),
        4.0 * (tail("train_accuracy") < 0.95),
        3.0 * (steps.mean() < -3.1), 3.0 * (max(loss) > 1.2 * loss[0]),
        3.0 * (run["stopped"] != "finished"),
    ])


TABLE = [(features(run), family) for run, family in PRACTICE]


def diagnose(run):
    here = features(run)
    return min(TABLE, key=lambda row: np.abs(row[0] - here).sum())[1]
""",
    },
}

WRONG = {
    "q1": {
        "the largest gap": WHERE
        + """
    gaps = [training - reference, validation - training, test - validation]
    if max(gaps) <= gap:
        return "done"
    return ["training", "overfitting", "chosen"][int(np.argmax(gaps))]
""",
        "at least the gap": WHERE
        + """
    if training - reference >= gap:
        return "training"
    if validation - training >= gap:
        return "overfitting"
    if test - validation >= gap:
        return "chosen"
    return "done"
""",
        "always against training": ("test - validation", "test - training"),
        "always against the reference": ("validation - training", "validation - reference"),
        "from the bottom up": WHERE
        + """
    if test - validation > gap:
        return "chosen"
    if validation - training > gap:
        return "overfitting"
    if training - reference > gap:
        return "training"
    return "done"
""",
        "absolute differences": WHERE
        + """
    if abs(training - reference) > gap:
        return "training"
    if abs(validation - training) > gap:
        return "overfitting"
    if abs(test - validation) > gap:
        return "chosen"
    return "done"
""",
        "its own gap": WHERE
        + """
    if training - reference > 0.05:
        return "training"
    if validation - training > 0.05:
        return "overfitting"
    if test - validation > 0.05:
        return "chosen"
    return "done"
""",
        "prints instead": ('return "overfitting"', 'print("overfitting")'),
    },
    "q2": {
        "logarithm to base 10": ("np.log(classes)", "np.log10(classes)"),
        "logarithm to base 2": ("np.log(classes)", "np.log2(classes)"),
        "one over the classes": ("np.log(classes)", "1 / classes"),
        "summed before fine": FIRST
        + """
    due = np.log(classes)
    times = loss / due
    if abs(times / batch_size - 1) < 0.1:
        return due, "summed"
    if 0.5 <= times <= 2:
        return due, "fine"
    return due, "small" if times < 0.5 else "sure"
""",
        "word only": FIRST
        + """
    times = loss / np.log(classes)
    if 0.5 <= times <= 2:
        return "fine"
    if abs(times / batch_size - 1) < 0.1:
        return "summed"
    return "small" if times < 0.5 else "sure"
""",
        "summed when above the batch size": ("abs(times / batch_size - 1) < 0.1", "times > batch_size / 2"),
        "batch size times the loss": ("abs(times / batch_size - 1)", "abs(times * batch_size - 1)"),
        "small and sure swapped": (
            '"small" if times < 0.5 else "sure"',
            '"sure" if times < 0.5 else "small"',
        ),
        "never summed": ("< 0.1", "< 0"),
        "absolute tolerance": ("abs(times / batch_size - 1) < 0.1", "abs(loss - batch_size * due) < 0.1"),
    },
    "q3": {
        "fan out": ("shape[1:]", "shape[:1]"),
        "kernel forgotten": ("np.prod(shape[1:])", "shape[1]"),
        "all sizes": ("shape[1:]", "shape"),
        "last axis": ("np.prod(shape[1:])", "shape[-1]"),
        "variance for deviation": ("np.sqrt(2 / (1 + a**2) / fan_in)", "2 / (1 + a**2) / fan_in"),
        "without the slope": ("(1 + a**2)", "1"),
        "slope not squared": ("a**2", "a"),
        "factor 1, not 2": ("np.sqrt(2", "np.sqrt(1"),
        "bound for deviation": (
            "rng.normal(0, np.sqrt(2 / (1 + a**2) / fan_in), shape)",
            "rng.uniform(-np.sqrt(2 / (1 + a**2) / fan_in), np.sqrt(2 / (1 + a**2) / fan_in), shape)",
        ),
        "from 0 up": ("rng.normal(0, ", "np.sqrt(12) * rng.uniform(0, "),
        "a generator of its own": ("rng.normal", "np.random.default_rng(0).normal"),
        "global randomness": ("rng.normal", "np.random.normal"),
        "transposed": START
        + """
    fan_in = np.prod(shape[1:])
    return rng.normal(0, np.sqrt(2 / (1 + a**2) / fan_in), shape[::-1])
""",
        "Xavier": ("2 / (1 + a**2) / fan_in", "2 / (1 + a**2) / (fan_in + shape[0])"),
    },
    "q4": {
        "uphill": ("weight - lr * step", "weight + lr * step"),
        "buffer as a mean": ("momentum * buffer + g\n", "momentum * buffer + (1 - momentum) * g\n"),
        "rate in the buffer": ("momentum * buffer + g\n", "momentum * buffer + lr * g\n"),
        "no buffer at first": ("g.copy() if buffer is None", "0 * g if buffer is None"),
        "decay ignored": ("gradient + weight_decay * weight", "gradient"),
        "decay of the wrong sign": ("gradient + weight_decay", "gradient - weight_decay"),
        "decay outside of the buffer": MOMENTUM
        + """
    b = gradient.copy() if buffer is None else momentum * buffer + gradient
    step = gradient + momentum * b if nesterov else b
    return weight - lr * (step + weight_decay * weight), b
""",
        "Nesterov ignored": ("g + momentum * b if nesterov else b", "b"),
        "Nesterov with the old buffer": (
            "g + momentum * b if nesterov",
            "g + momentum * (0 if buffer is None else buffer) if nesterov",
        ),
        "Nesterov without the decay": ("step = g + momentum", "step = gradient + momentum"),
        "in place": ("return weight - lr * step, b", "weight -= lr * step\n    return weight, b"),
        "gradient in place": (
            "g = gradient + weight_decay * weight",
            "g = gradient\n    g += weight_decay * weight",
        ),
        "buffer in place": MOMENTUM
        + """
    g = gradient + weight_decay * weight
    if buffer is None:
        buffer = np.zeros_like(g)
    buffer *= momentum
    buffer += g
    step = g + momentum * buffer if nesterov else buffer
    return weight - lr * step, buffer
""",
        "old buffer returned": ("weight - lr * step, b", "weight - lr * step, buffer"),
        "weight only": ("weight - lr * step, b", "weight - lr * step"),
        "momentum fixed": ("momentum * buffer", "0.9 * buffer"),
    },
    "q5": {
        "from zero": ("start + (1 - start) * step / warmup", "step / warmup"),
        "one step too early": ("(1 - start) * step / warmup", "(1 - start) * (step + 1) / warmup"),
        "start as a rate": (
            "peak * (start + (1 - start) * step / warmup)",
            "start + (peak - start) * step / warmup",
        ),
        "divides by no warm-up": ("step < warmup", "step <= warmup"),
        "cosine from step 0": ("(step - warmup) / (steps - warmup)", "step / steps"),
        "cosine over all steps": ("/ (steps - warmup)", "/ steps"),
        "floor one step early": ("/ (steps - warmup)", "/ (steps - warmup - 1)"),
        "rises again": ("step >= steps", "step > 10 * steps"),
        "floor forgotten": ("floor + (peak - floor) * (1", "peak * (1"),
        "floor added on top": ("floor + (peak - floor) * (1", "floor + peak * (1"),
        "whole wave": ("np.pi * done", "2 * np.pi * done"),
        "degrees": ("np.pi * done", "180 * done"),
        "straight": ("(1 + np.cos(np.pi * done)) / 2", "(1 - done)"),
        "zero after the end": ("return floor\n", "return 0.0\n"),
    },
    "q6": {
        "epsilon under the root": ("(np.sqrt(size) + eps)", "np.sqrt(size + eps)"),
        "no root": ("(np.sqrt(size) + eps)", "(size + eps)"),
        "a sum, as Adagrad": ("alpha * square + (1 - alpha) * g**2", "square + g**2"),
        "shares swapped": ("alpha * square + (1 - alpha) * g**2", "(1 - alpha) * square + alpha * g**2"),
        "mean begins with the first square": (
            "square = alpha * square + (1 - alpha) * g**2",
            "square = g**2 if len(places) == 1 else alpha * square + (1 - alpha) * g**2",
        ),
        "bias corrected": (
            "size = np.maximum(square - mean**2, 0) if centered else square",
            "size = np.maximum(square - mean**2, 0) if centered else square\n"
            "        size = size / (1 - alpha ** len(places))",
        ),
        "mean not squared": ("square - mean**2", "square - mean"),
        "nan from rounding": ("np.maximum(square - mean**2, 0)", "square - mean**2"),
        "absolute value": ("np.maximum(square - mean**2, 0)", "(square - mean) ** 2"),
        "centred ignored": ("np.maximum(square - mean**2, 0) if centered else square", "square"),
        "steps along the mean": ("lr * g /", "lr * mean /"),
        "start left out": ("[place]\n", "[]\n"),
        "last place only": ("return np.array(places)", "return place"),
        "one place, many times": (
            "place = place - lr * g / (np.sqrt(size) + eps)",
            "place -= lr * g / (np.sqrt(size) + eps)",
        ),
        "start in place": WALK
        + """
    place = start
    square, mean, places = 0, 0, [np.array(place)]
    for _ in range(steps):
        g = slope(place)
        square, mean = alpha * square + (1 - alpha) * g**2, alpha * mean + (1 - alpha) * g
        size = np.maximum(square - mean**2, 0) if centered else square
        place -= lr * g / (np.sqrt(size) + eps)
        places.append(place.copy())
    return np.array(places)
""",
        "slope at the start only": ("g = slope(place)", "g = slope(places[0])"),
        "memory of the last step only": ("alpha * square + (1", "(1"),
    },
    "q7": {
        "no correction": (
            "self.m[k] / (1 - b1**self.t), self.v[k] / (1 - b2**self.t)",
            "self.m[k], self.v[k]",
        ),
        "one correction only": ("self.v[k] / (1 - b2**self.t)", "self.v[k]"),
        "corrected means kept": (
            "w *= 1",
            "self.m[k], self.v[k] = m, v\n            w *= 1",
        ),
        "t begins at 0": ("        self.t += 1\n", ""),
        "t counts arrays": (
            "            self.m[k] = b1 *",
            "            self.t += k > 0\n            self.m[k] = b1 *",
        ),
        "t beside the power": ("(1 - b1**self.t)", "((1 - b1) * self.t)"),
        "L2 instead of W": (
            "            self.m[k] = b1",
            "            g = g + self.weight_decay * w\n            self.m[k] = b1",
        ),
        "decay forgotten": ("            w *= 1 - self.lr * self.weight_decay\n", ""),
        "decay without the rate": ("1 - self.lr * self.weight_decay", "1 - self.weight_decay"),
        "L2 for W": """
class AdamW:
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.t, self.m, self.v = 0, None, None

    def step(self, params, grads):
        if self.m is None:
            self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
        self.t += 1
        for k, (w, g) in enumerate(zip(params, grads)):
            g = g + self.weight_decay * w
            self.m[k] = self.betas[0] * self.m[k] + (1 - self.betas[0]) * g
            self.v[k] = self.betas[1] * self.v[k] + (1 - self.betas[1]) * g**2
            m, v = self.m[k] / (1 - self.betas[0] ** self.t), self.v[k] / (1 - self.betas[1] ** self.t)
            w -= self.lr * m / (np.sqrt(v) + self.eps)
""",
        "epsilon under the root": ("(np.sqrt(v) + self.eps)", "np.sqrt(v + self.eps)"),
        "no root": ("np.sqrt(v)", "v"),
        "betas swapped": ("b1, b2 = self.betas", "b2, b1 = self.betas"),
        "squares of the mean": ("(1 - b2) * g**2", "(1 - b2) * self.m[k] ** 2"),
        "rebinds and changes nothing": ("            w -= self.lr * m", "            w = w - self.lr * m"),
        "puts new arrays into the list": (
            "w *= 1 - self.lr * self.weight_decay\n            w -= self.lr * m / (np.sqrt(v) + self.eps)",
            "params[k] = w * (1 - self.lr * self.weight_decay) - self.lr * m / (np.sqrt(v) + self.eps)",
        ),
        "memory for all instances": """
class AdamW:
    m, v, t = {}, {}, 0

    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay

    def step(self, params, grads):
        self.t += 1
        b1, b2 = self.betas
        for k, (w, g) in enumerate(zip(params, grads)):
            self.m[k] = b1 * self.m.get(k, 0) + (1 - b1) * g
            self.v[k] = b2 * self.v.get(k, 0) + (1 - b2) * g**2
            w *= 1 - self.lr * self.weight_decay
            m, v = self.m[k] / (1 - b1**self.t), self.v[k] / (1 - b2**self.t)
            w -= self.lr * m / (np.sqrt(v) + self.eps)
""",
        "one memory for all arrays": (
            "            self.m[k] = b1 * self.m[k]",
            "            k = 0\n            self.m[k] = b1 * self.m[k]",
        ),
        "gradients in place": (
            "            self.m[k] = b1 * self.m[k] + (1 - b1) * g",
            "            g *= 1.0 if self.t < 0 else 1 - b1\n            self.m[k] = b1 * self.m[k] + g\n"
            "            g = g / (1 - b1)",
        ),
        "rate kept from the start": (
            "            w -= self.lr * m",
            "            self.rate = getattr(self, 'rate', self.lr)\n            w -= self.rate * m",
        ),
        "means of the last step": ("b1 * self.m[k] + (1 - b1) * g", "(1 - b1) * g"),
    },
    "q8": {
        "always overfitting": DIAGNOSE + "    return 'overfitting'\n",
        "always gradient": DIAGNOSE + "    return 'gradient'\n",
        "the recipe alone": DIAGNOSE
        + """
    ours, theirs = run["train_accuracy"][-1], run["val_accuracy"][-1]
    if ours < 0.95:
        return "capacity"
    return "overfitting" if theirs < ours - 0.08 else "healthy"
""",
        "curves alone": DIAGNOSE
        + """
    ours, theirs = run["train_accuracy"][-1], run["val_accuracy"][-1]
    loss, due = run["train_loss"], np.log(run["classes"])
    if run["stopped"] == "not finite" or loss[-1] > loss[0]:
        return "high rate"
    if loss[0] < due / 2 or abs(loss[0] / due / run["batch_size"] - 1) < 0.25:
        return "loss"
    if loss[0] > 5 * due:
        return "start"
    if ours < 0.95:
        if abs(ours - theirs) > 0.08:
            return "labels"
        middle = len(loss) // 2
        return "low rate" if loss[middle] - loss[-1] > 0.4 * (loss[0] - loss[middle]) > 0 else "capacity"
    if theirs < 0.2:
        return "shift"
    return "overfitting" if theirs < ours - 0.08 else "healthy"
""",
        "facts alone": DIAGNOSE
        + """
    if run["overlap"] > 0:
        return "leak"
    if run["steady"] < 0.99:
        return "mode"
    if run["input"][1] > 3:
        return "input"
    if run["batch_classes"] < 5:
        return "order"
    return "healthy"
""",
        "the likely before the certain": (
            "    # Can the numbers be believed?\n",
            "    if ours >= 0.95:\n        return 'healthy' if theirs > ours - 0.08 else 'overfitting'\n"
            "    if theirs < 0.2:\n        return 'high rate'\n",
        ),
        "a number, not a name": DIAGNOSE + "    return 5\n",
        "capital letters": (
            'return "leak"',
            'return "Leak"\n    if run["steady"] > 0:\n        return "Healthy"',
        ),
        "learned by heart": """
BY_HEART = {str(run): family for run, family in PRACTICE}


def diagnose(run):
    return BY_HEART.get(str(run), "healthy")
""",
    },
}
