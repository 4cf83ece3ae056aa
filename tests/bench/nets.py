#!/usr/bin/env python3
"""
nets.py - seconds that PyTorch takes for the nets of tests/bench/run, which calls it: one thread, tensors in memory.

usage: nets.py train|score|frozen RECORDS          a convolutional net of pictures of 28 x 28
       nets.py sessions|rank EVENTS BATCH          a gru over sessions, of 37,000 items, learnt by 2,048 samples

It prints the seconds of the second of two passes, so that memory is warm. With the reference BLAS PyTorch is several times
slower than it could be: that is said.
"""
import re
import sys
import time

import torch
from torch import nn
from torch.nn import functional

ITEMS, EMBED, HIDDEN, SAMPLES = 37000, 64, 100, 2048


def body():
    return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 26 * 26, 10))


def train(n):
    net, x, y = body(), torch.rand(n, 1, 28, 28), torch.randint(10, (n,))
    adam = torch.optim.Adam(net.parameters())
    for at in range(0, n, 32):
        adam.zero_grad(set_to_none=True)
        functional.cross_entropy(net(x[at:at + 32]), y[at:at + 32]).backward()
        adam.step()
        yield


def score(n):
    net, x = body(), torch.rand(n, 1, 28, 28)
    with torch.no_grad():
        for at in range(0, n, 256):
            net(x[at:at + 256]).softmax(1)
            yield


def frozen(n):
    """A head on a frozen net, through which every record goes."""
    net, head, x, y = body(), nn.Linear(10, 1), torch.rand(n, 1, 28, 28), torch.randint(2, (n, 1)).float()
    adam = torch.optim.Adam(head.parameters())
    for at in range(0, n, 32):
        with torch.no_grad():
            z = net(x[at:at + 32]).softmax(1)
        adam.zero_grad(set_to_none=True)
        functional.binary_cross_entropy_with_logits(head(z), y[at:at + 32]).backward()
        adam.step()
        yield


class Sessions:
    """As GRU4Rec trains: a step of all sessions of a batch at once, sparse Adagrad for the items."""
    def __init__(self, n, batch):
        self.embed, self.out, self.bias = (nn.Embedding(ITEMS, d, sparse=True) for d in (EMBED, HIDDEN, 1))
        self.gru, self.state = nn.GRUCell(EMBED, HIDDEN), torch.zeros(batch, HIDDEN)
        share = (1 / torch.arange(1, ITEMS + 1).float()) ** 0.75
        self.line = share.cumsum(0) / share.sum()
        self.item = self.draw(n // batch + 1, batch)

    def draw(self, *shape):
        return torch.searchsorted(self.line, torch.rand(*shape)).clamp(max=ITEMS - 1)

    def sessions(self):
        items = [p for e in (self.embed, self.out, self.bias) for p in e.parameters()]
        steps = [torch.optim.Adagrad(items, lr=0.05), torch.optim.Adagrad(self.gru.parameters(), lr=0.05)]
        for x, y in zip(self.item, self.item[1:]):
            some = torch.cat([y, self.draw(SAMPLES)])
            self.state = self.gru(self.embed(x), self.state.detach())
            z = self.state @ self.out(some).t() + self.bias(some).view(-1)
            loss = functional.cross_entropy(z, torch.arange(len(x)))
            for s in steps:
                s.zero_grad(set_to_none=True)
            loss.backward()
            for s in steps:
                s.step()
            yield

    def rank(self):
        with torch.no_grad():
            for x in self.item[1:]:
                self.state = self.gru(self.embed(x), self.state)
                z = torch.addmm(self.bias.weight.view(-1), self.state, self.out.weight.t()).softmax(1)
                torch.topk(z, 20)
                yield


def warn_of_blas():
    """Looks at the libraries that are mapped, where the system tells them."""
    try:
        with open("/proc/self/maps") as maps:
            libraries = maps.read()
    except OSError:
        return
    if any(not re.search("openblas|mkl|blis|atlas", path) for path in re.findall(r"\S+/libblas\.so", libraries)):
        print("nets.py: PyTorch has the reference BLAS: install another, as Debian's libopenblas0", file=sys.stderr)


def main():
    what, n = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    warn_of_blas()
    for _ in range(2):
        steps = {"train": train, "score": score, "frozen": frozen}[what](n) if len(sys.argv) == 3 else \
            getattr(Sessions(n, int(sys.argv[3])), what)()
        next(steps)
        began = time.monotonic()
        done = sum(1 for _ in steps)
        seconds = (time.monotonic() - began) * (done + 1) / done
    print("%.3f" % seconds)


main()
