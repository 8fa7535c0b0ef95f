# SPDX-License-Identifier: GPL-3.0-or-later
"""Socket units of a real unit engine, on real sockets in a network of their own, seen by Debian's systemctl
(systemd 252)."""
import re

from qdtest import main, proves, wait_for
from unit_machine import MachineCase

# Takes what comes at its first socket, whatever it is, and prints it; prints the names of all that it was given.
TAKE = """
import os, select, socket
count = int(os.environ["LISTEN_FDS"])
assert os.environ["LISTEN_PID"] == str(os.getpid())
print("given", count, os.environ["LISTEN_FDNAMES"], flush=True)
ready, _, _ = select.select(range(3, 3 + count), [], [], 20)
for fd in ready:
    kind = os.readlink(f"/proc/self/fd/{fd}")
    data = b""
    if kind.startswith("socket:"):
        one = socket.socket(fileno=os.dup(fd))
        if one.type in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            one, _ = one.accept()
        while not data.endswith(b"."):
            data += one.recv(65536)
    else:
        while not data.endswith(b"."):
            data += os.read(fd, 65536)
    print("from", fd, data[:60].decode(), len(data), flush=True)
"""

SEND = """
import socket, sys
family, kind, address, text, times = sys.argv[1:6]
one = socket.socket(getattr(socket, family), getattr(socket, kind))
one.connect((address.rsplit(":", 1)[0], int(address.rsplit(":", 1)[1])) if family != "AF_UNIX"
            else address.replace("@", "\\0"))
one.sendall(text.encode() * int(times) + b".")
"""

KINDS = {"stream": "ListenStream=/run/s/stream", "abstract": "ListenStream=@qd-abstract",
         "datagram": "ListenDatagram=/run/s/datagram", "packets": "ListenSequentialPacket=/run/s/packets",
         "tcp": "ListenStream=127.0.0.1:7001", "tcp6": "ListenStream=[::1]:7002", "udp": "ListenDatagram=7003",
         "port": "ListenStream=7004", "fifo": "ListenFIFO=/run/s/fifo", "queue": "ListenMessageQueue=/qd-queue",
         "special": "ListenSpecial=/dev/null"}
SERVICE = "[Service]\nType=exec\nExecStart=/usr/bin/python3 /run/take.py\n"
UNITS = {f"{name}.socket": f"[Socket]\n{line}\n" for name, line in KINDS.items()}
UNITS |= {f"{name}.service": SERVICE for name in KINDS}
UNITS |= {
    "several.socket": "[Socket]\nListenStream=7010\nListenDatagram=7010\nListenFIFO=/run/s/several\n"
                      "FileDescriptorName=mine\n",
    "several.service": SERVICE,
    "echo.socket": "[Socket]\nListenStream=7020\nAccept=yes\nMaxConnections=2\nKeepAlive=yes\nNoDelay=yes\n"
                   "ReceiveBuffer=64K\nSendBuffer=32K\n[Install]\nWantedBy=sockets.target\n",
    "echo@.service": "[Unit]\nDescription=Echo\n[Service]\nExecStart=-/bin/cat\nStandardInput=socket\n"
                     "StandardOutput=socket\n",
    "who.socket": "[Socket]\nListenStream=7021\nListenStream=/run/s/who\nAccept=yes\n",
    "who@.service": "[Service]\nExecStart=/bin/sh -c 'echo \"$REMOTE_ADDR $REMOTE_PORT $LISTEN_FDNAMES\" >&3'\n",
    "files.socket": "[Socket]\nListenStream=/run/f/deep/er/socket\nListenFIFO=/run/f/fifo\nSocketMode=0620\n"
                    "SocketUser=daemon\nSocketGroup=bin\nDirectoryMode=0711\nRemoveOnStop=yes\n",
    "files.service": SERVICE,
    "kept.socket": "[Socket]\nListenStream=/run/f/kept\nSymlinks=/run/f/alias\n",
    "kept.service": SERVICE,
    "options.socket": "[Socket]\nListenStream=7030\nBacklog=7\nReusePort=yes\nIPTTL=9\nMark=5\n"
                      "Priority=3\nTCPCongestion=reno\nDeferAcceptSec=9\nKeepAlive=yes\nKeepAliveTimeSec=60\n"
                      "KeepAliveIntervalSec=7\nKeepAliveProbes=4\nNoDelay=yes\nBindIPv6Only=ipv6-only\n"
                      "FreeBind=yes\nTransparent=yes\nBroadcast=yes\nNoSuch=1\n",
    "options.service": "[Service]\nExecStart=/usr/bin/python3 /run/options.py\n",
    "tos.socket": "[Socket]\nListenStream=7031\nIPTOS=low-delay\nBindIPv6Only=both\n",
    "tos.service": "[Service]\nExecStart=/usr/bin/python3 /run/options.py\n",
    "loop.socket": "[Socket]\nListenStream=7040\n",
    "loop.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    # Each says whether something listens at the port (7050 is 1B8A) when it runs.
    "steps.socket": "[Socket]\nListenStream=7050\nTimeoutSec=1\n" + "".join(
        f"{step}=/bin/sh -c 'echo {step} $(grep -c \":1B8A \" /proc/net/tcp6)'\n"
        for step in ("ExecStartPre", "ExecStartPost", "ExecStopPre", "ExecStopPost")),
    "steps.service": SERVICE,
    "hangs.socket": "[Socket]\nListenStream=7051\nTimeoutSec=500ms\nExecStartPre=/bin/sleep 60\n",
    "hangs.service": SERVICE,
    "late.socket": "[Socket]\nListenStream=7060\n",
    "late.service": "[Service]\nExecStartPre=/bin/sh -c 'until test -e /run/go; do sleep 0.02; done'\n"
                    "ExecStart=/usr/bin/python3 /run/take.py\n",
}

