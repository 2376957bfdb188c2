"""openconnect as a user outside runs it, in the namespace "server" of two_hosts.TwoHosts: what the tests of AnyConnect share.

    vpn = open_connect.OpenConnect(net, "--no-dtls")     # logs in with the password and waits until the tunnel carries packets
    vpn.address, vpn.log(); vpn.send(signal.SIGUSR2); vpn.stop()
"""

import hashlib
import os
import re
import signal
import subprocess
import time

import two_hosts

# What openconnect calls when something changes: no resolver, no default route, only the tunnel.
SCRIPT = """#!/bin/sh
say="script: $reason ${INTERNAL_IP4_ADDRESS:-} ${INTERNAL_IP6_ADDRESS:-} mtu ${INTERNAL_IP4_MTU:-} banner=${CISCO_BANNER:-} dns=${INTERNAL_IP4_DNS:-} \
split=${CISCO_SPLIT_INC:-} domain=${CISCO_DEF_DOMAIN:-}"
case $reason in connect|reconnect) ;; *) echo "$say"; exit 0 ;; esac
[ -z "$INTERNAL_IP4_ADDRESS" ] || ip addr replace "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
[ -z "$INTERNAL_IP6_ADDRESS" ] || ip -6 addr replace "$INTERNAL_IP6_ADDRESS/128" dev "$TUNDEV" nodad
ip link set dev "$TUNDEV" mtu "$INTERNAL_IP4_MTU" up
ip route replace 10.1.1.0/24 dev "$TUNDEV"
[ -z "$INTERNAL_IP6_ADDRESS" ] || ip -6 route replace 2001:db8:1::/64 dev "$TUNDEV"
echo "$say"
"""


def pin(net, address="192.0.2.1:443"):
    """The server's key as openconnect wants it named."""
    got = net.on("server", "sh", "-c", f"openssl s_client -connect {address} </dev/null 2>/dev/null | openssl x509 -pubkey -noout"
                                       " | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64")
    return "pin-sha256:" + got.stdout.strip()


class OpenConnect:
    count = 0

    def __init__(self, net, *options, user="anna", password="anna-key", server="192.0.2.1", wait=True, node="server", cookie=None):
        OpenConnect.count += 1
        self.net = net
        self.tun = f"oc{OpenConnect.count}"
        folder = os.path.join(net.state, self.tun)
        os.mkdir(folder)
        self.path = os.path.join(folder, "log")
        script = os.path.join(folder, "script")
        with open(script, "w", encoding="utf-8") as f:
            f.write(SCRIPT)
        os.chmod(script, 0o755)
        host = server if ":" in server else server + ":443"
        command = ["ip", "netns", "exec", net.ns(node), "openconnect", "--protocol=anyconnect", "--non-inter", "-v", "--timestamp",
                   "--interface", self.tun, "--script", script, "--servercert", pin(net, host), *options]
        command += ["-C", cookie] if cookie else ["--user", user, "--passwd-on-stdin"]
        command.append(server)
        self.out = open(self.path, "w", encoding="utf-8")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self.out, stderr=self.out)
        net.started.append(self.process)
        self.process.stdin.write(b"" if cookie else password.encode() + b"\n")
        self.process.stdin.close()
        if wait:
            self.until("script: connect", 30)

    def log(self):
        with open(self.path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def until(self, text, seconds=20, times=1):
        """Until the log has shown `text` that often."""
        ok = two_hosts.until(lambda: self.log().count(text) >= times or self.process.poll() is not None, seconds)
        if not ok or self.log().count(text) < times:
            raise AssertionError(f"openconnect never said {text!r}:\n{self.log()[-4000:]}")

    @property
    def address(self):
        return re.findall(r"script: connect (\S+)", self.log())[-1]

    @property
    def mtu(self):
        return int(re.findall(r"mtu (\d+)", self.log())[-1])

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGINT):
        """By SIGINT it says goodbye, by SIGHUP it does not. Its status."""
        self.send(number)
        return self.wait()

    def wait(self, seconds=15):
        status = self.process.wait(seconds)
        self.out.close()
        return status


def transfer(net, size=1 << 20, host="10.1.1.10", node="server", far="client"):
    """`size` random bytes each way over TCP through the tunnel; raises when they are not the same there."""
    data = os.urandom(size)
    wanted = hashlib.sha256(data).hexdigest()
    path = os.path.join(net.state, "blob")
    with open(path, "wb") as f:
        f.write(data)
    serve = net.listening(far, ECHO, path)
    port = 8099
    got = net.on(node, "/usr/bin/python3", "-c", FETCH, host, str(port), path, timeout=60)
    serve.terminate()
    serve.wait()
    if got.stdout.split() != [wanted, wanted]:
        raise AssertionError(f"{got.stdout!r} {got.stderr!r} instead of {wanted}")


ECHO = """
import hashlib, socket, sys
s = socket.create_server(("", 8099), reuse_port=True) if not socket.has_ipv6 else socket.create_server(("::", 8099), family=socket.AF_INET6, dualstack_ipv6=True)
data = open(sys.argv[1], "rb").read()
print("listening", flush=True)
while True:
    c, _ = s.accept()
    c.sendall(data)
    c.shutdown(socket.SHUT_WR)
    h = hashlib.sha256()
    while True:
        b = c.recv(65536)
        if not b: break
        h.update(b)
    c.close()
    c, _ = s.accept()
    c.sendall(h.hexdigest().encode())
    c.close()
"""
FETCH = """
import hashlib, socket, sys
def all_of(c):
    h = b""
    while True:
        b = c.recv(65536)
        if not b: return h
        h += b
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
down = hashlib.sha256(all_of(c)).hexdigest()
c.sendall(open(sys.argv[3], "rb").read())
c.close()
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
print(down, all_of(c).decode())
"""
