"""The far end: takes connections on every port of 198.51.100.99 and tells the sender of each segment what arrived of it."""
from rawtcp import ACK, FIN, PSH, RST, SYN, Wire, flag_words, option_words

wire = Wire("eth1", "198.51.100.99", "198.51.100.1")
connections = {}  # (address, port, own port): numbers of both sides

while True:
    s = wire.receive(3600)
    if s is None:
        continue
    key = (s.source, s.sport, s.dport)
    if s.flags & RST:
        connections.pop(key, None)
        continue
    if s.flags & SYN:
        connections[key] = {"first": s.seq + 1, "next": s.seq + 1, "own": 700001, "syn": option_words(s.options)}
        wire.send(s.source, s.dport, s.sport, 700000, s.seq + 1, SYN | ACK, options=b"\2\4\5\xb4")
        continue
    c = connections.get(key)
    if c is None or not (s.payload or s.flags & FIN) or s.dport == 7002:  # what 7002 gets stays unacknowledged
        continue
    at = (s.seq - c["first"]) & 0xFFFFFFFF
    end = s.seq + len(s.payload) + (1 if s.flags & FIN else 0)
    if s.seq <= c["next"] < end:
        c["next"] = end
    text = s.payload.decode()
    if text == "syn?":
        report = "options of the SYN: " + c["syn"]
    else:
        report = '%d "%s" %s, ttl %d, urgent pointer %d, reserved %d' % (at, text, flag_words(s.flags), s.ttl, s.urgent, s.reserved)
    wire.send(s.source, s.dport, s.sport, c["own"], c["next"], PSH | ACK, report.encode())
    c["own"] += len(report)