OPTIONS = """
import socket
one = socket.socket(fileno=3)
tcp = {"TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6, "TCP_DEFER_ACCEPT": 9, "TCP_NODELAY": 1}
for name, number in tcp.items():
    print(name, one.getsockopt(socket.IPPROTO_TCP, number))
for name in ("SO_REUSEPORT", "SO_KEEPALIVE", "SO_PRIORITY", "SO_MARK", "SO_BROADCAST"):
    print(name, one.getsockopt(socket.SOL_SOCKET, getattr(socket, name)))
print("IP_TOS", one.getsockopt(socket.IPPROTO_IP, socket.IP_TOS))
print("HOPS", one.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS))
print("V6ONLY", one.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
print("CONGESTION", one.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).split(b"\\0")[0].decode(), flush=True)
"""


class Sockets(MachineCase):
    units = UNITS
    net = True

    def setUp(self):
        for name, text in (("take.py", TAKE), ("send.py", SEND), ("options.py", OPTIONS)):
            self.machine.run("sh", "-c", f"cat >/run/{name} <<'END'\n{text}\nEND")

    def listen(self, name):
        done = self.machine.systemctl("start", f"{name}.socket")
        self.assertEqual(done.returncode, 0, self.machine.systemctl("status", f"{name}.socket").stdout)
        self.await_sub(f"{name}.socket", "listening")

    def send(self, family, kind, address, text="hello", times=1):
        self.sh(f"python3 /run/send.py {family} {kind} {address} '{text}' {times}")

    def lines(self, unit):
        return [entry["MESSAGE"] for entry in self.machine.journal("-u", unit)
                if entry.get("_TRANSPORT") == "stdout"]

    def await_line(self, unit, start):
        return wait_for(lambda: [line for line in self.lines(unit) if line.startswith(start)], 10,
                        f"'{start}' of {unit}")[0]

    @proves("S112", "S113")
    def test_1_each_kind_starts_its_service(self):
        for name in KINDS:
            if name != "special":
                self.listen(name)
                self.assertEqual(self.machine.show(f"{name}.service", "ActiveState"), "inactive")
        self.send("AF_UNIX", "SOCK_STREAM", "/run/s/stream")
        self.send("AF_UNIX", "SOCK_STREAM", "@qd-abstract")
        self.send("AF_UNIX", "SOCK_DGRAM", "/run/s/datagram")
        self.send("AF_UNIX", "SOCK_SEQPACKET", "/run/s/packets")
        self.send("AF_INET", "SOCK_STREAM", "127.0.0.1:7001")
        self.send("AF_INET6", "SOCK_STREAM", "::1:7002")
        self.send("AF_INET6", "SOCK_DGRAM", "::1:7003")  # a bare port is of every address, of both families
        self.send("AF_INET", "SOCK_STREAM", "127.0.0.2:7004")
        self.sh("printf hello. >/run/s/fifo")
        self.sh("mkdir -p /run/mq; mountpoint -q /run/mq || mount -t mqueue mqueue /run/mq; test -e /run/mq/qd-queue")
        self.sh("python3 -c 'import ctypes, os; c = ctypes.CDLL(None, use_errno=True);"
                " q = c.mq_open(b\"/qd-queue\", os.O_WRONLY); assert c.mq_send(q, b\"hello.\", 6, 0) == 0'")
        for name in KINDS:
            if name not in ("special", "queue"):
                self.assertEqual(self.await_line(f"{name}.service", "from"), "from 3 hello. 6")
                self.await_sub(f"{name}.socket", "listening")  # the service has ended
        # A queue is read otherwise than a file: that it starts the service, and is passed on, is enough here.
        self.assertEqual(self.await_line("queue.service", "given"), "given 1 queue.socket")
        self.machine.systemctl("start", "special.socket")
        self.await_line("special.service", "given")  # there is always something to read: it never just listens
        refused = self.machine.run("python3", "/run/send.py", "AF_INET", "SOCK_STREAM", "127.0.0.2:7001", "x", "1")
        self.assertIn("ConnectionRefusedError", refused.stderr)  # one address is one address

    @proves("S114")
    def test_2_several_lines_and_their_names(self):
        self.listen("several")
        self.send("AF_INET", "SOCK_DGRAM", "127.0.0.1:7010")
        self.assertEqual(self.await_line("several.service", "given"), "given 3 mine:mine:mine")
        self.assertEqual(self.await_line("several.service", "from"), "from 4 hello. 6")

    @proves("S122")
    def test_3_nothing_is_lost_that_comes_before_the_service_is_up(self):
        self.listen("late")
        self.sh("python3 /run/send.py AF_INET SOCK_STREAM 127.0.0.1:7060 0123456789 20000 </dev/null >/dev/null 2>&1 &")
        self.await_sub("late.service", "start-pre")
        self.assertEqual(self.machine.show("late.socket", "SubState"), "running")
        self.sh("touch /run/go")
        self.assertEqual(self.await_line("late.service", "from").split()[-1], "200001")

    @proves("S116", "S117", "S118", "S120")
    def test_4_each_connection_has_its_service(self):
        self.listen("echo")
        talk = ("import socket\n"
                "def call():\n    one = socket.create_connection(('127.0.0.1', 7020)); one.settimeout(10)\n"
                "    one.sendall(b'hello'); return one, one.recv(5)\n"
                "a, b, c = call(), call(), None\n"
                "print(a[1], b[1])\n"
                "try:\n    c = call()[1]\nexcept ConnectionError:\n    c = b''\n"
                "print(c)\n"
                "import subprocess\n"
                "print(subprocess.run(['systemctl', 'list-units', '--plain', '--no-legend', 'echo@*'],"
                " capture_output=True, text=True).stdout)\n"
                "print(subprocess.run(['ss', '-tnoem', 'sport', '=', ':7020'], capture_output=True, text=True).stdout)\n"
                "print(subprocess.run(['systemctl', 'show', 'echo.socket', '-p', 'NConnections,NAccepted,NRefused'],"
                " capture_output=True, text=True).stdout)\n"
                "a[0].close(); b[0].close()\n")
        out = self.machine.run("python3", "-c", talk).stdout
        self.assertIn("b'hello' b'hello'\nb''\n", out)
        names = re.findall(r"^(echo@\S+\.service)", out, re.M)
        self.assertEqual(len(names), 2, out)
        for number, name in enumerate(names):
            self.assertRegex(name, rf"^echo@{number}-127\.0\.0\.1:7020-127\.0\.0\.1:\d+\.service$")
        for count in ("NConnections=2", "NAccepted=2", "NRefused=1"):
            self.assertIn(count + "\n", out)
        self.assertIn("timer:(keepalive", out)
        self.assertRegex(out, r"skmem:\(r\d+,rb131072,t\d+,tb65536")  # the kernel doubles what is asked for
        wait_for(lambda: self.machine.show("echo.socket", "NConnections") == "0", 10, "the connections to be closed")
        for name in names:
            wait_for(lambda n=name: n not in self.machine.systemctl("list-units", "--all", "echo@*").stdout, 10,
                     f"{name} to be gone")
        self.assertEqual(self.machine.show("echo.socket", "SubState"), "listening")

    @proves()
    def test_5_a_service_knows_who_is_there(self):
        self.listen("who")
        ask = ("import socket, sys\n"
               "one = socket.create_connection(('127.0.0.1', 7021))\n"
               "print(one.getsockname()[1]); print(one.makefile().read().strip())")
        port, answer = self.machine.run("python3", "-c", ask).stdout.splitlines()
        self.assertEqual(answer, f"127.0.0.1 {port} connection")
        local = ("import os, socket\none = socket.socket(socket.AF_UNIX); one.connect('/run/s/who')\n"
                 "print(os.getpid()); print(one.makefile().read().strip())")
        pid, answer = self.machine.run("python3", "-c", local).stdout.splitlines()
        self.assertEqual(answer, "connection")
        wait_for(lambda: self.machine.journal("-u", f"who@1-{pid}-0.service"), 10, "the instance's name")

    @proves("S121")
    def test_6_files_and_their_end(self):
        self.listen("files")
        self.listen("kept")
        self.assertEqual(self.sh("stat -c '%a %U %G' /run/f/deep/er/socket /run/f/fifo /run/f/deep | head -2"),
                         "620 daemon bin\n620 daemon bin\n")
        self.assertEqual(self.sh("stat -c %a /run/f/deep"), "711\n")
        self.assertEqual(self.sh("readlink /run/f/alias"), "/run/f/kept\n")
        for name in ("files", "kept"):
            self.machine.systemctl("stop", f"{name}.socket")
        self.assertEqual(self.sh("ls /run/f /run/f/deep/er"), "/run/f:\nalias\ndeep\nkept\n\n/run/f/deep/er:\n")
        self.listen("kept")  # what was left behind is no hindrance

    @proves()
    def test_7_options_reach_the_kernel(self):
        self.listen("options")
        self.machine.systemctl("start", "options.service")
        wait_for(lambda: len(self.lines("options.service")) == 14, 10, "the options")
        said = dict(line.split() for line in self.lines("options.service"))
        self.assertEqual(said, {
            "TCP_KEEPIDLE": "60", "TCP_KEEPINTVL": "7", "TCP_KEEPCNT": "4", "TCP_DEFER_ACCEPT": said["TCP_DEFER_ACCEPT"],
            "TCP_NODELAY": "1", "SO_REUSEPORT": "1", "SO_KEEPALIVE": "1", "SO_PRIORITY": "3", "SO_MARK": "5",
            "SO_BROADCAST": "1", "IP_TOS": "0", "HOPS": "9", "V6ONLY": "1", "CONGESTION": "reno"})
        self.listen("tos")
        self.machine.systemctl("start", "tos.service")
        self.await_line("tos.service", "IP_TOS 16")
        self.await_line("tos.service", "V6ONLY 0")
        self.assertGreaterEqual(int(said["TCP_DEFER_ACCEPT"]), 9)  # rounded up to a number of retries
        self.assertRegex(self.sh("ss -tlnH 'sport = :7030'"), r"LISTEN +0 +7 ")
        self.assertTrue([entry for entry in self.machine.journal("-u", "options.socket") if entry["MESSAGE"].startswith(
            "[/etc/systemd/system/options.socket:19] Unknown key name 'NoSuch' in section 'Socket'")])

    @proves("U-46")
    def test_8_what_nobody_takes_ends_in_the_limit(self):
        self.listen("loop")
        self.sh("python3 /run/send.py AF_INET SOCK_STREAM 127.0.0.1:7040 x 1 </dev/null >/dev/null 2>&1 &")
        self.await_sub("loop.socket", "failed")
        self.assertEqual(self.machine.show("loop.socket", "Result"), "service-start-limit-hit")
        self.assertEqual(self.machine.show("loop.service", "Result"), "start-limit-hit")

    @proves("S119")
    def test_9_commands_of_the_socket(self):
        self.listen("steps")
        self.assertEqual(self.machine.systemctl("stop", "steps.socket").returncode, 0)
        wait_for(lambda: self.lines("steps.socket") ==
                 ["ExecStartPre 0", "ExecStartPost 1", "ExecStopPre 1", "ExecStopPost 0"], 10, "the commands")
        self.assertEqual(self.machine.systemctl("start", "hangs.socket").returncode, 1)
        self.assertEqual(self.machine.show("hangs.socket", "Result"), "timeout")

    @proves("S124")
    def test_a_systemctl_lists_and_shows_them(self):
        self.machine.systemctl("enable", "echo.socket")
        self.assertEqual(self.machine.systemctl("is-enabled", "echo.socket").stdout, "enabled\n")
        self.machine.systemctl("stop", "echo.socket", "several.socket")
        self.assertEqual(self.machine.show("echo.socket", "ActiveState"), "inactive")
        for name in ("echo", "several"):
            self.listen(name)
        listed = [line.split() for line in self.machine.systemctl("list-sockets", "--no-legend").stdout.splitlines()]
        for row in (["[::]:7010", "several.socket", "several.service"], ["/run/s/several", "several.socket",
                                                                         "several.service"]):
            self.assertIn(row, listed)
        self.assertIn("[::]:7020", [row[0] for row in listed])
        self.assertEqual(self.machine.show("several.socket", "Listen"),
                         "[::]:7010 (Stream)\n[::]:7010 (Datagram)\n/run/s/several (FIFO)")
        status = self.machine.systemctl("status", "several.socket", "echo.socket").stdout
        self.assertIn("Active: active (listening)", status)
        self.assertIn("Triggers: ● several.service", status)
        self.assertIn("Listen: [::]:7010 (Stream)", status)
        self.assertRegex(status, r"Accepted: \d+; Connected: 0;")
        shown = self.machine.systemctl("show", "echo.socket").stdout
        for line in ("MaxConnections=2", "Accept=yes", "KeepAlive=yes", "Backlog=2147483647", "TriggerLimitBurst=200",
                     "SocketMode=0666", "BindIPv6Only=default", "FileDescriptorName=echo.socket", "Slice=system.slice"):
            self.assertIn(line + "\n", shown)


if __name__ == "__main__":
    main()
