#!/usr/bin/env python3
"""key_in_memory.py KEY PID...: which of the processes have a private key, or a password, in their memory.

KEY is a file in PEM with a key on an elliptic curve, or one with a password. Prints each PID that has it, one a line; a
key is looked for as the number, in either order of its bytes, as a library for such numbers keeps it or DER has it, and
as the text of the file. Exit status 3: this machine lets nobody look into another process.
"""
import re
import subprocess
import sys

CHUNK = 1 << 20


def forms(path):
    with open(path, "rb") as f:
        whole = f.read()
    if b"-----BEGIN" not in whole:
        return [whole.rstrip(b"\n")]
    text = subprocess.run(["openssl", "pkey", "-in", path, "-noout", "-text"], check=True, capture_output=True,
                          text=True).stdout
    number = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"priv:((?:\s+[0-9a-f:]+)+)", text)[1]))
    number = number.lstrip(b"\0")
    lines = whole.splitlines()
    # The line of a file for P-256 that has most of the number.
    return [number, number[::-1], lines[2][:32]]


def has(pid, wanted):
    overlap = max(map(len, wanted)) - 1
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            first, last = (int(x, 16) for x in line.split()[0].split("-"))
            if line.split()[1][0] != "r" or "[v" in line:
                continue
            tail, at = b"", first
            while at < last:
                mem.seek(at)
                try:
                    part = mem.read(min(CHUNK, last - at))
                except OSError:  # of a file, beyond its end; or memory of the kernel's
                    break
                if not part:
                    break
                if any(w in tail + part for w in wanted):
                    return True
                tail, at = part[-overlap:], at + len(part)
    return False


def main():
    wanted = forms(sys.argv[1])
    try:
        for pid in sys.argv[2:]:
            if has(pid, wanted):
                print(pid)
    except PermissionError as e:
        print(e, file=sys.stderr)
        sys.exit(3)


main()
