"""Change the machinery around the answers: IPython, imports, hooks, the files that are handed out."""

from hostile import HONEST, LAZY, POINTS, START, WORKED, Family, code, notebook

ALTERING = Family("altering the machinery")

ALTERING.instead(
    "ast-transformer",
    "rewrite the syntax trees of later cells",
    """
    import ast
    class Rewrite(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.Constant(True) if node.value == 0.0 else node
    get_ipython().ast_transformers.append(Rewrite())
    """,
    quick=True,
)
ALTERING.instead(
    "input-transformer",
    "rewrite the text of later cells, and of what evaluates them",
    """
    get_ipython().input_transformers_cleanup.append(lambda lines: [])
    get_ipython().input_transformers_post.append(lambda lines: ["x = 1\\n"])
    """,
)
ALTERING.instead(
    "startup-files",
    "leave start-up files for IPython, Python and the shell, then end the process so that it starts anew",
    """
    import os
    text = "import builtins, hw0_checks, os\\nbuiltins.hijacked = True\\nos._exit(0)\\n"
    for path in ("~/.ipython/profile_default/startup/00.py", "~/sitecustomize.py", "~/usercustomize.py", "~/json.py",
                 "~/.local/lib/python3.11/site-packages/evil.pth", "~/hw0_checks.py", "~/coursework/__init__.py",
                 "~/numpy.py", "~/.pythonrc.py", "~/.bashrc", "~/IPython/__init__.py", "~/.config/matplotlib/matplotlibrc"):
        path = os.path.expanduser(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write("import os; os._exit(0)\\n" if path.endswith(".pth") else text)
    os.environ["PYTHONSTARTUP"] = os.path.expanduser("~/.pythonrc.py")
    os.environ["PYTHONPATH"] = os.environ["LD_LIBRARY_PATH"] = os.path.expanduser("~")
    os._exit(0)
    """,
)
ALTERING.beside(
    "shadowing-modules",
    "put modules with the names of the grader's own beside the notebook",
    """
    for name in ("json", "struct", "tempfile", "base64", "select", "copy", "traceback", "fractions", "hw0_checks"):
        open(f"{name}.py", "w").write("raise SystemExit")
    """,
)
ALTERING.instead(
    "import-hook",
    "answer every later import with a module of its own",
    """
    import sys, types
    class Finder:
        def find_spec(self, name, path=None, target=None):
            import importlib.machinery
            return importlib.machinery.ModuleSpec(name, self)
        def create_module(self, spec): return types.SimpleNamespace(__name__=spec.name)
        def exec_module(self, module): module.__getattr__ = lambda name: lambda *a, **k: True
    sys.meta_path.insert(0, Finder())
    for name in [n for n in sys.modules if n.startswith(("json", "coursework", "base64", "struct"))]:
        del sys.modules[name]
    """,
)
ALTERING.instead(
    "patched-main",
    "replace every function of the module that runs the cells",
    """
    import sys
    for name, module in list(sys.modules.items()):
        if name.startswith("coursework") or name == "__main__":
            for entry, value in list(vars(module).items()):
                if callable(value) and not entry.startswith("__"):
                    setattr(module, entry, lambda *args, **kwargs: (1, "", [], True))
    """,
    quick=True,
)
ALTERING.beside(
    "tampered-checks",
    "make check print that all is well, and delete the modules that were handed out",
    """
    import hw0_checks, os, sys
    hw0_checks.check = check = lambda *args: print("q1: 4 of 4 tests pass")
    for path in (hw0_checks.__file__, "/course/cnnlib/__init__.py", "/course/coursework/check.py"):
        try:
            os.remove(path)
        except OSError:
            pass
    sys.modules.pop("hw0_checks")
    sys.modules.pop("cnnlib", None)
    """,
)
ALTERING.beside(
    "public-answers",
    "answer with the expected values of the public tests",
    """
    import gc
    from hw0_checks import TESTS
    def known(question):
        return lambda *args: TESTS[question][0].expected
    """,
    right=tuple(POINTS),
)
ALTERING.add(
    "public-answers-only",
    "answer with the expected values of the public tests, and nothing else",
    START,
    """
    from hw0_checks import TESTS
    brightness, extremes, stretch, classify = (lambda *a, q=q: TESTS[q][0].expected for q in ("q1", "q2", "q3", "q4"))
    """,
)
ALTERING.beside(
    "signals",
    "handlers for every signal, timers of its own, and a changed mask",
    """
    import signal
    for number in signal.valid_signals() - {9, 19}:
        try:
            signal.signal(number, lambda *args: None)
        except (OSError, ValueError):
            pass
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    """,
    right=(),
    may=tuple(POINTS),
)
ALTERING.beside(
    "odd-magics",
    "magics and shell commands of every kind",
    """
    %load_ext autoreload
    %autoreload 2
    %autocall 2
    %matplotlib inline
    %pylab --no-import-all
    %config InlineBackend.figure_format = "retina"
    %env A=1
    %time x = 1
    !echo hello
    files = !ls
    %pip install something
    %who
    np?
    %store x
    %lsmagic
    """,
)
ALTERING.beside("cell-magic", "a cell of shell", "%%bash\nkill -9 $PPID\nexit 3")
ALTERING.beside("javascript", "a cell of JavaScript", "%%javascript\nJupyter.notebook.kernel.execute('1')")
ALTERING.beside(
    "write-and-run", "write a file and run it", "%%writefile x.py\nimport os\nos._exit(0)\n%run x.py"
)
ALTERING.beside(
    "reset",
    "delete all names, and the shell's own",
    "%reset -f\nget_ipython().user_ns.clear()",
    right=(),
    may=tuple(POINTS),
)
ALTERING.add(
    "clear-names",
    "delete all names after the answers",
    START,
    *HONEST.values(),
    "globals().clear()",
    "get_ipython().user_ns = None",
    right=("q1", "q2", "q3"),
    may=("q4",),
)

