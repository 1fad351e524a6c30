#!/usr/bin/env python3
"""report.py FOLDER MACHINE: medians and ratios of results.tsv, as table.md and plots."""
import sys

sys.dont_write_bytecode = True

from report_data import Data, spread
from report_plot import all_plots
from report_targets import all_targets

out, machine = sys.argv[1], sys.argv[2]
data = Data(out + "/results.tsv")
table = ["Machine: %s. Medians of %d round(s); in brackets from which to which."
         % (machine, data.rounds), ""]

# Columns: title, key, how it is shown, and what it is multiplied by first.
LATENCY = [("p50 ms", "p50_us", "%.2f", 1e-3), ("p99 ms", "p99_us", "%.2f", 1e-3),
           ("max ms", "max_us", "%.1f", 1e-3)]
PEAK = [("peak RSS MiB", "rss_kib", "%.0f", 1 / 1024)]
TALK = [("in flight", "window", "%d", 1), ("deliveries/s", "per_s", "%.3f M", 1e-6),
        ("CPU µs each", "cpu_us", "%.3f", 1), ("user", "user_share", "%.0f %%", 100),
        *LATENCY[:2], ("p99.9 ms", "p999_us", "%.2f", 1e-3), LATENCY[2],
        ("lost", "lost", "%d", 1), *PEAK, ("load's CPU", "gen_share", "%.0f %%", 100)]
JOINS = [("all are in after ms", "all_ms", "%.0f", 1), *LATENCY,
         ("CPU µs a join", "cpu_us", "%.0f", 1), *PEAK]
SCALE = [("accepted/s", "accept_per_s", "%.0f", 1), ("CPU µs each", "accept_cpu_us", "%.1f", 1),
         ("KiB each", "conn_kib", "%.2f", 1), ("one line to all, ms", "line_ms", "%.1f", 1),
         ("longest of 5", "line_max_ms", "%.1f", 1), ("CPU µs a delivery", "cpu_us", "%.2f", 1),
         ("lost", "lost", "%d", 1), *PEAK]
STORE = [("lines/s", "lines_per_s", "%.0f", 1), ("deliveries/s", "per_s", "%.2f M", 1e-6),
         ("CPU µs a line", "line_us", "%.2f", 1), *LATENCY[:2], ("lost", "lost", "%d", 1),
         ("not indexed at the end", "end", "%d", 1), ("at most", "max", "%d", 1), *PEAK,
         ("database MiB", "db_mib", "%d", 1), ("load's CPU", "gen_share", "%.0f %%", 100)]
CLUSTER = [("in flight", "window", "%d", 1), ("lines/s", "lines_per_s", "%.0f", 1), ("deliveries/s", "per_s", "%.3f M", 1e-6),
           ("CPU µs each", "cpu_us", "%.3f", 1), ("Redis's", "apart_us", "%.3f", 1), *LATENCY, ("lost", "lost", "%d", 1)]
RATE = [("in flight", "in_flight", "%d", 1), ("lines/s", "lines_per_s", "%.0f", 1), *LATENCY, ("CPU µs a line", "line_us", "%.1f", 1),
        ("Redis's", "apart_line_us", "%.1f", 1), ("lost", "lost", "%d", 1), ("not indexed, at most", "max", "%d", 1),
        ("at the end", "end", "%d", 1), ("saved by each", "rows", "%d", 1), ("load's CPU", "gen_share", "%.0f %%", 100)]
SLOW = [("lines/s due", "rate", "%d", 1), ("seen by all/s", "lines_per_s", "%.0f", 1),
        ("not taken/s", "refused_per_s", "%.0f", 1), ("lines lost", "lines_lost", "%d", 1),
        ("deliveries skipped, as told", "skipped", "%d", 1), ("senders told", "told", "%d", 1),
        *PEAK]
ASKED = [("/time p50 ms", "p50_us", "%.1f", 1e-3), ("p99 ms", "p99_us", "%.1f", 1e-3),
         ("max ms", "max_us", "%.1f", 1e-3), ("unanswered", "unanswered", "%d", 1)]
CHORES = [("deliveries/s", "per_s", "%.3f M", 1e-6), ("CPU µs each", "cpu_us", "%.3f", 1), *LATENCY[:2],
          ("p99.9 ms", "p999_us", "%.2f", 1e-3), LATENCY[2], ("lost", "lost", "%d", 1), *PEAK]
CHORES_LEFT = [("lines at the end", "rows", "%d", 1), ("not indexed", "unindexed", "%d", 1)]


def titles(columns):
    return [c[0] for c in columns]


