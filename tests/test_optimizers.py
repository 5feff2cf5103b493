"""Optimisers: steps by hand, against PyTorch over 100 steps, and what they refuse."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib.layers import Linear, ReLU
from cnnlib.losses import CrossEntropyLoss
from cnnlib.network import Sequential
from cnnlib.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
ALL = [SGD, Adagrad, RMSprop, Adam, AdamW]
SHAPES = [(3, 2), (), (4,), (2, 1, 3, 3), (0,)]


def walk(optimizer, gradients, start=1.0):
    """Where a single weight goes under given gradients."""
    weight, path = np.array([start]), []
    for gradient in gradients:
        optimizer.step([weight], [np.array([float(gradient)])])
        path.append(weight[0])
    return np.array(path)


# By hand


def test_sgd_steps_against_the_gradient():
    np.testing.assert_allclose(walk(SGD(lr=0.5), [1, -4]), [1 - 0.5, 1 - 0.5 + 2], **CLOSE)


def test_momentum_adds_up_gradients():
    """Buffers 1, .5 * 1 + 1 and .5 * 1.5 + 1."""
    path = walk(SGD(lr=0.1, momentum=0.5), [1, 1, 1])
    np.testing.assert_allclose(path, [1 - 0.1, 1 - 0.1 - 0.15, 1 - 0.1 - 0.15 - 0.175], **CLOSE)


def test_dampening_weakens_all_gradients_but_the_first():
    """Buffers 1 and .5 * 1 + .25 * 1."""
    path = walk(SGD(lr=0.1, momentum=0.5, dampening=0.75), [1, 1])
    np.testing.assert_allclose(path, [1 - 0.1, 1 - 0.1 - 0.075], **CLOSE)


def test_nesterov_looks_one_step_of_momentum_ahead():
    """Buffers 1 and 1.5; steps 1 + .5 * 1 and 1 + .5 * 1.5."""
    path = walk(SGD(lr=0.1, momentum=0.5, nesterov=True), [1, 1])
    np.testing.assert_allclose(path, [1 - 0.15, 1 - 0.15 - 0.175], **CLOSE)


def test_weight_decay_pulls_towards_zero_without_a_gradient():
    np.testing.assert_allclose(walk(SGD(lr=0.5, weight_decay=0.2), [0, 0]), [0.9, 0.81], **CLOSE)


def test_adagrad_divides_by_the_root_of_all_squares_so_far():
    """3 / sqrt(9) and 4 / sqrt(9 + 16)."""
    np.testing.assert_allclose(walk(Adagrad(lr=0.1, eps=1e-300), [3, 4]), [1 - 0.1, 1 - 0.1 - 0.08], **CLOSE)


def test_adagrads_rate_decays_and_its_sum_may_begin_above_zero():
    """lr .1 and .1 / 1.5; 3 / sqrt(16 + 9) and 12 / sqrt(25 + 144)."""
    path = walk(Adagrad(lr=0.1, lr_decay=0.5, initial_accumulator_value=16, eps=1e-300), [3, 12])
    np.testing.assert_allclose(path, [1 - 0.06, 1 - 0.06 - 0.1 / 1.5 * 12 / 13], **CLOSE)


def test_rmsprop_divides_by_the_root_of_a_running_mean_of_squares():
    """Means .25 * 16 = 4 and .75 * 4 + .25 * 4 = 4."""
    path = walk(RMSprop(lr=0.1, alpha=0.75, eps=1e-300), [4, 2])
    np.testing.assert_allclose(path, [1 - 0.2, 1 - 0.2 - 0.1], **CLOSE)


def test_rmsprop_centered_divides_by_the_running_standard_deviation():
    """Mean .5 * 2 = 1, mean square .5 * 4 = 2: variance 1."""
    np.testing.assert_allclose(
        walk(RMSprop(lr=0.1, alpha=0.5, eps=1e-300, centered=True), [2]), [0.8], **CLOSE
    )


def test_rmsprop_centered_survives_a_gradient_that_never_changes():
    """The variance is 0 then; rounding makes the difference negative at times, of which there is no root."""
    path = walk(RMSprop(lr=1e-9, alpha=0.5, centered=True), [0.7] * 200)  # negative from step 53 on
    assert np.isfinite(path).all()


def test_adams_first_step_has_length_lr_whatever_the_gradient():
    for gradient in (1e-3, 1.0, 1e3):
        assert walk(Adam(lr=0.1), [gradient])[0] == pytest.approx(0.9, abs=2e-6)  # eps / gradient is 1e-5


def test_adam_corrects_both_means_for_their_start_at_zero():
    """betas .5, .75; gradients 2, 0: means 1, .5 over .5, .75; mean squares 1, .75 over .25, .4375."""
    path = walk(Adam(lr=0.1, betas=(0.5, 0.75), eps=1e-300), [2, 0])
    second = (0.5 / 0.75) / math.sqrt(0.75 / 0.4375)
    np.testing.assert_allclose(path, [1 - 0.1 * 2 / 2, 1 - 0.1 - 0.1 * second], **CLOSE)


def test_adamw_shrinks_weights_and_no_gradient_scales_it():
    """1 * (1 - .1 * .5), then the step of Adam; Adam's own decay vanishes in the division."""
    for gradient in (1, 1000):
        path = walk(AdamW(lr=0.1, weight_decay=0.5, eps=1e-300), [gradient])
        np.testing.assert_allclose(path, [0.95 - 0.1], **CLOSE)
        path = walk(Adam(lr=0.1, weight_decay=0.5, eps=1e-300), [gradient])
        np.testing.assert_allclose(path, [1 - 0.1], **CLOSE)


