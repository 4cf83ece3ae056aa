#!/bin/sh
# torch.t - PyTorch and these programs open each other's nets and agree: on outputs, and on what is learnt from the same
# start and batches

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
for python in python3 /usr/bin/python3; do
	$python -c 'import torch' 2>/dev/null && break
	python=
done
if [ -z "$python" ]; then
	skip 'nets of PyTorch' 'no PyTorch (Debian: python3-torch)'
	done_testing
fi
export OMP_NUM_THREADS=1

cat >nets.py <<'END_PYTHON'
import json, struct, subprocess, sys
import torch
from torch import nn

torch.manual_seed(3)


def load(path):
    """What safetensors.torch.load_file does."""
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    header.pop("__metadata__", None)
    return {name: torch.frombuffer(data, dtype=torch.float32, count=(t["data_offsets"][1] - t["data_offsets"][0]) // 4,
                                   offset=t["data_offsets"][0]).reshape(t["shape"])
            for name, t in header.items()}


def save(path, tensors):
    """What safetensors.torch.save_file does."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, t in tensors.items():
        raw = t.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


class Bag(nn.EmbeddingBag):
    """A bag of features, each with its value."""
    def forward(self, records):
        index = torch.tensor([i for r in records for i, _ in r])
        value = torch.tensor([v for r in records for _, v in r])
        ends = torch.tensor([len(r) for r in records]).cumsum(0)
        return super().forward(index, torch.cat([torch.zeros(1, dtype=torch.long), ends[:-1]]), per_sample_weights=value)


class Ids(nn.Embedding):
    """Sequences of ids."""
    def forward(self, records):
        return [super(Ids, self).forward(torch.tensor([i for i, _ in r])) for r in records]


class Last(nn.GRU):
    """The state that each sequence ends with."""
    def forward(self, sequences):
        return torch.stack([super(Last, self).forward(s)[1][0] for s in sequences])


def give(net, path):
    """The weights of a model, which must fit exactly."""
    run("weights", "-m", path, "-o", "weights")
    net.load_state_dict(load("weights"))


def image(*shape):
    return lambda n: torch.rand(n, *shape)


def vector(size):
    return lambda n: torch.randn(n, size)


def sparse(n):
    return [[(int(i), float(v)) for i, v in zip(torch.randperm(64)[:5], torch.randn(5))] for _ in range(n)]


def ids(n):
    """Sequences of up to five ids, each growing from record to record."""
    return [[(i, 1) for i, _ in r[:k]] for r in sparse(n) for k in range(1, 6)][:n]


# Each architecture in PyTorch, and what makes an input.
nets = {
    "image 12 11 1, conv 8 3 relu, flatten, dense 10 softmax":
        (lambda: nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(720, 10)), image(1, 12, 11)),
    "image 9 7 3, conv 5 3 same tanh, pool 2, conv 4 3 stride 2 relu, flatten, dense 6 sigmoid, dense 3 softmax":
        (lambda: nn.Sequential(nn.Conv2d(3, 5, 3, padding="same"), nn.Tanh(), nn.MaxPool2d(2), nn.Conv2d(5, 4, 3, stride=2),
                               nn.ReLU(), nn.Flatten(), nn.Linear(4, 6), nn.Sigmoid(), nn.Linear(6, 3)), image(3, 9, 7)),
    "image 8 8 2, pool 3 stride 2 mean, flatten, dense 1 sigmoid":
        (lambda: nn.Sequential(nn.AvgPool2d(3, 2), nn.Flatten(), nn.Linear(18, 1)), image(2, 8, 8)),
    "vector 20, dense 30 relu, dropout 50, dense 7, dense 1 sigmoid":
        (lambda: nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Dropout(0.5), nn.Linear(30, 7), nn.Linear(7, 1)), vector(20)),
    "vector 20, dense 5 softmax, dense 1":
        (lambda: nn.Sequential(nn.Linear(20, 5), nn.Softmax(1), nn.Linear(5, 1)), vector(20)),
    "hash 6, embed 8, dense 4 tanh, dense 3 softmax":
        (lambda: nn.Sequential(Bag(64, 8, mode="sum"), nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 3)), sparse),
    "ids 64, embed 8, gru 6, dense 5 softmax":
        (lambda: nn.Sequential(Ids(64, 8), Last(8, 6), nn.Linear(6, 5)), ids),
}


def write(path, x, labels):
    with open(path, "w") as f:
        for i, (row, label) in enumerate(zip(x, labels)):
            if isinstance(row, list):
                features = " ".join("%d:%.9g" % pair for pair in row)
            else:
                features = "=" + " ".join("%.9g" % v for v in row.flatten().tolist())
            f.write("%d\t%d\t%s\n" % (i, label, features))


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True).stdout


def head(arch, z):
    if arch.endswith("softmax"):
        return z.softmax(1)
    return z.sigmoid() if arch.endswith("sigmoid") else z


def classes(arch):
    return int(arch.split()[-2]) if arch.endswith("softmax") else 2


def scored(arch, *options):
    """The scores that are printed, as PyTorch has them: [records][classes]."""
    lines = [line.split("\t") for line in run("score", *options, "records").splitlines()]
    y = torch.zeros(int(lines[-1][0]) + 1, classes(arch) if arch.endswith("softmax") else 1)
    for f in lines:
        y[int(f[0]), int(f[1]) if len(f) > 3 else 0] = float(f[-1])
    return y


def differ(got, expected):
    return float(((got - expected).abs() / (expected.abs() + 1e-2)).max())


def check(what, error, most):
    print("%s %.2g %s" % ("same" if error <= most else "off", error, what))


def labels(arch, n):
    return torch.randint(classes(arch), (n,))


def there(arch):
    """A net from here, in PyTorch: names and shapes fit, and so do outputs."""
    make, draw = nets[arch]
    x = draw(70)
    write("records", x, labels(arch, 70))
    run("pretrain", "-a", arch, "-r", "0.01", "-o", "model", "records")
    net = make()
    give(net, "model")
    check("opens " + arch, differ(scored(arch, "-m", "model"), head(arch, net.eval()(x))), 1e-5)


def back(arch):
    """A net of PyTorch, here: outputs; and what finetune makes of it is what Adam of PyTorch does."""
    make, draw = nets[arch]
    net, x = make(), draw(160)
    y = labels(arch, 160)
    write("records", x, y)
    save("foreign", net.state_dict())
    check("gives " + arch, differ(scored(arch, "-a", arch, "-m", "foreign"), head(arch, net.eval()(x))), 1e-5)
    run("finetune", "-a", arch, "-B", "32", "-r", "0.01", "-m", "foreign", "-o", "model", "records")
    if "dropout" not in arch:
        learn(arch, net.train(), x, y, 0.01)
        mine = load("model")
        check("tunes " + arch, max(differ(mine[name], t) for name, t in net.state_dict().items()), 1e-3)


class Adam:
    """
    As Keras has it: its epsilon stands beside the root of v before that is corrected, PyTorch's after that. Rows of an
    embedding that no record has stay as they are.
    """
    def __init__(self, net, rate):
        self.weights, self.rate, self.t = list(net.parameters()), rate, 0
        self.lazy = [isinstance(net[0], (Bag, Ids)) and w is net[0].weight for w in self.weights]
        self.m, self.v = ([torch.zeros_like(w) for w in self.weights] for _ in range(2))

    def step(self):
        self.t += 1
        rate = self.rate * (1 - 0.999 ** self.t) ** 0.5 / (1 - 0.9 ** self.t)
        with torch.no_grad():
            for w, m, v, lazy in zip(self.weights, self.m, self.v, self.lazy):
                rows = w.grad.ne(0).any(1, keepdim=True) if lazy else 1
                m += rows * 0.1 * (w.grad - m)
                v += rows * 0.001 * (w.grad ** 2 - v)
                w -= rows * rate * m / (v.sqrt() + 1e-7)
                w.grad = None


def learn(arch, net, x, y, rate):
    """Batches of 32 in order; the loss of each."""
    adam = Adam(net, rate)
    losses = []
    for i in range(0, len(y), 32):
        z, label = net(x[i:i + 32]), y[i:i + 32]
        if arch.endswith("softmax"):
            loss = nn.functional.cross_entropy(z, label)
        elif arch.endswith("sigmoid"):
            loss = nn.functional.binary_cross_entropy_with_logits(z[:, 0], label.float())
        else:
            loss = ((z[:, 0] - label) ** 2).mean()
        (loss if arch.endswith(("softmax", "sigmoid")) else loss / 2).backward()
        adam.step()
        losses.append(loss.item())
    return losses


def step_by_step(steps):
    """The loss of each step of a convolutional net, from the same weights and batches."""
    arch = "image 28 28 1, conv 32 3 relu, flatten, dense 10 softmax"
    run("pretrain", "-a", arch, "-o", "model", "/dev/null")
    net = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(21632, 10))
    give(net, "model")
    shapes, y = torch.rand(10, 1, 28, 28), labels(arch, 32 * steps)
    x = (shapes[y] * torch.rand(len(y), 1, 28, 28)).mul(255).round().div(255)
    y = torch.where(torch.rand(len(y)) < 0.2, labels(arch, len(y)), y)  # or the loss would soon be too small to compare
    losses, total = [], 0
    for i in range(0, len(y), 32):
        write("records", x[i:i + 32], y[i:i + 32])
        run("pretrain", "--resume", "-o", "model", "records")
        said = dict(line.split("\t", 1) for line in run("weights", "--info", "-m", "model").splitlines())
        losses.append((float(said["loss_sum"]) - total) / 32)
        total = float(said["loss_sum"])
    theirs = learn(arch, net, x, y, 0.001)
    check("%d steps" % steps, max(abs(a - b) / b for a, b in zip(losses, theirs)), 1e-4)
    check("%d steps learn" % steps, losses[-1] / losses[0], 0.8)


for arch in nets:
    there(arch)
    back(arch)
step_by_step(100)
END_PYTHON
$python nets.py >said 2>errors || not_ok 'PyTorch' "$(tail -n 5 errors)"
while read -r verdict error what; do
	is "PyTorch $what ($error)" "$verdict" same
done <said
is 'all of it was compared' "$(wc -l <said | tr -d ' ')" 22
done_testing
