"""VGG16: published names and shapes, the plain network's numbers, weights that are fetched with care."""

import hashlib
import http.server
import re
import threading

import pytest
import torch
from torch import nn

from cnnlib import vgg
from cnnlib.vgg import VGG16, load_pretrained

# The state_dict of torchvision's vgg16, as published: names, and shapes at full width.
PUBLISHED = {
    "features.0.weight": (64, 3, 3, 3),
    "features.0.bias": (64,),
    "features.2.weight": (64, 64, 3, 3),
    "features.2.bias": (64,),
    "features.5.weight": (128, 64, 3, 3),
    "features.5.bias": (128,),
    "features.7.weight": (128, 128, 3, 3),
    "features.7.bias": (128,),
    "features.10.weight": (256, 128, 3, 3),
    "features.10.bias": (256,),
    "features.12.weight": (256, 256, 3, 3),
    "features.12.bias": (256,),
    "features.14.weight": (256, 256, 3, 3),
    "features.14.bias": (256,),
    "features.17.weight": (512, 256, 3, 3),
    "features.17.bias": (512,),
    "features.19.weight": (512, 512, 3, 3),
    "features.19.bias": (512,),
    "features.21.weight": (512, 512, 3, 3),
    "features.21.bias": (512,),
    "features.24.weight": (512, 512, 3, 3),
    "features.24.bias": (512,),
    "features.26.weight": (512, 512, 3, 3),
    "features.26.bias": (512,),
    "features.28.weight": (512, 512, 3, 3),
    "features.28.bias": (512,),
    "classifier.0.weight": (4096, 25088),
    "classifier.0.bias": (4096,),
    "classifier.3.weight": (4096, 4096),
    "classifier.3.bias": (4096,),
    "classifier.6.weight": (1000, 4096),
    "classifier.6.bias": (1000,),
}

# The same of vgg16_bn: where the convolutions and the normalisations stand, and how many channels they have.
PUBLISHED_BN = {0: 64, 3: 64, 7: 128, 10: 128, 14: 256, 17: 256, 20: 256}
PUBLISHED_BN |= {24: 512, 27: 512, 30: 512, 34: 512, 37: 512, 40: 512}


def shapes(net):
    return {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}


def on_meta(*args, **kwargs):
    with torch.device("meta"):
        return VGG16(*args, **kwargs)


def plain(batch_norm, channels, hidden, values, num_classes):
    """VGG16 as one writes it down without thinking."""

    def conv(c, o):
        norm = [nn.BatchNorm2d(o)] if batch_norm else []
        return [nn.Conv2d(c, o, 3, padding=1), *norm, nn.ReLU()]

    a, b, c, d = channels
    return nn.Sequential(
        *(*conv(3, a), *conv(a, a), nn.MaxPool2d(2)),
        *(*conv(a, b), *conv(b, b), nn.MaxPool2d(2)),
        *(*conv(b, c), *conv(c, c), *conv(c, c), nn.MaxPool2d(2)),
        *(*conv(c, d), *conv(d, d), *conv(d, d), nn.MaxPool2d(2)),
        *(*conv(d, d), *conv(d, d), *conv(d, d), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(values, hidden), nn.ReLU(), nn.Dropout()),
        *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, num_classes)),
    )


# By hand.


def test_names_and_shapes_are_the_published_ones():
    assert list(shapes(on_meta()).items()) == list(PUBLISHED.items())


def test_names_and_shapes_with_batch_norm_are_the_published_ones():
    found, channels, wanted = shapes(on_meta(batch_norm=True)), 3, {}
    for index, out in PUBLISHED_BN.items():
        wanted[f"features.{index}.weight"] = (out, channels, 3, 3)
        wanted[f"features.{index}.bias"] = (out,)
        for name in ("weight", "bias", "running_mean", "running_var"):
            wanted[f"features.{index + 1}.{name}"] = (out,)
        wanted[f"features.{index + 1}.num_batches_tracked"] = ()
        channels = out
    wanted |= {name: shape for name, shape in PUBLISHED.items() if name.startswith("classifier")}
    assert found == wanted


def test_it_has_as_many_parameters_as_the_paper_says():
    """138 million; of these 13,416 are biases: 4,224 of the convolutions, 9,192 of the rest."""
    sizes = {name: parameter.numel() for name, parameter in on_meta().named_parameters()}
    biases = sum(size for name, size in sizes.items() if name.endswith("bias"))
    assert sum(sizes.values()) == 138_357_544
    assert biases == (2 * 64 + 2 * 128 + 3 * 256 + 6 * 512) + (4096 + 4096 + 1000) == 13_416


@pytest.mark.parametrize(("image_size", "values"), [(32, 512), (63, 512), (64, 2048), (224, 25088)])
def test_the_first_linear_layer_fits_the_image(image_size, values):
    assert on_meta(image_size=image_size).classifier[0].in_features == values


