"""The near end: `segments.py CASE` sends what a decent TCP would not, and prints what the far end saw of it."""
import os
import sys

from rawtcp import ACK, FIN, PSH, RST, SYN, URG, Wire, flag_words, option_words

SERVER = "198.51.100.99"
wire = Wire("eth1", "10.1.1.99", "10.1.1.1")


class Connection:
    def __init__(self, port, options=b"\2\4\5\xb4"):
        self.port, self.own = port, 20000 + os.getpid() % 20000
        for _ in range(20):
            wire.send(SERVER, self.own, port, 1000, 0, SYN, options=options)
            answer = wire.receive(0.5)
            if answer is not None:
                break
        else:
            raise SystemExit("no answer")
        self.ack = answer.seq + 1
        self.send(0, b"", ACK)

    def send(self, at, data, flags=PSH | ACK, **odd):
        """Bytes of the stream from `at` on (0: the first one)."""
        wire.send(SERVER, self.own, self.port, 1001 + at, self.ack, flags, data, **odd)

    def saw(self, seconds=0.7):
        """Prints what comes back until nothing more does."""
        while True:
            s = wire.receive(seconds)
            if s is None:
                return
            if s.payload:
                print("server saw", s.payload.decode())

    def close(self, at):
        self.send(at, b"", RST)


def options():
    print("sent SYN with", option_words(b"\2\4\5\xb4\x1e\4\1\2\4\2\1\1"))
    c = Connection(7000, b"\2\4\5\xb4\x1e\4\1\2\4\2\1\1")
    c.send(0, b"syn?")
    c.saw()
    c.close(4)


def urgent():
    c = Connection(7000)
    print("sent a byte as urgent")
    c.send(0, b"hello!", PSH | ACK | URG, urgent=6)
    c.saw()
    c.close(6)


def ttl():
    c = Connection(7000)
    print("sent with ttl 64, then with ttl 3, then with ttl 64")
    for at, hops in ((0, 64), (5, 3), (10, 64)):
        c.send(at, b"abcde", ttl=hops)
        c.saw(0.3)
    c.close(15)


def order(port):
    c = Connection(port)
    print("sent 0, 10 and 5, in this order")
    c.send(0, b"first")
    c.saw(0.3)
    c.send(10, b"third")
    c.saw(0.5)
    c.send(5, b"secnd")
    c.saw()
    c.close(15)


def gap():
    c = Connection(7001)
    print("sent 0 and 10; 5 never comes")
    c.send(0, b"first")
    c.send(10, b"third")
    c.saw()


def repeat():
    c = Connection(7002)
    # Nothing that was acknowledged would be compared: on this port the far end is silent.
    c.send(0, b"user guest")
    c.send(0, b"user admin")
    print('sent "user guest", then "user admin" in its place')
    c.saw()


def mss():
    c = Connection(7003)
    print("sent more than the 1380 bytes that the far end takes at once")
    c.send(0, b"x" * 1390)
    c.saw()
    c.close(0)


def ctcp():
    """IPsec over TCP: TCP's header, no TCP. Neither end repeats anything."""
    c = Connection(10000)
    acknowledged = {}
    print("sent packets 0 1 2 (3 is lost) 4 5 6 7")
    for n in (0, 1, 2, 4, 5, 6, 7):
        c.send(n * 10, b"packet  %02d" % n)
        while True:
            s = wire.receive(0.3)
            if s is None:
                break
            if s.payload:
                print("server saw", s.payload.decode().split('"')[1].replace("  0", " "))
                c.ack = s.seq + len(s.payload)
                c.send(n * 10 + 10, b"", ACK)
            acknowledged[s.ack - 1001] = acknowledged.get(s.ack - 1001, 0) + 1
    last = max(acknowledged)
    print("the last acknowledgment is of everything before", last)
    print("it came for packets 4 5 6 7, too:", acknowledged[last] >= 5)


cases = {"options": options, "urgent": urgent, "ttl": ttl, "passed": lambda: order(7000), "ordered": lambda: order(7001), "gap": gap,
         "repeat": repeat, "mss": mss, "ctcp": ctcp}
cases[sys.argv[1]]()
