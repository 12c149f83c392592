"""The evaluations again, number by number in Python, as a referee for check.py.

Derivatives are complex steps: the imaginary part of f(x + ih) over h, with h = 1e-30, is exact but for rounding.
Functions here take real or complex numbers.
"""
import cmath
import math

H = 1e-30


def derivatives(f, x):
    """For each entry of the flat list x, the derivatives of the list f(x)."""
    return [[v.imag / H for v in f(x[:i] + [x[i] + 1j * H] + x[i + 1:])] for i in range(len(x))]


def gradient(f, x):
    return [column[0] for column in derivatives(lambda at: [f(at)], x)]


def flat(rows):
    return [v for row in rows for v in row]


def rows(values, width):
    return [values[i:i + width] for i in range(0, len(values), width)] if width else []


def log_sum_exp(x):
    top = max(v.real for v in x)
    return cmath.log(sum(cmath.exp(v - top) for v in x)) + top


def det(a, n):
    if n == 1:
        return a[0]
    total = 0
    for c in range(n):
        minor = [a[r * n + k] for r in range(1, n) for k in range(n) if k != c]
        total += (-1) ** c * a[c] * det(minor, n - 1)
    return total


def gmm(i, alpha, mu, q, l):
    d, k, n, m, gamma = i["d"], i["k"], i["n"], i["m"], i["gamma"]
    factors, spread, moved = [], 0, 0
    for c in range(k):
        entries = iter(l[c])
        f = [[0] * d for _ in range(d)]
        for column in range(d):
            f[column][column] = cmath.exp(q[c][column])
            for row in range(column + 1, d):
                f[row][column] = next(entries)
        factors.append(f)
        spread += sum(v * v for row in f for v in row)
        moved += sum(q[c])
    total = -n * (d / 2 * math.log(2 * math.pi) + log_sum_exp(alpha))
    for x in i["x"]:
        terms = []
        for c in range(k):
            off = [x[j] - mu[c][j] for j in range(d)]
            terms.append(alpha[c] + sum(q[c]) - sum(sum(a * b for a, b in zip(row, off)) ** 2 for row in factors[c]) / 2)
        total += log_sum_exp(terms)
    freedom = d + m + 1
    gammas = d * (d - 1) / 4 * math.log(math.pi) + sum(math.lgamma((freedom - j) / 2) for j in range(d))
    prior = k * (freedom * d * math.log(gamma / math.sqrt(2)) - gammas) - gamma ** 2 / 2 * spread + m * moved
    return total + prior


def llsq(x, n):
    total = 0
    for i in range(n):
        t = -1 + i * 2 / (n - 1)
        value = 0
        for c in reversed(x):
            value = value * t + c
        total += ((t > 0) - (t < 0) - value) ** 2
    return total / 2


def lstm(i, main, extra):
    s = lambda v: 1 / (1 + cmath.exp(-v))
    b, layers = len(i["sequence"][0]), len(main) // 2
    state = [list(row) for row in i["state"]]
    total = 0
    for now, coming in zip(i["sequence"], i["sequence"][1:]):
        out = []
        for u in range(b):
            x = now[u] * extra[0][u]
            for k in range(layers):
                w, v = main[2 * k], main[2 * k + 1]
                h, c = state[2 * k][u], state[2 * k + 1][u]
                gate = lambda j, on: on * w[j * b + u] + v[j * b + u]
                c = c * s(gate(0, x)) + s(gate(1, h)) * cmath.tanh(gate(3, h))
                x = s(gate(2, x)) * cmath.tanh(c)
                state[2 * k][u], state[2 * k + 1][u] = x, c
            out.append(x * extra[1][u] + extra[2][u])
        norm = cmath.log(sum(cmath.exp(v) for v in out) + 2)
        total += sum(g * (v - norm) for g, v in zip(coming, out))
    return -total / (b * (len(i["sequence"]) - 1))


def ode(x, steps):
    f = lambda y: [x[0]] + [a * b for a, b in zip(x[1:], y)]
    h, y = 2 / steps, [0] * len(x)
    ahead = lambda k, by: [a + by * b for a, b in zip(y, k)]
    for _ in range(steps):
        k1 = f(y)
        k2 = f(ahead(k1, h / 2))
        k3 = f(ahead(k2, h / 2))
        k4 = f(ahead(k3, h))
        y = [v + h / 6 * (a + 2 * b + 2 * c + d) for v, a, b, c, d in zip(y, k1, k2, k3, k4)]
    return y