def test_eps_is_added_to_the_root():
    """Each denominator is 3 + 3 for a gradient of 3, Adam's once its means are corrected."""
    np.testing.assert_allclose(walk(Adagrad(lr=1, eps=3), [3]), [0.5], **CLOSE)
    np.testing.assert_allclose(walk(RMSprop(lr=1, alpha=0, eps=3), [3]), [0.5], **CLOSE)
    np.testing.assert_allclose(walk(Adam(lr=1, eps=3), [3]), [0.5], **CLOSE)


# Parity with PyTorch

rates = st.sampled_from([1e-3, 0.02, 0.1])
decays = st.sampled_from([0, 0.01, 0.3])
shares, above_zero = st.sampled_from([0.0, 0.5, 0.9, 0.99]), st.sampled_from([0.5, 0.9, 0.99])
long = st.sampled_from([0.9, 0.99, 0.999])  # below betas[0] ** 2, a gradient near 0 would blow rounding up
SETTINGS = {
    SGD: st.one_of(
        st.fixed_dictionaries(
            {"lr": rates, "momentum": shares, "dampening": st.sampled_from([0, 0.3]), "weight_decay": decays}
        ),
        st.fixed_dictionaries(
            {
                "lr": rates,
                "momentum": above_zero,
                "weight_decay": decays,
                "nesterov": st.just(True),
            }
        ),
    ),
    Adagrad: st.fixed_dictionaries(
        {
            "lr": rates,
            "lr_decay": st.sampled_from([0, 0.1]),
            "weight_decay": decays,
            "initial_accumulator_value": st.sampled_from([0, 0.5]),
        }
    ),
    RMSprop: st.fixed_dictionaries(
        {
            "lr": rates,
            "alpha": above_zero,
            "weight_decay": decays,
            "momentum": shares,
            "centered": st.booleans(),
        }
    ),
    Adam: st.fixed_dictionaries({"lr": rates, "betas": st.tuples(shares, long), "weight_decay": decays}),
    AdamW: st.fixed_dictionaries({"lr": rates, "betas": st.tuples(shares, long), "weight_decay": decays}),
}


def assert_same_as_torch(Optimizer, setting, seed, steps=100):
    """Gradients depend on where the weights are, so that an error would grow, and on chance."""
    rng = np.random.default_rng(seed)
    params = [rng.normal(size=shape) for shape in SHAPES]
    targets = [rng.normal(size=shape) for shape in SHAPES]
    ours = [np.array(parameter) for parameter in params]
    theirs = [torch.tensor(parameter, requires_grad=True) for parameter in params]
    optimizer = Optimizer(**setting)
    reference = getattr(torch.optim, Optimizer.__name__)(theirs, **setting)
    for _ in range(steps):
        noises = [rng.normal(size=shape) for shape in SHAPES]
        grads = [np.asarray(p - t + n) for p, t, n in zip(ours, targets, noises, strict=True)]
        optimizer.step(ours, grads)
        for tensor, target, noise in zip(theirs, targets, noises, strict=True):
            tensor.grad = tensor.detach() - torch.tensor(target) + torch.tensor(noise)
        reference.step()
    for mine, tensor in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, tensor.detach().numpy(), **CLOSE)
    assert not np.array_equal(ours[0], params[0])  # something moved


