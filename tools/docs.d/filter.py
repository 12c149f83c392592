#!/usr/bin/env python3
"""filter.py HEADER: the header as Doxygen is to read it. Line numbers stay.

A public declaration without a comment gets the one of the glossary, or, after one of the same name, "another form". A
comment behind several names (int a, b;  ///< …) counts for each. Deleted and defaulted members, and destructors, are left
out. Indented lines of a comment become code. The first comment of the header becomes the one of the file."""
import fnmatch, os, re, sys

DECLARED = re.compile(r"\s*(?:template\s*<.*?>\s*)?(?:enum class|enum|class|struct|using)\s+(?:\[\[\w+\]\]\s*)?(\w+)")
OPENED = re.compile(r"\s*(?:template\s*<.*?>\s*)?(class|struct)\s+(?:\[\[\w+\]\]\s*)?(\w+)[^;()]*\{")
CALLED = re.compile(r"(operator\s*(?:\(\)|\[\]|[^\s(]+)|~?\w+)\s*\(")
VARIABLES = re.compile(r"(\s*(?:(?:static|constexpr|inline|mutable|const)\s+)*[\w:]+(?:<[^;()]*>)?(?:\s*[&*]|\s+(?:const\s*)?[&*]?)\s*)"
                       r"(\w+\s*(?:=|\{|,|;|\[).*)$")
NOT_VARIABLES = re.compile(r"\s*(using|friend|typedef|return|enum|class|struct|template|static_assert|namespace)\b")


def read_glossary():
    with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "glossary"), encoding="utf-8") as file:
        return [line.strip().split(None, 1) for line in file if line.strip() and not line.startswith("#")]


GLOSSARY = read_glossary()


def meaning(scope, name):
    for pattern, text in GLOSSARY:
        if fnmatch.fnmatchcase(f"{scope}::{name}", pattern):
            return text
    return None


def opened_braces(line):
    """How many braces the line opens more than it closes; comments and literals do not count."""
    code = re.sub(r"//.*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])'", "", line)
    return code.count("{") - code.count("}")


def split_at_commas(text):
    """Splits at the commas outside of brackets."""
    parts, level, start = [], 0, 0
    for i, c in enumerate(text):
        level += (c in "([{<") - (c in ")]}>" and text[i - 1] != "-")
        if c == "," and level == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts + [text[start:]]


def variables(code):
    """("double", ["a = 1", "b"]) of "double a = 1, b;"; None if this is something else."""
    match = VARIABLES.match(code.rstrip())
    if not match or not code.rstrip().endswith(";") or NOT_VARIABLES.match(code):
        return None
    declarators = [d.strip() for d in split_at_commas(match[2].rstrip(";"))]
    return (match[1].strip(), declarators) if all(re.match(r"(?!operator)\w+", d) for d in declarators) else None


def declared_name(code, scope):
    """The name of a function, an enumeration, a class or an alias; "constructor" for one of the scope."""
    code = re.sub(r"\[\[[^\]]*\]\]|explicit\s*\((?:true|false)\)|requires .*?> ", "", code)
    match = DECLARED.match(code) or CALLED.search(code)
    name = match[1].replace(" ", "") if match else None
    return "constructor" if name == scope else name


class Header:
    def __init__(self, text):
        self.lines = text.split("\n")
        self.scopes = []  # [name or None, depth inside, access]
        self.depth = 0
        self.previous = None  # the name declared last, while no empty line has come

    def file_comment(self):
        for i, line in enumerate(self.lines):
            if not line.startswith("//"):
                return
            self.lines[i] = "///" + (" @file \\ilinebr" if i == 0 else "") + line[2:]

    def code_in_comments(self):
        inside = False
        for i, line in enumerate(self.lines):
            indented = re.match(r"\s*///   +\S", line)
            if indented and not inside:
                self.lines[i] = line.replace("///", "/// @code{.unparsed} \\ilinebr", 1)
            if inside and not indented:
                self.lines[i - 1] += " \\ilinebr @endcode"
            inside = bool(indented)

    def declarations(self):
        """Gives each declaration its comment, and follows the braces."""
        starts = True
        for i, line in enumerate(list(self.lines)):
            code = line.partition("//")[0]
            scope = self.scopes[-1] if self.scopes and self.scopes[-1][1] == self.depth else None
            access = re.match(r"\s*(public|private|protected):", code)
            if scope and access:
                scope[2] = access[1]
            elif scope and scope[0] and scope[2] != "private" and starts and code.strip() and code.lstrip()[0] not in "#}":
                self.declaration(i, scope[0], "for derived classes" if scope[2] == "protected" else None)
            if not line.strip():
                self.previous = None
            self.follow(line)
            if code.strip():
                starts = bool(re.search(r"[;{}:]\s*$", code))

    def declaration(self, i, scope, otherwise):
        line = self.lines[i]
        code = line.partition("//")[0]
        whole, last = code, i
        while not re.search(r"[;{}]\s*$", whole.rstrip()) and last + 1 < len(self.lines):
            last += 1
            whole += " " + self.lines[last].partition("//")[0].strip()
        before = i > 0 and self.lines[i - 1].lstrip().startswith("///")
        after = next((text.partition("///<")[2].strip() for text in self.lines[i:last + 1] if "///<" in text), None)
        if re.search(r"=\s*(delete|default);", whole) or re.match(r"\s*(virtual\s+)?~", code):
            if last == i and opened_braces(code) == 0:
                self.lines[i] = ""
            return
        several = variables(whole)
        if several:
            if len(several[1]) > 1 or not after:
                self.lines[i + 1:last + 1] = [""] * (last - i)
                self.lines[i] = self.one_by_one(several, scope, after, self.lines[i - 1].lstrip()[3:].strip() if before else None, otherwise)
            return
        name = declared_name(whole, scope)
        if not before and not after:
            text = meaning(scope, name) or otherwise
            if not text and name == self.previous and name != "constructor":
                text = f"Another form of {name}."
            if not text and name and name.endswith("Options") and OPENED.match(line):
                text = "options, each with its standard value"
            if text:
                self.lines[i] = f"/** {text} */ {line.lstrip()}"
        self.previous = name

    def one_by_one(self, several, scope, after, before, otherwise):
        kind, declarators = several
        shown = []
        for k, declarator in enumerate(declarators):
            name = re.match(r"\w+", declarator)[0]
            text = after or (before if k > 0 else None) or (None if before else meaning(scope, name) or otherwise)
            shown.append((f"/** {text} */ " if text else "") + f"{kind} {declarator};")
        return " ".join(shown)

    def follow(self, line):
        change = opened_braces(line)
        opened = OPENED.match(line)
        namespace = re.match(r"\s*namespace\s+([\w:]*)", line)
        if change > 0 and opened:
            outer = self.scopes[-1][2] if self.scopes else "public"
            standard = "private" if opened[1] == "class" or outer == "private" else outer
            self.scopes.append([opened[2], self.depth + 1, standard])
        elif change > 0 and namespace:
            self.scopes.append([None if namespace[1].endswith("detail") else namespace[1], self.depth + 1, "public"])
        self.depth += change
        while self.scopes and self.depth < self.scopes[-1][1]:
            self.scopes.pop()


header = Header(open(sys.argv[1], encoding="utf-8").read())
header.file_comment()
header.declarations()
header.code_in_comments()
print("\n".join(header.lines), end="")
