"""The targets, and whether they are met. Ratios are taken within a round."""
import statistics

from report_data import spread

PEERS = ("ncat", "ngircd", "inspircd")


class Targets:
    def __init__(self, data):
        self.data = data
        self.lines = ["| target | measured | |", "| --- | --- | --- |"]

    def add(self, text, measured, met):
        """met is None where it was not measured."""
        word = "" if met is None else "met" if met else "missed"
        self.lines.append("| %s | %s | %s |" % (text, measured, word))

    def most(self, text, found, limit):
        """The median ratio is to be no more than limit."""
        met = statistics.median(found) <= limit if found else None
        self.add("%s at most %g" % (text, limit), spread(found), met)

    def least(self, text, found, limit):
        met = statistics.median(found) >= limit if found else None
        self.add("%s at least %g" % (text, limit), spread(found), met)


def flight(t):
    d = t.data
    for server, limits in (("relaxed", (1.05, 1.15, 1.3)), ("commit", (1.1, 1.2, 1.4))):
        for window, limit in zip((1, 32, 256), limits):
            t.most("CPU per delivery by the floor's, 200 members, %d in flight, %s:"
                   % (window, server),
                   d.ratios("cpu_us", ("flight", {"server": server, "window": window}),
                            ("flight", {"server": "floor", "window": window})), limit)
    for window, limit in ((1, 1.05), (32, 1.0), (256, 1.0)):
        t.most("CPU per delivery by the best peer's, %d in flight, commit:" % window,
               d.ratios("cpu_us", ("flight", {"server": "commit", "window": window}),
                        d.best("cpu_us", "flight", PEERS, window=window)), limit)
    for window in (32, 256):
        t.least("deliveries/s by the best peer's, %d in flight, commit:" % window,
                d.ratios("per_s", ("flight", {"server": "commit", "window": window}),
                         d.best("per_s", "flight", PEERS, max, window=window)), 3)
    commit = ("flight", {"server": "commit", "window": 32})
    t.most("p99 by the floor's, 32 in flight, commit:",
           d.ratios("p99_us", commit, ("flight", {"server": "floor", "window": 32})), 2)
    t.most("p99 by the best peer's, 32 in flight, commit:",
           d.ratios("p99_us", commit, d.best("p99_us", "flight", PEERS, window=32)), 0.2)


def engines(t):
    d = t.data

    def by_floor(key, members, window):
        return d.ratios(key, *(("engines", {"server": s, "members": members, "window": window}) for s in ("uring", "floor")))

    for members, window, limit in ((3, 1, 1.9), (3, 32, 2.0), (10, 1, 2.2), (10, 32, 1.4)):
        t.most("CPU per delivery by the floor's, %d members, %d in flight, commit:" % (members, window),
               by_floor("cpu_us", members, window), limit)
    t.most("p50 by the floor's, 3 members, 1 in flight, commit:", by_floor("p50_us", 3, 1), 1.4)
    t.most("p99.9 by the floor's, 200 members, 32 in flight, commit:", by_floor("p999_us", 200, 32), 3)
    uring, epoll = (("engines", {"server": s, "members": 200, "window": 32}) for s in ("uring", "epoll"))
    t.most("CPU per delivery over epoll by that over io_uring, 200 members, 32 in flight:",
           d.ratios("cpu_us", epoll, uring), 1.15)


def open_loop(t):
    d = t.data
    for key, text in (("p99_us", "p99"), ("cpu_us", "CPU per delivery")):
        t.most("%s by the best peer's, open loop, 500 members, 100 lines/s, commit:" % text,
               d.ratios(key, ("open", {"server": "commit"}), d.best(key, "open", PEERS)), 1)


