"""The numbers of a run: both values, their ratio, the target, and whether it is met."""


class Report:
    """Collects rows; prints them as a table."""

    def __init__(self, peer, subject):
        self.peer, self.subject = peer, subject
        self.rows, self.failures = [], []

    def add(self, what, unit, peer, subject, *, target=None, limit=None, more_is_better=False):
        """A row. `target` bounds the ratio subject / peer, `limit` the subject's own value."""
        ratio = subject / peer if peer else None
        met = None
        if target is not None and ratio is not None:
            # As printed: what differs in the third digit is noise.
            met = round(ratio, 2) >= target if more_is_better else round(ratio, 2) <= target
        if limit is not None:
            met = subject <= limit
        wanted = ""
        if target is not None:
            wanted = f"{'>=' if more_is_better else '<='} {target:g} x"
        elif limit is not None:
            wanted = f"<= {limit:,}"
        self.rows.append({"what": what, "unit": unit, self.peer: peer, self.subject: subject, "ratio": ratio, "target": wanted,
                          "met": met})

    def fail(self, part, why):
        self.failures.append({"part": part, "why": str(why)})

    def text(self):
        wide = max([len(row["what"]) + len(row["unit"]) + 3 for row in self.rows] + [20])
        lines = [f"{'':{wide}} {self.peer:>12} {self.subject:>12} {'ratio':>7}  target"]
        for row in self.rows:
            name = row["what"] + (f" [{row['unit']}]" if row["unit"] else "")
            ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
            verdict = {None: "", True: "met", False: "MISSED"}[row["met"]]
            lines.append(f"{name:{wide}} {row[self.peer]:>12,.1f} {row[self.subject]:>12,.1f} {ratio:>7}  {row['target']:10} {verdict}")
        lines += [f"{failure['part']}: FAILED: {failure['why']}" for failure in self.failures]
        return "\n".join(lines)
