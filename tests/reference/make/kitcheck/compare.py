"""What every check uses: the tally, tolerances, finite differences."""
import math

import numpy as np

H = 1e-4  # finite-difference step


class Tally:
    def __init__(self):
        self.checks, self.problems = {}, []

    def ok(self, kind, condition, message):
        self.checks[kind] = self.checks.get(kind, 0) + 1
        if not condition:
            self.problems.append(f"{kind}: {message}")


T = Tally()


def worst(got, want, rtol, atol):
    """Largest error in units of the tolerance; inf if shapes, NaNs or infinities differ."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return math.inf
    if got.dtype.kind in "bi" or want.dtype.kind in "bi":
        return 0.0 if np.array_equal(got, want) else math.inf
    if got.size == 0:
        return 0.0
    got, want = got.astype(float), want.astype(float)
    special = ~np.isfinite(want)
    if not np.array_equal(got[special], want[special], equal_nan=True) or not np.isfinite(got[~special]).all():
        return math.inf
    diff, limit = np.abs(got - want)[~special], atol + rtol * np.abs(want[~special])
    bad = diff > 0
    return float((diff[bad] / np.maximum(limit[bad], 1e-300)).max()) if bad.any() else 0.0


def same(kind, label, got, want, rtol, atol):
    w = worst(got, want, rtol, atol)
    T.ok(kind, w <= 1, f"{label}: off by {w:.3g} tolerances")


def slope(f, h=H):
    """Five-point derivative of f(t) at 0."""
    return (f(-2 * h) - 8 * f(-h) + 8 * f(h) - f(2 * h)) / (12 * h)


def slope_agrees(kind, label, f, want, tol):
    """For functions with relu in them: a kink inside the step spoils one step size, not all."""
    got = [slope(f, h) for h in (1e-4, 1e-6, 1e-7)]
    T.ok(kind, any(abs(d - want) <= tol for d in got), f"{label}: {got} against {want}")


def counted(manifest, key, n):
    T.ok("files", manifest["counts"].get(key) == n, f"{key}: {n} cases, manifest says {manifest['counts'].get(key)}")


def guarded(label, fn, *args):
    """A case that cannot be checked is a problem, not a crash."""
    try:
        fn(*args)
    except Exception as e:
        T.ok("cases", False, f"{label}: {type(e).__name__}: {e}")
