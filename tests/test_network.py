"""Sequential: layers in a row, their parameters in a row."""

import numpy as np
import pytest
import torch

from cnnlib.gradcheck import numerical_gradient
from cnnlib.layers import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.losses import CrossEntropyLoss
from cnnlib.network import LeNet5, Sequential
from cnnlib.xo import O, X, draw


def toy_network(seed=0):
    """The lecture's stack: filters, ReLU, pooling twice, votes."""
    rng = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, 3, 3, rng=rng),
        ReLU(),
        MaxPool2d(2, ceil_mode=True),
        MaxPool2d(2, ceil_mode=True),
        Flatten(),
        Linear(12, 2, rng=rng),
    )


# By hand


def test_forward_goes_first_to_last_and_backward_last_to_first():
    double, triple = Linear(1, 1, bias=False), Linear(1, 1)
    double.weight, triple.weight, triple.bias = np.array([[2.0]]), np.array([[3.0]]), np.array([10.0])
    net = Sequential(double, triple)
    assert net.forward(np.array([[5.0]])) == [[5 * 2 * 3 + 10]]
    assert net.backward(np.array([[1.0]])) == [[3 * 2]]
    assert [gradient.item() for gradient in net.gradients()] == [3 * 5, 2 * 5, 1]  # of 2, of 3, of 10


def test_parameters_are_the_layers_own_weight_then_bias():
    net = toy_network()
    conv, linear = net[0], net[5]
    for ours, theirs in zip(
        net.parameters(), [conv.weight, conv.bias, linear.weight, linear.bias], strict=True
    ):
        assert ours is theirs


def test_gradients_are_in_the_order_of_parameters():
    net = toy_network()
    net.backward(net.forward(np.stack([X, O])[:, None]))
    conv, linear = net[0], net[5]
    for ours, theirs in zip(
        net.gradients(), [conv.dweight, conv.dbias, linear.dweight, linear.dbias], strict=True
    ):
        assert ours is theirs
    assert [g.shape for g in net.gradients()] == [p.shape for p in net.parameters()]


def test_layer_without_bias_has_one_parameter_and_one_gradient():
    net = Sequential(Linear(2, 2, bias=False), ReLU())
    net.backward(net.forward(np.ones((1, 2))))
    assert len(net.parameters()) == len(net.gradients()) == 1


def test_sequential_is_a_sequence():
    layers = [Linear(2, 2), ReLU(), Linear(2, 1)]
    net = Sequential(*layers)
    assert len(net) == 3
    assert list(net) == layers
    assert net[0] is layers[0]
    assert net[-1] is layers[2]
    with pytest.raises(IndexError):
        net[3]


def test_slice_is_a_network_of_the_same_layers():
    net = toy_network()
    first = net[:2]
    assert isinstance(first, Sequential)
    assert list(first) == [net[0], net[1]]
    np.testing.assert_array_equal(first.forward(X[None, None]), net[1].forward(net[0].forward(X[None, None])))


def test_sequential_inside_a_sequential_keeps_its_parameters():
    net = toy_network()
    nested = Sequential(net[:4], Sequential(net[4], net[5]))
    assert [id(p) for p in nested.parameters()] == [id(p) for p in net.parameters()]
    x = X[None, None]
    np.testing.assert_array_equal(nested.forward(x), net.forward(x))
    dx = nested.backward(np.ones((1, 2)))
    assert dx.shape == x.shape
    assert len(nested.gradients()) == 4


def test_any_object_that_goes_forward_and_backward_is_a_layer():
    class Negate:
        def forward(self, x):
            return -x

        def backward(self, dy):
            return -dy

    net = Sequential(Negate())
    assert net.forward(3.0) == -3.0
    assert net.backward(1.0) == -1.0
    assert net.parameters() == net.gradients() == []


def test_network_without_layers_changes_nothing():
    net = Sequential()
    assert net.forward(3.0) == net.backward(3.0) == 3.0
    assert len(net) == 0
    assert repr(net) == "Sequential()"


def test_repr_lists_the_layers():
    net = Sequential(Flatten(), Sequential(Linear(4, 2), ReLU()))
    expected = [
        "Sequential(",
        "  (0): Flatten()",
        "  (1): Sequential(",
        "    (0): Linear(4, 2, bias=True)",
        "    (1): ReLU()",
        "  )",
        ")",
    ]
    assert repr(net).splitlines() == expected


