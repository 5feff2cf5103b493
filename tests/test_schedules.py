"""Learning-rate schedules: by hand, against PyTorch, and what they refuse."""

import math

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from cnnlib import schedules
from cnnlib.optimizers import SGD
from cnnlib.schedules import CosineAnnealingLR, ExponentialLR, LinearLR, SequentialLR, StepLR


def rates(make, epochs, lr=0.8):
    """The learning rate of each epoch, as an optimiser has it."""
    optimizer = SGD(lr=lr)
    schedule = make(schedules, optimizer)
    got = []
    for _ in range(epochs):
        got.append(optimizer.lr)
        schedule.step()
    return got


def rates_of_pytorch(make, epochs, lr=0.8):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    schedule = make(lr_scheduler, optimizer)
    got = []
    for _ in range(epochs):
        got.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return got


# By hand


def test_step_cuts_every_so_many_epochs():
    assert rates(lambda lib, o: lib.StepLR(o, 3, gamma=0.5), 8) == [0.8] * 3 + [0.4] * 3 + [0.2] * 2


def test_exponential_cuts_every_epoch():
    np.testing.assert_allclose(rates(lambda lib, o: lib.ExponentialLR(o, 0.5), 3), [0.8, 0.4, 0.2])


def test_cosine_goes_down_half_a_wave_and_up_again():
    """cos of 0, 60, 120, 180, 240 degrees: 1, 1/2, -1/2, -1, -1/2; from .2 to .8."""
    got = rates(lambda lib, o: lib.CosineAnnealingLR(o, 3, eta_min=0.2), 5)
    np.testing.assert_allclose(got, [0.8, 0.65, 0.35, 0.2, 0.35])


def test_warm_up_goes_up_in_equal_steps_and_stays():
    got = rates(lambda lib, o: lib.LinearLR(o, start_factor=0.25, total_iters=3), 5)
    np.testing.assert_allclose(got, [0.2, 0.4, 0.6, 0.8, 0.8])


def warm_up_then_cosine(lib, optimizer):
    warm_up = lib.LinearLR(optimizer, start_factor=0.1, total_iters=4)
    return lib.SequentialLR(optimizer, [warm_up, lib.CosineAnnealingLR(optimizer, T_max=10)], milestones=[4])


def test_after_the_warm_up_the_cosine_begins_at_the_top():
    got = rates(warm_up_then_cosine, 15)
    np.testing.assert_allclose(got[:5], [0.08, 0.26, 0.44, 0.62, 0.8])
    np.testing.assert_allclose(got[9], 0.4)
    np.testing.assert_allclose(got[14], 0, atol=1e-15)


# Parity with PyTorch

CASES = {
    "StepLR": lambda lib, o: lib.StepLR(o, 7),
    "StepLR, gamma": lambda lib, o: lib.StepLR(o, step_size=4, gamma=0.7),
    "ExponentialLR": lambda lib, o: lib.ExponentialLR(o, gamma=0.93),
    "CosineAnnealingLR": lambda lib, o: lib.CosineAnnealingLR(o, 17),
    "CosineAnnealingLR, eta_min": lambda lib, o: lib.CosineAnnealingLR(o, T_max=9, eta_min=0.05),
    "LinearLR": lambda lib, o: lib.LinearLR(o),
    "LinearLR, down": lambda lib, o: lib.LinearLR(o, 1.0, 0.2, 11),
    "warm-up, then cosine": warm_up_then_cosine,
    "three": lambda lib, o: lib.SequentialLR(
        o, [lib.LinearLR(o), lib.StepLR(o, 3), lib.ExponentialLR(o, 0.9)], milestones=[6, 20]
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")  # PyTorch's own SequentialLR
@pytest.mark.parametrize("name", CASES)
def test_rates_are_pytorchs(name):
    expected = rates_of_pytorch(CASES[name], 40)
    assert len(set(expected)) > 4
    np.testing.assert_allclose(rates(CASES[name], 40), expected, rtol=1e-12, atol=1e-15)


def test_a_second_schedule_begins_where_the_first_did():
    """As in PyTorch: the optimiser remembers its initial rate."""
    optimizer = SGD(lr=0.8)
    StepLR(optimizer, 1).step()
    assert optimizer.lr == pytest.approx(0.08)
    assert ExponentialLR(optimizer, 0.5).base_lr == 0.8
    assert optimizer.lr == 0.8


def test_every_schedule_can_be_asked_ahead():
    optimizer = SGD(lr=0.8)
    schedule = warm_up_then_cosine(schedules, optimizer)
    ahead = [schedule.lr_at(epoch) for epoch in range(20)]
    assert optimizer.lr == ahead[0]
    assert ahead == rates(warm_up_then_cosine, 20)


# Messages


def test_a_schedule_needs_an_optimizer():
    with pytest.raises(TypeError, match=r"a schedule needs an optimizer, such as SGD\(lr=0.1\): got 0.1"):
        StepLR(0.1, 2)


def test_a_rate_changed_by_something_else_is_not_overwritten():
    optimizer = SGD(lr=0.8)
    first, second = StepLR(optimizer, 2), ExponentialLR(optimizer, 0.5)
    second.step()
    with pytest.raises(RuntimeError, match=r"it was set to 0.8 and is 0.4 now; .* use SequentialLR"):
        first.step()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: StepLR(o, 0), ValueError, "step_size must be at least 1: got 0"),
        (lambda o: StepLR(o, 2.5), TypeError, "step_size must be an integer: got 2.5"),
        (lambda o: StepLR(o, 2, gamma=0), ValueError, "gamma must be above 0: got 0"),
        (lambda o: ExponentialLR(o, -1), ValueError, "gamma must be above 0: got -1"),
        (lambda o: CosineAnnealingLR(o, 0), ValueError, "T_max must be at least 1: got 0"),
        (lambda o: CosineAnnealingLR(o, 3, -1), ValueError, "eta_min must be at least 0: got -1"),
        (lambda o: LinearLR(o, 0), ValueError, "start_factor must be above 0: got 0"),
        (lambda o: LinearLR(o, math.nan), ValueError, "start_factor must be finite and above 0: got nan"),
        (lambda o: LinearLR(o, end_factor=-1), ValueError, "end_factor must be at least 0: got -1"),
        (lambda o: LinearLR(o, total_iters=0), ValueError, "total_iters must be at least 1: got 0"),
        (lambda o: SequentialLR(o, [LinearLR(o)], [3]), ValueError, "got 1 schedulers and 1 milestones"),
        (lambda o: SequentialLR(o, [], []), ValueError, "got 0 schedulers and 0 milestones"),
        (lambda o: SequentialLR(o, [LinearLR(o)] * 3, [3, 3]), ValueError, r"and increase: got \[3, 3\]"),
        (
            lambda o: SequentialLR(o, [LinearLR(o)] * 2, [0]),
            ValueError,
            r"must be above 0 and increase: got \[0",
        ),
        (
            lambda o: SequentialLR(o, ["step"], []),
            ValueError,
            r"schedulers\[0\] must be a schedule of the same",
        ),
        (
            lambda o: SequentialLR(o, [LinearLR(o), LinearLR(SGD())], [3]),
            ValueError,
            r"schedulers\[1\] must be a schedule of the same optimizer",
        ),
    ],
)
def test_settings_of_schedules_are_checked(make, error, message):
    with pytest.raises(error, match=message):
        make(SGD(lr=0.8))
