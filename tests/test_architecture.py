"""Who may import whom in cnnlib: imports point one way, and heavy packages stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CNNLIB = ROOT / "cnnlib"

# The table of ARCHITECTURE.md: module -> the modules of cnnlib that it may import. A package, such as
# layers/, has one row for all its files, which may import each other.
MAY_IMPORT = {
    "__init__": set(),
    "windows": set(),
    "xo": set(),
    "precision": set(),
    "losses": {"precision"},
    "gradcheck": set(),
    "datasets": {"xo"},
    "plotting": set(),
    "descriptors": {"windows"},
    "pooling": {"windows", "precision"},
    "convolution": {"windows", "precision", "pooling"},
    "winograd": {"windows", "precision"},
    "layers": {"windows", "precision", "pooling", "convolution"},
    "network": {"layers", "losses", "history", "fitting"},
    "history": set(),
    "diagnosis": set(),
    "faults": {"datasets", "dropout", "layers", "losses", "network", "optimizers"},
    "monitoring": {"history"},
    "fitting": {"windows", "layers", "losses", "monitoring"},
    "receptive_field": {"windows"},
    "optimizers": set(),
    "schedules": {"optimizers", "windows"},
    "vgg": set(),
    "initialization": {"precision"},
    "dropout": {"layers"},
    "torch_dropout": {"dropout"},
    "ensemble": {"windows", "precision", "losses"},
    "trainer": {"summary"},
    "train_vgg": {"datasets", "trainer", "vgg"},
    "tracing": set(),
    "summary": {"layers", "network", "receptive_field", "windows", "tracing"},
}
TORCH = {"vgg", "trainer", "train_vgg", "tracing", "torch_dropout"}  # the only rows that may import torch


def module_name(path):
    return ".".join(path.relative_to(CNNLIB).with_suffix("").parts)


def row(name):
    """The row of the table that a module belongs to."""
    return name.split(".")[0]


MODULES = {module_name(path): path for path in sorted(CNNLIB.rglob("*.py"))}
EXPLORERS = [name for name in MODULES if name.startswith("explorers")]


def imported(path):
    """Full names of all modules that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import; write the full name"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_from_cnnlib(path):
    """The rows of the modules of cnnlib that a file imports."""
    rows = {row(name.removeprefix("cnnlib.")) for name in imported(path) if name.startswith("cnnlib.")}
    return rows & {row(name) for name in MODULES}


def test_every_module_has_its_row():
    assert {row(name) for name in MODULES} - {"explorers"} == set(MAY_IMPORT)


@pytest.mark.parametrize("name", sorted(set(MODULES) - set(EXPLORERS)))
def test_module_imports_only_what_the_table_allows(name):
    assert imported_from_cnnlib(MODULES[name]) <= MAY_IMPORT[row(name)] | {row(name)}


@pytest.mark.parametrize("name", [name for name in MODULES if row(name) not in TORCH])
def test_torch_stays_out(name):
    assert not any(module.split(".")[0] == "torch" for module in imported(MODULES[name]))


def test_importing_cnnlib_loads_nothing_heavy():
    heavy = {"numpy", "matplotlib", "torch", "anywidget", "sklearn", "skimage", "pooch"}
    code = f"import sys, cnnlib; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_table_of_architecture_md_is_the_same():
    """The document that people read and the table that the tests hold say the same."""
    rows = {}
    for line in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            allowed = {part.strip("` ") for part in cells[2].split(",")} - {"-"}
            rows |= {name.strip("` "): allowed for name in cells[0].split(",")}
    del rows["explorers/"]
    assert rows == {name: allowed for name, allowed in MAY_IMPORT.items() if name != "__init__"}
