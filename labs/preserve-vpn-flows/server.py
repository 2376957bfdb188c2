"""server.py BYTES: a server with a file of that size by HTTP, and an echo of datagrams to port 7."""
import http.server
import socket
import sys
import threading

SIZE = int(sys.argv[1])


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(SIZE))
        self.send_header("Connection", "close")
        self.end_headers()
        block = bytes(range(250)) * 40
        for _ in range(SIZE // len(block)):
            self.wfile.write(block)

    def log_message(self, *args):
        pass


def echo():
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.bind(("", 7))
    while True:
        data, sender = port.recvfrom(2048)
        port.sendto(data, sender)


threading.Thread(target=echo, daemon=True).start()
http.server.ThreadingHTTPServer(("", 80), Pages).serve_forever()
