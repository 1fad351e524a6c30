"""What results.tsv holds: medians over rounds, and ratios within a round."""
import statistics


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


class Data:
    def __init__(self, path):
        self.rows = []
        for line in open(path):
            scenario, *pairs = line.split()
            row = {k: number(v) for k, v in (p.split("=", 1) for p in pairs if "=" in p)}
            row["scenario"] = scenario
            self.rows.append(row)
        self.rounds = int(max((r["round"] for r in self.rows), default=0))

    def find(self, scenario, **wanted):
        return [r for r in self.rows if r["scenario"] == scenario
                and all(r.get(k) == v for k, v in wanted.items())]

    def values(self, scenario, key, **wanted):
        """Distinct values of key, in the order in which they came."""
        return list(dict.fromkeys(r[key] for r in self.find(scenario, **wanted) if key in r))

    def median(self, key, scenario, **wanted):
        """None where there is no such figure."""
        found = [r[key] for r in self.find(scenario, **wanted) if key in r]
        return statistics.median(found) if found else None

    def ratios(self, key, one, other):
        """key of one by key of other, (scenario, wanted) each, for each round that has both;
        other may be a function of the round."""
        found = []
        for n in range(1, self.rounds + 1):
            a = self.median(key, one[0], round=n, **one[1])
            b = other(n) if callable(other) else self.median(key, other[0], round=n, **other[1])
            if a is not None and b:
                found.append(a / b)
        return found

    def best(self, key, scenario, servers, pick=min, **wanted):
        """A function of the round: the best figure of these servers."""
        def of_round(n):
            found = [v for s in servers
                     if (v := self.median(key, scenario, server=s, round=n, **wanted)) is not None]
            return pick(found) if found else None
        return of_round


def spread(found, digits=2):
    """Median, and from which to which."""
    if not found:
        return "not measured"
    text = "%.*f" % (digits, statistics.median(found))
    if len(found) > 1:
        text += " (%.*f–%.*f)" % (digits, min(found), digits, max(found))
    return text
