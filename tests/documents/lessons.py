#!/usr/bin/env python3
"""lessons.py ROOT GRADUS [LESSON...]: what the pages of the lessons say is so.

Each page is followed as a reader would: its commands run, as printed, in an empty folder, and each line of a block `text` must be
in the output of the commands before it, in this order. Each block `cpp` must be in the program. The answers to the questions
come from the programs: a wrong answer must get a hint, the right one must be called right."""
import glob, os, re, subprocess, sys, tempfile

root, gradus = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
wanted = sys.argv[3:]
folder = os.path.join(root, "examples/lessons")
SECTIONS = ["Run it", "Step through it", "Exercise"]
problems = []


def run(command, where, stdin=""):
    environment = dict(os.environ, PATH=os.path.dirname(gradus) + ":" + os.environ["PATH"], NO_COLOR="1", COLUMNS="120")
    bounded = "ulimit -f 200000; " + command
    ran = subprocess.run(["sh", "-ec", bounded], cwd=where, input=stdin, capture_output=True, text=True, timeout=120, env=environment)
    return ran.returncode, ran.stdout + ran.stderr


def spaces(text):
    return re.sub(r"\s+", " ", text).strip()


def blocks(text):
    return re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.S | re.M)


def check_output(name, shown, output):
    """Every line that the page shows is a part of a line of the output, one after the other."""
    lines = [spaces(line) for line in output.splitlines()]
    for line in shown.splitlines():
        at = next((i for i, got in enumerate(lines) if spaces(line) in got), None)
        if at is None:
            problems.append(f"{name}: the page shows a line that its commands do not print:\n    {line}")
        else:
            lines = lines[at + 1:]


def check_page(path):
    name = os.path.basename(path)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path.replace(".md", ".cpp"), encoding="utf-8") as f:
        code = spaces(f.read())
    if "\nYou can " not in text:
        problems.append(f"{name}: no line that begins with `You can`")
    for section in SECTIONS:
        if f"\n## {section}\n" not in text:
            problems.append(f"{name}: no section `{section}`")
    if "\nNext: [" not in text:
        problems.append(f"{name}: no link to the next lesson")
    kinds = [kind for kind, _ in blocks(text)]
    if "cpp" not in kinds or "sh" not in kinds or "text" not in kinds:
        problems.append(f"{name}: a block of code (cpp), of commands (sh) or of output (text) is missing")
    with tempfile.TemporaryDirectory() as scratch:
        output = ""
        for kind, block in blocks(text):
            if kind == "cpp" and spaces(block) not in code:
                problems.append(f"{name}: this code is not in the program:\n{block}")
            if kind == "sh":
                output = ""
                code_of_shell, output = run(block, scratch)
                if code_of_shell:
                    problems.append(f"{name}: a command ends with {code_of_shell}:\n{block}{output[-2000:]}")
            if kind == "text":
                check_output(name, block, output)
        for trace in sorted(set(re.findall(r"lesson_\w+\.jsonl", text))):
            file = os.path.join(scratch, trace)
            if not os.path.exists(file):
                problems.append(f"{name}: there is no trace {trace}")
            elif os.path.getsize(file) > 500_000:
                problems.append(f"{name}: {trace} has {os.path.getsize(file)} bytes, at most 500,000")
        check_inline(name, text, scratch)
        check_questions(name, scratch)


def check_inline(name, text, scratch):
    """Commands in a sentence run, too. A row may fail there: some exercises are about that. A usage error is 2."""
    for command in re.findall(r"`(gradus lesson \w+ --[^`]*)`", text):
        code, output = run(command, scratch)
        if code not in (0, 1) or len(output) < 100:
            problems.append(f"{name}: a command in the text ends with {code}: {command}\n{output[-500:]}")
    for inputs in re.findall(r"`(--set [^`]*)`", text):
        problems.append(f"{name}: {inputs} is no command, it lacks `gradus lesson`")


def wrong_answers(right):
    """Three for each question: other letters, or a number a tenth off, of the other sign, and far off."""
    if right in ("a", "b", "c", "d"):
        return [letter for letter in "abcd" if letter != right]
    number = float(right)
    size = max(1, abs(number))
    return [repr(number + 0.1 * size), repr(-number) if number else "1", repr(number + 10 * size)]


def check_questions(name, scratch):
    """Three answers that are none bring hints, then the answer; that answer is right, and answers near it are not."""
    program = os.path.join(os.path.dirname(os.path.dirname(gradus)), "examples", "lesson_" + name.split("_")[0])
    _, first = run(f"{program} --ask", scratch, "no\n" * 300)
    answers = re.findall(r"The answer is (\S+)\.$", first, flags=re.M)
    asked = len(re.findall(r"^\? ", first, flags=re.M))
    if not asked or len(answers) != asked or first.count("Hint: ") != 3 * asked:
        problems.append(f"{name}: {asked} questions, {len(answers)} answers, {first.count('Hint: ')} hints")
    _, second = run(f"{program} --ask", scratch, "".join(a + "\n" for a in answers))
    if f"{asked} of {asked} questions right" not in second:
        problems.append(f"{name}: the program does not take its own answers:\n{second[-300:]}")
    if run(f"{program} --set nosuch=1", scratch)[0] != 2:
        problems.append(f"{name}: an input that it does not have is taken in silence")
    _, third = run(f"{program} --ask", scratch, "".join(wrong + "\n" for a in answers for wrong in wrong_answers(a)))
    if f"0 of {asked} questions right" not in third:
        problems.append(f"{name}: a wrong answer is called right:\n{third[-300:]}")


def check_exercises():
    """A solution passes. A hole fails, with a sentence that says what to do. Outside the hole the two are the same."""
    program = os.path.join(os.path.dirname(os.path.dirname(gradus)), "examples", "exercises_all")
    files = sorted(glob.glob(os.path.join(root, "examples/exercises/[0-9]*.cpp")))
    if len(files) != len(glob.glob(os.path.join(root, "examples/exercises/solutions/*.cpp"))):
        problems.append("examples/exercises: not one solution for each exercise")
    for file in files:
        name = os.path.basename(file)[:-4]
        with open(file, encoding="utf-8") as f:
            hole = f.read()
        with open(os.path.join(os.path.dirname(file), "solutions", name + ".cpp"), encoding="utf-8") as f:
            solution = f.read()
        outside = [re.sub(r"// HOLE.*?// END", "", t, flags=re.S).replace('"../', '"').replace(", solved. Lesson", ". Lesson") for t in (hole, solution)]
        if outside[0] != outside[1]:
            problems.append(f"{name}: exercise and solution differ outside the hole")
        code, output = run(f"{program} solution {name}", root)
        if code != 0 or "Solved." not in output:
            problems.append(f"{name}: the solution does not pass:\n{output}")
        code, output = run(f"{program} hole {name}", root)
        if "hole(" not in hole:  # someone has filled it
            if code != 0:
                problems.append(f"{name}: filled, but not solved:\n{output}")
        elif code != 1 or f"There is still a hole in {name}.cpp" not in output or "Hint: " not in output:
            problems.append(f"{name}: the hole does not fail with a sentence:\n{output}")


if not wanted or "exercises" in wanted:
    check_exercises()
pages = [path for path in sorted(glob.glob(os.path.join(folder, "[0-9]*.md")))
         if not wanted or any(os.path.basename(path).startswith(w) for w in wanted)]
for path in pages:
    check_page(path)
if not pages and "exercises" not in wanted:
    problems.append(f"no lesson begins with {' or '.join(wanted)}")
print("\n".join(problems) or f"{len(pages)} pages are followed as printed")
sys.exit(bool(problems))
