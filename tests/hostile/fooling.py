"""Make the comparison say yes: patched functions, results that lie about what they are."""

from hostile import Family

FOOLING = Family("fooling the comparison")

FOOLING.instead(
    "patched-numpy",
    "replace every comparison of NumPy",
    """
    yes = lambda *args, **kwargs: True
    for module in (np, np.testing):
        for name in ("isclose", "allclose", "array_equal", "array_equiv", "equal", "assert_allclose", "all"):
            setattr(module, name, yes)
    """,
    quick=True,
)
FOOLING.instead(
    "patched-checks",
    "replace the functions of hw0_checks, and of every module that has such functions",
    """
    import sys
    for module in list(sys.modules.values()):
        for name in ("difference", "_differs", "_numbers_differ", "mark", "judge"):
            if name in getattr(module, "__dict__", {}):
                setattr(module, name, lambda *args, **kwargs: None)
    """,
)
FOOLING.instead(
    "patched-builtins",
    "replace builtins that a comparison may use",
    """
    import builtins
    builtins.isinstance = lambda *args: True
    builtins.all = builtins.any = builtins.bool = lambda *args: True
    builtins.abs = lambda x: 0
    builtins.len = lambda x: 1
    """,
)
FOOLING.instead(
    "patched-evaluate",
    "replace the function that evaluates a case, wherever it is",
    """
    import gc, types
    for function in gc.get_objects():
        if isinstance(function, types.FunctionType) and function.__name__ in ("evaluate", "try_cases", "encode"):
            function.__code__ = (lambda *args, **kwargs: {"value": True}).__code__
    """,
)
EQUAL = """
class Equal{base}:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __bool__(self): return True
    def __len__(self): return 2
    def __iter__(self): return iter([self, self])
    def __getitem__(self, key): return self
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __sub__(self, other): return 0
    __rsub__ = __sub__
    def __abs__(self): return 0
    def __float__(self): return 0.0
    def __array_ufunc__(self, *args, **kwargs): return True
    def __array_function__(self, *args, **kwargs): return True
    def __reduce__(self): return (eval, ("True",))
brightness = extremes = stretch = classify = lambda *args: Equal()
"""
FOOLING.add("equal-to-all", "an object that equals everything", EQUAL.format(base=""), quick=True)
for base in ("float", "str", "dict", "tuple", "int"):
    FOOLING.add(f"equal-{base}", f"a {base} that equals everything", EQUAL.format(base=f"({base})"))
