"""A site, an endpoint and a webhook that repeat what they were told, secrets included. canary_server.py WORD...: prints its port."""
import http.server
import json
import sys

WORDS = " ".join(sys.argv[1:])


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = "%s %s" % (self.headers.get("Authorization"), WORDS)
        status = 200 if self.command == "GET" else 400 if self.path.startswith("/v1") else 500
        body = json.dumps({"error": {"message": told, "code": told}}).encode()
        if self.path == "/v1/models":
            body = json.dumps({"object": "list", "data": [{"id": "practice-premium"}, {"id": "practice-economy"}, {"id": told}]}).encode()
        elif self.path == "/page":
            body = ("a page that says %s" % told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Told", told.replace("\n", " "))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_HEAD = answer

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
