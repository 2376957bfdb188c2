"""A web server whose page is 400,000 bytes, always the same."""
import http.server

PAGE = b"".join(b"%07d\n" % n for n in range(50000))


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", 80), Page).serve_forever()