def cells(get, columns):
    """get returns the figure of a key, or None."""
    return ["" if (v := get(key)) is None else form % (v * factor)
            for _, key, form, factor in columns]


def medians(scenario, **wanted):
    return lambda key: data.median(key, scenario, **wanted)


def section(title, head, lines):
    if not lines:
        return
    table.append("### " + title + "\n")
    table.append("| " + " | ".join(head) + " |")
    table.append("| --- " * len(head) + "|")
    table.extend("| " + " | ".join(line) + " |" for line in lines)
    table.append("")


def talk_line(scenario, server, **wanted):
    line = cells(medians(scenario, server=server, **wanted), TALK)
    floor = data.ratios("cpu_us", (scenario, dict(server=server, **wanted)),
                        (scenario, dict(server="floor", **wanted)))
    return [server, *line[:3], spread(floor) if floor else "", *line[3:]]


def talk_section(title, lines):
    head = titles(TALK)
    section(title, ["server", *head[:3], "of the floor", *head[3:]], lines)


def talk(title, scenario, **wanted):
    """A line for each number in flight and server."""
    talk_section(title, [talk_line(scenario, s, window=w, **wanted)
                         for w in sorted(data.values(scenario, "window", **wanted))
                         for s in data.values(scenario, "server", window=w, **wanted)])


def burst():
    talk_section("A burst after two seconds of silence: 200 members say a line each",
                 [talk_line("burst", s) for s in data.values("burst", "server")])


def joins():
    section("1,000 come into a room of 200 as fast as they can; ms are from name to greeting",
            ["server", "replay", *titles(JOINS)],
            [[s, "20 of 1,000 lines" if replay else "none",
              *cells(medians("joins", server=s, replay=replay), JOINS)]
             for replay in data.values("joins", "replay")
             for s in data.values("joins", "server", replay=replay)])


def scale():
    section("Many who say nothing", ["server", "connections", "named", *titles(SCALE)],
            [[s, "%d" % n, "yes" if named and s != "floor" else "",
              # The floor greets nobody, so how fast it accepts is not seen.
              *(["", "", ""] if s == "floor" else []),
              *cells(medians("scale", server=s, members=n, named=named),
                     SCALE[3 if s == "floor" else 0:])]
             for n in sorted(data.values("scale", "members"))
             for s in data.values("scale", "server", members=n)
             for named in sorted(data.values("scale", "named", members=n, server=s))])


def history():
    names = {"history": "/history 100", "rare": "/search, two rare words",
             "common": "/search, two common words"}
    lines = []
    for r in data.find("history"):
        start = "startup_ms" in r
        what = "start, from exec to listening" if start else names[r["ask"]]
        shown = {"p50_us": r["startup_ms"] * 1e3, "rss_kib": r["rss_kib"]} if start else r
        lines.append(["%d" % r["lines"], r["cache"], what, "%d" % r.get("asked", 1),
                      *cells(shown.get, LATENCY + PEAK)])
    section("A long history", ["lines", "page cache", "what", "times", *titles(LATENCY + PEAK)],
            lines)


def threads(r):
    return "; ".join("%s %.0f %% (%.0f in user space)"
                     % (k[4:], v * 100, r.get("usr_" + k[4:], 0) * 100)
                     for k, v in r.items() if k.startswith("thr_") and v >= 0.005)


def store():
    lines = []
    for r in data.find("store"):
        lag = (data.find("store_lag", round=r["round"]) or [{}])[0]
        shown = {**r, **{k: lag.get(k) for k in ("end", "max", "db_mib")},
                 "line_us": r["cpu_us"] * r["per_s"] / r["lines_per_s"]}
        lines.append(["%d" % r["round"], *cells(shown.get, STORE), threads(r)])
    section("Lines saved, sustained: 10 rooms of 10, 12,000 lines in flight, commit",
            ["round", *titles(STORE), "threads, of one core"], lines)


