#!/usr/bin/env python3
"""Plays the other side of GradBench's protocol, and holds every answer against formulas.py.

  tools/bench/gradbench/check.py build/dev/bench/bench_gradbench

Ends with 1 if an answer is wrong, if a bad message is not answered by an error, or if the program ends early.
"""
import json
import subprocess
import sys

import formulas as f
import inputs

CASES = [
    ("hello", {}), ("det", {"ell": 1}), ("det", {"ell": 2}), ("det", {"ell": 5}), ("det", {"ell": 6}),
    ("gmm", {"d": 1, "k": 2, "n": 5}), ("gmm", {"d": 2, "k": 5, "n": 20}), ("gmm", {"d": 4, "k": 3, "n": 10}),
    ("kmeans", {"k": 5, "n": 200, "d": 3}), ("kmeans", {"k": 1, "n": 7, "d": 2}),
    ("llsq", {"n": 2}), ("llsq", {"n": 16}), ("llsq", {"n": 300, "m": 9}), ("lse", {"n": 1}), ("lse", {"n": 300}),
    ("lstm", {"l": 2, "c": 6, "b": 3}), ("lstm", {"l": 4, "c": 3, "b": 5}), ("lstm", {"l": 1, "c": 2, "b": 1}),
    ("ode", {"n": 1, "s": 1}), ("ode", {"n": 10, "s": 4}), ("ode", {"n": 30, "s": 33}),
    ("ba", {"n": 2, "m": 3, "p": 10}), ("ba", {"n": 5, "m": 4, "p": 2500}), ("ba", {"n": 1, "m": 1, "p": 1, "still": True}),
    ("ht", {"vertices": 30, "c": 4}), ("ht", {"vertices": 30, "c": 12, "places": False}),
    ("ht", {"vertices": 30, "c": 3, "mirrored": True}), ("particle", {}), ("saddle", {}),
]

# Messages that are wrong. Each must be answered by an error.
TINY = inputs.make("gmm", d=2, k=2, n=3)
HAND = inputs.make("ht", vertices=9, c=2)
HOSTILE = [
    "no JSON", "{", "[1, 2]", "null", "\xff\xfe", '{"kind": "evaluate"}', '{"id": 1}', '{"id": [[[1]]], "kind": "start"}',
    '{"id": 1, "kind": 7}', '{"id": 1, "kind": "define", "module": "nothing"}', '{"id": 1, "kind": "define"}',
    "[" * 100000, '{"id": 1, "kind": "define", "module": "\xff"}', "1e999",
]
BAD_INPUTS = [
    ("gmm", "nothing", TINY), ("gmm", "jacobian", None), ("gmm", "jacobian", {}), ("gmm", "jacobian", TINY | {"k": 3}),
    ("gmm", "jacobian", TINY | {"d": 1e18}), ("gmm", "jacobian", TINY | {"x": [[1, 2], [3], [4, 5]]}),
    ("gmm", "objective", TINY | {"alpha": ["a", "b"]}), ("gmm", "objective", TINY | {"n": 2.5}), ("hello", "square", "a"),
    ("hello", "square", [1]), ("det", "gradient", {"A": [1.0] * 1600, "ell": 40}), ("det", "primal", {"A": [1], "ell": 2}),
    ("kmeans", "dir", {"points": [], "centroids": []}), ("kmeans", "dir", {"points": [[1, 2]], "centroids": [[1]]}),
    ("llsq", "gradient", {"x": [], "n": 4}), ("llsq", "gradient", {"x": [1], "n": 1}), ("lse", "primal", {"x": []}),
    ("lse", "primal", {"x": [1], "min_runs": "many"}), ("lse", "primal", {"x": [1], "min_seconds": -1}),
    ("lstm", "jacobian", inputs.make("lstm", l=1, c=3) | {"state": [[0.0]]}), ("lstm", "objective", {"sequence": []}),
    ("ode", "gradient", {"x": [], "s": 1}), ("ode", "gradient", {"x": [1.0], "s": 0}),
    ("ba", "jacobian", inputs.make("ba", n=1, m=1, p=1) | {"p": 0}), ("ba", "jacobian", {"n": 1, "m": 1, "p": 1, "cam": [1]}),
    ("ht", "jacobian", HAND | {"theta": [0.0]}), ("ht", "jacobian", HAND | {"us": [[1, 2]]}), ("ht", "jacobian", HAND | {"data": 1}),
    ("ht", "objective", HAND | {"data": HAND["data"] | {"correspondences": [1e9, -1]}}),
    ("ht", "objective", HAND | {"data": HAND["data"] | {"model": HAND["data"]["model"] | {"parents": list(range(22))}}}),
    ("ht", "objective", HAND | {"data": HAND["data"] | {"model": HAND["data"]["model"] | {
        "base_relatives": HAND["data"]["model"]["base_relatives"][:4]}}}),
    ("particle", "ff", {"w": 0}), ("saddle", "rr", {"start": [1]}),
]