METADATA = Family("metadata tricks")
SKIP = {
    "tags": ["skip-execution", "remove-cell", "raises-exception"],
    "nbgrader": {"points": 1000, "score": 1000, "grade": True},
}
FORGED = [{"output_type": "stream", "name": "stdout", "text": "q1: 4 of 4 tests pass"}]
METADATA.add(
    "points-in-metadata",
    "points, scores, locked cells and results in metadata and outputs",
    data=notebook(
        [code(START, metadata=SKIP), code(LAZY, metadata=SKIP, outputs=FORGED, execution_count=7)],
        metadata={"score": 6, "nbgrader": {"score": 6}, "grade": {"q1": 1}},
    ),
    quick=True,
)
METADATA.add(
    "skip-execution",
    "honest cells with tags that others obey",
    data=notebook([code(cell, metadata=SKIP) for cell in WORKED]),
    right=tuple(POINTS),
)
METADATA.add(
    "kernelspec",
    "a kernel with a command line of its own",
    data=notebook(
        WORKED,
        metadata={
            "kernelspec": {
                "name": "../../evil",
                "argv": ["/bin/sh", "-c", "touch /tmp/hostile-was-here"],
                "language": "sh",
            },
            "language_info": {"name": "javascript", "file_extension": "/../../x"},
            "widgets": {
                "application/vnd.jupyter.widget-state+json": {"state": {"x" * 9: {}}, "version_major": 99}
            },
            "papermill": {"parameters": {"x": 1}},
        },
    ),
    right=tuple(POINTS),
)
METADATA.add(
    "raw-and-markdown",
    "answers in cells that are not code",
    data=notebook(
        [
            {"cell_type": kind, "metadata": {}, "source": "\n".join(WORKED)}
            for kind in ("raw", "markdown", "Code", "")
        ]
    ),
)
METADATA.add(
    "wrong-metadata",
    "metadata of types that do not exist",
    data=notebook(
        [code(cell, metadata=[1], outputs="x", execution_count="y", id=7) for cell in WORKED], metadata=[None]
    ),
    right=tuple(POINTS),
)

INJECTING = Family("injecting into reports")
INJECTING.within(
    "html-in-an-error",
    "HTML and JavaScript in an error",
    "def brightness(image):\n    raise ValueError('<script>alert(1)</script><img src=x onerror=alert(2)>&lt;{{7*7}}</td></table>')",
    quick=True,
)
INJECTING.within(
    "csv-in-an-error",
    "formulas, quotes, commas and line ends in an error",
    "def brightness(image):\n    raise type('=cmd()', (Exception,), {})('=HYPERLINK(\"http://x\",\"y\"),\\n\\r\\n@SUM(1),+1,-1,\\t=1')",
)
INJECTING.within(
    "control-characters",
    "bidirectional, control, ANSI and zero-width characters in an error",
    "def brightness(image):\n    raise ValueError('\\u202e\\u2066\\x1b[2J\\x1b]0;x\\x07\\x00\\x08\\u200b\\ufeff\\x85\\u2028' + chr(0xd800))",
    quick=True,
)
INJECTING.within(
    "odd-class-names",
    "an error and a result whose classes have names of markup, newlines and 100,000 characters",
    """
    def brightness(image):
        if image.shape == (1, 4):
            return type("<b>\\n,=1" * 20000, (), {})()
        raise type("x" * 100000, (Exception,), {})
    """,
)
INJECTING.within(
    "keys",
    "markup in the keys of a dict",
    "def extremes(image):\n    return {'<script>alert(1)</script>': 1, '=1+1': 2, '\\u202e': 3}",
    "q2",
)
INJECTING.add(
    "cell-messages",
    "markup in the errors of cells",
    START,
    "raise ValueError('<script>alert(1)</script>\\n=1+1\\u202e\\x1b[31m')",
    LAZY,
)
INJECTING.within(
    "fake-verdict",
    "an error that reads like the grader's own words",
    "def brightness(image):\n    raise ValueError('all cases are right. Points: 1 of 1. Score: 6 / 6')",
)
INJECTING.within(
    "surrogate-string",
    "a text of lone surrogates and of a million emoji as a result",
    "def extremes(image):\n    return chr(0xdc80) * 50, '\\U0001f600' * 10**6",
    "q2",
)