@pytest.mark.parametrize("Optimizer", ALL)
def test_a_hundred_steps_are_pytorchs(Optimizer):
    @settings(deadline=None, derandomize=True, max_examples=40)
    @given(setting=SETTINGS[Optimizer], seed=st.integers(0, 9))
    def check(setting, seed):
        assert_same_as_torch(Optimizer, setting, seed)

    check()


@pytest.mark.parametrize("Optimizer", ALL)
def test_defaults_are_pytorchs(Optimizer):
    assert_same_as_torch(Optimizer, {}, seed=0)
    reference = getattr(torch.optim, Optimizer.__name__)([torch.zeros(1)]).defaults
    ours = vars(Optimizer()) | {"lr": Optimizer().lr}
    settings = [name for name in ours if name in reference]
    assert len(settings) >= 4
    assert {name: ours[name] for name in settings} == {name: reference[name] for name in settings}


def test_settings_come_in_pytorchs_order():
    parameter = [torch.zeros(1)]
    ours, reference = SGD(0.1, 0.5, 0.2, 0.3), torch.optim.SGD(parameter, 0.1, 0.5, 0.2, 0.3)
    assert_settings(ours, reference, ["lr", "momentum", "dampening", "weight_decay"])
    values = (0.1, 0.2, 0.3, 0.4, 0.5)
    names = ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"]
    assert_settings(Adagrad(*values), torch.optim.Adagrad(parameter, *values), names)
    names = ["lr", "alpha", "eps", "weight_decay", "momentum"]
    assert_settings(RMSprop(*values), torch.optim.RMSprop(parameter, *values), names)
    values = (0.1, (0.2, 0.3), 0.4, 0.5)
    for ours, reference in [(Adam, torch.optim.Adam), (AdamW, torch.optim.AdamW)]:
        names = ["lr", "betas", "eps", "weight_decay"]
        assert_settings(ours(*values), reference(parameter, *values), names)


def assert_settings(ours, reference, names):
    assert [getattr(ours, name) for name in names] == [reference.defaults[name] for name in names]


@pytest.mark.parametrize("Optimizer", ALL)
def test_a_learning_rate_that_changes_between_steps_is_used(Optimizer):
    weight, tensor = np.array([1.0]), torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    ours, reference = Optimizer(lr=0.1), getattr(torch.optim, Optimizer.__name__)([tensor], lr=0.1)
    for lr in (0.1, 0.01, 0.0, 0.3):
        ours.lr = reference.param_groups[0]["lr"] = lr
        ours.step([weight], [np.array([2.0])])
        tensor.grad = torch.tensor([2.0], dtype=torch.float64)
        reference.step()
        np.testing.assert_allclose(weight, tensor.detach().numpy(), **CLOSE)


# What an optimiser does to its arrays


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("Optimizer", ALL)
def test_parameters_change_in_place_and_keep_their_type(Optimizer, dtype):
    weight = np.ones((2, 3), dtype)
    optimizer = Optimizer(lr=np.float64(0.1), weight_decay=np.float64(0.1))
    for _ in range(2):
        optimizer.step([weight], [np.ones((2, 3), dtype)])
    assert weight.dtype == dtype
    assert (weight < 1).all()
    assert all(array.dtype == dtype for state in optimizer.state for array in state.values())


@pytest.mark.parametrize("Optimizer", ALL)
def test_gradients_are_never_written_to_nor_kept(Optimizer):
    setting = {"momentum": 0.9} if Optimizer in (SGD, RMSprop) else {}
    gradient = np.ones(3)
    once, twice = np.zeros(3), np.zeros(3)
    kept, fresh = Optimizer(lr=0.1, **setting), Optimizer(lr=0.1, **setting)
    for value in (1.0, 2.0, 3.0):
        gradient.setflags(write=True)
        gradient[:] = value  # the same array, as a layer might use it again
        gradient.setflags(write=False)
        kept.step([once], [gradient])
        fresh.step([twice], [np.full(3, value)])
    np.testing.assert_array_equal(once, twice)


