#!/usr/bin/env python3
"""tls_client WHAT PORT: a TLS client of a kind that openssl and ncat are not. Ends with 0 if the server did
as it should; says what it saw otherwise."""

import collections
import json
import os
import socket
import ssl
import struct
import sys
import time

PATIENCE_S = 15


def dial(port):
    s = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    s.settimeout(PATIENCE_S)
    return s


def context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


def read_until(s, what):
    got = b""
    while what not in got:
        more = s.recv(65536)
        if not more:
            sys.exit(f"closed before {what!r}; it sent {got[-200:]!r}")
        got += more
    return got


def hello():
    """The first flight of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    o = context().wrap_bio(incoming, outgoing)
    try:
        o.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def ends(s):
    """Reads to the end, which may be a reset."""
    try:
        while s.recv(65536):
            pass
    except ConnectionError:
        pass


def reset(port):
    """Comes in, and goes without an end: others are told that the connection was lost."""
    raw = dial(port)
    s = context().wrap_socket(raw)
    read_until(s, b"NAME]: ")
    s.sendall(b"lost\n")
    read_until(s, b"You are lost")
    fd = s.detach()
    with socket.socket(fileno=fd) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut(port):
    """Ends at each byte of a handshake's first flight; and those that stay get no further."""
    flight = hello()
    for n in range(0, len(flight), 7):
        s = dial(port)
        s.sendall(flight[:n])
        s.close()
    open_ones = [dial(port) for _ in range(20)]
    for i, s in enumerate(open_ones):
        s.sendall(flight[: 1 + i * 5])
    # Meanwhile others come in.
    other = context().wrap_socket(dial(port))
    read_until(other, b"NAME]: ")


def junk(port):
    """Sends what is no TLS after a handshake, and in place of one."""
    raw = dial(port)
    s = context().wrap_socket(raw)
    read_until(s, b"NAME]: ")
    fd = s.detach()
    with socket.socket(fileno=fd) as plain:
        plain.settimeout(PATIENCE_S)
        plain.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
        ends(plain)
    s = dial(port)
    s.sendall(b"\x16\x03\x01\xff\xff" + b"x" * 100)
    ends(s)


def forged(port, print_of):
    """A proxy in front of TLS whose header has a field such as the TLS process itself hands over: a fingerprint."""
    raw = dial(port)
    raw.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x2f\xc6\x33\x64\x09\xc0\0\x02\x01\x0f\xa0\x23\x1f\xe2\0\x20" +
                bytes.fromhex(print_of))
    s = context().wrap_socket(raw)
    read_until(s, b"NAME]: ")
    s.sendall(b"alice\n")
    read_until(s, b"-- alice is registered.")


def slow(port):
    """A handshake may take ten seconds, however slowly its bytes come."""
    s = dial(port)
    start = time.monotonic()
    try:
        for byte in hello():
            s.sendall(bytes([byte]))
            time.sleep(0.1)
            if time.monotonic() - start > PATIENCE_S:
                sys.exit("it may go on for ever")
    except ConnectionError:
        pass
    if time.monotonic() - start < 5:
        sys.exit("it ended early")


FLOODER, FLOOD_RATE, FLOOD_S = "127.0.0.9", 1000, 3


def flooder(port):
    """First flights of handshakes from one address, so many a second; each stays for a tenth of one. A client's part
    costs nothing, as it is always the same. Returns how many the server answered, and refused."""
    flight, waiting, answered, refused = hello(), collections.deque(), 0, 0
    start = time.monotonic()
    for n in range(FLOOD_RATE * FLOOD_S):
        time.sleep(max(0, start + n / FLOOD_RATE - time.monotonic()))
        s = socket.socket()
        s.bind((FLOODER, 0))
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
        try:
            s.send(flight)
        except OSError:
            pass
        waiting.append(s)
        while len(waiting) > (FLOOD_RATE // 10 if n + 1 < FLOOD_RATE * FLOOD_S else 0):
            old = waiting.popleft()
            try:
                answered, refused = (answered + 1, refused) if old.recv(1) else (answered, refused + 1)
            except OSError:
                refused += 1
            old.close()
    return answered, refused


def figures(times):
    times = sorted(times)
    return f"{times[len(times) // 2] * 1000:.1f} ms, at most {times[-1] * 1000:.1f}"


def flood(port):
    """A flood of handshakes from one address. Meanwhile somebody talks over TLS, and others come in. Prints how long
    they wait; coming in takes 50 ms at least, for which chatd looks what kind of client it is."""
    c = context()
    talker = c.wrap_socket(dial(port))
    read_until(talker, b"NAME]: ")
    talker.sendall(b"bob\n")
    read_until(talker, b"You are bob")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, json.dumps(flooder(port)).encode())
        os._exit(0)
    os.close(writer)
    answers, entries, until = [], [], time.monotonic() + FLOOD_S
    while time.monotonic() < until:
        begun = time.monotonic()
        with c.wrap_socket(dial(port)) as newcomer:
            read_until(newcomer, b"NAME]: ")
        entries.append(time.monotonic() - begun)
        for _ in range(10):
            begun = time.monotonic()
            talker.sendall(b"/version\n")
            read_until(talker, b"chatd 0.")
            answers.append(time.monotonic() - begun)
            time.sleep(0.005)
    answered, refused = json.loads(os.read(reader, 100))
    os.waitpid(child, 0)
    print(f"{FLOOD_RATE} handshakes a second: {answered} answered, {refused} refused; an answer to /version takes "
          f"{figures(answers)}; coming in takes {figures(entries)}")
    if answered + refused != FLOOD_RATE * FLOOD_S:
        sys.exit("the flood was too slow")


if __name__ == "__main__":
    {"reset": reset, "cut": cut, "junk": junk, "forged": forged, "slow": slow, "flood": flood}[sys.argv[1]](
        int(sys.argv[2]), *sys.argv[3:])
