"""Learning rates that change while a network trains: by steps, along a cosine, after a warm-up.

Names, arguments and rates are those of ``torch.optim.lr_scheduler``.
"""

import math

from cnnlib.optimizers import Optimizer, number
from cnnlib.windows import integer


class Schedule:
    """A learning rate as a function of time: that of epoch 0 is set at once, each next one by `step`.

    A schedule of your own inherits from this class, defines ``lr_at(epoch)`` and ends its ``__init__`` with
    ``self._begin()``. An optimiser follows one schedule at a time.
    """

    def __init__(self, optimizer):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a schedule needs an optimizer, such as SGD(lr=0.1): got {optimizer!r}")
        self.optimizer = optimizer
        if not hasattr(optimizer, "initial_lr"):  # else another schedule has already changed lr
            optimizer.initial_lr = optimizer.lr
        self.base_lr = optimizer.initial_lr
        self.last_epoch = 0

    def _begin(self):
        self.optimizer.lr = self.lr_at(0)

    def step(self):
        """Go on by one epoch, or by one mini-batch if you call it after each of them, and set the rate.

        Raises
        ------
        RuntimeError
            If something else has changed the learning rate meanwhile.
        """
        expected = self.lr_at(self.last_epoch)
        if self.optimizer.lr != expected:
            raise RuntimeError(
                f"lr must be left to the schedule: it was set to {expected} and is {self.optimizer.lr} now; "
                f"for one schedule after another use SequentialLR"
            )
        self.last_epoch += 1
        self.optimizer.lr = self.lr_at(self.last_epoch)


class StepLR(Schedule):
    """Multiply the learning rate by `gamma` every `step_size` epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate is the one to begin with.
    step_size : int
        Epochs between two cuts.
    gamma : float
        The factor, above 0.

    Examples
    --------
    >>> from cnnlib.optimizers import SGD
    >>> schedule = StepLR(SGD(lr=1.0), step_size=2, gamma=0.5)
    >>> [schedule.lr_at(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer, step_size, gamma=0.1):
        super().__init__(optimizer)
        self.step_size = integer(step_size, "step_size", 1)
        self.gamma = number(gamma, "gamma", above=0)
        self._begin()

    def lr_at(self, epoch):
        """Return the learning rate of an epoch, counted from 0."""
        return self.base_lr * self.gamma ** (epoch // self.step_size)


class ExponentialLR(Schedule):
    """Multiply the learning rate by `gamma` every epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate is the one to begin with.
    gamma : float
        The factor, above 0.

    Examples
    --------
    >>> from cnnlib.optimizers import SGD
    >>> schedule = ExponentialLR(SGD(lr=1.0), gamma=0.5)
    >>> [schedule.lr_at(epoch) for epoch in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer, gamma):
        super().__init__(optimizer)
        self.gamma = number(gamma, "gamma", above=0)
        self._begin()

    def lr_at(self, epoch):
        """Return the learning rate of an epoch, counted from 0."""
        return self.base_lr * self.gamma**epoch


class CosineAnnealingLR(Schedule):
    """Lower the learning rate along half a wave of the cosine; after `T_max` epochs it rises again.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate is the one to begin with.
    T_max : int
        Epochs from the highest rate to the lowest.
    eta_min : float
        The lowest rate, at least 0.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Examples
    --------
    >>> from cnnlib.optimizers import SGD
    >>> schedule = CosineAnnealingLR(SGD(lr=1.0), T_max=4)
    >>> [round(schedule.lr_at(epoch), 3) for epoch in range(5)]  # (1 + cos(180 degrees * epoch / 4)) / 2
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(self, optimizer, T_max, eta_min=0):
        super().__init__(optimizer)
        self.T_max = integer(T_max, "T_max", 1)
        self.eta_min = number(eta_min, "eta_min", least=0)
        self._begin()

    def lr_at(self, epoch):
        """Return the learning rate of an epoch, counted from 0."""
        wave = (1 + math.cos(math.pi * epoch / self.T_max)) / 2
        return self.eta_min + (self.base_lr - self.eta_min) * wave


class LinearLR(Schedule):
    """Move the learning rate in equal steps from one factor to another: a warm-up, or a way down.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate is multiplied by the factors.
    start_factor, end_factor : float
        The first factor, above 0, and the last one, at least 0.
    total_iters : int
        Epochs from the one to the other.

    References
    ----------
    P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", arXiv:1706.02677, 2017.

    Examples
    --------
    >>> from cnnlib.optimizers import SGD
    >>> schedule = LinearLR(SGD(lr=1.0), start_factor=0.25, total_iters=3)
    >>> [schedule.lr_at(epoch) for epoch in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1, total_iters=5):
        super().__init__(optimizer)
        self.start_factor = number(start_factor, "start_factor", above=0)
        self.end_factor = number(end_factor, "end_factor", least=0)
        self.total_iters = integer(total_iters, "total_iters", 1)
        self._begin()

    def lr_at(self, epoch):
        """Return the learning rate of an epoch, counted from 0."""
        done = min(epoch, self.total_iters) / self.total_iters
        return self.base_lr * (self.start_factor + (self.end_factor - self.start_factor) * done)


class SequentialLR(Schedule):
    """One schedule after the other, such as a warm-up and then a cosine.

    Parameters
    ----------
    optimizer : Optimizer
        That of all the schedules.
    schedulers : list
        The schedules in order; only `SequentialLR.step` is called, never theirs.
    milestones : list of int
        The epochs at which the second schedule begins, the third, and so on.

    Examples
    --------
    >>> from cnnlib.optimizers import SGD
    >>> optimizer = SGD(lr=1.0)
    >>> warm_up = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> [schedule.lr_at(epoch) for epoch in range(5)]
    [0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer, schedulers, milestones):
        super().__init__(optimizer)
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        for index, schedule in enumerate(self.schedulers):
            if not isinstance(schedule, Schedule) or schedule.optimizer is not optimizer:
                raise ValueError(f"schedulers[{index}] must be a schedule of the same optimizer")
        starts = [0, *self.milestones]
        if len(starts) != len(self.schedulers):
            raise ValueError(
                f"there must be a milestone between two schedules: got {len(self.schedulers)} schedulers "
                f"and {len(self.milestones)} milestones"
            )
        if any(later <= earlier for earlier, later in zip(starts, self.milestones, strict=False)):
            raise ValueError(f"milestones must be above 0 and increase: got {self.milestones}")
        self._begin()

    def lr_at(self, epoch):
        """Return the learning rate of an epoch, counted from 0."""
        starts = [0, *self.milestones]
        current = max(index for index, start in enumerate(starts) if start <= epoch)
        return self.schedulers[current].lr_at(epoch - starts[current])
