#!/usr/bin/env python3
"""calls.py FILE THREADS PID SECONDS: system calls of each thread, from a trace.

FILE is what `perf trace -s` or `strace -f` wrote, THREADS lists /proc/PID/task/*/comm
with their paths. Prints one line of key=value for each thread and call.
"""
import collections
import re
import sys

file, threads, pid, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])

names = {}
for line in open(threads):
    path, comm = line.rstrip("\n").split(":", 1)
    tid = int(path.split("/")[4])
    names[tid] = "loop" if tid == pid else comm.removeprefix("chatd-")

calls = collections.Counter()
tid = None
for line in open(file):
    if m := re.match(r" \S.* \((\d+)\), \d+ events", line):  # perf: a thread's table
        tid = int(m[1])
    elif (m := re.match(r"   (\w+) +(\d+) +\d+ +[\d.]+ ", line)) and tid:
        calls[tid, m[1]] += int(m[2])
    elif m := re.match(r"(\d+) +(\w+)\(", line):  # strace: a call, not its end
        calls[int(m[1]), m[2]] += 1

for (tid, call), n in sorted(calls.items(), key=lambda c: (names.get(c[0][0], "?"), -c[1])):
    print("thread=%s call=%s per_s=%.1f" % (names.get(tid, "other"), call, n / seconds))