class Tool:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.count = 0

    def line(self, text):
        self.process.stdin.write(text.encode("latin-1") + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"the program ended at: {text[:200]}")
        return json.loads(answer)

    def send(self, **message):
        self.count += 1
        answer = self.line(json.dumps({"id": self.count} | message))
        if answer.get("id") != self.count:
            sys.exit(f"the answer to message {self.count} has the id {answer.get('id')}")
        return answer


def expected(module, i):
    """For each function of the module, its answer."""
    if module == "hello":
        return {"square": i * i, "double": 2 * i}
    if module == "det":
        function = lambda a: f.det(a, i["ell"])
        return {"primal": function(i["A"]), "gradient": f.gradient(function, i["A"])}
    if module == "gmm":
        parts = [i["alpha"], *(f.flat(i[name]) for name in ("mu", "q", "l"))]
        sizes = [len(part) for part in parts]
        cut = lambda x: [x[sum(sizes[:k]):sum(sizes[:k + 1])] for k in range(4)]
        shaped = lambda a, mu, q, l: (a, f.rows(mu, i["d"]), f.rows(q, i["d"]), f.rows(l, sizes[3] // i["k"]) or [[]] * i["k"])
        function = lambda x: f.gmm(i, *shaped(*cut(x)))
        found = shaped(*cut(f.gradient(function, f.flat(parts))))
        return {"objective": function(f.flat(parts)).real, "jacobian": dict(zip(("alpha", "mu", "q", "l"), found))}
    if module == "kmeans":
        far = lambda p, c: sum((a - b) ** 2 for a, b in zip(p, c))
        nearest = [min(range(len(i["centroids"])), key=lambda c: far(p, i["centroids"][c])) for p in i["points"]]
        step = []
        for c, centroid in enumerate(i["centroids"]):
            own = [p for p, to in zip(i["points"], nearest) if to == c]
            step.append([x - sum(column) / len(own) for x, column in zip(centroid, zip(*own))])
        return {"cost": sum(far(p, i["centroids"][c]) for p, c in zip(i["points"], nearest)), "dir": step}
    if module == "llsq":
        function = lambda x: f.llsq(x, i["n"])
        return {"primal": function(i["x"]), "gradient": f.gradient(function, i["x"])}
    if module == "lse":
        return {"primal": f.log_sum_exp(i["x"]).real, "gradient": f.gradient(f.log_sum_exp, i["x"])}
    if module == "lstm":
        width, count = len(i["sequence"][0]), sum(map(len, i["main_params"]))
        function = lambda x: f.lstm(i, f.rows(x[:count], 4 * width), f.rows(x[count:], width))
        x = f.flat(i["main_params"]) + f.flat(i["extra_params"])
        return {"objective": function(x).real, "jacobian": f.gradient(function, x)}
    if module == "ode":
        function = lambda x: f.ode(x, i["s"])
        return {"primal": function(i["x"]), "gradient": f.gradient(lambda x: function(x)[-1], i["x"])}
    if module == "ba":
        return bundle(i)
    if module == "ht":
        return hand(i)
    if module == "particle":
        return {"rr": f.particle(i["w"])}
    return {"rr": f.saddle(i["start"])}


def bundle(i):
    x, (n, m, p) = i["cam"] + i["x"] + [i["w"]], (i["n"], i["m"], i["p"])
    error, d = f.ba(x, i["feat"]), f.derivatives(lambda x: f.ba(x, i["feat"]), x)
    rows = [15 * r for r in range(2 * p + 1)]
    rows += [rows[-1] + o for o in range(1, p + 1)]
    cols = []
    for o in range(p):
        one = [11 * (o % n) + k for k in range(11)] + [11 * n + 3 * (o % m) + k for k in range(3)] + [11 * n + 3 * m + o]
        cols += one + one
    cols += [11 * n + 3 * m + o for o in range(p)]
    vals = [column[0] for column in d] + [column[1] for column in d] + [d[14][2]]
    rows += [rows[-1]] * (31 - len(rows))
    return {"objective": {"reproj_error": {"elements": [e.real for e in error[:2]], "repeated": p},
                          "w_err": {"element": error[2], "repeated": p}},
            "jacobian": {"rows": rows[:30] + rows[-1:], "cols": cols[:30] + cols[-1:], "vals": vals}}


def hand(i):
    theta, us = i["theta"], i["us"]
    columns = f.derivatives(lambda x: f.ht(i, x, us), theta)
    if us:
        moved = lambda by: f.ht(i, theta, [[u + a, v + b] for (u, v), (a, b) in zip(us, [by] * len(us))])
        columns = f.derivatives(moved, [0.0, 0.0]) + columns
    return {"objective": [e.real for e in f.ht(i, theta, us)], "jacobian": [list(row) for row in zip(*columns)]}


def leaves(value):
    if isinstance(value, dict):
        return [("", key) for key in sorted(value)] + f.flat(leaves(value[key]) for key in sorted(value))
    if isinstance(value, (list, tuple)):
        return [("", len(value))] + f.flat(leaves(entry) for entry in value)
    return [value]


def difference(a, b):
    """The largest difference of two answers over the largest entry; infinite if their forms differ."""
    a, b = leaves(a), leaves(b)
    forms = [[v for v in side if isinstance(v, tuple)] for side in (a, b)]
    if forms[0] != forms[1] or len(a) != len(b):
        return float("inf")
    pairs = [(x, y) for x, y in zip(a, b) if not isinstance(x, tuple)]
    if not all(isinstance(x, (int, float)) for x, _ in pairs):
        return float("inf")
    return max((abs(x - y) for x, y in pairs), default=0) / max([abs(y) for _, y in pairs] + [1e-300])


def main(program):
    tool, wrong = Tool(program), []
    tool.send(kind="start")
    for module, sizes in CASES:
        if tool.send(kind="define", module=module).get("success") is not True:
            wrong.append(f"{module} is not defined")
        i = inputs.make(module, **sizes)
        for function, wanted in expected(module, i).items():
            runs = {"min_runs": 2, "min_seconds": 0} if isinstance(i, dict) and module not in ("particle", "saddle") else {}
            answer = tool.send(kind="evaluate", module=module, function=function, input=i | runs if runs else i)
            off = difference(answer.get("output"), wanted)
            # The descents compare numbers, so that rounding may change their last step.
            good = off <= (1e-6 if function == "rr" else 1e-11)
            times = [t["nanoseconds"] for t in answer.get("timings", []) if t["name"] == "evaluate"]
            good = good and len(times) == runs.get("min_runs", 1) and min(times) > 0
            print(f"{'ok' if good else 'WRONG':6}{module:9}{function:10}{off:8.1e}  {sizes or ''}")
            if not good:
                wrong.append(f"{module} {function} {sizes}: {answer.get('error', off)}")
            if tool.send(kind="analysis", of=tool.count, valid=good) != {"id": tool.count}:
                wrong.append("an analysis is answered by more than its id")
    for text in HOSTILE:
        answer = tool.line(text)
        if answer.get("success") is not False or not answer.get("error"):
            wrong.append(f"no error for the line {text[:60]}")
    for module, function, i in BAD_INPUTS:
        answer = tool.send(kind="evaluate", module=module, function=function, input=i)
        if answer.get("success") is not False or not answer.get("error") or "output" in answer:
            wrong.append(f"no error for {module} {function} {str(i)[:60]}")
    if tool.send(kind="evaluate", module="hello", function="square", input=3).get("output") != 9:
        wrong.append("after the bad messages a good one is not answered")
    tool.process.stdin.close()
    if tool.process.wait(10) != 0:
        wrong.append("the program does not end with 0 at the end of its input")
    print(f"{len(HOSTILE) + len(BAD_INPUTS)} bad messages")
    for text in wrong:
        print(f"WRONG {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
