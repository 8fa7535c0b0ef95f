#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks the source tree and fails with the mend named (architecture.md 9).

Layers, banned calls, clocks and files in decision code, sizes, licence lines, QML tokens, accessible
names, untagged conformance tests, documents that name a file that is gone. tidy-allow.txt holds the
exceptions: `rule path reason`.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAX_LINE, MAX_FUNCTION, MAX_FILE = 100, 70, 800

# Decision code: no clock, timer, file, socket or random source of its own.
PURE = ("agent/raft/", "agent/store/", "agent/units/engine/", "agent/fleet/engine/", "shared/unitfile/", "shared/codec/")
PURE_BANS = {
    r"\bQTimer\b": "take time as an input (qd::Clock)",
    r"\bQElapsedTimer\b": "take time as an input (qd::Clock)",
    r"currentDateTime|currentMSecsSinceEpoch|currentSecsSinceEpoch|clock_gettime": "take time as an input (qd::Clock)",
    r"\bQFile\b|\bQSaveFile\b|\bfopen\(": "read and write through an interface",
    r"\bQRandomGenerator\b|\brand\(\)": "take qd::Random",
    r"\bQTcpSocket\b|\bQSslSocket\b|\bQLocalSocket\b": "send through an interface",
    r"\bstd::thread\b|\bQThread\b": "decision code has no threads",
}
BANS = {
    r"\bQEventLoop\b": "no nested event loops: continue in a callback",
    r"\bprocessEvents\(": "no nested event loops: continue in a callback",
    r"\.waitFor(Connected|ReadyRead|BytesWritten|Finished|Started|Encrypted|Disconnected)\(|->waitFor\w+\(":
        "no blocking waits: connect to the signal",
    r"\bSIGNAL\(|\bSLOT\(": "connect to member functions",
    r"\bqFatal\(": "errors are values; a broken invariant goes through its named check",
    r"\bFIXME\b|\bTODO\b|\bXXX\b": "do it now or write an issue",
}
LAYERS = {  # folder prefix -> prefixes that it may include
    "shared/": ("shared/",),
    "agent/raft/": ("agent/raft/", "shared/base/"),
    "agent/units/": ("agent/units/", "shared/base/", "shared/unitfile/", "shared/model/"),
    "agent/": ("agent/", "shared/"),
    "console/": ("console/", "shared/"),
    "qml/": ("qml/", "console/", "shared/"),
}


def source_files():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.splitlines()
    return [os.path.join(ROOT, f) for f in listed if os.path.isfile(os.path.join(ROOT, f))]


