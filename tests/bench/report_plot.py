"""Plots of the figures, as SVG, by gnuplot."""
import shutil
import subprocess

HEAD = ["set terminal svg size 720,480 background 'white'", "set grid", "set key outside"]


def draw(file, lines, series):
    """series: (title, [(x, y)...], options)."""
    if not shutil.which("gnuplot"):
        return
    script, parts = HEAD + ["set output '%s'" % file] + lines, []
    for i, (title, points, options) in enumerate(series):
        points = [(x, y) for x, y in points if y is not None]
        if len(points) < 2:
            continue
        script.append("$d%d << E\n%s\nE" % (i, "\n".join("%g %g" % p for p in points)))
        parts.append("$d%d using 1:2 with linespoints %s title '%s'" % (i, options, title))
    if parts:
        subprocess.run(["gnuplot"], input="\n".join(script + ["plot " + ", ".join(parts)]),
                       text=True, check=True)


def cost(data, out):
    windows = sorted(data.values("flight", "window"))
    draw(out + "/cost-in-flight.svg",
         ["set logscale xy", "set xlabel 'lines in flight, 200 members'",
          "set ylabel 'server CPU per delivery, µs'"],
         [(s, [(w, data.median("cpu_us", "flight", server=s, window=w)) for w in windows], "")
          for s in data.values("flight", "server")])
    sizes = sorted(data.values("members", "members"))
    draw(out + "/cost-members.svg",
         ["set logscale xy", "set xlabel 'members'", "set ylabel 'server CPU per delivery, µs'"],
         [("%s, %d in flight" % (s, w),
           [(n, data.median("cpu_us", "members", server=s, members=n, window=w)) for n in sizes],
           "")
          for w in (1, 32) for s in data.values("members", "server")])


def scale(data, out):
    sizes = sorted(data.values("scale", "members"))

    def line(key, server, named, factor=1.0):
        found = [(n, data.median(key, "scale", server=server, members=n, named=named))
                 for n in sizes]
        return [(n, v * factor) for n, v in found if v is not None and v > 0]

    draw(out + "/scale.svg",
         ["set logscale xy", "set xlabel 'idle connections'", "set key below",
          "set ylabel 'KiB, thousands a second, milliseconds'"],
         [("memory of a connection without a name, KiB", line("conn_kib", "commit", 0), ""),
          ("with a name, KiB", line("conn_kib", "commit", 1), ""),
          ("accepted, thousands a second", line("accept_per_s", "commit", 0, 1e-3), ""),
          ("accepted and named, thousands a second", line("accept_per_s", "commit", 1, 1e-3), ""),
          ("one line to all, ms", line("line_ms", "commit", 1), ""),
          ("the same, floor, ms", line("line_ms", "floor", 1), "dashtype 2")])


def history(data, out):
    sizes = sorted(data.values("history", "lines", cache="warm"))
    names = {"history": "/history 100", "rare": "/search, two rare words",
             "common": "/search, two common words"}
    series = [("%s, %s" % (title, p[:3]),
               [(n, (data.median(p, "history", lines=n, ask=ask, cache="warm") or 0) / 1e3)
                for n in sizes], style)
              for ask, title in names.items()
              for p, style in (("p50_us", ""), ("p99_us", "dashtype 2"))]
    series.append(("from exec to listening",
                   [(n, data.median("startup_ms", "history", lines=n, cache="warm"))
                    for n in sizes], ""))
    draw(out + "/history.svg",
         ["set logscale xy", "set xlabel 'lines in the database'", "set ylabel 'milliseconds'",
          "set key below"], series)


def all_plots(data, out):
    cost(data, out)
    scale(data, out)
    history(data, out)
