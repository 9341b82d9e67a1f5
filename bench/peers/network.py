"""Trains one network of PyTorch on images, in a process of its own; the same networks as network-models.ts.

  python network.py '{"network": "dense", "x": "images.npy", "batch": 128, "epochs": 2, "threads": 2}'
  python network.py versions

The last line printed is JSON: seconds of each epoch, loss, peakMib, description; or the versions of what is installed.
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


def train(task):
    torch.set_num_threads(task["threads"])
    x = torch.from_numpy(np.load(task["x"]))
    model = Autoencoder({"dense": Dense, "conv": Conv}[task["network"]]())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    seconds = []
    for _ in range(task["epochs"]):
        start = time.perf_counter()
        for first in range(0, len(x), task["batch"]):
            optimizer.zero_grad()
            loss = model.loss(x[first : first + task["batch"]])
            loss.backward()
            optimizer.step()
        last = loss.item()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": seconds,
        "loss": last,
        "peakMib": peak / (2**20 if sys.platform == "darwin" else 2**10),
        "description": f"PyTorch {torch.__version__}",
    }


if __name__ == "__main__":
    if sys.argv[1] == "versions":
        print(json.dumps({"python": platform.python_version(), "PyTorch": torch.__version__}))
    else:
        print(json.dumps(train(json.loads(sys.argv[1]))))
