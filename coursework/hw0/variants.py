"""Answers that are right, and answers that are wrong."""

CORRECT = {
    "q1": {
        "loops": "def brightness(image):\n    return sum(float(v) for v in image.ravel()) / image.size",
        "float32": "def brightness(image):\n    return np.float32(np.asarray(image, np.float32).mean())",
        "prints": "def brightness(image):\n    print('x' * 100000)\n    return np.array(image.mean())",
    },
    "q2": {
        "list": "def extremes(image):\n    return [image.min(), image.max()]",
        "array": "def extremes(image):\n    return np.array([image.min(), image.max()])",
        "sorted": "def extremes(image):\n    v = sorted(image.ravel().tolist())\n    return v[0], v[-1]",
    },
    "q3": {
        "lists": (
            "def stretch(image):\n    low, high = image.min(), image.max()\n"
            "    return [[(v - low) / (high - low) for v in row] for row in image]"
        ),
        "copy": "def stretch(image):\n    x = image.copy()\n    x -= x.min()\n    return x / x.max()",
        "interp": "def stretch(image):\n    return np.interp(image, (image.min(), image.max()), (0, 1))",
    },
    "q4": {
        "loop": "def classify(images):\n    return [int(x.mean() > 0.5) for x in images]",
        "bool": "def classify(images):\n    return images.mean((1, 2)) > 0.5",
        "floats": "def classify(images):\n    return (images.mean((1, 2)) > 0.5).astype(np.float32)",
    },
}

WRONG = {
    "q1": {"median": ("np.mean", "np.median"), "sum": ("np.mean", "np.sum"), "none": ("return ", "")},
    "q2": {"swapped": ("image.min(), image.max()", "image.max(), image.min()"), "one": (", image.max()", "")},
    "q3": {
        "in place": ("return (image - image.min())", "image -= image.min()\n    return image"),
        "half": (" / (image.max() - image.min())", ""),
    },
    "q4": {"turned": (">", "<"), "zeros": ("> 0.5", "> 5")},
}