@pytest.mark.parametrize("Optimizer", ALL)
def test_a_parameter_may_be_its_own_gradient(Optimizer):
    """On the bowl of half the squares it is."""
    alias, apart = np.array([1.0, -2.0]), np.array([1.0, -2.0])
    first, second = Optimizer(lr=0.1, weight_decay=0.1), Optimizer(lr=0.1, weight_decay=0.1)
    for _ in range(3):
        first.step([alias], [alias])
        second.step([apart], [apart.copy()])
    np.testing.assert_array_equal(alias, apart)


@pytest.mark.parametrize("Optimizer", ALL)
def test_each_parameter_has_a_memory_of_its_own(Optimizer):
    together, alone = [np.ones(2), np.ones((2, 2))], [np.ones(2), np.ones((2, 2))]
    both, first, second = Optimizer(lr=0.1), Optimizer(lr=0.1), Optimizer(lr=0.1)
    for value in (1.0, -3.0, 2.0):
        both.step(together, [np.full(2, value), np.full((2, 2), value**2)])
        first.step(alone[:1], [np.full(2, value)])
        second.step(alone[1:], [np.full((2, 2), value**2)])
    assert both.steps == 3
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("Optimizer", ALL)
def test_a_network_learns(Optimizer):
    """Three points, three classes: the loss falls below a tenth of what chance has, log 3."""
    rng = np.random.default_rng(0)
    net = Sequential(Linear(2, 16, rng=rng), ReLU(), Linear(16, 3, rng=rng))
    x, labels, loss = np.array([[1.0, 0], [0, 1], [-1, -1]]), [0, 1, 2], CrossEntropyLoss()
    optimizer = Optimizer(lr=0.5 if Optimizer is SGD else 0.05)
    for _ in range(100):
        loss.forward(net.forward(x), labels)
        net.backward(loss.backward(), need_dx=False)
        optimizer.step(net.parameters(), net.gradients())
    assert loss.forward(net.forward(x), labels) < math.log(3) / 10


# Messages


@pytest.mark.parametrize("lr", [0, -1, math.nan, math.inf])
@pytest.mark.parametrize("Optimizer", ALL)
def test_learning_rate_must_be_above_zero(Optimizer, lr):
    with pytest.raises(ValueError, match=r"lr must be (finite and )?above 0: got"):
        Optimizer(lr=lr)


def test_learning_rate_may_become_zero_but_not_less():
    optimizer = SGD(lr=1)
    optimizer.lr = 0
    for lr in (-1e-9, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"lr must be (finite and )?at least 0: got"):
            optimizer.lr = lr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(momentum=1), "momentum must be at least 0 and below 1: got 1"),
        (lambda: SGD(momentum=-0.1), "momentum must be at least 0 and below 1: got -0.1"),
        (lambda: SGD(dampening=-1), "dampening must be at least 0: got -1"),
        (lambda: SGD(weight_decay=-1), "weight_decay must be at least 0: got -1"),
        (lambda: SGD(nesterov=True), "nesterov needs momentum above 0 and no dampening: got momentum=0"),
        (lambda: SGD(momentum=0.9, dampening=0.1, nesterov=True), "no dampening: got .* dampening=0.1"),
        (lambda: Adagrad(lr_decay=-1), "lr_decay must be at least 0: got -1"),
        (lambda: Adagrad(weight_decay=-1), "weight_decay must be at least 0: got -1"),
        (lambda: Adagrad(initial_accumulator_value=-1), "initial_accumulator_value must be at least 0: got"),
        (lambda: Adagrad(eps=0), "eps must be above 0: got 0"),
        (lambda: RMSprop(alpha=1), "alpha must be at least 0 and below 1: got 1"),
        (lambda: RMSprop(momentum=1), "momentum must be at least 0 and below 1: got 1"),
        (lambda: RMSprop(weight_decay=-1), "weight_decay must be at least 0: got -1"),
        (lambda: RMSprop(eps=0), "eps must be above 0: got 0"),
        (lambda: Adam(betas=(1, 0.9)), r"betas\[0\] must be at least 0 and below 1: got 1"),
        (
            lambda: Adam(betas=(0.9, math.nan)),
            r"betas\[1\] must be finite and at least 0 and below 1: got nan",
        ),
        (lambda: Adam(weight_decay=-1), "weight_decay must be at least 0: got -1"),
        (lambda: Adam(eps=0), "eps must be above 0: got 0"),
        (lambda: AdamW(weight_decay=-1), "weight_decay must be at least 0: got -1"),
    ],
)
def test_settings_must_be_in_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_settings_must_be_numbers():
    for make, message in [
        (lambda: SGD(lr="0.1"), "lr must be a number: got '0.1'"),
        (lambda: SGD(lr=True), "lr must be a number: got True"),
        (lambda: SGD([np.zeros(3)]), "lr must be a number: got "),  # as in PyTorch: parameters first
        (lambda: Adam(betas=0.9), r"betas must be a pair of numbers, such as \(0.9, 0.999\): got 0.9"),
        (lambda: Adam(betas=(0.9, 0.99, 0.999)), "betas must be a pair of numbers"),
    ]:
        with pytest.raises(TypeError, match=message):
            make()


