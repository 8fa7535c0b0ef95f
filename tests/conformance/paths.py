# SPDX-License-Identifier: GPL-3.0-or-later
"""Path units of a real unit engine, on real files, seen by Debian's systemctl (systemd 252)."""
from qdtest import main, proves, wait_for
from unit_machine import MachineCase

KINDS = {"exists": "PathExists=/run/watched/exists", "glob": "PathExistsGlob=/run/watched/glob/*.job",
         "changed": "PathChanged=/run/watched/changed", "modified": "PathModified=/run/watched/modified",
         "filled": "DirectoryNotEmpty=/run/watched/filled\nMakeDirectory=yes"}
UNITS = {f"{name}.path": f"[Path]\n{lines}\n" for name, lines in KINDS.items()}
UNITS |= {f"{name}.service": "[Service]\nType=oneshot\nExecStart=/bin/echo seen\n" for name in KINDS}
for level in ("exists", "glob", "filled"):  # what is there is taken away: otherwise it would begin again
    UNITS[f"{level}.service"] += f"ExecStart=/bin/sh -c 'rm -f /run/watched/{level} /run/watched/{level}/*'\n" \
        if level != "exists" else "ExecStart=/bin/rm /run/watched/exists\n"
UNITS["loop.path"] = "[Path]\nPathExists=/etc/machine-id\n"
UNITS["loop.service"] = "[Service]\nType=oneshot\nExecStart=/bin/true\n"


class Paths(MachineCase):
    units = UNITS

    def arm(self, name):
        self.assertEqual(self.machine.systemctl("start", f"{name}.path").returncode, 0, self.machine.log())
        self.await_sub(f"{name}.path", "waiting")

    def runs(self, name):
        return len(self.machine.journal("-u", f"{name}.service", "-t", "echo"))

    def await_runs(self, name, count):
        wait_for(lambda: self.runs(name) >= count, 10, f"{count} runs of {name}.service")
        self.await_sub(f"{name}.path", "waiting")
        self.assertEqual(self.runs(name), count)

    @proves("S105", "S109")
    def test_1_each_kind_starts_its_service(self):
        self.sh("rm -rf /run/watched")
        for name in ("exists", "glob", "changed", "modified"):
            self.arm(name)  # not even the folder is there
        self.sh("mkdir -p /run/watched/glob && touch /run/watched/exists")
        self.await_runs("exists", 1)
        self.sh("touch /run/watched/glob/no && touch /run/watched/glob/a.job")
        self.await_runs("glob", 1)
        self.sh("echo a >/run/watched/changed")
        self.await_runs("changed", 1)
        self.sh("echo a >/run/watched/modified")
        wait_for(lambda: self.runs("modified") >= 1, 10, "a run of modified.service")
        self.arm("filled")
        self.assertEqual(self.machine.run("stat", "-c", "%a", "/run/watched/filled").stdout, "755\n")
        self.sh("touch /run/watched/filled/one")
        self.await_runs("filled", 1)

    @proves("S106")
    def test_2_a_change_is_over_when_the_file_is_closed_a_modification_at_each_write(self):
        self.sh("mkdir -p /run/watched && touch /run/watched/changed /run/watched/modified")
        for name in ("changed", "modified"):
            self.machine.systemctl("stop", f"{name}.path")
            self.arm(name)
        before = {name: self.runs(name) for name in ("changed", "modified")}
        # One open, three writes, and the file stays open until somebody says so.
        writer = """exec 3>>/run/watched/{0}
                    for i in 1 2 3; do echo $i >&3; until test -e /run/{0}-$i; do sleep 0.02; done; done"""
        for name in ("changed", "modified"):
            self.sh(f"({writer.format(name)}) </dev/null >/dev/null 2>&1 &")
            for write in (1, 2, 3):
                if name == "modified":
                    self.await_runs(name, before[name] + write)
                else:
                    wait_for(lambda w=write: self.machine.run("sh", "-c", "wc -l </run/watched/changed").stdout.strip()
                             == str(w + 1), 10, f"write {write}")
                    self.assertEqual(self.runs("changed"), before["changed"], "the file is still open")
                self.sh(f"touch /run/{name}-{write}")
            if name == "changed":
                self.await_runs("changed", before["changed"] + 1)

    @proves("U-48")
    def test_3_what_is_never_taken_away_ends_in_the_limit(self):
        self.machine.systemctl("start", "loop.path")
        self.await_sub("loop.path", "failed")
        self.assertEqual(self.machine.show("loop.path", "Result"), "unit-start-limit-hit")
        self.assertEqual(self.machine.show("loop.service", "Result"), "start-limit-hit")

    @proves()
    def test_4_systemctl_shows_what_is_watched(self):
        self.assertEqual(self.machine.show("changed.path", "Paths"), "/run/watched/changed (PathChanged)")
        self.assertEqual(self.machine.show("filled.path", "DirectoryMode"), "0755")
        self.assertEqual(self.machine.show("filled.path", "Triggers"), "filled.service")
        self.assertIn("Triggers: ● changed.service", self.machine.systemctl("status", "changed.path").stdout)


if __name__ == "__main__":
    main()
