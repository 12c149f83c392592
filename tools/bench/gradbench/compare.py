#!/usr/bin/env python3
"""Times this tool of GradBench beside others, in turns, on the same inputs: medians of processor milliseconds.

  tools/bench/gradbench/compare.py build/release/bench/bench_gradbench DIR ROUNDS [MODULE...]

DIR is a checkout of GradBench in which C++ tools are built: DIR/tools/NAME/bin/MODULE. They time by steady_clock; make
that the processor's clock in cpp/gradbench/main.hpp where the machine has other work. bench_gradbench runs with --cpu.
"""
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

import inputs

TAPES = ("codipack", "adept", "adol-c")
TOOLS = ("manual", "finite", *TAPES)
CASES = [
    ("det", "gradient", {"ell": 5}), ("det", "gradient", {"ell": 7}), ("det", "gradient", {"ell": 8}),
    ("gmm", "jacobian", {"d": 2, "k": 5, "n": 1000}), ("gmm", "jacobian", {"d": 10, "k": 10, "n": 1000}),
    ("gmm", "jacobian", {"d": 32, "k": 25, "n": 1000}), ("kmeans", "dir", {"k": 10, "n": 1000, "d": 8}),
    ("kmeans", "dir", {"k": 100, "n": 1000, "d": 16}), ("llsq", "gradient", {"n": 512}),
    ("llsq", "gradient", {"n": 16392}), ("lse", "gradient", {"n": 2500}), ("lse", "gradient", {"n": 640000}),
    ("lstm", "jacobian", {"l": 2, "c": 1024}), ("lstm", "jacobian", {"l": 6, "c": 1024}),
    ("lstm", "jacobian", {"l": 2, "c": 4096}), ("ode", "gradient", {"n": 100, "s": 33}),
    ("ode", "gradient", {"n": 1000, "s": 10}), ("ode", "gradient", {"n": 10000, "s": 10}),
    ("ba", "jacobian", {"n": 49, "m": 7776, "p": 31843}), ("ht", "jacobian", {"vertices": 544, "c": 100, "places": False}),
    ("ht", "jacobian", {"vertices": 544, "c": 100}), ("particle", "rr", {}), ("saddle", "rr", {}),
]


def ours(program, module, function, i):
    message = {"id": 0, "kind": "evaluate", "module": module, "function": function, "input": i}
    done = subprocess.run([program, "--cpu"], input=json.dumps(message), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    if not answer["success"]:
        sys.exit(answer["error"])
    return answer["timings"]


def theirs(program, file, function):
    done = subprocess.run([program, file, function], capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()[1:]] if done.returncode == 0 else []


def middle(timings):
    times = [t["nanoseconds"] for t in timings if t["name"] == "evaluate"]
    return statistics.median(times) / 1e6 if times else float("nan")


def main(program, folder, rounds, only):
    found = [name for name in TOOLS if (pathlib.Path(folder) / "tools" / name / "bin").is_dir()]
    print("| case |" + "".join(f" {name} |" for name in found) + " Gradus | of manual | of the best tape |")
    print("|---|" + "---|" * (len(found) + 3))
    for module, function, sizes in CASES:
        if only and module not in only:
            continue
        i = inputs.make(module, **sizes) | {"min_runs": 3, "min_seconds": 0.05}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(i, file)
            file.flush()
            columns = {name: [] for name in found + ["Gradus"]}
            for _ in range(rounds):
                for name in found:
                    binary = pathlib.Path(folder) / "tools" / name / "bin" / module
                    columns[name].append(middle(theirs(binary, file.name, function)) if binary.exists() else float("nan"))
                columns["Gradus"].append(middle(ours(program, module, function, i)))
        medians = {name: statistics.median(times) for name, times in columns.items()}
        tapes = [medians[name] for name in found if name in TAPES and medians[name] == medians[name]]
        ratios = [medians["Gradus"] / v for v in (medians.get("manual", math.nan), min(tapes, default=math.nan))]
        show = lambda v: f"{v:.3g}" if v == v else "–"
        case = " ".join([module] + [f"{k}={v}" for k, v in sizes.items()])
        print(f"| {case} |" + "".join(f" {show(v)} |" for v in [*medians.values(), *ratios]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
