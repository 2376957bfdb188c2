#!/usr/bin/python3
"""A web server that answers with who asked whom: what an address translation made of both ends. Usage: whoami.py PORT"""
import http.server
import sys


class WhoAmI(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        text = "%s asked %s\n" % (self.client_address[0], self.connection.getsockname()[0])
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("", int(sys.argv[1])), WhoAmI).serve_forever()
