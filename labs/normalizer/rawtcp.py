"""A TCP end of one's own, as odd as wanted: segments are made and read byte by byte on a packet socket.

Its address is none of the host's, so that no kernel answers for it or resets what it does. It answers ARP for itself.
"""
import select
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
NAMES = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"), (URG, "URG"))
OPTIONS = {2: "mss", 3: "wscale", 4: "sackOK", 5: "sack", 8: "timestamp"}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def flag_words(flags):
    return " ".join(word for bit, word in NAMES if flags & bit)


def option_words(raw):
    """TCP options in words: "mss 1380, sackOK, 4 nop"."""
    words, at, nops = [], 0, 0
    while at < len(raw) and raw[at] != 0:
        if raw[at] == 1:
            nops += 1
            at += 1
            continue
        kind, length = raw[at], raw[at + 1]
        name = OPTIONS.get(kind, "option %d" % kind)
        words.append(name + (" %d" % struct.unpack("!H", raw[at + 2:at + 4]) if kind == 2 else ""))
        at += length
    return ", ".join(words + (["%d nop" % nops] if nops else [])) or "none"


class Segment:
    def __init__(self, packet):
        header = (packet[0] & 15) * 4
        total = struct.unpack("!H", packet[2:4])[0]
        self.ttl = packet[8]
        self.source, self.target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        tcp = packet[header:total]
        self.sport, self.dport, self.seq, self.ack, offset, self.flags, self.window, _, self.urgent = struct.unpack("!HHIIBBHHH", tcp[:20])
        self.reserved = offset & 15
        self.options = tcp[20:(offset >> 4) * 4]
        self.payload = tcp[(offset >> 4) * 4:]


class Wire:
    """One address of one's own on a link."""

    def __init__(self, link, address, gateway):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((link, 0))
        self.mac = self.socket.getsockname()[4]
        self.address = socket.inet_aton(address)
        self.gateway = self._find(socket.inet_aton(gateway))

    def _find(self, who):
        ask = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + self.mac + self.address + bytes(6) + who
        for _ in range(50):
            self.socket.send(b"\xff" * 6 + self.mac + b"\x08\x06" + ask)
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                frame = self._frame(end - time.monotonic())
                if frame and frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2" and frame[28:32] == who:
                    return frame[22:28]
        raise SystemExit("the gateway does not answer")

    def _frame(self, seconds):
        if not select.select([self.socket], [], [], max(0, seconds))[0]:
            return None
        frame = self.socket.recv(65536)
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\1" and frame[38:42] == self.address:
            answer = struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + self.mac + self.address + frame[22:32]
            self.socket.send(frame[6:12] + self.mac + b"\x08\x06" + answer)
            return None
        return frame

    def receive(self, seconds):
        """The next TCP segment for this address within `seconds`, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            frame = self._frame(end - time.monotonic())
            if frame and frame[12:14] == b"\x08\x00" and frame[23] == 6 and frame[30:34] == self.address and frame[6:12] != self.mac:
                return Segment(frame[14:])
        return None

    def send(self, target, sport, dport, seq, ack, flags, payload=b"", options=b"", ttl=64, urgent=0, reserved=0, window=65000):
        options += b"\1" * (-len(options) % 4)
        target = socket.inet_aton(target)
        tcp = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (5 + len(options) // 4) << 4 | reserved, flags,
                          window, 0, urgent) + options + payload
        pseudo = self.address + target + struct.pack("!BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, ttl, 6, 0) + self.address + target
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.socket.send(self.gateway + self.mac + b"\x08\x00" + ip + tcp)