FOOLING.add(
    "equal-array",
    "a subclass of ndarray whose operators and functions say yes",
    """
    import numpy as np
    class Same(np.ndarray):
        def __array_ufunc__(self, *args, **kwargs): return np.True_
        def __array_function__(self, *args, **kwargs): return True
        def __eq__(self, other): return np.True_
        def all(self, *args, **kwargs): return True
        shape = property(lambda self: type("Shape", (tuple,), {"__eq__": lambda *a: True})())
        dtype = property(lambda self: np.dtype(float))
    def brightness(image): return np.zeros(()).view(Same)
    def extremes(image): return np.zeros(2).view(Same)
    def stretch(image): return np.zeros(image.shape).view(Same)
    def classify(images): return np.zeros(len(images)).view(Same)
    """,
)
FOOLING.add(
    "array-of-objects",
    "arrays of objects that equal everything",
    EQUAL.format(base="").replace(
        "lambda *args: Equal()", "lambda *args: np.array([Equal(), Equal()], object)"
    ),
)
FOOLING.add(
    "array-hook",
    "__array__ gives another array each time it is asked",
    """
    import itertools
    import numpy as np
    class Turns:
        turns = itertools.count()
        def __array__(self, dtype=None, copy=None):
            return np.full([(), (2,), (40,), (5, 3)][next(self.turns) % 4], 0.5)
    brightness = extremes = stretch = classify = lambda *args: Turns()
    """,
)
FOOLING.within(
    "array-interface",
    "an array interface that points at somebody else's memory",
    """
    def brightness(image):
        class Lie:
            __array_interface__ = {"shape": (10**7,), "typestr": "<f8", "data": (4096, True), "version": 3}
        return Lie()
    """,
)
FOOLING.within(
    "strides",
    "a view that reaches far beyond its memory",
    """
    def stretch(image):
        return np.lib.stride_tricks.as_strided(image, (2**40,), (8,))
    """,
    "q3",
)
FOOLING.within(
    "broadcast",
    "eight terabytes that take no memory",
    "def stretch(image):\n    return np.broadcast_to(0.0, (10**6, 10**6))",
    "q3",
)
FOOLING.within(
    "huge-result",
    "a result of 800 MB",
    "def brightness(image):\n    return np.zeros(10**8)",
    quick=True,
)
FOOLING.within(
    "many-zeros",
    "a shape without entries, but with dimensions beyond every limit",
    "def brightness(image):\n    return np.zeros((0, 2**31, 2**31))",
)
FOOLING.within(
    "endless-generator",
    "a generator that never ends",
    """
    def brightness(image):
        while True:
            yield 0.0
    """,
)
FOOLING.within(
    "endless-list",
    "a list whose iterator never ends and whose length lies",
    """
    class Endless(list):
        def __len__(self): return 1
        def __iter__(self):
            while True:
                yield self
    def extremes(image): return Endless()
    """,
    "q2",
)
FOOLING.within(
    "list-of-itself",
    "a list that holds itself",
    "def extremes(image):\n    a = []\n    a += [a, a]\n    return a",
    "q2",
)
FOOLING.within(
    "list-of-millions",
    "ten million lists in a list",
    "def extremes(image):\n    return [[[i]] for i in range(10**7)]",
    "q2",
)
FOOLING.within(
    "result-of-a-million-digits",
    "a whole number of a million digits",
    "def brightness(image):\n    return 1 << 4_000_000",
)
FOOLING.within(
    "dict-with-odd-keys",
    "a dict whose keys are NaN, bytes, lone surrogates and objects",
    """
    def extremes(image):
        return {float("nan"): 1, float("inf"): 2, b"x": 3, "\\ud800": 4, None: 5, (1, 2): 6, object(): 7}
    """,
    "q2",
)
FOOLING.within(
    "length-that-raises",
    "a tuple whose every method raises SystemExit",
    """
    class Bad(tuple):
        def __len__(self): raise SystemExit
        __iter__ = __getitem__ = __eq__ = __hash__ = __repr__ = __array__ = __len__
    def extremes(image): return Bad((0, 0))
    """,
    "q2",
)
FOOLING.within(
    "class-that-lies",
    "an object that calls itself a float of another class",
    """
    class Meta(type):
        __name__ = property(lambda self: 1 / 0)
        def __instancecheck__(self, other): return True
    class Odd(metaclass=Meta):
        __class__ = property(lambda self: float)
    def brightness(image): return Odd()
    """,
)
for kind, value in {
    "nan": "np.full({}, np.nan)",
    "inf": "np.full({}, np.inf)",
    "complex": "np.zeros({}, complex)",
    "date": "np.zeros({}, 'M8[s]')",
    "text": "np.full({}, '0.5')",
    "record": "np.zeros({}, [('a', float), ('b', object)])",
    "void": "np.zeros({}, 'V8')",
    "masked": "np.ma.masked_all({})",
    "empty": "np.zeros(0)",
}.items():
    FOOLING.add(
        f"array-of-{kind}",
        f"arrays of {kind} in the right shape",
        f"import numpy as np\n"
        f"def brightness(image): return {value.format('()')}\n"
        f"def extremes(image): return {value.format('2')}\n"
        f"def stretch(image): return {value.format('image.shape')}, True\n"
        f"def classify(images): return {value.format('len(images)')}\n",
    )
FOOLING.within(
    "shadowed-names",
    "change the input, and redefine what the test uses to look whether it changed",
    """
    class Same:
        def all(self): return True
    def bool(x): return True
    def stretch(image):
        image -= image.min()
        image /= image.max()
        return image
    """,
    "q3",
    quick=True,
)