def test_width_scales_channels_and_hidden_units():
    found = shapes(on_meta(10, width=0.125, image_size=32))
    assert found["features.0.weight"] == (8, 3, 3, 3)
    assert found["features.28.weight"] == (64, 64, 3, 3)
    assert found["classifier.3.weight"] == (512, 512)
    assert found["classifier.6.weight"] == (10, 512)


def test_no_width_leaves_a_layer_without_channels():
    assert shapes(on_meta(width=1e-9))["features.28.weight"] == (1, 1, 3, 3)


def test_dropout_is_that_of_both_hidden_layers():
    dropouts = [m.p for m in on_meta(dropout=0.25).modules() if isinstance(m, nn.Dropout)]
    assert dropouts == [0.25, 0.25]


def test_weights_start_as_he_and_others_say():
    """Variance 2 / fan_in: a layer of 3 x 3 x 512 inputs has a standard deviation of sqrt(2 / 4608)."""
    torch.manual_seed(0)
    net = VGG16(10, width=0.5, image_size=32, batch_norm=True)
    for layer in (m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)):
        fan_in = layer.weight[0].numel()
        tolerance = 5 / (2 * layer.weight.numel()) ** 0.5  # five standard errors
        assert layer.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=tolerance)
        assert layer.bias.eq(0).all()


def test_the_seed_decides_the_weights_and_they_can_be_drawn_anew():
    torch.manual_seed(1)
    net = VGG16(2, width=0.02, image_size=32, batch_norm=True)
    first = net.features[0].weight.clone()
    net(torch.rand(2, 3, 32, 32))  # batch normalisation keeps a mean
    net.reset_parameters()
    assert not torch.equal(net.features[0].weight, first)
    assert (net.features[1].running_mean == 0).all()
    torch.manual_seed(1)
    assert torch.equal(VGG16(2, width=0.02, image_size=32).features[0].weight, first)


# Parity.


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize(("size", "values"), [(32, 64), (96, 576)])
def test_the_plain_network_gives_the_same_numbers(batch_norm, size, values):
    torch.manual_seed(0)
    net = VGG16(7, width=0.125, image_size=size, batch_norm=batch_norm)
    theirs = plain(batch_norm, (8, 16, 32, 64), 512, values, 7)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), net.state_dict().values(), strict=True)))
    x, labels = torch.randn(3, 3, size, size), torch.tensor([0, 6, 3])
    for training in (False, True):
        votes = []
        for model in (net.train(training), theirs.train(training)):
            torch.manual_seed(5)  # the same units are dropped
            votes.append(model(x))
            nn.functional.cross_entropy(votes[-1], labels).backward()
        assert torch.equal(*votes)
    for ours, plains in zip(net.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(ours.grad, plains.grad)


def test_images_of_another_size_are_averaged_to_the_windows_that_the_classifier_knows():
    torch.manual_seed(0)
    net = VGG16(5, width=0.05, image_size=32).eval()
    x = torch.randn(2, 3, 64, 96)
    maps = net.features(x)
    assert maps.shape == (2, 26, 2, 3)
    torch.testing.assert_close(net(x), net.classifier(maps.mean(dim=(2, 3))))


# Messages.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 0}, "num_classes must be at least 1: got 0"),
        ({"image_size": 31}, "image_size must be at least 32, because five poolings halve it: got 31"),
        ({"width": 0}, "width must be a positive number: got 0"),
        ({"width": float("nan")}, "width must be a positive number: got nan"),
        ({"width": float("inf")}, "width must be a positive number: got inf"),
        ({"width": "half"}, "width must be a positive number: got 'half'"),
        ({"dropout": 1}, "dropout must be a number from 0 to below 1: got 1"),
    ],
)
def test_what_makes_no_network_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        on_meta(**arguments)


@pytest.mark.parametrize("name", ["num_classes", "image_size"])
def test_what_is_counted_must_be_whole(name):
    with pytest.raises(TypeError, match=rf"{name} must be an integer: got 64\.0"):
        on_meta(**{name: 64.0})
    with pytest.raises(TypeError, match=f"{name} must be an integer: got True"):
        on_meta(**{name: True})


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 64, 64), r"shape \(N, 3, H, W\): got \(1, 1, 64, 64\); repeat grey images"),
        ((1, 4, 64, 64), r"shape \(N, 3, H, W\): got \(1, 4, 64, 64\)$"),
        ((3, 64, 64), r"shape \(N, 3, H, W\): got \(3, 64, 64\)$"),
        ((1, 3, 64, 31), "at least 32 x 32 pixels, because five poolings halve them: got 64 x 31"),
    ],
)
def test_images_that_do_not_fit_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        on_meta(width=0.1)(torch.empty(shape, device="meta"))


def test_bytes_are_refused():
    with pytest.raises(TypeError, match=r"floating point images: got torch\.uint8; convert"):
        on_meta(width=0.1)(torch.empty((1, 3, 32, 32), dtype=torch.uint8, device="meta"))


