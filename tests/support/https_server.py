"""A private HTTPS receiver for tests: https_server.py FOLDER, with cert.pem and key.pem in FOLDER. Listens on a free port of 127.0.0.1, says
"listening PORT", and appends the body of each POST to FOLDER/got. Runs until it is ended."""
import http.server
import os
import ssl
import sys

folder = sys.argv[1]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(os.path.join(folder, "got"), "ab") as file:
            file.write(body)
        self.send_response(204)
        self.end_headers()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("listening", server.server_port, flush=True)
server.serve_forever()
