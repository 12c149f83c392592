#!/usr/bin/env python3
"""one_name.py ROOT: no type and no inline function is defined twice in one program.

The linker keeps one of two definitions with the same name and says nothing: a caller of the other gets the wrong
destructor. What is in an unnamed namespace or inside of another type is not looked at. Relies on clang-format: what a
namespace holds starts in the first column."""
import os, re, sys

root = os.path.realpath(sys.argv[1])
TYPE = re.compile(r"(?:struct|class|union|enum class|enum)\s+(?:alignas\(\w+\)\s+)?(\w+)(?:\s+final)?\s*(?::[^:].*)?\{?\}?;?$")
INLINE = re.compile(r"(?:\[\[nodiscard\]\] )?inline [^=]*?\b(\w+\(.*?\))[^()]*\{")
# What is linked into one file. The benchmarks, examples and exercises are programs of one file each.
PROGRAMS = {"the program gradus": ["include", "src", "tools/gradus"], "the program of the tests": ["include", "src", "tests"]}
OTHERS = ("package", "fuzz", "prints", "guard", "seam", "web", "worker", "make")  # programs of their own in tests


def names(file):
    """The whole names of what a file defines outside of unnamed namespaces."""
    text = open(os.path.join(root, file), encoding="utf-8", errors="replace").read()
    text = re.sub(r'R"(\w*)\(.*?\)\1"', '""', text, flags=re.S)
    open_braces = []  # the name of a namespace, None for anything else
    for line in text.split("\n"):
        if not line or line[0] in " #/":
            continue
        line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line.split(" //")[0])
        space = re.match(r"(?:inline )?namespace ?([\w:]*) \{$", line)
        if space:
            open_braces.append(space[1])
            continue
        spaces = [name for name in open_braces if name is not None]
        if "" not in spaces and len(spaces) == len(open_braces):
            if (found := TYPE.match(line)) and (line.endswith("{") or "}" in line):
                yield "::".join(spaces + [found[1]])
            if found := INLINE.match(line):
                yield "::".join(spaces + [found[1]])
        for brace in re.findall(r"[{}]", line):
            if brace == "{":
                open_braces.append(None)
            elif open_braces:
                open_braces.pop()


def sources(folder):
    for at, below, files in os.walk(os.path.join(root, folder)):
        below[:] = [d for d in below if d not in OTHERS]
        yield from (os.path.relpath(os.path.join(at, name), root) for name in files if name.endswith((".hpp", ".cpp", ".inl")))


problems = set()
looked_at = 0
for program, folders in PROGRAMS.items():
    where = {}
    for file in sorted(file for folder in folders for file in sources(folder)):
        for name in names(file):
            looked_at += 1
            if where.setdefault(name, file) != file:
                problems.add(f"{name} is defined in {where[name]} and in {file}: {program} keeps one of them")
if looked_at < 500:
    problems.add(f"only {looked_at} definitions were found: the search has lost its way")
print("\n".join(sorted(problems)))
sys.exit(bool(problems))