# Published weights: files of the right shapes, made here, that repeat one number and so take a few kilobytes.


def write(folder, weights):
    """Save a file and name it as published ones are named; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(weights, folder / "part")
    digest = hashlib.sha256((folder / "part").read_bytes()).hexdigest()
    return (folder / "part").rename(folder / f"vgg16-{digest[:8]}.pth")


def published(value=0.25):
    return {name: torch.full((1,), value).expand(shape) for name, shape in PUBLISHED.items()}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where torch.hub keeps files, and nothing in it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "cache" / "hub" / "checkpoints"


@pytest.fixture
def server(tmp_path):
    """A server on this machine for the files in a folder; it remembers what it was asked for."""

    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path / "web"))

        def log_message(self, *args):
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.folder, server.asked = tmp_path / "web", asked
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()


def offer(server, monkeypatch, weights, batch_norm=False):
    path = write(server.folder, weights)
    monkeypatch.setitem(vgg.PRETRAINED, batch_norm, f"{server.url}/{path.name}")
    return path


def test_the_published_files_are_named_after_their_hash():
    for url in vgg.PRETRAINED.values():
        assert re.fullmatch(r"https://download\.pytorch\.org/models/vgg16(_bn)?-[0-9a-f]{8}\.pth", url)


def test_weights_are_fetched_once_checked_and_kept(server, cache, monkeypatch):
    path = offer(server, monkeypatch, published())
    net = load_pretrained(progress=False)
    assert shapes(net) == PUBLISHED
    assert all((parameter == 0.25).all() for parameter in net.parameters())
    assert not net.training
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert (cache / path.name).read_bytes() == path.read_bytes()
    load_pretrained(progress=False)
    load_pretrained(download=False)
    assert server.asked == [f"/{path.name}"]


def test_weights_with_batch_norm_load_although_the_old_file_counts_no_batches(server, cache, monkeypatch):
    weights = on_meta(batch_norm=True).state_dict()
    old = {k: torch.ones(1).expand(w.shape) for k, w in weights.items() if "num_batches" not in k}
    offer(server, monkeypatch, old, batch_norm=True)
    net = load_pretrained(batch_norm=True, progress=False)
    assert net.features[1].num_batches_tracked == 0
    assert (net.features[1].running_var == 1).all()


def test_a_file_that_is_not_there_is_named_with_the_way_to_get_it(cache):
    with pytest.raises(
        FileNotFoundError, match=r"not at .*vgg16-397923af\.pth: allow download=True, or fetch https"
    ):
        load_pretrained(download=False)


def test_without_a_network_the_message_says_what_to_do(cache, monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), None) as closed:
        port = closed.server_port
    monkeypatch.setitem(vgg.PRETRAINED, False, f"http://127.0.0.1:{port}/vgg16-397923af.pth")
    with pytest.raises(
        ConnectionError, match=r"refused.*when the network is there, or fetch .* and put it at .*pth"
    ):
        load_pretrained(progress=False)
    assert list(cache.iterdir()) == []


def test_a_server_without_the_file_is_no_missing_network(server, cache, monkeypatch):
    monkeypatch.setitem(vgg.PRETRAINED, False, f"{server.url}/vgg16-397923af.pth")
    with pytest.raises(ConnectionError, match="HTTP 404"):
        load_pretrained(progress=False)


def test_a_file_with_another_hash_is_not_kept(server, cache, monkeypatch):
    path = offer(server, monkeypatch, published())
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(ValueError, match=r"another file than the published one.*nothing was kept"):
        load_pretrained(progress=False)
    assert list(cache.iterdir()) == []


def test_a_spoilt_file_in_the_cache_is_not_loaded(server, cache, monkeypatch):
    path = offer(server, monkeypatch, published())
    cache.mkdir(parents=True)
    (cache / path.name).write_bytes(b"cut off")
    with pytest.raises(ValueError, match=r"is not the published file: its sha256 begins .* remove it"):
        load_pretrained(progress=False)


class Code:
    def __reduce__(self):
        return print, ("this ran",)


def test_a_pickle_with_code_in_it_is_refused(server, cache, monkeypatch, capsys):
    offer(server, monkeypatch, {"features.0.weight": Code()})
    with pytest.raises(ValueError, match="holds more than weights, perhaps code; it was not loaded"):
        load_pretrained(progress=False)
    assert "this ran" not in capsys.readouterr().out


def test_weights_of_another_network_are_refused(server, cache, monkeypatch):
    offer(server, monkeypatch, published() | {"classifier.6.bias": torch.zeros(10)})
    with pytest.raises(RuntimeError, match=r"size mismatch for classifier\.6\.bias"):
        load_pretrained(progress=False)


def test_other_errors_are_not_taken_for_a_wrong_file(cache, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("not enough memory")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fail)
    with pytest.raises(RuntimeError, match=r"^not enough memory$"):
        load_pretrained()
