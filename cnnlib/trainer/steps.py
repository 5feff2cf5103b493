"""The steps of a training: forward, backward, and a move of every weight; on one or several processes."""

import math

import torch
from torch import nn

from cnnlib.trainer import faults
from cnnlib.trainer.compute import (
    autocast,
    generator,
    mixed,
    over_processes,
    rank,
    summed_loss,
    to_device,
    world,
)


class Stepper:
    """Makes the steps of an epoch. Each depends on the seed, its number and the weights, on no history."""

    def __init__(self, model, optimizer, images, labels, transform, device, channels_last, compile, settings):
        self.model, self.optimizer, self.settings = model, optimizer, settings
        self.images, self.labels, self.transform = images, labels, transform
        self.device, self.channels_last = device, channels_last
        self.steps = max(1, len(images) // settings["batch_size"])  # of an epoch
        if len(images) // self.steps < world():
            raise ValueError(
                f"each of {world()} processes needs an image of every batch: got {len(images)} images, "
                f"batch_size={settings['batch_size']}"
            )
        self.highest = [group["lr"] for group in optimizer.param_groups]
        self.parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.run = model
        if world() > 1:
            ids = [device.index] if device.type == "cuda" else None
            self.run = nn.parallel.DistributedDataParallel(model, device_ids=ids)
        if compile:
            self.run = torch.compile(self.run, backend=compile if isinstance(compile, str) else "inductor")

    def epoch(self, epoch, records):
        """Make all steps of an epoch, counted from 0; return what belongs into the history."""
        self.model.train()
        order = torch.randperm(len(self.images), generator=generator(self.settings["seed"], epoch))
        numbered = enumerate(order.tensor_split(self.steps), start=epoch * self.steps)
        batches = (self._batch(step, indices) for step, indices in numbered)
        sums, batch = [0.0, 0, 0], next(batches)
        while batch:
            step, x, y, count = batch
            numbers = self._backward(step, x, y, count)
            batch = next(batches, None)  # is fetched while a GPU still computes
            loss, right, norm = numbers.tolist()
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise FloatingPointError(self._explained(step, x, loss / len(x), norm))
            if self.settings["clip"]:
                clip = self.settings["clip"]
                torch.nn.utils.clip_grads_with_norm_(self.parameters, clip, numbers[2])
            self.optimizer.step()
            sums = [a + b for a, b in zip(sums, (loss, right, len(x)), strict=True)]
            records.step(epoch + 1, step + 1 - epoch * self.steps, self.steps, loss / len(x))
        loss, right, count = over_processes(sums, self.device)
        rate = self.optimizer.param_groups[0]["lr"]
        return dict(epoch=epoch + 1, step=step + 1, lr=rate, loss=loss / count, accuracy=right / count)

    def _batch(self, step, indices):
        """The images and labels of a step that fall to this process, on the device; how many all have."""
        mine = indices[rank() :: world()].to(self.images.device)
        x, y = self.images[mine], self.labels[mine.to(self.labels.device)]
        if self.transform:
            self._reseed(step)
            x = self.transform(x, generator(self.settings["seed"], step, rank()))
        return step, *to_device(self.model, x, y, self.device, self.channels_last), len(indices)

    def _backward(self, step, x, y, count):
        """Forward and backward; the sum of the losses, right answers, and the gradient's length."""
        self._reseed(step)
        for group, highest in zip(self.optimizer.param_groups, self.highest, strict=True):
            group["lr"] = highest * learning_rate(
                step, self.steps * self.settings["epochs"], **self._schedule()
            )
        with faults.advice_on_memory(self.model, x):
            loss, right = summed_loss(self.run, x, y, self.settings["precision"])
            self.optimizer.zero_grad()
            (loss * (world() / count)).backward()  # processes are averaged, so that this is the mean over all
        norm = torch.nn.utils.get_total_norm([p.grad for p in self.parameters if p.grad is not None])
        return torch.stack([loss.detach(), right.to(loss.dtype), norm.to(loss.dtype)])

    def _schedule(self):
        return {name: self.settings[name] for name in ("schedule", "warmup")}

    def _reseed(self, step):
        """Dropout draws from the global state, which `fit` puts back in the end."""
        torch.manual_seed(mixed(self.settings["seed"], step, rank()))

    def _explained(self, step, x, loss, norm):
        self._reseed(step)
        with autocast(x.device, self.settings["precision"]):
            where = faults.not_finite(self.model, x)
        return (
            f"step {step + 1} (epoch {step // self.steps + 1}) has loss {loss:.4g} and a gradient of length "
            f"{norm:.4g}: {where}. A smaller lr (now {self.optimizer.param_groups[0]['lr']:.3g}), a longer "
            f"warmup or clip=1.0 may help"
        )


def learning_rate(step, steps, *, schedule="cosine", warmup=0.1):
    """The learning rate of a step, as a share of the highest.

    Parameters
    ----------
    step, steps : int
        Which step, from 0, and of how many.
    schedule : {"cosine", "constant"}
        What follows the warm-up: half a wave down to 0, or nothing.
    warmup : float
        The share of all steps in which the rate climbs.

    Examples
    --------
    >>> [round(learning_rate(step, 8, warmup=0.25), 2) for step in range(8)]  # 2 steps up, 6 down
    [0.5, 1.0, 1.0, 0.93, 0.75, 0.5, 0.25, 0.07]
    """
    climb = round(warmup * steps)
    if step < climb:
        return (step + 1) / climb
    if schedule == "constant":
        return 1.0
    return (1 + math.cos(math.pi * (step - climb) / (steps - climb))) / 2
