"""Wireshark as an independent reader of what goes over the wire: a recording of a link, and the keys that the daemon logged.

    net = two_hosts.TwoHosts(..., options=decrypt.OPTIONS)
    wire = decrypt.Recording(net, "server", "eth0")
    ...
    seen = wire.judge()       # ends the recording; problems are an AssertionError; how many packets of each kind there were

Every ESP packet must be decrypted and have the right integrity value, IKE that is not decrypted is counted ("IKEv2 not decrypted": DES,
which Wireshark does not do in version 2), and nothing may be malformed or worth an expert's note of level "error".

IPsec over TCP is read by Wireshark's `tcpencap`, which hands ESP on with a wrong length, so that nothing is decrypted: that ESP is looked
at a second time, without TCP and trailer. Of datagrams that were sent again only the first is looked at: of a repeated message in the
middle of an exchange of IKEv1 Wireshark does not know the initialization vector."""

import collections
import os
import shutil
import struct
import subprocess
import tempfile

import two_hosts

OPTIONS = ("--key-log", "{state}/keys")
TABLES = {"ikev1": "ikev1_decryption_table", "ikev2": "ikev2_decryption_table", "esp": "esp_sa"}
FIELDS = ("frame.number", "frame.protocols", "_ws.expert.severity", "_ws.expert.message", "isakmp.version", "isakmp.flag_e",
          "isakmp.enc.decrypted", "isakmp.typepayload", "isakmp.enc.data", "esp.icv_good", "esp.spi", "udp.port")
ERROR = 0x800000  # PI_ERROR


def missing():
    """The program that is needed and not there."""
    return next((t for t in ("tshark", "tcpdump") if not shutil.which(t)), None)


def records(file):
    """The frames of a recording (Ethernet, pcap of this machine's byte order), with the header of each."""
    with open(file, "rb") as f:
        f.read(24)
        while len(head := f.read(16)) == 16:
            yield head, f.read(struct.unpack("=4I", head)[2])


class Recording:
    def __init__(self, net, node, link, what="udp port 500 or udp port 4500 or udp port 10000 or tcp port 10000 or esp or ip[6:2] & 0x1fff != 0"):
        self.net = net
        # What the daemon gives the kernel to cut is cut here already: on these links it would cross whole.
        for far, link in (("wall", "out0"), ("server", "eth0")):
            net.on(far, "ethtool", "-K", link, "tx-udp-segmentation", "off")
        handle, self.file = tempfile.mkstemp(suffix=".pcap", dir=net.state)
        os.close(handle)
        self.tcpdump = net.start(node, "tcpdump", "-U", "-p", "-s", "0", "-B", "16384", "-i", link, "-w", self.file, what,
                                 stderr=subprocess.PIPE, text=True)
        said = self.tcpdump.stderr.readline()
        if "listening on" not in said:
            raise RuntimeError("tcpdump: " + said)

    def prepared(self):
        """Two files: each datagram once, and ESP of IPsec over TCP without TCP."""
        once, bare, seen = self.file + ".once", self.file + ".bare", set()
        with open(self.file, "rb") as f, open(once, "wb") as first, open(bare, "wb") as second:
            head = f.read(24)
            first.write(head)
            second.write(head)
            for head, frame in records(self.file):
                ip = frame[12:15] == b"\x08\x00\x45"
                if ip and frame[23] == 17:
                    if frame[26:] in seen:
                        continue
                    seen.add(frame[26:])
                first.write(head + frame)
                if ip and frame[23] == 6 and frame[-8:] == b"\x21\x45\x6c\x69\x10\x32\x01\x00":
                    esp = frame[34 + (frame[46] >> 4) * 4:-16]
                    outer = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(esp), 0, 0, 64, 50, 0) + frame[26:34]
                    second.write(head[:8] + struct.pack("=II", 34 + len(esp), 34 + len(esp)) + frame[:14] + outer + esp)
        return once, bare

    def keys(self):
        with open(os.path.join(self.net.state, "keys"), encoding="ascii") as f:
            return f.read()

    def judge(self, *options):
        """`options`: further ones of tshark."""
        size = -1
        while size != os.path.getsize(self.file):  # what is on its way still
            size = os.path.getsize(self.file)
            two_hosts.until(lambda: False, 0.2)
        self.tcpdump.terminate()
        self.tcpdump.communicate(timeout=10)
        profile = tempfile.mkdtemp(dir=self.net.state)
        for kind, table in TABLES.items():
            with open(os.path.join(profile, table), "w", encoding="ascii") as f:
                for line in self.keys().splitlines():
                    word, _, rest = line.partition(" ")
                    if word == kind:
                        f.write((rest if kind != "ikev1" else rest.replace(" ", ",")) + "\n")
        once, bare = self.prepared()
        return self.read(profile, once, options) + self.read(profile, bare, options)

    def read(self, profile, file, options):
        done = two_hosts.run("tshark", "-n", "-r", file, "-o", "esp.enable_encryption_decode:TRUE", "-o",
                             "esp.enable_authentication_check:TRUE", "-d", "tcp.port==5001,echo", *options, "-T", "fields", "-E", "separator=|",
                             *(w for f in FIELDS for w in ("-e", f)), env=dict(os.environ, WIRESHARK_CONFIG_DIR=profile), timeout=120)
        return self.verdict(done)

    def verdict(self, done):
        problems, seen = [], collections.Counter()
        if done.returncode != 0:
            problems.append(f"tshark: {done.stderr}")
        for line in done.stdout.splitlines():
            number, stack, severity, said, version, v1_encrypted, v2_decrypted, payloads, encrypted, icv, spi, ports = line.split("|")
            stack = stack.split(":")
            if any(int(s) >= ERROR for s in severity.split(",") if s):
                problems.append(f"{number}: {said}")
            own = next((p for p in ports.split(",") if p in ("4500", "10000")), ports)
            way = "TCP" if "tcpencap" in stack else f"UDP {own}" if "esp" in stack and "udp" in stack[:5] else ""
            if version:
                major = int(version.split(",")[0], 16) >> 4
                seen[f"IKEv{major}"] += 1
                if (v1_encrypted == "1" and not payloads) if major == 1 else (encrypted and not v2_decrypted):
                    seen[f"IKEv{major} not decrypted"] += 1
            elif spi:
                seen["ESP in " + way if way else "ESP"] += 1
                if way == "TCP":
                    continue
                if "esp" not in stack or stack[stack.index("esp") + 1:][:1] != ["ip"]:
                    problems.append(f"{number}: ESP that was not decrypted: {line}")
                if set(icv.split(",")) != {"1"}:
                    problems.append(f"{number}: ESP with a wrong integrity value: {line}")
        if problems:
            raise AssertionError(f"{len(problems)} problems, of {dict(seen)}:\n" + "\n".join(problems[:20]))
        return seen