# Parity with PyTorch


def test_toy_network_and_all_its_gradients_are_pytorchs():
    net = toy_network()
    twin = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2, ceil_mode=True),
        torch.nn.MaxPool2d(2, ceil_mode=True),
        torch.nn.Flatten(),
        torch.nn.Linear(12, 2),
    ).double()
    with torch.no_grad():
        for theirs, ours in zip(twin.parameters(), net.parameters(), strict=True):
            theirs.copy_(torch.tensor(ours))
    rng = np.random.default_rng(0)
    x = np.stack([draw(shape, rng=rng) for shape in "XOXOXO"])[:, None]
    labels = np.array([0, 1] * 3)

    tx = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(twin(tx), torch.tensor(labels))
    expected.backward()

    loss = CrossEntropyLoss()
    np.testing.assert_allclose(loss.forward(net.forward(x), labels), expected.item(), rtol=1e-10)
    np.testing.assert_allclose(net.backward(loss.backward()), tx.grad.numpy(), rtol=1e-10, atol=1e-10)
    for theirs, gradient in zip(twin.parameters(), net.gradients(), strict=True):
        np.testing.assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_lenet5_and_all_its_gradients_are_pytorchs(dtype, close):
    net = LeNet5(rng=np.random.default_rng(0), dtype=dtype)
    twin = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 5),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(6, 16, 5),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(400, 120),
        torch.nn.ReLU(),
        torch.nn.Linear(120, 84),
        torch.nn.ReLU(),
        torch.nn.Linear(84, 10),
    ).double()
    with torch.no_grad():
        for theirs, ours in zip(twin.parameters(), net.parameters(), strict=True):
            theirs.copy_(torch.tensor(ours))
    x, dy = (
        np.random.default_rng(1).normal(size=(4, 1, 32, 32)),
        np.random.default_rng(2).normal(size=(4, 10)),
    )
    tx = torch.tensor(x, requires_grad=True)
    expected = twin(tx)
    expected.backward(torch.tensor(dy))
    y = net.forward(x.astype(dtype))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=close, atol=close)
    np.testing.assert_allclose(net.backward(dy.astype(dtype)), tx.grad.numpy(), rtol=close, atol=close)
    for theirs, gradient in zip(twin.parameters(), net.gradients(), strict=True):
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient, theirs.grad.numpy(), rtol=close, atol=close * 10)


# LeNet-5


def test_lenet5_has_the_parameters_that_a_pencil_counts():
    counts = [layer.weight.size + layer.bias.size for layer in LeNet5() if layer.weight is not None]
    assert counts == [6 * 26, 16 * 151, 120 * 401, 84 * 121, 10 * 85]
    assert sum(counts) == 61_706


def test_lenet5_takes_other_channels_and_classes():
    net = LeNet5(26, in_channels=3)
    assert net.forward(np.zeros((2, 3, 32, 32), np.float32)).shape == (2, 26)


