#!/usr/bin/env python3
"""Medians and ratios of results.tsv as a table, and plots where gnuplot is there."""
import collections
import shutil
import statistics
import subprocess
import sys

out, machine = sys.argv[1], sys.argv[2]
runs = collections.defaultdict(lambda: collections.defaultdict(list))
for line in open(out + "/results.tsv"):
    name, *pairs = line.split()
    v = dict(p.split("=") for p in pairs)
    key = (name, int(v["members"]), int(v["window"]), float(v["rate"]))
    for k in ("per_s", "cpu_us", "user_share", "p50_us", "p99_us", "p999_us", "max_us", "lost", "rss_kib"):
        runs[key][k].append(float(v[k]))
med = {key: {k: statistics.median(v) for k, v in r.items()} for key, r in runs.items()}

table = ["Machine: " + machine + ". Medians of %d round(s)." % max(len(r["per_s"]) for r in runs.values()), ""]


def section(title, keys):
    keys = [k for k in keys if k in med]
    if not keys:
        return
    table.append("**" + title + "**\n")
    table.append("| server | in flight | deliveries/s | CPU µs each | of the floor | user | p50 ms | p99 ms "
                 "| p99.9 ms | max ms | lost | peak RSS MiB |")
    table.append("| --- " * 12 + "|")
    for k in keys:
        m, f = med[k], med.get(("floor",) + k[1:])
        table.append("| %s | %d | %.2f M | %.3f | %s | %.0f %% | %.2f | %.2f | %.2f | %.1f | %d | %.0f |" % (
            k[0], k[2], m["per_s"] / 1e6, m["cpu_us"],
            "%.2f" % (m["cpu_us"] / f["cpu_us"]) if f else "", m["user_share"] * 100, m["p50_us"] / 1e3,
            m["p99_us"] / 1e3, m["p999_us"] / 1e3, m["max_us"] / 1e3, m["lost"], m["rss_kib"] / 1024))
    table.append("")


names = list(dict.fromkeys(k[0] for k in med))
windows = sorted({k[2] for k in med if k[1] == 200 and k[3] == 0})
section("200 members, 64-byte lines, closed loop", [(n, 200, w, 0.0) for w in windows for n in names])
sizes = sorted({k[1] for k in med if k[3] == 0 and k[2] == 32 and k[1] != 200})
for size in sizes:
    section("%d members, 32 in flight" % size, [(n, size, 32, 0.0) for n in names])
section("500 members, 100 lines/s, open loop", [(n, 500, 1, 100.0) for n in names])
open(out + "/table.md", "w").write("\n".join(table) + "\n")
print("\n".join(table))


def plot(file, xlabel, keys_of, xs):
    script = ["set terminal svg size 720,480 background 'white'", "set output '%s/%s'" % (out, file), "set logscale xy",
              "set xlabel '%s'" % xlabel, "set ylabel 'server CPU per delivery, µs'", "set grid", "set key outside"]
    lines = []
    for n in names:
        points = [(x, med[keys_of(n, x)]["cpu_us"]) for x in xs if keys_of(n, x) in med]
        if len(points) > 1:
            script.append("$%s << E\n%s\nE" % (n, "\n".join("%d %g" % p for p in points)))
            lines.append("$%s using 1:2 with linespoints title '%s'" % (n, n))
    if lines:
        subprocess.run(["gnuplot"], input="\n".join(script + ["plot " + ", ".join(lines)]), text=True, check=True)


if shutil.which("gnuplot"):
    plot("cost-in-flight.svg", "lines in flight", lambda n, w: (n, 200, w, 0.0), windows)
    plot("cost-members.svg", "members", lambda n, m: (n, m, 32, 0.0), sorted(sizes + [200]))
