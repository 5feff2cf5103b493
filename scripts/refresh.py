"""Run chapters in fresh kernels and store their outputs in canonical form.

    make refresh                                            all chapters
    make refresh ARGS=chapters/03_matching_pieces.ipynb     only this one

Nothing that changes from run to run is stored: no timestamps, no widget ids, no versions of the
Python that ran it. Two runs give identical bytes. A chapter with a failing cell is left as it
was, and the command fails and shows the cell.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 600
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"},
}
MACHINE_BOUND = ("application/vnd.jupyter.widget-view+json",)


def canonical(notebook):
    """Drop from an executed notebook what differs from run to run; change it in place."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for key in ("execution", "collapsed", "scrolled", "trusted"):
            cell.metadata.pop(key, None)
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            for kind in MACHINE_BOUND:
                output.get("data", {}).pop(kind, None)
        cell.outputs = merge_streams(cell.outputs)


def merge_streams(outputs):
    """Join what was printed in several pieces: where the pieces break is chance."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def refresh(path):
    """Run one chapter and store it; return what went wrong, or None."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return str(error)
    canonical(notebook)
    part = path.with_suffix(".part")
    part.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    os.replace(part, path)  # a run that is cut short leaves the chapter as it was
    return None


def main(names):
    paths = [Path(name).resolve() for name in names] or sorted((ROOT / "chapters").glob("*.ipynb"))
    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            sys.exit(f"{path} is not a notebook: name files like chapters/03_matching_pieces.ipynb")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the kernels run side by side
    failed = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for path, error in zip(paths, pool.map(refresh, paths), strict=True):
            print(f"{'failed' if error else 'stored'}  {path}", flush=True)
            if error:
                failed += 1
                print(error, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
