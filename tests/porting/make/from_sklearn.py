"""Numbers of scikit-learn's multi-layer perceptrons: paths of optimizers, the loss and its gradient. Prints JSON."""
import json
import warnings
import numpy as np
import sklearn
from sklearn.neural_network import MLPRegressor, MLPClassifier
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

warnings.simplefilter("ignore")
rows = {}
start = [1.0, -2.0, 0.5]
gradients = [[0.5, -1.0, 1e-7], [0.25, 2.0, 1e-7], [-1.0, 0.5, 1e-3], [0.75, -0.25, 0.0]]


def path(name, make):
    p, points = np.array(start), []
    opt = make([p])
    for g in gradients:
        opt.update_params([p], [np.array(g)])
        points.append(p.tolist())
    rows[name] = {"start": start, "gradients": gradients, "path": points}


path("sgd", lambda p: SGDOptimizer(p, 0.1))  # Nesterov's momentum of 0.9 is the default
path("sgd_plain", lambda p: SGDOptimizer(p, 0.1, nesterov=False))
path("adam", lambda p: AdamOptimizer(p, 0.1))


def loss(name, net, x, y, linear):
    """A net without hidden weights worth mention: y = x W + b through one identity layer."""
    net.set_params(hidden_layer_sizes=(2,), activation="identity", max_iter=1, solver="sgd", learning_rate_init=1e-12,
                   momentum=0.0, batch_size=len(x))
    net.fit(x, y)
    net.coefs_[0][:], net.intercepts_[0][:] = np.eye(2), 0
    net.coefs_[1][:], net.intercepts_[1][:] = linear, 0
    target = net._label_binarizer.transform(y) if hasattr(net, "_label_binarizer") else np.array(y, float).reshape(len(x), -1)
    activations = [np.array(x, float)] + [None] * 2
    deltas, cg, ig = [None] * 2, [np.zeros_like(c) for c in net.coefs_], [np.zeros_like(c) for c in net.intercepts_]
    for l in activations, :
        l[1], l[2] = np.zeros((len(x), 2)), np.zeros((len(x), net.n_outputs_))
    value, cg, ig = net._backprop(np.array(x, float), target, activations, deltas, cg, ig)
    rows[name] = {"x": x, "y": target.tolist(), "weights": [c.tolist() for c in net.coefs_], "alpha": net.alpha, "value": float(value),
                  "gradients": [c.tolist() for c in cg], "bias_gradients": [c.tolist() for c in ig]}


x = [[1.0, 2.0], [0.5, -1.0], [-0.25, 0.75]]
loss("regression", MLPRegressor(alpha=0.3), x, [1.0, 0.0, 2.0], [[0.5], [-0.25]])
loss("regression_two", MLPRegressor(alpha=0.0), x, [[1.0, 0.5], [0.0, -1.0], [2.0, 1.5]], [[0.5, 1.0], [-0.25, 0.75]])
loss("classification", MLPClassifier(alpha=0.3), x, [0, 2, 1], [[0.5, 1.0, 0.0], [-0.25, 0.75, 0.5]])
np.random.seed(0)
bounds = {}
for activation in ("relu", "logistic"):
    net = MLPRegressor((400,), activation=activation, max_iter=1, solver="sgd", learning_rate_init=1e-12).fit(np.random.randn(5, 600), np.zeros(5))
    bounds[activation] = {"in": 600, "out": 400, "weight": float(np.abs(net.coefs_[0]).max()), "bias": float(np.abs(net.intercepts_[0]).max())}
rows["initial"] = bounds
print(json.dumps({"library": "scikit-learn", "version": sklearn.__version__, "rows": rows}))
