"""Trains one network with PyTorch on images, in a separate process. The networks are those of network-models.ts.

  python network.py '{"network": "dense", "x": "images.npy", "batch": 128, "epochs": 2, "threads": 2}'
  python network.py versions

The last line of the output is JSON: seconds and processor seconds of each epoch, loss, peakMib and description, or the versions of the
installed packages.
"""

import json
import platform
import resource
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

CODES = 20


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU())
        self.features = 400
        self.decoder = nn.Linear(400, 784)


class Unflatten(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(-1, *self.shape)


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            Unflatten(1, 28, 28),
            nn.Conv2d(1, 32, 5, 2, 2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 5, 2, 2),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.features = 7 * 7 * 64
        self.decoder = nn.Sequential(
            Unflatten(64, 7, 7),
            nn.ConvTranspose2d(64, 32, 5, 2, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 5, 2, 2, 1),
            nn.Flatten(),
        )


class Autoencoder(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.body = network
        self.mean = nn.Linear(network.features, CODES)
        self.log_variance = nn.Linear(network.features, CODES)
        self.begin = nn.Linear(CODES, network.features)

    def loss(self, x):
        h = self.body.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits = self.body.decoder(F.relu(self.begin(code)))
        error = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean**2 - torch.exp(log_variance))
        return (error + divergence) / len(x)


class Posterior(nn.Module):
    """A layer whose weights have Gaussian posteriors. Its outputs are drawn at random (Kingma, Salimans & Welling 2015)."""

    def __init__(self, layer, apply):
        super().__init__()
        self.layer, self.apply_kernel = layer, apply
        self.rho = nn.ParameterList(torch.full_like(p, -4.6) for p in (layer.weight, layer.bias))

    def forward(self, x):
        kernel, bias = (F.softplus(rho) ** 2 for rho in self.rho)
        mean = self.layer(x)
        return mean + torch.sqrt(self.apply_kernel(x * x, kernel, bias)) * torch.randn_like(mean)

    def divergence(self):
        total = 0
        for mean, rho in zip((self.layer.weight, self.layer.bias), self.rho):
            sigma = F.softplus(rho)
            total = total + ((mean**2 + sigma**2) / (2 * 0.1**2) - torch.log(sigma / 0.1) - 0.5).sum()
        return total


def dense(*sizes):
    return Posterior(nn.Linear(*sizes), F.linear)


def convolution(*channels):
    return Posterior(nn.Conv2d(*channels, 4, 2, 1), lambda x, w, b: F.conv2d(x, w, b, 2, 1))


def transposed(*channels):
    return Posterior(nn.ConvTranspose2d(*channels, 4, 2, 1), lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1))


class Bayesian(nn.Module):
    """The model conv-bnn-ae of this project."""

    def __init__(self, count):
        super().__init__()
        self.count = count
        self.network = nn.Sequential(
            Unflatten(1, 28, 28),
            *(convolution(1, 32), nn.ReLU(), convolution(32, 64), nn.ReLU(), nn.Flatten()),
            *(dense(7 * 7 * 64, 400), nn.ReLU(), dense(400, CODES), dense(CODES, 400), nn.ReLU()),
            *(dense(400, 7 * 7 * 64), nn.ReLU(), Unflatten(64, 7, 7)),
            *(transposed(64, 32), nn.ReLU(), transposed(32, 1), nn.Flatten()),
        )

    def loss(self, x):
        error = F.binary_cross_entropy_with_logits(self.network(x), x, reduction="sum") / len(x)
        return error + sum(part.divergence() for part in self.network if isinstance(part, Posterior)) / self.count


class Micrograph(nn.Module):
    """The model micrograph-vae of this project."""

    def __init__(self):
        super().__init__()
        down, up = [1, 32, 64, 128, 256], [256, 256, 128, 64, 32]
        convolutions = (nn.Conv2d(a, b, 5, 2, 2, bias=False) for a, b in zip(down, down[1:]))
        transposed = (nn.ConvTranspose2d(a, b, 5, 2, 2, 1, bias=False) for a, b in zip(up, up[1:]))

        def normalized(layers):
            return [part for layer in layers for part in (layer, nn.BatchNorm2d(self.channels(layer), 1e-3), nn.ReLU())]

        self.encoder = nn.Sequential(
            Unflatten(1, 96, 96), *normalized(convolutions), nn.Flatten(), nn.Linear(9216, 1024), nn.ReLU()
        )
        self.mean, self.sd = nn.Linear(1024, 64), nn.Linear(1024, 64)
        self.decoder = nn.Sequential(
            *(nn.Linear(64, 9216), nn.ReLU(), Unflatten(256, 6, 6), *normalized(transposed)),
            *(nn.ConvTranspose2d(32, 1, 5, 1, 2), nn.Tanh()),
        )
        rows = [[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]
        self.sobel = torch.tensor([rows, [list(column) for column in zip(*rows)]])[:, None]

    @staticmethod
    def channels(layer):
        return layer.out_channels

    def loss(self, x):
        h = self.encoder(x)
        mean, sd = self.mean(h), self.sd(h)
        mean = 2.5 * (mean - mean.mean(0)) / torch.sqrt(mean.var(0, unbiased=False) + 1e-3)
        sd = torch.abs(0.5 * sd / torch.sqrt(sd.var(0, unbiased=False) + 1e-3))
        image = self.decoder(mean + sd * torch.randn_like(mean))
        difference = image - (2 * x.reshape(image.shape) - 1)
        gradients = F.conv2d(difference, self.sobel)
        return 50 * ((difference**2).mean() + (gradients**2).mean()) + ((sd - 1) ** 2).mean()


def make_model(name, count):
    if name == "bayesian":
        return Bayesian(count)
    if name == "micrograph":
        # The convolutions of this model are faster in this memory layout.
        return Micrograph().to(memory_format=torch.channels_last)
    return Autoencoder({"dense": Dense, "conv": Conv}[name]())


def train(task):
    torch.set_num_threads(task["threads"])
    x = torch.from_numpy(np.load(task["x"]))
    model = make_model(task["network"], len(x))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    seconds, cpu = [], []
    for _ in range(task["epochs"]):
        start, used = time.perf_counter(), time.process_time()
        for first in range(0, len(x), task["batch"]):
            optimizer.zero_grad()
            loss = model.loss(x[first : first + task["batch"]])
            loss.backward()
            optimizer.step()
        last = loss.item()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": seconds,
        "cpu": cpu,
        "loss": last,
        "peakMib": peak / (2**20 if sys.platform == "darwin" else 2**10),
        "description": f"PyTorch {torch.__version__}",
    }


if __name__ == "__main__":
    if sys.argv[1] == "versions":
        print(json.dumps({"python": platform.python_version(), "PyTorch": torch.__version__}))
    else:
        print(json.dumps(train(json.loads(sys.argv[1]))))
