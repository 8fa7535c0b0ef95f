#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""qmllint over the QML module, without a single warning (.qmllint.ini has the levels).

Qt 6.4's qmllint takes the id of an outer component for an unqualified name. It is asked for all of
those, and each must be an id that the same file declares. Mend: qualify the name with an id.
"""
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ["QD_BUILD_DIR"]


def lint_command():
    """The tool itself: Debian keeps it out of the path."""
    for folder in ("/usr/lib/qt6/bin", "/usr/bin"):
        if os.path.exists(os.path.join(folder, "qmllint")):
            return os.path.join(folder, "qmllint")
    return "qmllint"


def is_own_id(lines, warning):
    """An id of the same file, used from within a delegate or a part."""
    line = lines[warning["line"] - 1]
    name = re.match(r"\w*", line[warning["column"] - 1:]).group(0)
    return any(re.match(rf"\s*id: {re.escape(name)}$", each) for each in lines)


def attached(lines, warning):
    """An attached type (SplitHandle.hovered) in a part that is made later."""
    line = lines[warning["line"] - 1]
    return re.match(r"T\.(SplitHandle|Overlay)\.", line[warning["column"] - 1:]) is not None


def main():
    files = sorted(glob.glob(os.path.join(ROOT, "qml", "*", "*.qml")))
    names = [os.path.basename(file) for file in files]
    bad = 0
    for name in sorted({name for name in names if names.count(name) > 1}):
        print(f"{name}: two files of this name; all stand side by side in the module")
        bad += 1
    run = subprocess.run([lint_command(), "--json", "-", "-I", os.path.join(BUILD, "qml-modules"), *files],
                         capture_output=True, text=True, check=False)
    try:
        report = json.loads(run.stdout)
    except ValueError:
        sys.exit(f"qmllint gave no report (status {run.returncode}):\n{run.stderr}")
    for file in report["files"]:
        with open(file["filename"], encoding="utf-8") as text:
            lines = text.read().split("\n")
        for warning in file["warnings"]:
            unqualified = warning["message"].startswith("Unqualified access")
            if unqualified and (is_own_id(lines, warning) or attached(lines, warning)):
                continue
            if warning["type"] == "info" and not unqualified:
                continue
            place = f"{os.path.relpath(file['filename'], ROOT)}:{warning.get('line', 0)}"
            print(f"{place}: {warning['message']}")
            bad += 1
    print(f"{len(report['files'])} files, {bad} complaints")
    sys.exit(1 if bad or len(report["files"]) != len(files) else 0)


if __name__ == "__main__":
    main()