def cross(a, b):
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def ba(v, feature):
    """Errors of one observation of v: camera (11), point (3), weight."""
    r, centre, (focal, u0, v0, k1, k2), point, w = v[:3], v[3:6], v[6:11], v[11:14], v[14]
    p = [a - b for a, b in zip(point, centre)]
    squared = sum(a * a for a in r)
    side = cross(r, p)
    if squared == 0:
        x = [a + b for a, b in zip(p, side)]
    else:
        angle = cmath.sqrt(squared)
        along = sum(a * b for a, b in zip(r, p)) * (1 - cmath.cos(angle)) / squared
        x = [a * cmath.cos(angle) + b * cmath.sin(angle) / angle + c * along for a, b, c in zip(p, side, r)]
    x, y = x[0] / x[2], x[1] / x[2]
    q = x * x + y * y
    bend = focal * (1 + k1 * q + k2 * q * q)
    return [w * (x * bend + u0 - feature[0]), w * (y * bend + v0 - feature[1]), 1 - w * w]


def product(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def ht(i, theta, us):
    model, parents = i["data"]["model"], i["data"]["model"]["parents"]
    angles = [[0, 0] for _ in parents]
    rest = iter(theta[6:])
    for bone in (2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 16, 18, 19, 20):
        angles[bone][0] = next(rest)
        if bone % 4 == 2:
            angles[bone][1] = next(rest)
    absolute = []
    for bone, parent in enumerate(parents):
        (cx, sx), (cz, sz) = [(cmath.cos(a), cmath.sin(a)) for a in angles[bone]]
        about_x = [[1, 0, 0, 0], [0, cx, -sx, 0], [0, sx, cx, 0], [0, 0, 0, 1]]
        about_z = [[cz, -sz, 0, 0], [sz, cz, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
        own = product(model["base_relatives"][bone], product(about_z, about_x))
        absolute.append(own if parent < 0 else product(absolute[parent], own))
    bones = [product(a, b) for a, b in zip(absolute, model["inverse_base_absolutes"])]
    r, place = theta[:3], theta[3:6]
    angle = cmath.sqrt(sum(a * a for a in r))
    n = [a / angle for a in r]

    def vertex(v):
        at, total = [[x] for x in model["base_positions"][v]], [0, 0, 0]
        for bone, weight in zip(bones, model["weights"][v]):
            if weight:
                total = [t + weight * x[0] for t, x in zip(total, product(bone, at))]
        if model["is_mirrored"]:
            total[0] = -total[0]
        side, along = cross(n, total), sum(a * b for a, b in zip(n, total)) * (1 - cmath.cos(angle))
        return [t * cmath.cos(angle) + s * cmath.sin(angle) + a * along + p
                for t, s, a, p in zip(total, side, n, place)]

    errors = []
    for k, (to, point) in enumerate(zip(i["data"]["correspondences"], i["data"]["points"])):
        if us:
            a, b, c = [vertex(v) for v in model["triangles"][to]]
            hand = [us[k][0] * x + us[k][1] * y + (1 - us[k][0] - us[k][1]) * z for x, y, z in zip(a, b, c)]
        else:
            hand = vertex(to)
        errors += [a - b for a, b in zip(point, hand)]
    return errors


def miss(w):
    dt, x, v = 0.1, [0, 8], [0.75, 0]
    while True:
        force = [0, 0]
        for c in ([10, 10 - w], [10, 0]):
            off = [a - b for a, b in zip(x, c)]
            cubed = (off[0] ** 2 + off[1] ** 2) ** 1.5
            force = [f + o / cubed for f, o in zip(force, off)]
        x = [a + dt * b for a, b in zip(x, v)]
        if x[1].real <= 0:
            return (x[0] - x[1] / v[1] * v[0]) ** 2
        v = [a + dt * b for a, b in zip(v, force)]


def argmin(value, slope, x):
    best, g, rate, good = value(x).real, slope(x), 1e-5, 0
    while math.hypot(*g) > 1e-5:
        if good == 10:
            rate, good = 2 * rate, 0
            continue
        there = [a - rate * b for a, b in zip(x, g)]
        if math.dist(x, there) <= 1e-5:
            break
        reached = value(there).real
        if reached < best:
            x, best, g, good = there, reached, slope(there), good + 1
        else:
            rate, good = rate / 2, 0
    return x


def particle(w):
    value = lambda x: miss(x[0])
    return argmin(value, lambda x: gradient(value, x), [w])[0]


def saddle(start):
    square = lambda v: sum(a * a for a in v)
    top = argmin(square, lambda y: [2 * a for a in y], start)  # of |x|² - |y|², whatever x
    return argmin(lambda x: square(x) - square(top), lambda x: [2 * a for a in x], start) + top