@pytest.mark.parametrize(
    ("params", "grads", "error", "message"),
    [
        (
            np.zeros(2),
            [np.zeros(2)],
            TypeError,
            r"params must be a list of arrays: got one array; write \[params",
        ),
        (
            [np.zeros(2)],
            np.zeros(2),
            TypeError,
            r"grads must be a list of arrays: got one array; write \[grads",
        ),
        ([[1.0, 2.0]], [np.zeros(2)], TypeError, r"params\[0\] must be an ndarray: got list"),
        ([np.zeros(2)], [None], TypeError, r"grads\[0\] must be an ndarray: got NoneType"),
        ([np.zeros(2, int)], [np.zeros(2)], TypeError, r"params\[0\] must be float32 or float64: got int64"),
        ([np.zeros(2)] * 2, [np.zeros(2)] * 2, ValueError, "listed once in params: got one of them twice"),
        ([np.zeros(2)], [], ValueError, "one gradient for each parameter: got 1 params and 0 grads"),
        ([np.zeros(2)], [np.zeros(2)] * 2, ValueError, "one gradient for each .* got 1 params and 2 grads"),
        (
            [np.zeros((3, 1))],
            [np.zeros(3)],
            ValueError,
            r"grads\[0\] must have the shape .* \(3, 1\): got \(3,",
        ),
        (
            [np.zeros(2)],
            [np.zeros(2, "f4")],
            TypeError,
            r"grads\[0\] must be of the type .* float64: got float32",
        ),
    ],
)
def test_params_and_grads_must_fit(params, grads, error, message):
    with pytest.raises(error, match=message):
        SGD(lr=1).step(params, grads)


def test_parameters_must_be_writable():
    weight = np.zeros(2)
    weight.setflags(write=False)
    with pytest.raises(ValueError, match=r"params\[1\] must be writable"):
        SGD(lr=1).step([np.zeros(1), weight], [np.ones(1), np.ones(2)])


def test_parameters_must_stay_the_same_arrays():
    first, second = np.zeros(2), np.zeros(2)
    optimizer = Adam(lr=1)
    optimizer.step([first, second], [np.ones(2), np.ones(2)])
    with pytest.raises(ValueError, match=r"must be those of the first step, 2 arrays: got 1; .* a new Adam"):
        optimizer.step([first], [np.ones(2)])
    for others in ([first, second.copy()], [first, second.astype(np.float32)]):
        with pytest.raises(
            ValueError, match=r"params\[1\] must be the array of the first step.*weight\[\.\.\.\]"
        ):
            optimizer.step(others, [np.ones(2), np.ones(2, others[1].dtype)])
    with pytest.raises(ValueError, match=r"params\[0\] must be the array of the first step"):
        optimizer.step([second, first], [np.ones(2), np.ones(2)])


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("Optimizer", ALL)
def test_a_gradient_that_is_not_finite_moves_nothing(Optimizer, wrong):
    params, grads = [np.ones(2), np.ones((2, 2))], [np.ones(2), np.array([[1, wrong], [1, 1.0]])]
    optimizer = Optimizer(lr=0.1)
    with pytest.raises(FloatingPointError, match=r"grads\[1\], of shape \(2, 2\), holds .* in 1 of 4 places"):
        optimizer.step(params, grads)
    np.testing.assert_array_equal(params[0], 1)
    assert optimizer.steps == 0


def test_an_optimizer_shows_its_settings():
    assert repr(Adam(lr=0.1)) == "Adam(lr=0.1, betas=(0.9, 0.999), eps=1e-08, weight_decay=0)"
    assert repr(SGD(lr=0.1, momentum=0.9)) == (
        "SGD(lr=0.1, momentum=0.9, dampening=0, weight_decay=0, nesterov=False)"
    )
