"""The load that the statement path's profile is made from (tools/profile): what agents send most, in every way of sending it.

Run with a sidecar that was built to count; it writes its counts when it ends.
"""
from tests.bench import bench, load, measure

_SCRIPTS = [("same-text", "simple"), ("select-only", "simple"), ("select-only", "extended"), ("select-only", "prepared"),
            ("tpcb-like", "simple"), ("tpcb-like", "extended"), ("tpcb-like", "prepared")]
_TABLES = ("wide", "wide_masked", "wide_text")


def main():
    measure.raise_file_limit()
    with bench.with_sidecar() as (_run, _postgres, _peer, subject, *_):
        for script, mode in _SCRIPTS:
            for clients in (1, 8, 64):
                load.pgbench(subject.target, script, mode, clients, seconds=2)
        for table in _TABLES:
            load.read_all(subject.target, f"SELECT * FROM {table}")


if __name__ == "__main__":
    main()
