"""What a unit sees: by hand, by touching pixels, and for networks whose numbers are published."""

import numpy as np
import pytest
import torch

from cnnlib.layers import AvgPool2d, Conv2d, Linear, MaxPool2d, ReLU
from cnnlib.network import LeNet5, Sequential
from cnnlib.receptive_field import receptive_field


def test_two_convolutions_of_three_see_five_pixels():
    first, second = receptive_field([Conv2d(1, 1, 3), Conv2d(1, 1, 3)])
    assert (first.size, first.jump, first.start) == ((3, 3), (1, 1), (1, 1))
    assert (second.size, second.jump, second.start) == ((5, 5), (1, 1), (2, 2))


def test_stride_makes_later_windows_reach_further():
    """3 pixels, then jumps of 2: a window of 3 reaches 2 * 2 further, and 2 pixels dilated by 3 reach 6."""
    fields = receptive_field([Conv2d(1, 1, 3, stride=2), Conv2d(1, 1, 3), Conv2d(1, 1, 2, dilation=3)])
    assert [field.size[0] for field in fields] == [3, 3 + 2 * 2, 7 + 3 * 2]
    assert [field.jump[0] for field in fields] == [2, 2, 2]


def test_padding_moves_the_first_field_out_of_the_image():
    (field,) = receptive_field([Conv2d(1, 1, 5, padding=2)])
    assert field.start == (0, 0)
    (field,) = receptive_field([MaxPool2d(2)])
    assert field.start == (0.5, 0.5)


def test_rows_and_columns_are_told_apart():
    (field,) = receptive_field([Conv2d(1, 1, (3, 5), stride=(2, 1), padding=(0, 2))])
    assert (field.size, field.jump, field.start) == ((3, 5), (2, 1), (1, 0))


def test_layers_without_a_window_change_nothing():
    conv, relu, linear = receptive_field([Conv2d(1, 1, 3), ReLU(), Linear(4, 3)])
    assert conv[1:] == relu[1:] == linear[1:]
    assert isinstance(relu.layer, ReLU)


def test_layers_inside_layers_are_gone_through():
    inner = Sequential(Conv2d(1, 1, 3), Sequential(ReLU(), MaxPool2d(2)))
    flat = receptive_field([Conv2d(1, 1, 3), ReLU(), MaxPool2d(2), Conv2d(1, 1, 3)])
    assert [field[1:] for field in receptive_field([inner, Conv2d(1, 1, 3)])] == [field[1:] for field in flat]


def test_stride_of_none_is_the_size_of_the_window():
    class Pool:
        kernel_size, stride = 3, None

    assert receptive_field([Pool()])[0].jump == (3, 3)


def test_vgg16_sees_what_is_published():
    """6, 16, 44, 100 and 212 pixels after the five poolings; 196 after the last convolution."""
    layers = []
    for convolutions in (2, 2, 3, 3, 3):
        layers += [torch.nn.Conv2d(1, 1, 3, padding=1), torch.nn.ReLU()] * convolutions
        layers.append(torch.nn.MaxPool2d(2))
    fields = receptive_field(torch.nn.Sequential(*layers))
    pools = [field.size[0] for field in fields if isinstance(field.layer, torch.nn.MaxPool2d)]
    assert pools == [6, 16, 44, 100, 212]
    assert fields[-3].size == (196, 196)


def test_lenet5_sees_six_fourteen_and_sixteen_pixels():
    sizes = [field.size[0] for field in receptive_field(LeNet5())]
    assert sizes[:6] == [5, 5, 6, 14, 14, 16]


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2d(1, 1, 3, stride=2, padding=1), AvgPool2d(2), Conv2d(1, 1, (3, 2), dilation=(1, 2))],
        [AvgPool2d(3, stride=1), Conv2d(1, 1, 3, padding=2), AvgPool2d(2)],
        [Conv2d(1, 1, 2, stride=(1, 2)), Conv2d(1, 1, 3, stride=(3, 1))],
    ],
)
def test_exactly_the_pixels_of_the_field_change_the_unit(layers):
    """Weights of 1 let every touch through; a unit in the middle has its whole field on the image."""
    for layer in layers:
        if layer.weight is not None:
            layer.weight = np.ones_like(layer.weight)
    net, x = Sequential(*layers), np.zeros((1, 1, 40, 40))
    field = receptive_field(net)[-1]
    row, col = (size // 2 for size in net.forward(x).shape[2:])
    before = net.forward(x)[0, 0, row, col]
    seen = np.zeros((40, 40), dtype=bool)
    for pixel in np.ndindex(40, 40):
        x[(0, 0, *pixel)] = 1
        seen[pixel] = net.forward(x)[0, 0, row, col] != before
        x[(0, 0, *pixel)] = 0
    for axis, unit in enumerate((row, col)):
        lit = np.flatnonzero(seen.any(axis=1 - axis))
        centre = field.start[axis] + unit * field.jump[axis]
        assert lit[-1] - lit[0] + 1 == field.size[axis]
        assert (lit[0] + lit[-1]) / 2 == centre


def test_transposed_convolution_is_refused():
    with pytest.raises(ValueError, match="transposed convolution has no windows on its input"):
        receptive_field([torch.nn.ConvTranspose2d(1, 1, 3)])


def test_window_without_size_is_refused():
    layer = MaxPool2d(2)
    layer.kernel_size = 0
    with pytest.raises(ValueError, match="kernel_size must be"):
        receptive_field([layer])
