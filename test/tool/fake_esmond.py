#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Another archive that does not get on: esmond's API from a JSON file, with faults as they are asked for. What is
written to it is kept as esmond keeps it: value by value, and a count that is there already ends the writing.

    fake_esmond.py FILE [FAULT...]

FILE holds a list of {"key", "params", "series": {"EVENT/base" or "EVENT/aggregations/3600": [[ts, val], ...]}}. Prints
its port, then a line for each request (what writes with its method). Lists have at most three entries a page, series seven points.
"""
import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

ROOT = "/esmond/perfsonar/archive"
faults = set(sys.argv[2:])
metas = sorted(json.load(open(sys.argv[1], encoding="utf-8")), key=lambda m: m["key"])
state = {"requests": 0, "list": 0, "pages": 0}
plural = {"aggregations": "aggregation", "averages": "average", "statistics": "statistics"}


def events_of(meta):
    events = {}
    for name in meta["series"]:
        parts = name.split("/")
        host = "http://192.0.2.1" if "elsewhere" in faults and parts[0] == "failures" else ""
        event = events.setdefault(parts[0], {"event-type": parts[0], "time-updated": 1,
                                             "base-uri": f"{host}{ROOT}/{meta['key']}/{parts[0]}/base", "summaries": []})
        if len(parts) == 3:
            event["summaries"].append({"summary-type": plural[parts[1]], "summary-window": parts[2], "time-updated": 1,
                                       "uri": f"{ROOT}/{meta['key']}/{name}"})
    return list(events.values())


def listing(query):
    state["list"] += 1
    shown = metas
    if "shifting" in faults and state["list"] == 1:
        shown = metas[1:]  # the first one is registered later, so that all others move
    if "growing" in faults:
        shown = metas[max(0, 15 - state["list"] // 6):]  # one more at its beginning, every six pages
    if "restless" in faults:
        turn = state["list"] % len(metas)
        shown = metas[turn:] + metas[:turn]
    offset, limit = int(query.get("offset", 0)), min(3, int(query.get("limit", 3)))
    page = [dict(m["params"], **{"metadata-key": m["key"], "url": "x", "uri": f"{ROOT}/{m['key']}/",
                                 "event-types": events_of(m)}) for m in shown[offset:offset + limit]]
    if page:
        page[0]["metadata-count-total"] = len(shown)
        page[0]["metadata-next-page"] = page[0]["metadata-previous-page"] = None
    return page


def series(path, query):
    key, _, name = path.partition("/")
    meta = next((m for m in metas if m["key"] == key), None)
    if meta is None or name not in meta["series"] or ("no-sums" in faults and "/aggregations/" in name):
        return None
    start = 0 if "deaf" in faults and name.startswith("throughput/") else int(query.get("time-start", 0))
    points = [p for p in meta["series"][name] if start <= p[0] <= int(query.get("time-end", 1 << 40))]
    return [{"ts": ts, "val": val} for ts, val in points[:min(7, int(query.get("limit", 7)))]]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, status, body, extra=()):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in extra:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def misbehave(self):
        n = state["requests"] % 30
        if n == 1:
            self.answer(500, b"<html>out of order</html>")
        elif n == 3:
            self.answer(200, b'[{"ts": 1, "val"')
        elif n == 5:
            self.send_response(200)
            self.send_header("Content-Length", "5000")
            self.end_headers()
            self.wfile.write(b'[{"ts": 1')
            self.close_connection = True
        elif n == 7:
            self.answer(503, b"{}", [("Retry-After", "0")])
        elif n == 9:
            self.close_connection = True
        else:
            return False
        return True

    def do_GET(self):
        state["requests"] += 1
        print(self.path, flush=True)
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        if "token" in faults and self.headers.get("Authorization") != "Token sesame":
            self.answer(401, b'{"detail": "who are you?"}')
            return
        if "rough" in faults and self.misbehave():
            return
        path = url.path[len(ROOT):].strip("/")
        if path and "stuck" in faults:
            state["pages"] += 1
            if state["pages"] == 5:
                print("stuck", flush=True)
                sys.stdin.read()  # until whoever started it goes on
        found = series(path, query) if path else listing(query)
        if found is None:
            self.answer(404, b'{"detail": "Not found."}')
        else:
            self.answer(200, json.dumps(found).encode())


    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def is_known(self):
        if "token" in faults and self.headers.get("Authorization") != "Token sesame":
            self.answer(401, b'{"detail": "who are you?"}')
            return False
        return True

    def do_POST(self):
        print("POST " + self.path, flush=True)
        params = self.body()
        if not self.is_known():
            return
        key = hashlib.md5(json.dumps(params, sort_keys=True).encode()).hexdigest()
        if not any(m["key"] == key for m in metas):
            metas.append({"key": key, "series": {e["event-type"] + "/base": [] for e in params.pop("event-types")},
                          "params": params})
        self.answer(201, json.dumps({"metadata-key": key}).encode())

    def do_PUT(self):
        print("PUT " + self.path, flush=True)
        points = self.body()["data"]
        if not self.is_known():
            return
        meta = next((m for m in metas if m["key"] == self.path[len(ROOT):].strip("/")), None)
        for point in points:
            for item in point["val"] if meta else []:
                stored = meta["series"][item["event-type"] + "/base"]
                if any(p[0] == point["ts"] for p in stored) and not isinstance(item["val"], dict):
                    self.answer(409, b'{"detail": "a value exists already"}')
                    return
                stored[:] = [p for p in stored if p[0] != point["ts"]] + [[point["ts"], item["val"]]]
        self.answer(201, b'""')


class Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
