#!/usr/bin/python3
# Sends one frame by eth1:  frame.py arp IP MAC   an ARP reply that says IP is at MAC
#                           frame.py type 88b5    an empty broadcast of that Ethernet type
#                           frame.py udp PORT     a UDP datagram to 255.255.255.255
import socket
import sys

what, *words = sys.argv[1:]
if what == "udp":
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth1")
    s.sendto(b"hello", ("255.255.255.255", int(words[0])))
    sys.exit()
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth1", 0))
own = s.getsockname()[4]
if what == "arp":
    mac = bytes.fromhex(words[1].replace(":", ""))
    body = b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x02" + mac + socket.inet_aton(words[0]) + b"\xff" * 6 + socket.inet_aton(words[0])
else:
    body = bytes.fromhex(words[0])
s.send((b"\xff" * 6 + own + body).ljust(60, b"\0"))
