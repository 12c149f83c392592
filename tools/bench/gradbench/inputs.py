"""Inputs of the shapes that GradBench sends, from a seed: inputs.make("gmm", d=2, k=5, n=100)."""
import math
import random


def make(module, seed=1, **sizes):
    return globals()[module](random.Random(f"{module} {seed}"), **sizes)


def table(draw, *shape):
    if not shape:
        return draw()
    return [table(draw, *shape[1:]) for _ in range(shape[0])]


def hello(r):
    return r.uniform(-3, 3)


def det(r, ell):
    return {"A": table(r.random, ell * ell), "ell": ell}


def gmm(r, d, k, n):
    normal = lambda: r.gauss(0, 1)
    return {"d": d, "k": k, "n": n, "m": 2, "gamma": 1.5, "alpha": table(normal, k), "mu": table(r.random, k, d),
            "q": table(lambda: 0.3 * normal(), k, d), "l": table(lambda: 0.3 * normal(), k, d * (d - 1) // 2),
            "x": table(normal, n, d)}


def kmeans(r, k, n, d):
    points = table(r.random, n, d)
    return {"points": points, "centroids": r.sample(points, k)}


def llsq(r, n, m=128):
    return {"x": table(lambda: r.uniform(-1, 1), m), "n": n}


def lse(r, n):
    return {"x": table(lambda: r.gauss(0, 3), n)}


def lstm(r, l, c, b=14):
    return {"main_params": table(r.random, 2 * l, 4 * b), "extra_params": table(r.random, 3, b),
            "state": table(r.random, 2 * l, b), "sequence": table(lambda: float(r.randint(0, 1)), c, b)}


def ode(r, n, s):
    return {"x": table(r.random, n), "s": s}


def ba(r, n, m, p, still=False):
    turn = [0.0, 0.0, 0.0] if still else [0.01, -0.13, 0.4]
    return {"n": n, "m": m, "p": p, "cam": turn + [0.1, -0.2, 0.3, 400.0, 3.0, 2.0, 0.02, -0.01],
            "x": [r.uniform(-1, 1), r.uniform(-1, 1), r.uniform(3, 5)], "w": 0.7, "feat": [20.0, -40.0]}


def ht(r, vertices, c, places=True, mirrored=False):
    bones = 22

    def move():  # a turn about z and a shift, (4, 4)
        a = r.uniform(-1, 1)
        return [[math.cos(a), -math.sin(a), 0.0, r.uniform(-1, 1)], [math.sin(a), math.cos(a), 0.0, r.uniform(-1, 1)],
                [0.0, 0.0, 1.0, r.uniform(-1, 1)], [0.0, 0.0, 0.0, 1.0]]

    weights = []
    for _ in range(vertices):
        row = [0.0] * bones
        for _ in range(3):
            row[r.randrange(bones)] = r.random() / 3
        weights.append(row)
    parents = [-1, 0] + [b - 1 if (b - 2) % 4 else 0 for b in range(2, bones)]
    triangles = [r.sample(range(vertices), 3) for _ in range(2 * vertices)]
    model = {"bone_count": bones, "bone_names": [f"bone {b}" for b in range(bones)], "parents": parents,
             "base_relatives": [move() for _ in range(bones)], "inverse_base_absolutes": [move() for _ in range(bones)],
             "base_positions": [[r.gauss(0, 1) for _ in range(3)] + [1.0] for _ in range(vertices)],
             "weights": weights, "triangles": triangles, "is_mirrored": mirrored}
    of = [r.randrange(len(triangles) if places else vertices) for _ in range(c)]
    return {"theta": [r.uniform(-0.5, 0.5) for _ in range(26)], "us": table(r.random, c, 2) if places else [],
            "data": {"model": model, "correspondences": of, "points": table(lambda: r.gauss(0, 1), c, 3)}}


def particle(r):
    return {"w": 0.0}


def saddle(r):
    return {"start": [1.0, 1.0]}
