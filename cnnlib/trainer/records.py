"""What a training tells while it runs: a line in the terminal, a table, curves for TensorBoard."""

import sys
import time

from cnnlib.trainer.checkpoint import write


class Records:
    """Write the history of a training to wherever it is wanted.

    Parameters
    ----------
    history : dict of lists
        What is known already, from before a break; one entry an epoch.
    csv, tensorboard : path, optional
        A table; a folder.
    progress : bool, optional
        Whether stderr gets a line an epoch, and, if it is a terminal, a bar between; by default, if it
        is a terminal.

    Raises
    ------
    ModuleNotFoundError
        If `tensorboard` is wanted and not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "history.csv"
    >>> Records({}, csv=path).epoch({"epoch": [1, 2], "loss": [2.5, 0.25]})
    >>> path.read_text().split()
    ['epoch,loss', '1,2.5', '2,0.25']
    """

    def __init__(self, history, csv=None, tensorboard=None, progress=None):
        self._csv = csv
        self._terminal = sys.stderr.isatty()
        self._progress = self._terminal if progress is None else progress
        self._shown = 0.0
        self._writer = _summary_writer(tensorboard, history) if tensorboard else None
        if any(history.values()):
            self._write_csv(history)

    def step(self, epoch, done, steps, loss):
        """Show how far the epoch is, ten times a second at most."""
        if self._progress and self._terminal and (time.monotonic() - self._shown > 0.1 or done == steps):
            self._shown = time.monotonic()
            bar = "#" * (20 * done // steps)
            sys.stderr.write(f"\repoch {epoch} [{bar:20}] {done}/{steps} loss {loss:.4f}")
            sys.stderr.flush()

    def epoch(self, history):
        """Write the last epoch down."""
        if self._progress:
            last = {name: values[-1] for name, values in history.items()}
            words = [
                f"{name.replace('_', ' ')} {last[name]:.4f}"
                for name in last
                if "loss" in name or "acc" in name
            ]
            start = "\r" if self._terminal else ""
            sys.stderr.write(f"{start}epoch {last['epoch']}: {', '.join(words)} ({last['seconds']:.1f} s)\n")
        self._write_csv(history)
        if self._writer:
            for name, values in history.items():
                if name != "epoch":
                    self._writer.add_scalar(name, values[-1], history["epoch"][-1])
            self._writer.flush()

    def close(self):
        """Let go of the files."""
        if self._writer:
            self._writer.close()

    def _write_csv(self, history):
        if self._csv:
            rows = [history, *zip(*history.values(), strict=True)]
            text = "".join(",".join(map(str, row)) + "\n" for row in rows)
            write(self._csv, lambda stream: stream.write(text.encode()))


def _summary_writer(folder, history):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"tensorboard={str(folder)!r} needs a package that is not installed: pip install tensorboard"
        ) from error
    return SummaryWriter(
        folder, purge_step=len(history.get("epoch", [])) + 1
    )  # what is made again is not shown twice
