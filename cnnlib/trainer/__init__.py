"""Train a PyTorch network, measure it, and go on where a training was interrupted.

loop: `fit` and `evaluate`; steps: what happens in an epoch; compute: device, precision, processes;
checkpoint: files that are whole at every moment and hold no code; faults: what
goes wrong, said with the place and the way out; records: the line in the terminal, the table, TensorBoard.
"""

from cnnlib.trainer.compute import choose_device
from cnnlib.trainer.loop import Score, evaluate, fit

__all__ = ["Score", "choose_device", "evaluate", "fit"]
