#!/usr/bin/env python3
"""tls_client WHAT PORT: a TLS client of a kind that openssl and ncat are not. Ends with 0 if the server did
as it should; says what it saw otherwise."""

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


def many(port):
    """Handshakes as fast as one can: prints how many were done, and how many refused, in a second."""
    c = context()
    done = refused = 0
    until = time.monotonic() + 1
    while time.monotonic() < until:
        try:
            with c.wrap_socket(dial(port)):
                done += 1
        except (ConnectionError, ssl.SSLError):
            refused += 1
    print(done, refused)


if __name__ == "__main__":
    {"reset": reset, "cut": cut, "junk": junk, "forged": forged, "slow": slow, "many": many}[sys.argv[1]](
        int(sys.argv[2]), *sys.argv[3:])
