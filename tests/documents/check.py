#!/usr/bin/env python3
"""check.py ROOT: what the documents say about files is true.

The files of src include only their own floor and those below. Relative links lead to a file. File names in backticks exist, seen from the document, from the root, or from include,
src, tests or tools. The index of a folder names each entry of the folder. README.md is short, and no file is too long."""
import fnmatch, glob, os, re, sys

root = os.path.realpath(sys.argv[1])
problems = []
SKIPPED = {"build", ".git", "data", "node_modules", "__pycache__"}
# Not checked for names in backticks: the reference names its cases so.
CASES = {"tests/reference/README.md"}
# Document: the folders of which it is the index.
INDEXES = {"examples/README.md": ["examples", "examples/lessons"], "examples/exercises/README.md": ["examples/exercises"], "tests/README.md": ["tests"], "tools/README.md": ["tools", "tools/bench"],
           "findings/README.md": ["findings"], "include/README.md": ["include/gradus"], "src/README.md": ["src"]}
UNLISTED = {"README.md", "CMakeLists.txt", "clock.hpp", "count_malloc.hpp", "main.cpp", "prints", "support.hpp", "xml.hpp", "FIGURES.md"}
README_LINES, FILE_LINES = 110, 400
# From the lowest to the highest; headers that lie in include/gradus itself belong to the floor that is named.
FLOORS = ["kernels", "tensor", "tape", "ops", "derivatives", "io", "data", "nn", "io/onnx", "optim", "study", "train", "dist"]
HEADERS = {"error": "tensor", "shape": "tensor", "tensor": "tensor", "parameter": "tensor", "threads": "tensor", "machine": "tensor", "tape": "tape",
           "op": "tape", "observe": "tape", "profile": "tape", "ops": "ops", "gradcheck": "derivatives", "curvature": "derivatives", "derivatives": "derivatives", "gradus": "train"}
# A recorded walk is made of operations; src/README.md says so.
UPWARD = {("src/tape/walk.cpp", "ops"), ("src/tape/gradients.hpp", "ops")}
# Data, and files of others.
LONG = ["*.json", "*.jsonl", "*.safetensors", "*.svg", "*.png", "*.bin", "*.min.js", "tests/reference/README.md"]


def files():
    for folder, below, names in os.walk(root):
        below[:] = [d for d in below if d not in SKIPPED and not d.startswith("build")]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


def read(file):
    with open(os.path.join(root, file), encoding="utf-8", errors="replace") as f:
        return f.read()


def alternatives(name):
    """a/{b,c} is a/b and a/c."""
    inner = re.search(r"\{([^{}]*)\}", name)
    if not inner:
        return [name]
    return [n for part in inner[1].split(",") for n in alternatives(name[:inner.start()] + part + name[inner.end():])]


def exists(name, folder):
    places = [folder, "", "include", "include/gradus", "src", "tests", "tools"]
    return all(any(glob.glob(os.path.join(root, place, n)) for place in places) for n in alternatives(name))


def check_links(document, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:|#", target):
            continue
        if not os.path.exists(os.path.join(root, os.path.dirname(document), target.split("#")[0])):
            problems.append(f"{document}: the link {target} leads nowhere")


def named(text):
    """The file names with a slash in backticks, and the programs of this repository in indented or fenced commands."""
    outside = re.sub(r"```.*?```", "", text, flags=re.S)
    for code in re.findall(r"`([^`\n]+)`", outside):
        yield code.split()[0]
    for block in re.findall(r"```[^\n]*\n(.*?)```", text, flags=re.S):
        yield from re.findall(r"(?:^|[ \"'])((?:\./)?(?:src|include|tests|examples|tools|findings)/[\w./*{},-]*\w)", block, flags=re.M)


def check_names(document, text):
    for name in named(text):
        name = name.removeprefix("./").rstrip("/")
        if not re.fullmatch(r"[\w.*{},-]+(/[\w.*{},-]+)+", name) or name.startswith(("build/", "data/")):
            continue
        if not re.search("NN_|NAME", name) and not exists(name, os.path.dirname(document)):
            problems.append(f"{document}: there is no file {name}")


def check_index(document, folders):
    text = read(document)
    for folder in folders:
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if name in UNLISTED or name in SKIPPED or name.startswith("."):
                continue
            if not re.search(r"[`/(]" + re.escape(name) + r"[`)/]", text):
                problems.append(f"{document}: {folder}/{name} is not listed")


def check_floors(file):
    """The includes of one file of src."""
    floor = "io/onnx" if file.startswith("src/io/onnx/") else file.split("/")[1]  # networks as files: above both
    if floor not in FLOORS:
        problems.append(f"{file}: src/{floor} is not in the list of floors")
        return
    for name in re.findall(r'#include [<"](?:gradus/)?(\w+)(?:\.hpp|/)', read(file)):
        other = name if name in FLOORS else HEADERS.get(name)
        if other and FLOORS.index(other) > FLOORS.index(floor) and (file, other) not in UPWARD:
            problems.append(f"{file}: includes {name}, which is on a higher floor")


for file in sorted(files()):
    if not os.path.exists(os.path.join(root, file)):
        continue
    if file.endswith(".md"):
        content = read(file)
        check_links(file, content)
        if file not in CASES:
            check_names(file, content)
    if re.match(r"src/.*/.*\.(cpp|hpp|inl)$", file):
        check_floors(file)
    if file.split("/")[0] in ("src", "include", "tests", "examples", "tools", "findings") and not any(fnmatch.fnmatch(file, p) for p in LONG):
        lines = read(file).count("\n")
        if lines > FILE_LINES:
            problems.append(f"{file}: {lines} lines, at most {FILE_LINES}")
for document, folders in INDEXES.items():
    check_index(document, folders)
if read("README.md").count("\n") > README_LINES:
    problems.append(f"README.md has more than {README_LINES} lines")
step = re.search(r"```text step\n(.*?)```", read("README.md"), flags=re.S)
if not step or step[1] not in read("tests/tools/sessions/walk.txt"):
    problems.append("README.md: the block `text step` is not a part of tests/tools/sessions/walk.txt")
print("\n".join(problems) or "the documents agree with the files")
sys.exit(bool(problems))