def read_allowed():
    allowed = {}
    with open(os.path.join(ROOT, "tests/tidy/tidy-allow.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                rule, path, reason = line.split(None, 2)
                allowed[(rule, path)] = reason
    return allowed


class Tidy:
    def __init__(self):
        self.allowed = read_allowed()
        self.used = set()
        self.failures = 0

    def complain(self, rule, path, line, mend):
        if (rule, path) in self.allowed:
            self.used.add((rule, path))
            return
        print(f"{path}:{line}: {rule}: {mend}")
        self.failures += 1

    def check(self, path, text):
        lines = text.split("\n")
        if path.endswith((".cpp", ".h", ".qml", ".js")):
            if "SPDX-License-Identifier: GPL-3.0-or-later" not in "\n".join(lines[:3]):
                self.complain("licence", path, 1, "begin with the SPDX line")
            if len(lines) > MAX_FILE:
                self.complain("file-size", path, len(lines), f"at most {MAX_FILE} lines: split by idea")
            for number, line in enumerate(lines, 1):
                if len(line) > MAX_LINE and "http" not in line:
                    self.complain("line-length", path, number, f"at most {MAX_LINE} columns")
                if line != line.rstrip():
                    self.complain("trailing-space", path, number, "remove it")
        if path.endswith((".cpp", ".h")):
            self.check_cpp(path, lines)
        if path.endswith(".qml") and path.startswith("qml/"):
            self.check_qml(path, lines)
        if path.startswith("tests/conformance/") and path.endswith(".py"):
            self.check_conformance(path, lines)
        if path.endswith(".md"):
            self.check_document(path, lines)

    def check_cpp(self, path, lines):
        product = not path.startswith("tests/")
        pure = path.startswith(PURE)
        for number, line in enumerate(lines, 1):
            include = re.match(r'#include "([^"]+)"', line)
            if include and product:
                self.check_include(path, number, include.group(1))
            code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("//")[0])
            if product:
                for pattern, mend in BANS.items():
                    if re.search(pattern, code if "FIXME" not in pattern else line):
                        self.complain("banned", path, number, mend)
            if pure:
                for pattern, mend in PURE_BANS.items():
                    if re.search(pattern, code):
                        self.complain("impure", path, number, mend)
            if product and re.search(r"co_await[^;]*\{", code):
                self.complain("co-await-braces", path, number, "name a local first (GCC 12 destroys it twice)")
        self.check_function_sizes(path, lines)

    def check_include(self, path, number, included):
        if "/" not in included or included.endswith(".moc"):
            return
        for prefix, may in LAYERS.items():
            if path.startswith(prefix):
                if not included.startswith(may):
                    self.complain("layer", path, number, f"{prefix} may include only {', '.join(may)}")
                return

    def check_function_sizes(self, path, lines):
        start = None
        for number, line in enumerate(lines, 1):
            if line.startswith("{"):
                start = number
            elif line.startswith("}") and start is not None:
                if number - start > MAX_FUNCTION and not line.startswith(("};", "} // namespace")):
                    self.complain("function-size", path, start, f"{number - start} lines, at most {MAX_FUNCTION}")
                start = None

    def check_qml(self, path, lines):
        theme = path.startswith("qml/theme/")
        for number, line in enumerate(lines, 1):
            if not theme and re.search(r'"#[0-9a-fA-F]{3,8}"', line):
                self.complain("qml-colour", path, number, "use a token of Theme")
            if not theme and re.search(r"font\.(pixelSize|pointSize):\s*\d", line):
                self.complain("qml-size", path, number, "use a type token of Theme")
        text = "\n".join(lines)
        for match in re.finditer(r"\b(MouseArea|TextField|TextArea|TapHandler)\s*\{", text):
            if match.group(1) in ("TextField", "TextArea"):
                block = text[match.end():match.end() + 600]
                if "Accessible.name" not in block and "Accessible.name" not in text:
                    line = text[:match.start()].count("\n") + 1
                    self.complain("accessible-name", path, line, "give it Accessible.name")

    def check_conformance(self, path, lines):
        for number, line in enumerate(lines, 1):
            if re.match(r"\s+def test", line):
                head = "\n".join(lines[max(0, number - 6):number - 1])
                if "@proves(" not in head:
                    self.complain("untagged", path, number, "tag it with @proves(...)")
            if re.search(r"time\.sleep\(", line):
                self.complain("sleep", path, number, "wait for the thing with wait_for()")

    def check_document(self, path, lines):
        for number, line in enumerate(lines, 1):
            for name in re.findall(r"`((?:agent|console|shared|qml|tests|resources|docs|cmake)/[\w./-]+)`", line):
                if not os.path.exists(os.path.join(ROOT, name)):
                    self.complain("gone", path, number, f"{name} does not exist")


def main():
    tidy = Tidy()
    for file in source_files():
        path = os.path.relpath(file, ROOT)
        if path.endswith((".cpp", ".h", ".qml", ".js", ".py", ".md")):
            with open(file, encoding="utf-8") as handle:
                tidy.check(path, handle.read())
    for rule, path in sorted(set(tidy.allowed) - tidy.used):
        print(f"tests/tidy/tidy-allow.txt: {rule} {path} is no longer needed")
        tidy.failures += 1
    sys.exit(1 if tidy.failures else 0)


if __name__ == "__main__":
    main()
