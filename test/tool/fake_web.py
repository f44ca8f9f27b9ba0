#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fake_web.py http|https [ADDRESS]: pages, and a pScheduler whose clock is five seconds ahead, for the tests.

On a free port of 127.0.0.1 or the address, which is printed; https takes cert.pem and key.pem of the current folder.
"""
import datetime, http.server, json, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass
    def do_GET(self):
        status, body = 200, "a page with words"
        if self.path == "/pscheduler/clock":
            now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)
            body = json.dumps({"time": now.isoformat(), "synchronized": True, "source": "chrony"})
        elif self.path == "/pscheduler/":
            body = '"a server"'
        elif self.path == "/headers":
            body = self.headers.get("X-Test", "none")
        elif self.path != "/":
            status = 404
        self.send_response(status)
        self.send_header("X-Answer", "one")
        self.end_headers()
        self.wfile.write(body.encode())
server = http.server.HTTPServer((sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1", 0), Handler)
if sys.argv[1] == "https":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
