"""An appliance with an SSH console, and a machine that operators' tools run on: what the tests of real clients share.

    with console_box.Box() as box:          # a daemon in a network namespace of its own
        paramiko.connect(box.address, ...)  # this process and its children are in the operator's namespace from here on

The programs are those of SALLYPORT_BIN, .build/release if that is not set. Tests end with main(), which skips (status 77)
where a tool is missing.
"""

import ctypes
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("SALLYPORT_BIN", os.path.join(TOP, ".build/release"))
CLONE_NEWNET = 0x40000000

USER, PASSWORD, SECRET = "netops", "wonderland", "looking-glass"

CONFIG = """ASA Version {release}
hostname edge-fw
domain-name example.net
enable password looking-glass
names
interface GigabitEthernet0/0
 nameif inside
 security-level 100
 ip address 10.9.0.1 255.255.255.0
interface GigabitEthernet0/1
 nameif outside
 security-level 0
 ip address 192.0.2.1 255.255.255.0
object network web
 host 10.9.0.80
object-group network servers
 network-object host 10.9.0.81
 network-object object web
object-group service ports tcp
 port-object eq www
 port-object range 8000 8080
access-list outside_in extended permit tcp any object web eq www
access-list outside_in extended permit tcp any object-group servers object-group ports
access-list outside_in extended deny ip any any log
access-group outside_in in interface outside
route outside 0.0.0.0 0.0.0.0 192.0.2.254 1
logging enable
logging buffered informational
username netops password wonderland privilege 15
aaa authentication ssh console LOCAL
ssh 10.9.0.0 255.255.255.0 inside
ssh timeout 30
{more}"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Box:
    """One daemon. `more`: lines to add to its configuration."""

    address = "10.9.0.1"

    def __init__(self, more="", release="9.16(4)"):
        self.name = f"sallyport-con-{os.getpid()}"
        self.more = more
        self.release = release
        self.daemon = None
        self.state = None
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        self.state = tempfile.mkdtemp(prefix="sallyport-console-")
        box, operator = self.name + "-box", self.name + "-op"
        ip("netns", "add", box)
        ip("netns", "add", operator)
        ip("-n", box, "link", "set", "lo", "up")
        ip("-n", box, "link", "add", "g0", "type", "veth", "peer", "name", "eth0", "netns", operator)
        ip("-n", box, "link", "add", "g1", "type", "veth", "peer", "name", "g1p")
        ip("-n", box, "link", "set", "g1p", "up")
        ip("-n", operator, "link", "set", "lo", "up")
        ip("-n", operator, "addr", "add", "10.9.0.2/24", "dev", "eth0")
        ip("-n", operator, "link", "set", "eth0", "up")
        config = os.path.join(self.state, "test.cfg")
        with open(config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(release=self.release, more=self.more))
        output = os.path.join(self.state, "out")
        with open(output, "w", encoding="utf-8") as out:
            self.daemon = subprocess.Popen(
                ["ip", "netns", "exec", box, os.path.join(BIN, "sallyportd"), "--state", self.state, "--config", config,
                 "--strict", "--interface", "GigabitEthernet0/0=g0", "--interface", "GigabitEthernet0/1=g1"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        until = time.monotonic() + 20
        while "ready" not in self.said():
            if self.daemon.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the daemon did not become ready: " + self.said())
            time.sleep(0.02)
        enter_namespace(f"/run/netns/{operator}")

    def __exit__(self, *_):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            try:
                self.daemon.wait(10)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        enter_namespace(f"/proc/self/fd/{self.home}")
        for end in "-box", "-op":
            if os.path.exists(f"/run/netns/{self.name}{end}"):
                ip("netns", "del", self.name + end)
        if self.state:
            shutil.rmtree(self.state, ignore_errors=True)

    def said(self):
        """What the daemon has printed."""
        with open(os.path.join(self.state, "out"), encoding="utf-8") as text:
            return text.read()

    def console(self, *commands):
        """What the local console prints for commands, without prompts."""
        words = [word for command in commands for word in ("-c", command)]
        return subprocess.run([os.path.join(BIN, "sallyport"), "--state", self.state, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False).stdout

    def startup(self):
        with open(os.path.join(self.state, "startup-config"), encoding="utf-8") as text:
            return text.read()


class Shell:
    """A shell of the SSH console, byte by byte, for what a client sends and reads that is not here itself."""

    def __init__(self, box, width=80, height=24):
        import paramiko
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        self.client.connect(box.address, username=USER, password=PASSWORD, allow_agent=False, look_for_keys=False, timeout=10)
        self.channel = self.client.invoke_shell(term="vt100", width=width, height=height)
        self.unread = ""

    def send(self, text):
        self.channel.sendall(text.encode())

    def until(self, pattern, timeout=10):
        """What comes up to the end of the first match of `pattern`."""
        end = time.monotonic() + timeout
        while True:
            found = re.search(pattern, self.unread)
            if found:
                text, self.unread = self.unread[:found.end()], self.unread[found.end():]
                return text
            self.channel.settimeout(max(0.01, end - time.monotonic()))
            try:
                more = self.channel.recv(65536)
            except socket.timeout:
                more = b""
            if not more:
                raise AssertionError(f"{pattern!r} did not come, but {self.unread!r}")
            self.unread += more.decode()

    def do(self, command, prompt, enter="\n"):
        """Types a command and returns all that comes up to the prompt."""
        self.send(command + enter)
        return self.until(prompt)

    def rest(self, timeout=10):
        """What comes up to the end of the session."""
        self.channel.settimeout(timeout)
        text, self.unread = self.unread, ""
        while True:
            more = self.channel.recv(65536)
            if not more:
                return text
            text += more.decode()

    def close(self):
        self.client.close()


def enter_namespace(path):
    """This thread, and what it starts, uses the network namespace from here on."""
    fd = os.open(path, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns " + path)
    finally:
        os.close(fd)


def main(programs=(), modules=()):
    """Runs the tests of the calling file; skips when something they need is not there."""
    missing = [p for p in programs if not shutil.which(p)] + [m for m in modules if not importlib.util.find_spec(m)]
    if os.geteuid() != 0:
        missing.append("root")
    if missing:
        print("skipped: needs " + ", ".join(missing))
        sys.exit(77)
    unittest.main(verbosity=2)