def test_lenet5_is_drawn_from_the_generator():
    first, again, other = (LeNet5(rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    for one, two, three in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(one, two)
        assert (one != three).any()
    filters = first[0].weight
    assert (filters[0] != filters[1]).any()


# Modes and types


def test_train_and_eval_reach_every_layer():
    net = Sequential(BatchNorm2d(1), Sequential(BatchNorm2d(1), ReLU()))
    assert net.eval() is net
    assert not any(layer.training for layer in net._leaves())
    assert net.train() is net
    assert all(layer.training for layer in net._leaves())


def test_astype_converts_the_whole_network():
    net = Sequential(Conv2d(1, 2, 3), Sequential(BatchNorm2d(2), ReLU()), Flatten(), Linear(8, 3))
    assert net.astype(np.float32) is net
    assert all(parameter.dtype == np.float32 for parameter in net.parameters())
    y = net.forward(np.random.default_rng(0).normal(size=(3, 1, 4, 4)).astype(np.float32))
    assert net.backward(y).dtype == np.float32
    with pytest.raises(TypeError, match=r"must be np\.float32 or np\.float64: got int64"):
        net.astype(np.int64)


def test_without_dx_all_parameters_get_their_gradients_all_the_same():
    def network():
        return Sequential(ReLU(), Sequential(Conv2d(1, 2, 3), ReLU()), Flatten(), Linear(8, 3))

    x = np.random.default_rng(0).normal(size=(3, 1, 4, 4))
    net, lazy = network(), network()  # the same parameters
    dy = net.forward(x)
    net.backward(dy)
    lazy.forward(x)
    assert lazy.backward(dy, need_dx=False) is None
    for gradient, full in zip(lazy.gradients(), net.gradients(), strict=True):
        np.testing.assert_array_equal(gradient, full)


def test_without_dx_the_way_back_ends_at_the_first_layer_that_learns():
    asked = []

    class Spy:
        weight = None

        def forward(self, x):
            return x

        def backward(self, dy, need_dx=True):
            asked.append((self, need_dx))
            return dy

    before, first, second = Spy(), Spy(), Spy()
    first.weight = second.weight = np.ones(1)
    Sequential(before, first, second).backward(1.0, need_dx=False)
    assert asked == [(second, True), (first, False)]


def test_without_dx_and_without_parameters_nothing_comes_back():
    net = Sequential(ReLU(), Flatten())
    assert net.backward(net.forward(np.ones((2, 3))), need_dx=False) is None


def test_layers_without_modes_or_types_are_passed_over():
    class Negate:
        def forward(self, x):
            return -x

        def backward(self, dy):
            return -dy

    net = Sequential(Negate(), Linear(2, 1))
    assert net.eval().train(False).astype(np.float32) is net
    assert net[1].weight.dtype == np.float32
    assert not net[1].training


def test_a_network_with_a_name_says_it():
    assert repr(LeNet5()).startswith("LeNet5(\n  (0): Conv2d(1, 6, ")
    assert repr(LeNet5()[:1]).startswith("Sequential(\n")


# Centred differences


def test_gradients_are_what_differences_measure():
    net, loss = toy_network(), CrossEntropyLoss()
    x = np.random.default_rng(1).normal(size=(2, 1, 9, 9))

    def value(_):
        return loss.forward(net.forward(x), [0, 1])

    value(x)
    net.backward(loss.backward())
    for parameter, gradient in zip(net.parameters(), net.gradients(), strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(value, parameter), rtol=1e-5, atol=1e-8)


def test_steps_against_the_gradient_tell_x_from_o():
    """parameter -= step changes the network itself; twenty steps are enough for two pictures."""
    net, loss = toy_network(), CrossEntropyLoss()
    x, labels = np.stack([X, O])[:, None], np.array([0, 1])
    before = loss.forward(net.forward(x), labels)
    for _ in range(20):
        loss.forward(net.forward(x), labels)
        net.backward(loss.backward())
        for parameter, gradient in zip(net.parameters(), net.gradients(), strict=True):
            parameter -= 0.1 * gradient
    assert loss.forward(net.forward(x), labels) < before / 2
    np.testing.assert_array_equal(net.forward(x).argmax(axis=1), labels)


# Messages


def test_gradients_before_backward_are_refused():
    net = Sequential(ReLU(), Linear(2, 1))
    net.forward(np.ones((1, 2)))
    with pytest.raises(
        RuntimeError, match=r"gradients\(\) needs a call of backward\(dy\) before it: Linear\(2, 1"
    ):
        net.gradients()


def test_backward_before_forward_is_refused():
    with pytest.raises(RuntimeError, match=r"needs a call of forward\(x\) before it"):
        toy_network().backward(np.ones((1, 2)))


class OneWay:
    def forward(self, x):
        return x


@pytest.mark.parametrize("layer", [ReLU, [ReLU()], OneWay(), None, np.maximum])
def test_what_is_no_layer_is_refused(layer):
    with pytest.raises(TypeError, match=r"a layer needs forward\(x\) and backward\(dy\): got .* at 1"):
        Sequential(Flatten(), layer)


def test_layer_that_appears_twice_is_refused():
    relu = ReLU()
    message = r"each layer may appear only once.*got ReLU\(\) twice"
    with pytest.raises(ValueError, match=message):
        Sequential(relu, Linear(2, 2), relu)
    with pytest.raises(ValueError, match=message):
        Sequential(relu, Sequential(Linear(2, 2), relu))
