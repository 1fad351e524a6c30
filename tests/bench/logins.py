#!/usr/bin/env python3
"""logins.py register|login PORT N: N accounts, from an address each, all at once.

register makes them; login signs in to each and prints how long it took, in key=value.
"""
import selectors
import socket
import sys
import time

what, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
PASSWORD = b"correct horse battery\n"
if what == "register":
    steps = [(b"[ENTER YOUR NAME]: ", b"member%d\n"), (b"lists the commands", b"/register " + PASSWORD),
             (b" is yours", b"/quit\n")]
else:
    steps = [(b"[ENTER YOUR NAME]: ", b"member%d\n"), (b"[PASSWORD]: ", PASSWORD),
             (b"lists the commands", b"/quit\n")]


class Member:
    """One connection on its way through the steps."""

    def __init__(self, number):
        self.socket = socket.create_connection(
            ("127.0.0.1", port), source_address=("127.1.%d.%d" % (number >> 8, number & 255), 0))
        self.number, self.step, self.said = number, 0, b""

    def read(self):
        """True once there is nothing more to do."""
        self.said += self.socket.recv(65536)
        wanted, answer = steps[self.step]
        if wanted not in self.said:
            return False
        self.said = b""
        self.socket.sendall(answer % self.number if b"%d" in answer else answer)
        self.step += 1
        return self.step == len(steps)


begin = time.monotonic()
took = []
with selectors.DefaultSelector() as selector:
    for i in range(1, n + 1):
        member = Member(i)
        selector.register(member.socket, selectors.EVENT_READ, member)
    while len(took) < n and time.monotonic() < begin + 120:
        for key, _ in selector.select(1):
            if key.data.read():
                took.append(time.monotonic() - begin)
                selector.unregister(key.data.socket)
print("logins=%d first_ms=%.0f last_ms=%.0f" % (len(took), took[0] * 1e3, took[-1] * 1e3))
