"""Numbers of PyTorch: paths of optimizers, losses with gradients, layers. Prints JSON."""
import json
import torch
from torch import nn

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
rows = {}
start = [1.0, -2.0, 0.5]
gradients = [[0.5, -1.0, 1e-7], [0.25, 2.0, 1e-7], [-1.0, 0.5, 1e-3], [0.75, -0.25, 0.0]]


def path(name, make):
    p = torch.tensor(start, requires_grad=True)
    opt, points = make([p]), []
    for g in gradients:
        p.grad = torch.tensor(g)
        opt.step()
        points.append(p.tolist())
    rows[name] = {"start": start, "gradients": gradients, "path": points}


path("sgd", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01))
path("nesterov", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
path("adam", lambda p: torch.optim.Adam(p, lr=0.1))
path("adamw", lambda p: torch.optim.AdamW(p, lr=0.1))
path("adamax", lambda p: torch.optim.Adamax(p, lr=0.1))
path("nadam", lambda p: torch.optim.NAdam(p, lr=0.1, foreach=True))
path("radam", lambda p: torch.optim.RAdam(p, lr=0.1))
path("rmsprop", lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.9, centered=True))
path("adagrad", lambda p: torch.optim.Adagrad(p, lr=0.1))
path("adadelta", lambda p: torch.optim.Adadelta(p))
path("rprop", lambda p: torch.optim.Rprop(p))


def loss(name, f, x, y):
    x = torch.tensor(x, requires_grad=True)
    value = f(x, torch.tensor(y))
    value.backward()
    rows[name] = {"input": x.tolist(), "target": y, "value": value.item(), "gradient": x.grad.tolist()}


scores = [[1.0, -0.5, 0.25], [0.0, 2.0, -1.0]]
loss("mse", nn.MSELoss(), [0.5, -1.0], [0.0, 2.0])
loss("l1", nn.L1Loss(), [0.5, -1.0], [0.0, 2.0])
loss("smooth_l1", nn.SmoothL1Loss(beta=2), [0.5, -3.0], [0.0, 2.0])
loss("huber", nn.HuberLoss(delta=2), [0.5, -3.0], [0.0, 2.0])
loss("cross_entropy", nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]), label_smoothing=0.1), scores, [2, 1])
loss("bce_with_logits", nn.BCEWithLogitsLoss(), [0.5, -3.0], [1.0, 0.0])
loss("kl_div", lambda x, y: nn.KLDivLoss(reduction="batchmean")(x, y), [[-1.0, -0.5]], [[0.25, 0.75]])


def layer(name, module, *inputs, f=None):
    y = (f or module)(*inputs)
    rows[name] = {"state": {k: v.tolist() for k, v in module.state_dict().items() if v.dim()},
                  "inputs": [x.tolist() for x in inputs],
                  "outputs": [t.tolist() for t in (y if isinstance(y, tuple) else (y,))]}


image, sequence = torch.randn(1, 2, 3, 5), torch.randn(1, 2, 7)
layer("max_pool1d", nn.MaxPool1d(3, stride=2, padding=1), sequence)
layer("max_pool1d_ceil", nn.MaxPool1d(2, ceil_mode=True), sequence)
for mode in ("nearest", "bilinear"):
    for aligned in (False, True) if mode == "bilinear" else (None,):
        for name, options in (("size", {"size": (7, 4)}), ("scale", {"scale_factor": 2.5}), ("shrink", {"scale_factor": 0.7})):
            layer(f"upsample_{mode}_{name}" + ("_aligned" if aligned else ""), nn.Upsample(mode=mode, align_corners=aligned, **options), image)
layer("upsample_nearest_1d", nn.Upsample(size=11), sequence)
layer("upsample_linear", nn.Upsample(scale_factor=3, mode="linear"), sequence)


def recurrent(name, module, call, *inputs):
    layer(name, module, *inputs, f=lambda *x: call(module, *x))


recurrent("lstm_cell", nn.LSTMCell(3, 4), lambda m, x, h, c: m(x, (h, c)), torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4))
recurrent("gru_cell", nn.GRUCell(3, 4), lambda m, x, h: m(x, h), torch.randn(2, 3), torch.randn(2, 4))


def packed(m, x):
    lengths = torch.tensor([2, 5, 3])
    y, state = m(nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False))
    y, _ = nn.utils.rnn.pad_packed_sequence(y, total_length=x.shape[0])
    return (y, *state) if isinstance(state, tuple) else (y, state)


recurrent("lstm_packed", nn.LSTM(3, 4, num_layers=2, bidirectional=True), packed, torch.randn(5, 3, 3))
recurrent("gru_packed", nn.GRU(3, 4, bidirectional=True), packed, torch.randn(5, 3, 3))
norm = nn.BatchNorm1d(1)
recurrent("batch_norm", norm, lambda m, x: (m(x), m.running_mean, m.running_var), torch.tensor([[1.0], [2.0], [3.0], [6.0]]))
layer("layer_norm", nn.LayerNorm(3), torch.tensor([[1.0, 2.0, 4.0]]))


def rounded(x):
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [rounded(v) for v in x]
    return float(f"{x:.12g}") if isinstance(x, float) else x


print(json.dumps({"library": "PyTorch", "version": torch.__version__, "rows": rounded(rows)}))
