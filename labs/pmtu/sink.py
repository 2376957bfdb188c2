"""Reads all that a client sends and says how much it was: sink.py PORT."""
import socketserver
import sys


class Sink(socketserver.BaseRequestHandler):
    def handle(self):
        count = 0
        while data := self.request.recv(65536):
            count += len(data)
        self.request.sendall(b"%d bytes\n" % count)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("", int(sys.argv[1])), Sink).serve_forever()
