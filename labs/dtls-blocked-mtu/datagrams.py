"""Answers a datagram that holds a number by one of that many octets, which may be cut on the way."""
import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: IP_PMTUDISC_DONT, DF is not set
s.bind(("", 5005))
while True:
    size, peer = s.recvfrom(100)
    try:
        s.sendto(b"x" * min(int(size), 1400), peer)
    except ValueError:
        pass