def cluster():
    what = {0: "one chatd, no cluster", 1: "one node, 200 members", 3: "three nodes, 200 members each"}
    section("A cluster: what a delivery costs", ["", *titles(CLUSTER)],
            [[what[n], *cells(medians("cluster_cost", nodes=n, window=w), CLUSTER)]
             for n in data.values("cluster_cost", "nodes")
             for w in sorted(data.values("cluster_cost", "window", nodes=n))])
    what = {"floor": "bare pipeline of three nodes", "nodes": "three nodes"}
    section("A cluster: a lone line to somebody on another node", ["", *titles(CLUSTER)],
            [[what[s], *cells(medians("cluster_latency", server=s), CLUSTER)]
             for s in data.values("cluster_latency", "server")])
    what = {"several": "30 people", "one": "600 people, a line each"}
    lines = []
    for r in data.find("cluster_rate"):
        lag = (data.find("cluster_lag", round=r["round"], who=r["who"], in_flight=r["in_flight"]) or [{}])[0]
        a_line = r["per_s"] / r["lines_per_s"] if r["lines_per_s"] else 0
        shown = {**r, **{k: lag.get(k) for k in ("end", "max")}, "line_us": r["cpu_us"] * a_line,
                 "apart_line_us": r.get("apart_us", 0) * a_line}
        if isinstance(lag.get("rows"), float):
            shown["rows"] = lag["rows"]
        lines.append(["%d" % r["round"], what[r["who"]], *cells(shown.get, RATE)])
    section("A cluster: lines saved and indexed on three nodes, rooms of three", ["round", "", *titles(RATE)], lines)
    section("A cluster: nodes that were away read on", ["nodes", "lines", "seconds", "lines/s", "not indexed then", *titles(PEAK)],
            [["%d" % n, *cells(medians("cluster_away", nodes=n),
                               [("", "lines", "%d", 1), ("", "ms", "%.1f", 1e-3), ("", "per_s", "%.0f", 1),
                                ("", "end", "%d", 1), *PEAK])]
             for n in sorted(data.values("cluster_away", "nodes"))])


def slow_disk():
    what = {"slow_sync": "sync, 50 ms an fdatasync", "slow_commit": "commit, 2 ms a pwrite"}
    lines = []
    for r in data.find("slow_disk"):
        rows = data.median("rows", "slow_rows", server=r["server"])
        shown = {**r, "lines_lost": None if rows is None else r["sent"] - rows}
        asked = (data.find("slow_ask", server=r["server"]) or [{}])[0]
        lines.append([what[r["server"]], *cells(shown.get, SLOW), *cells(asked.get, ASKED)])
    section("A disk slower than the talk: 20 talk in a room, one asks /time ten times a second",
            ["disk", *titles(SLOW), *titles(ASKED)], lines)


def chores():
    what = {"none": "nothing", "retention": "retention: all but 1,000 lines of each room", "index": "the index is made again",
            "export": "export", "backup": "backup", "delete": "a room is removed, and wiped"}
    lines = []
    for r in data.find("chores"):
        left = (data.find("chores_left", chore=r["chore"]) or [{}])[0]
        lines.append([what[r["chore"]], *cells(r.get, CHORES), *cells(left.get, CHORES_LEFT)])
    section("What the store does beside the talk: 100 members, 1,000 lines/s, open loop, 300,000 lines in the history",
            ["what", *titles(CHORES), *titles(CHORES_LEFT)], lines)


def calls():
    for traced in data.find("calls"):
        per_s = traced["per_s"]
        section("System calls, 200 members, 32 in flight, commit, %s (%s; %.2f M deliveries/s meanwhile)"
                % (traced["io"], traced["traced"], per_s / 1e6),
                ["thread", "call", "a second", "for 1,000 deliveries"],
                [[r["thread"], r["call"], "%.1f" % r["per_s"], "%.3f" % (r["per_s"] / per_s * 1000)]
                 for r in data.find("calls_by", server=traced["server"]) if r["per_s"] >= 1])


def engines():
    for size in sorted(data.values("engines", "members")):
        talk("The two engines, %d members, commit" % size, "engines", members=size)
    section("The two engines: 1,000 come into a room of 200; ms are from name to greeting", ["server", *titles(JOINS)],
            [[s, *cells(medians("engines_joins", server=s), JOINS)] for s in data.values("engines_joins", "server")])
    section("The two engines: many who say nothing", ["server", "connections", *titles(SCALE)],
            [[s, "%d" % n, *cells(medians("engines_scale", server=s, members=n), SCALE)]
             for n in data.values("engines_scale", "members") for s in data.values("engines_scale", "server", members=n)])


talk("200 members, 64-byte lines, closed loop", "flight")
engines()
for size in sorted(data.values("members", "members")):
    talk("%d members" % size, "members", members=size)
talk("A room of three", "rooms", rooms=1)
talk("1,000 rooms of five", "rooms", rooms=1000)
talk("Private messages, 100 pairs", "private")
talk("500 members, 100 lines/s, open loop", "open")
burst()
joins()
scale()
history()
store()
slow_disk()
chores()
calls()
cluster()
table.append("### Targets\n")
table.extend(all_targets(data))
open(out + "/table.md", "w").write("\n".join(table) + "\n")
print("\n".join(table))
all_plots(data, out)
