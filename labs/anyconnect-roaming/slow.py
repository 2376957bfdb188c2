"""Sends numbered lines, twenty a second, to each client until it says something: a connection that shows whether it is alive."""
import socket
import threading

s = socket.create_server(("", 8000))


def serve(c):
    n = 0
    c.settimeout(0.05)
    while True:
        try:
            if not c.recv(1) or n < 0:
                break
            c.sendall(b"end after %d lines\n" % n)
            break
        except TimeoutError:
            n += 1
            c.sendall(b"line %d\n" % n)
    c.close()


while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