def members(t):
    """Flat: the dearest size costs at most a quarter more than the cheapest."""
    d = t.data
    sizes = d.values("members", "members")
    for window in (1, 32):
        for server in ("relaxed", "commit"):
            flat, by_floor = [], []
            for n in range(1, d.rounds + 1):
                own, floor = ([d.median("cpu_us", "members", server=s, members=m, window=window,
                                        round=n) for m in sizes] for s in (server, "floor"))
                if None not in own and len(own) > 1:
                    flat.append(max(own) / min(own))
                    if None not in floor:
                        ratio = [a / b for a, b in zip(own, floor)]
                        by_floor.append(max(ratio) / min(ratio))
            t.most("greatest by least CPU per delivery, 10 to 10,000 members, %d in flight, %s:"
                   % (window, server), flat, 1.25)
            t.most("the same of the ratios to the floor:", by_floor, 1.25)


def memory(t):
    d = t.data
    for named, text in ((0, "without"), (1, "with")):
        most = max(d.values("scale", "members", server="commit", named=named), default=0)
        found = [r["conn_kib"] for r in d.find("scale", server="commit", named=named, members=most)]
        t.most("KiB of a connection %s a name, %d of them:" % (text, most), found, 1.5)


def history(t):
    d = t.data
    t.least("lines saved a second with full-text index, thousands, rooms of 10:",
            [r["lines_per_s"] / 1e3 for r in d.find("store")], 150)
    lines = max(d.values("history", "lines"), default=0)
    for ask, text in (("history", "/history 100"), ("rare", "/search, two rare words"),
                      ("common", "/search, two common words")):
        for key in ("p50_us", "p99_us"):
            found = [r[key] / 1e3 for r in d.find("history", lines=lines, cache="warm", ask=ask)]
            t.most("%s on %d lines, %s, ms:" % (text, lines, key[:3]), found, 20)


def disk(t):
    for server in t.data.values("slow_disk", "server"):
        row = t.data.find("slow_disk", server=server)[0]
        rows = t.data.median("rows", "slow_rows", server=server)
        lost = row["sent"] - rows if rows is not None else None
        t.add("lines lost on a slow disk (%s): none" % server,
              "%d of %d" % (lost, row["sent"]) if lost is not None else "not measured",
              lost == 0 if lost is not None else None)


def calls(t):
    loop = {r["call"]: r["per_s"] for r in t.data.find("calls_by", thread="loop", io="io_uring")}
    enter = loop.pop("io_uring_enter", 0)
    # The trace itself and the heap may cost one now and then.
    t.add("system calls of the loop: one io_uring_enter a turn and nothing else",
          "io_uring_enter %.0f a second, all others %.1f" % (enter, sum(loop.values()))
          if enter else "not measured",
          sum(loop.values()) < enter / 100 if enter else None)


def cluster(t):
    d = t.data
    alone = ("cluster_cost", {"nodes": 0})
    for window, text in ((32, "32 in flight"), (96, "32 in flight on each")):
        t.most("CPU per delivery of three nodes with 200 members each, %s, by that of one chatd without a cluster:" % text,
               d.ratios("cpu_us", ("cluster_cost", {"nodes": 3, "window": window}), alone), 1.3)
    nodes, bare = ("cluster_latency", {"server": "nodes"}), ("cluster_latency", {"server": "floor"})
    t.most("a lone line to another node, p50, by the bare pipeline's:", d.ratios("p50_us", nodes, bare), 1.5)
    t.most("and in ms:", [r["p50_us"] / 1e3 for r in d.find("cluster_latency", server="nodes")], 1.5)
    t.least("lines/s saved and indexed on three nodes, thousands, at a p50 of at most 20 ms:",
            [max((r["lines_per_s"] / 1e3 for r in d.find("cluster_rate", round=n) if r["p50_us"] <= 20e3), default=0)
             for n in d.values("cluster_rate", "round")], 40)
    for n, text, limit in ((1, "one node", 100), (3, "three nodes at once", 50)):
        t.least("lines/s that %s that was away reads on, thousands:" % text if n == 1 else
                "lines/s that %s read on, thousands:" % text,
                [r["per_s"] / 1e3 for r in d.find("cluster_away", nodes=n)], limit)


def all_targets(data):
    t = Targets(data)
    for part in (flight, engines, open_loop, members, memory, history, disk, calls, cluster):
        part(t)
    return t.lines
