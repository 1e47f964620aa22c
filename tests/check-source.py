#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of CONTRIBUTING.md that a machine can hold the sources to.

    check-source.py [FOLDER]    check a tree; each fault is "file:line: text"
    check-source.py --self-test break each rule once and see that it is reported

Exit status: 0 all is well, 1 faults were found.
"""
import os
import re
import subprocess
import sys

FILE_LINES = 600
FUNCTION_LINES = 60
LINE_COLUMNS = 100
SPDX = "SPDX-License-Identifier: Apache-2.0"

# ---- who may include whom ---------------------------------------------------

# A file belongs to the layer with the longest prefix of its path.
LAYERS = {
    "plugin-sdk/base/": "base",
    "plugin-sdk/rpc/": "rpc",
    "plugin-sdk/catalog/": "catalog",
    "plugin-sdk/cloud/": "cloud",
    "plugin-sdk/driver/": "driver",
    "plugin-sdk/include/": "public",
    "plugin-sdk/template/": "plugin",
    "plugins/": "plugin",
    "host/": "host",
    "host/nouns/": "nouns",
    "host/main.c": "main",
    "api/": "api",
    "api/cli/": "cli",
    "tests/": "test",
}

# The arrows: each layer may include itself and these.
ARROWS = {
    "base": set(),
    "rpc": {"base"},
    "catalog": {"base"},
    # The engine and the dispatcher implement what the public header declares.
    "cloud": {"catalog", "base", "public"},
    "driver": {"cloud", "rpc", "catalog", "base", "public"},
    "public": set(),
    "plugin": {"public"},
    "nouns": {"catalog", "base"},
    "host": {"nouns", "rpc", "catalog", "base"},
    "api": {"host", "nouns", "catalog", "base"},
    "cli": {"nouns", "catalog", "base"},
    "main": {"host", "nouns", "api", "rpc", "catalog", "base"},
    "test": set(LAYERS.values()),
}

# Single files of a layer that is closed otherwise.
DOORS = {("api", "plugin-sdk/rpc/scan.h"), ("cli", "host/config_yaml.h")}

# Where `#include "..."` is looked up, after the folder of the file itself.
ROOTS = ("plugin-sdk/", "host/", "api/", "plugin-sdk/include/", "tests/")

# ---- what may not be called ---------------------------------------------------

UNSAFE = "strcpy strcat sprintf vsprintf strtok atoi atol system popen gets alloca"
ALLOCATORS = "malloc calloc realloc free strdup strndup asprintf vasprintf"
SYSTEM = ("open read write writev fsync rename mkdir pipe pipe2 fork memfd_create "
          "pidfd_open mmap")
SLEEPS = "sleep usleep nanosleep clock_nanosleep"

# Exceptions to the bans, each with its reason.
EXEMPT = {
    "plugin-sdk/base/mem.c": "malloc calloc realloc free write",  # the allocator
    "plugin-sdk/base/sys.c": SYSTEM,  # the layer over them
    "plugins/sim/ledger.c": "open fsync mkdir",  # drivers see the public header only
    "plugin-sdk/base/log.c": "write",  # an injected fault is not meant for it
}


def layer_of(path):
    best = max((p for p in LAYERS if path.startswith(p)), key=len, default=None)
    return LAYERS[best] if best else None


def banned_in(path):
    """{call: what to do instead} for this file."""
    banned = {}
    if layer_of(path) == "test":
        if not path.startswith("tests/zoo/"):
            banned.update({c: "wait for an event" for c in SLEEPS.split()})
    else:
        banned.update({c: "use mem_*() (base/mem.h)" for c in ALLOCATORS.split()})
        banned.update({c: "use sys_*() (base/sys.h)" for c in SYSTEM.split()})
    banned.update({c: "never" for c in UNSAFE.split()})
    for call in EXEMPT.get(path, "").split():
        banned.pop(call, None)
    return banned


# ---- reading C ------------------------------------------------------------------

TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.S | re.X)


def blank(match):
    """Spaces for all but the line ends, so that positions stay true."""
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[-1]
    return re.sub(r"[^\n]", " ", text)


def strip(text):
    """The text without its comments and the insides of its literals."""
    return TOKEN.sub(blank, text)


class Source:
    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.splitlines()
        self.bare = strip(text).splitlines()

    def includes(self):
        """(line number, name, is in quotes) of each #include."""
        for number, (line, bare) in enumerate(zip(self.lines, self.bare), 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if found and "include" in bare:
                yield number, found.group(2), found.group(1) == '"'


# ---- the rules: each yields (line number, text) ----------------------------------

def check_head(source):
    first = source.lines[:2]
    if first and first[0].startswith("#!"):
        first = first[1:]
    if not first or SPDX not in first[0]:
        yield 1, f"first line must be the licence: {SPDX}"


def check_size(source):
    if len(source.lines) > FILE_LINES:
        yield len(source.lines), (f"file has {len(source.lines)} lines, at most "
                                  f"{FILE_LINES}: it has more than one subject")


def check_functions(source):
    start = None
    for number, line in enumerate(source.bare, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            length = number - start + 1
            if length > FUNCTION_LINES:
                yield start, f"function has {length} lines, at most {FUNCTION_LINES}"
            start = None


def check_layout(source):
    for number, (line, bare) in enumerate(zip(source.lines, source.bare), 1):
        if re.match(r" +\S", bare) and not bare.strip().startswith(("*", '"')):
            yield number, "indented by spaces: use tabs"
        if line != line.rstrip():
            yield number, "space at the end of the line"
        columns = len(line.expandtabs(8))
        if columns > LINE_COLUMNS:
            yield number, f"{columns} columns, at most {LINE_COLUMNS}"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "no newline at the end"


def check_calls(source):
    banned = banned_in(source.path)
    call = re.compile(r"(?<![\w.>])(" + "|".join(banned) + r")\s*\(")
    for number, line in enumerate(source.bare, 1):
        for found in call.finditer(line):
            name = found.group(1)
            yield number, f"{name}() is banned: {banned[name]}"


def guards_for(path):
    """Each guard that is named after the path, from its last two parts on."""
    parts = [re.sub(r"\W", "_", p).upper() for p in path.split("/")]
    tails = ["_".join(parts[i:]) for i in range(len(parts) - 1)]
    return [t if t.startswith("SKYCLUST_") else "SKYCLUST_" + t for t in tails]


def check_guard(source):
    if not source.path.endswith(".h"):
        return
    text = "\n".join(source.bare)
    found = re.match(r"\s*#ifndef (\w+)\n\s*#define (\w+)\n", text)
    guards = guards_for(source.path)
    if not found or found.group(1) != found.group(2):
        yield 1, f"no include guard; want {guards[-1]}"
    elif found.group(1) not in guards:
        yield 1, f"guard {found.group(1)} is not named after the path: {guards[-1]}"
    elif not text.rstrip().endswith("#endif"):
        yield len(source.lines), "the include guard must end the file"


RULES = (check_head, check_size, check_functions, check_layout, check_calls,
         check_guard)


# ---- the rules over all files ------------------------------------------------------

def resolve(path, name, paths):
    """The file of ours that an #include means, or None."""
    own = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for candidate in [own] + [root + name for root in ROOTS]:
        if candidate in paths:
            return candidate
    return None


def may_include(path, target):
    source, wanted = layer_of(path), layer_of(target)
    if source == "plugin" and wanted == "plugin":
        return os.path.dirname(path) == os.path.dirname(target)
    return (source == wanted or wanted in ARROWS[source]
            or (source, target) in DOORS)


def check_arrows(sources):
    paths = {s.path for s in sources}
    for source in sources:
        for number, name, quoted in source.includes():
            target = resolve(source.path, name, paths)
            if target and not may_include(source.path, target):
                yield (source.path, number,
                       f"{layer_of(source.path)} may not include {name} "
                       f"({layer_of(target)})")
            elif quoted and not target:
                yield source.path, number, f'no file of ours is named "{name}"'


def include_edges(sources):
    """{file: {file it includes: line}}."""
    paths = {s.path for s in sources}
    edges = {}
    for source in sources:
        for number, name, _ in source.includes():
            target = resolve(source.path, name, paths)
            if target:
                edges.setdefault(source.path, {})[target] = number
    return edges


def find_circle(edges):
    """A list of files, each including the next and the last the first."""
    done, trail = set(), []

    def visit(path):
        if path in trail:
            return trail[trail.index(path):]
        if path in done:
            return None
        trail.append(path)
        for other in sorted(edges.get(path, {})):
            circle = visit(other)
            if circle:
                return circle
        trail.pop()
        done.add(path)
        return None

    for path in sorted(edges):
        circle = visit(path)
        if circle:
            return circle
    return None


def check_circles(sources):
    edges = include_edges(sources)
    while circle := find_circle(edges):
        number = edges[circle[-1]].pop(circle[0])
        names = [os.path.basename(p) for p in circle + circle[:1]]
        yield circle[-1], number, "files include each other: " + " -> ".join(names)


def check_all(sources):
    """Every fault, as (path, line number, text)."""
    for source in sources:
        for rule in RULES:
            for number, text in rule(source):
                yield source.path, number, text
    yield from check_arrows(sources)
    yield from check_circles(sources)


# ---- the tree -------------------------------------------------------------------------

def list_files(folder):
    listed = subprocess.run(["git", "-C", folder, "ls-files", "-z"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.split("\0")
    else:  # an unpacked archive
        names = [os.path.relpath(os.path.join(at, name), folder)
                 for at, _, found in os.walk(folder) for name in found
                 if "/build/" not in at + "/"]
    return sorted(n for n in names if n.endswith((".c", ".h"))
                  and layer_of(n) and os.path.exists(os.path.join(folder, n)))


def read_sources(folder):
    for name in list_files(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            yield Source(name, file.read())


# ---- the self-test ---------------------------------------------------------------------

GOOD = f"""/* {SPDX} */
#include "base/buf.h"

/* strcpy( in a comment */
static const char text[] = "malloc(1) and \\" sprintf(";

void f(void)
{{
\tobject->free(object);
\tmem_free(text);
}}
"""
HEADER = f"""/* {SPDX} */
#ifndef SKYCLUST_BASE_BUF_H
#define SKYCLUST_BASE_BUF_H
#endif
"""
BODY = GOOD.replace('#include "base/buf.h"\n', "")


def line(text):
    return BODY + text + "\n"


def include(name):
    return BODY.replace("*/\n", f"*/\n#include {name}\n", 1)


def guarded(name, text):
    return HEADER.replace("BUF", name).replace("#endif", text + "\n#endif")


# name: (files, what must be reported; None: nothing)
CASES = {
    "good": ({"plugin-sdk/base/x.c": GOOD}, None),
    "public header's guard": ({"plugin-sdk/include/skyclust/x.h": HEADER.replace(
        "SKYCLUST_BASE_BUF_H", "SKYCLUST_X_H")}, None),
    "no licence": ({"host/x.c": "int x;\n"}, "first line must be the licence"),
    "long file": ({"host/x.c": BODY + "int x;\n" * 600}, "at most 600"),
    "long function": ({"host/x.c": BODY + "void g(void)\n{\n" + "\tf();\n" * 59
                       + "}\n"}, "function has 61 lines"),
    "60 lines are fine": ({"host/x.c": BODY + "void g(void)\n{\n" + "\tf();\n" * 58
                           + "}\n"}, None),
    "spaces": ({"host/x.c": line("    int x;")}, "use tabs"),
    "trailing space": ({"host/x.c": line("int x; ")}, "space at the end"),
    "long line": ({"host/x.c": line("int " + "x" * 100 + ";")}, "105 columns"),
    "no newline": ({"host/x.c": BODY + "int x;"}, "no newline"),
    "strcpy": ({"host/x.c": line("int y = strcpy(a, b);")}, "strcpy() is banned"),
    "strcpy in a test": ({"tests/unit/x.c": line("int y = strcpy(a, b);")},
                         "strcpy() is banned"),
    "malloc": ({"api/x.c": line("int y = malloc (1);")}, "malloc() is banned"),
    "free after negation": ({"api/x.c": line("int y = !free(x);")},
                            "free() is banned"),
    "malloc in mem.c": ({"plugin-sdk/base/mem.c": line("int y = malloc(1);")}, None),
    "malloc in a test": ({"tests/unit/x.c": line("int y = malloc(1);")}, None),
    "open": ({"host/x.c": line("int y = open(p, 0);")}, "open() is banned"),
    "sys_open": ({"host/x.c": line("int y = sys_open(p, 0, 0);")}, None),
    "sleep in a test": ({"tests/unit/x.c": line("int y = usleep(1);")},
                        "usleep() is banned"),
    "sleep in the zoo": ({"tests/zoo/x.c": line("int y = sleep(1);")}, None),
    "no guard": ({"host/x.h": BODY}, "no include guard"),
    "wrong guard": ({"host/x.h": HEADER}, "not named after the path"),
    "guard ends early": ({"plugin-sdk/base/buf.h": HEADER + "int x;\n"},
                         "must end the file"),
    "base to rpc": ({"plugin-sdk/base/x.c": include('"rpc/frame.h"'),
                     "plugin-sdk/rpc/frame.h": ""},
                    "base may not include rpc/frame.h (rpc)"),
    "rpc to base": ({"plugin-sdk/rpc/x.c": include('"base/buf.h"')}, None),
    "rpc to catalog": ({"plugin-sdk/rpc/x.c": include('"catalog/c.h"'),
                        "plugin-sdk/catalog/c.h": ""}, "rpc may not include"),
    "host to api": ({"host/x.c": include('"http.h"'), "api/http.h": ""},
                    "host may not include http.h (api)"),
    "main to api": ({"host/main.c": include('"http.h"'), "api/http.h": ""}, None),
    "api to scan": ({"api/x.c": include('"rpc/scan.h"'),
                     "plugin-sdk/rpc/scan.h": ""}, None),
    "api to rpc": ({"api/x.c": include('"rpc/peer.h"'),
                    "plugin-sdk/rpc/peer.h": ""}, "api may not include"),
    "cli to the reader of YAML": ({"api/cli/x.c": include('"config_yaml.h"'),
                                   "host/config_yaml.h": ""}, None),
    "cli to host": ({"api/cli/x.c": include('"registry.h"'), "host/registry.h": ""},
                    "cli may not include registry.h (host)"),
    "cli to api": ({"api/cli/x.c": include('"http.h"'), "api/http.h": ""},
                   "cli may not include http.h (api)"),
    "plugin to base": ({"plugins/sim/x.c": include('"base/buf.h"')},
                       "plugin may not include base/buf.h (base)"),
    "plugin to the public header": (
        {"plugins/sim/x.c": include("<skyclust/driver.h>"),
         "plugin-sdk/include/skyclust/driver.h": ""}, None),
    "plugin to its own": ({"plugins/sim/x.c": include('"y.h"'),
                           "plugins/sim/y.h": ""}, None),
    "plugin to another": ({"plugins/sim/x.c": include('"../aws/y.h"'),
                           "plugins/aws/y.h": ""}, "plugin may not include"),
    "nobody's file": ({"host/x.c": include('"nonesuch.h"')}, "no file of ours"),
    "circle": ({"plugin-sdk/base/x.h": guarded("X", '#include "base/y.h"'),
                "plugin-sdk/base/y.h": guarded("Y", '#include "base/x.h"')},
               "files include each other: x.h -> y.h -> x.h"),
}


def run_case(files, expected):
    """None when the case behaves, else what is wrong."""
    sources = [Source(path, text) for path, text in files.items()]
    if "plugin-sdk/base/buf.h" not in files:
        sources.append(Source("plugin-sdk/base/buf.h", HEADER))
    # Empty files only stand for themselves.
    faults = [text for path, _, text in check_all(sources)
              if files.get(path) != ""]
    if expected is None:
        return f"reported {faults}" if faults else None
    if len(faults) != 1 or expected not in faults[0]:
        return f"expected one fault with {expected!r}, got {faults}"
    return None


def self_test():
    wrong = 0
    for name, (files, expected) in CASES.items():
        problem = run_case(files, expected)
        if problem:
            print(f"self-test: {name}: {problem}")
            wrong += 1
    print(f"self-test: {len(CASES)} cases, {wrong} wrong")
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__, file=sys.stderr)
        return 2
    folder = arguments[0] if arguments else os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "..")
    sources = list(read_sources(folder))
    faults = sorted(set(check_all(sources)))
    for path, number, text in faults:
        print(f"{path}:{number}: {text}")
    print(f"{len(sources)} files, {len(faults)} faults")
    return 1 if faults or not sources else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
