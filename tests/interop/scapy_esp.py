#!/usr/bin/python3
"""Scapy's ESP as a second opinion: reads lines of JSON, answers one line for each.

    {"cipher": ..., "cipher_key": hex, "hash": ..., "hash_key": hex, "spi": n, "open": [hex outer packets], "seal": [hex inner packets]}
    {"opened": [hex inner packets, or "error: ..."], "sealed": [hex outer packets]}

Run by tests/vpn/esp/scapy_test.cc. Exit status 77: there is no Scapy."""

import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.getLogger("scapy").setLevel(logging.CRITICAL)
try:
    from scapy.layers.inet import IP, UDP
    from scapy.layers.ipsec import ESP, SecurityAssociation
except ImportError:
    sys.exit(77)

for line in sys.stdin:
    job = json.loads(line)

    def association(sequence):
        return SecurityAssociation(ESP, spi=job["spi"], seq_num=sequence,
                                   crypt_algo=job["cipher"], crypt_key=bytes.fromhex(job["cipher_key"]),
                                   auth_algo=job["hash"], auth_key=bytes.fromhex(job["hash_key"]),
                                   tunnel_header=IP(src="192.0.2.1", dst="198.51.100.2"),
                                   nat_t_header=UDP(sport=4500, dport=4500) if job["udp"] else None)

    opened, sealed = [], []
    for packet in job["open"]:
        try:
            opened.append(bytes(association(1).decrypt(IP(bytes.fromhex(packet)))).hex())
        except Exception as e:  # noqa: whatever it says is the answer
            opened.append(f"error: {type(e).__name__} {e}")
    sender = association(1)
    for packet in job["seal"]:
        outer = bytearray(bytes(sender.encrypt(IP(bytes.fromhex(packet)))))
        if job["udp"]:  # Scapy 2.5 computes this length before it puts ESP behind it
            outer[24:26] = (len(outer) - 20).to_bytes(2, "big")
        sealed.append(bytes(outer).hex())
    print(json.dumps({"opened": opened, "sealed": sealed}), flush=True)
