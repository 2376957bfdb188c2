"""A client inside, a server outside, and a real daemon between them, in three network namespaces: what the tests of tools and of
TCP stacks share.

    with two_hosts.TwoHosts(more) as net:           # more: lines to add to the configuration
        net.on("client", "nmap", ...)               # runs to its end
        server = net.start("server", "python3", ...)  # ended with the net
        net.console("show conn")

client 10.1.1.10 (link eth0) -- inside 10.1.1.1 | 192.0.2.1 outside -- server 192.0.2.7 (link eth0). The programs are those of
SALLYPORT_BIN, .build/release if that is not set.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("SALLYPORT_BIN", os.path.join(TOP, ".build", "release"))

CONFIG = """ASA Version 9.16(4)
hostname asa
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 192.0.2.1 255.255.255.0
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
logging enable
logging buffered informational
logging buffer-size 1048576
"""
ADDRESS = {"client": "10.1.1.10", "server": "192.0.2.7"}


def run(*command, **kwargs):
    return subprocess.run(command, capture_output=True, text=True, timeout=kwargs.pop("timeout", 60), stdin=subprocess.DEVNULL, **kwargs)


def ip(*words):
    done = run("ip", *words)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr}")


def until(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return False


def skip_unless(*tools):
    """Ends the test as skipped when it cannot run here."""
    if os.geteuid() != 0:
        print("skipped: only root can make network namespaces")
        sys.exit(77)
    for tool in tools:
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            sys.exit(77)


class TwoHosts:
    def __init__(self, more="", name="two", options=(), disk=None):
        """`options`: of the daemon; {state} stands for its folder. `disk`: its disk0:, name -> text."""
        self.prefix, self.more, self.options, self.disk = f"sp{name}{os.getpid()}", more, options, disk or {}
        self.started = []

    def ns(self, node):
        return f"{self.prefix}-{node}"

    def __enter__(self):
        try:
            self.up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def up(self):
        self.state = tempfile.mkdtemp(prefix=self.prefix)
        for node in ("client", "wall", "server"):
            ip("netns", "add", self.ns(node))
            ip("-n", self.ns(node), "link", "set", "lo", "up")
        for node, near, gateway in (("client", "in0", "10.1.1.1"), ("server", "out0", "192.0.2.1")):
            ip("link", "add", "eth0", "netns", self.ns(node), "type", "veth", "peer", "name", near, "netns", self.ns("wall"))
            self.on(node, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            ip("-n", self.ns(node), "link", "set", "eth0", "up")
            ip("-n", self.ns(node), "addr", "add", ADDRESS[node] + "/24", "dev", "eth0")
            ip("-n", self.ns(node), "route", "add", "default", "via", gateway)
        with open(os.path.join(self.state, "startup-config"), "w", encoding="utf-8") as f:
            f.write(CONFIG + self.more)
        os.makedirs(os.path.join(self.state, "disk0"))
        for file, text in self.disk.items():
            with open(os.path.join(self.state, "disk0", file), "w", encoding="utf-8") as f:
                f.write(text)
        self.out = open(os.path.join(self.state, "out"), "w+", encoding="utf-8")
        self.daemon = subprocess.Popen(
            ["ip", "netns", "exec", self.ns("wall"), os.path.join(BIN, "sallyportd"), "--strict", "--state", self.state,
             "--interface", "GigabitEthernet0/0=out0", "--interface", "GigabitEthernet0/1=in0",
             *(o.format(state=self.state) for o in self.options)],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)
        self.started.append(self.daemon)
        if not until(lambda: "ready" in self.said() or self.daemon.poll() is not None, 20) or self.daemon.poll() is not None:
            raise RuntimeError("the daemon did not become ready: " + self.said())

    def said(self):
        with open(os.path.join(self.state, "out"), encoding="utf-8") as f:
            return f.read()

    def __exit__(self, *_):
        for p in reversed(self.started):
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(5)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
            if p.stdout:
                p.stdout.close()
        if hasattr(self, "out"):
            self.out.close()
        for node in ("client", "wall", "server"):
            run("ip", "netns", "del", self.ns(node))
        if hasattr(self, "state"):
            shutil.rmtree(self.state, ignore_errors=True)

    def on(self, node, *command, **kwargs):
        return run("ip", "netns", "exec", self.ns(node), *command, **kwargs)

    def start(self, node, *command, **kwargs):
        p = subprocess.Popen(["ip", "netns", "exec", self.ns(node), *command], stdin=subprocess.DEVNULL, **kwargs)
        self.started.append(p)
        return p

    def listening(self, node, script, *arguments):
        """A Python script that prints `listening` when it does."""
        p = self.start(node, "/usr/bin/python3", "-c", script, *arguments, stdout=subprocess.PIPE, text=True)
        if p.stdout.readline().strip() != "listening":
            raise RuntimeError("it did not start: " + script)
        return p

    def console(self, *commands):
        words = [w for c in commands for w in ("-c", c)]
        return run(os.path.join(BIN, "sallyport"), "--state", self.state, *words).stdout

    def drops(self):
        """`show asp drop` as a table: the reason's keyword and its count."""
        table = {}
        for line in self.console("show asp drop").splitlines():
            words = line.split()
            if len(words) >= 3 and words[-1].isdigit() and words[-2].startswith("("):
                table[words[-2].strip("()")] = table.get(words[-2].strip("()"), 0) + int(words[-1])
        return table

    def messages(self, number=""):
        return [line for line in self.console("show logging").splitlines() if f"-{number}" in line and "%ASA-" in line]
