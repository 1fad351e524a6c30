#!/usr/bin/env python3
"""metrics_client.py WHERE WHAT...: asks chatd's metrics as clients do, and as some should not.

WHERE is a port of 127.0.0.1 or a unix socket's path. Prints TAP-like lines, "ok - ..." and "not ok - ...", and
"done" at the end, for results_of in e2e. WHAT is one of: http, limits; or text, health, and value NAME, which print what is told.
"""
import os
import select
import socket
import sys
import time

PATIENCE = int(os.environ.get("CHATD_PATIENCE", "1"))
TIMEOUT = 20 * PATIENCE


def connect(where):
    if where.startswith("/"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(TIMEOUT)
        s.connect(where)
        return s
    return socket.create_connection(("127.0.0.1", int(where)), TIMEOUT)


class Client:
    """A connection, and what was read from it beyond the last answer."""

    def __init__(self, where):
        self.s = connect(where)
        self.rest = b""

    def send(self, data):
        self.s.sendall(data)

    def _more(self):
        data = self.s.recv(65536)
        if not data:
            raise EOFError(self.rest)
        self.rest += data

    def answer(self, head_only=False):
        """(status, {header: value}, body) of the next answer."""
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("ascii").split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        length = 0 if head_only else int(headers.get("content-length", "0"))
        while len(self.rest) < length:
            self._more()
        body, self.rest = self.rest[:length].decode(), self.rest[length:]
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        return int(status), headers, body

    def ask(self, method, path, more=""):
        self.send(f"{method} {path} HTTP/1.1\r\nHost: chatd\r\n{more}\r\n".encode())
        return self.answer(method == "HEAD")

    def ended(self):
        """The other end has closed it, and nothing more came."""
        try:
            return self.s.recv(1) == b""
        except ConnectionResetError:
            return True


def result(ok, title, detail=""):
    print(f"{'ok' if ok else 'not ok'} - {title}")
    if not ok:
        print(f"# {detail}")
    sys.stdout.flush()


def http(where):
    c = Client(where)
    status, headers, body = c.ask("GET", "/metrics")
    result(status == 200 and headers.get("content-type") == "text/plain; version=0.0.4; charset=utf-8" and
           "\nchatd_people " in body, "GET /metrics has the figures, with their type", (status, headers, body[:200]))
    status, headers, rest = c.ask("HEAD", "/metrics")
    result(status == 200 and int(headers["content-length"]) > 1000, "HEAD has the head alone", (status, headers))
    status, headers, body = c.ask("GET", "/healthz")
    result((status, body) == (200, "ok\n"), "GET /healthz says ok, on the same connection", (status, body))
    status, headers, body = c.ask("GET", "/other")
    result(status == 404, "anything else is not found", (status, body))
    c.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
    result([c.answer()[2] for _ in range(3)] == ["ok\n"] * 3, "three requests at once have three answers")
    status, headers, body = c.ask("POST", "/metrics", "Content-Length: 3\r\n")
    result(status == 405 and headers.get("allow") == "GET, HEAD", "POST is refused, and told what is allowed",
           (status, headers))
    old = Client(where)
    old.send(b"GET /healthz HTTP/1.0\r\n\r\n")
    status, headers, body = old.answer()
    result((status, body) == (200, "ok\n") and old.ended(), "HTTP/1.0 is answered and closed", (status, body))
    bad = Client(where)
    bad.send(b"this is no HTTP\r\n\r\n")
    result(bad.answer()[0] in (400, 505) and bad.ended(), "what is no HTTP is refused")


def limits(where):
    c = Client(where)
    status, headers, body = c.ask("GET", "/healthz", "X-Long: " + "x" * 20000 + "\r\n")
    result(status == 431, "a header that is too long is refused", status)
    # One that sends a byte a second, while others ask.
    slow, start = Client(where), time.monotonic()
    slow.send(b"GET /healthz HTTP/1.1\r\nX: ")
    good, others = 0, 0
    while time.monotonic() - start < 30 * PATIENCE:
        if select.select([slow.s], [], [], 1)[0]:
            break
        try:
            slow.send(b"x")
        except OSError:
            break
        others += 1
        good += Client(where).ask("GET", "/healthz")[0] == 200
    took = time.monotonic() - start
    result(slow.ended() and 9 < took < 15 * PATIENCE, "one that is slow is cut off after 10 s, whatever it sends", took)
    result(good == others > 5, "and others are served meanwhile", (good, others))
    many = [Client(where) for _ in range(200)]
    status, headers, body = Client(where).ask("GET", "/healthz")
    result(status == 200, "200 silent connections do not keep others out", status)
    closed = 0
    deadline = time.monotonic() + TIMEOUT
    while closed < 168 and time.monotonic() < deadline:
        for one in many:
            one.s.setblocking(False)
        ready = select.select([one.s for one in many], [], [], 1)[0]
        closed += len(ready)
        many = [one for one in many if one.s not in ready]
    result(closed >= 168 and len(many) <= 32, "of them 32 are kept at most", (closed, len(many)))


def value(where, name):
    """The value of a metric, labels and all; "none": it is not told."""
    for line in Client(where).ask("GET", "/metrics")[2].splitlines():
        if line.startswith(name + " "):
            print(line.split(" ")[-1])
            return
    print("none")


def main():
    where, what, *more = sys.argv[1:]
    if what == "value":
        value(where, *more)
    elif what == "text":
        sys.stdout.write(Client(where).ask("GET", "/metrics")[2])
    elif what == "health":
        status, _, body = Client(where).ask("GET", "/healthz")
        print(status, body, end="")
    else:
        {"http": http, "limits": limits}[what](where)
        print("done")


main()
