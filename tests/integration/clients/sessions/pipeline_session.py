"""The scenarios of libpq's pipeline mode, with libpq's own trace of every message: disallowed_in_pipeline, multi_pipelines,
nosync, pipeline_abort, pipeline_idle, pipelined_insert, prepared, simple_pipeline, singlerow, transaction, uniqviol; and cancel,
which they have since PostgreSQL 17.

What libpq traced is printed, so that two servers are compared message by message.
"""
import os
import sys
import tempfile
import time

from psycopg import pq
from psycopg.pq import ExecStatus, PipelineStatus, TransactionStatus

TEXT = {ExecStatus.TUPLES_OK: "TUPLES_OK", ExecStatus.COMMAND_OK: "COMMAND_OK"}


class Scenario:
    """One connection, with libpq's trace of it."""

    def __init__(self, name):
        print(f"--- {name}")
        self.connection = pq.PGconn.connect(b"")
        assert self.connection.status == pq.ConnStatus.OK, self.connection.error_message
        self.trace = tempfile.TemporaryFile()

    def __enter__(self):
        self.connection.trace(self.trace.fileno())
        self.connection.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS | pq.Trace.REGRESS_MODE)
        return self.connection

    def __exit__(self, *_):
        self.connection.untrace()
        self.connection.finish()
        self.trace.seek(0)
        sys.stdout.write(self.trace.read().decode("utf-8", "replace"))
        sys.stdout.flush()


def result(connection, label=""):
    """Shows the next result; None marks the end of a statement's results."""
    got = connection.get_result()
    if got is None:
        print(label, "NULL")
        return None
    rows = [[got.get_value(r, c) for c in range(got.nfields)] for r in range(got.ntuples)]
    code = got.error_field(pq.DiagnosticField.SQLSTATE)
    print(label, ExecStatus(got.status).name, got.command_status, rows if len(rows) < 5 else len(rows), code)
    return got


def statement(connection, label=""):
    """All results of one statement."""
    while result(connection, label) is not None:
        pass


def run(connection, sql):
    got = connection.exec_(sql)
    print("exec", ExecStatus(got.status).name, got.error_field(pq.DiagnosticField.SQLSTATE))


def sync_result(connection):
    got = result(connection, "sync:")
    assert got.status == ExecStatus.PIPELINE_SYNC


def disallowed_in_pipeline():
    with Scenario("disallowed_in_pipeline") as c:
        c.enter_pipeline_mode()
        print(PipelineStatus(c.pipeline_status).name)
        for action in (lambda: c.exec_(b"SELECT 1"), lambda: c.send_query(b"SELECT 1")):
            try:
                action()
            except Exception as error:
                print(type(error).__name__, error)
        c.exit_pipeline_mode()
        run(c, b"SELECT 1")


def multi_pipelines():
    with Scenario("multi_pipelines") as c:
        c.enter_pipeline_mode()
        for n in range(3):
            c.send_query_params(b"SELECT $1", [b"%d" % n], param_types=[23])
            c.pipeline_sync()
        for _ in range(3):
            statement(c)
            sync_result(c)
        c.exit_pipeline_mode()


def nosync():
    with Scenario("nosync") as c:
        c.enter_pipeline_mode()
        for n in range(10):
            c.send_query_params(b"SELECT repeat('xyzxz', 12)", [])
        c.send_flush_request()
        c.flush()
        for n in range(10):
            statement(c)
        c.pipeline_sync()
        sync_result(c)


def pipeline_abort():
    with Scenario("pipeline_abort") as c:
        run(c, b"CREATE TEMP TABLE pq_pipeline_demo (id serial primary key, itemno integer, int8filler int8)")
        c.enter_pipeline_mode()
        c.send_query_params(b"INSERT INTO pq_pipeline_demo(itemno, int8filler) VALUES ($1, $2)", [b"1", b"1"], param_types=[23, 20])
        c.send_query_params(b"SELECT no_such_function($1)", [b"1"], param_types=[23])
        c.send_query_params(b"INSERT INTO pq_pipeline_demo(itemno, int8filler) VALUES ($1, $2)", [b"2", b"2"], param_types=[23, 20])
        c.pipeline_sync()
        c.send_query_params(b"INSERT INTO pq_pipeline_demo(itemno, int8filler) VALUES ($1, $2)", [b"3", b"3"], param_types=[23, 20])
        c.pipeline_sync()
        for label in ("first", "failing", "skipped"):
            statement(c, label)
        print(PipelineStatus(c.pipeline_status).name)
        sync_result(c)
        statement(c, "third")
        sync_result(c)
        # A syntax error behind several statements in one text, and a partial result before an error.
        c.send_query_params(b"SELECT 1; SELECT 2", [])
        c.pipeline_sync()
        statement(c, "two in one")
        sync_result(c)
        c.send_query_params(b"SELECT 1.0/g FROM generate_series(3, -1, -1) g", [])
        c.pipeline_sync()
        c.set_single_row_mode()
        statement(c, "rows before an error")
        sync_result(c)
        c.exit_pipeline_mode()
        run(c, b"SELECT itemno FROM pq_pipeline_demo ORDER BY 1")


def pipeline_idle():
    with Scenario("pipeline_idle") as c:
        c.notice_handler = lambda notice: print("notice", notice.error_field(pq.DiagnosticField.SQLSTATE),
                                                notice.error_field(pq.DiagnosticField.MESSAGE_PRIMARY))
        # Leaving pipeline mode with nothing in flight and no Sync sent.
        c.enter_pipeline_mode()
        c.send_query_params(b"SELECT 1", [])
        c.send_flush_request()
        c.flush()
        statement(c, "before leaving")
        c.exit_pipeline_mode()
        # A Sync that leads nowhere, and a warning in the middle of a result.
        c.enter_pipeline_mode()
        c.pipeline_sync()
        sync_result(c)
        c.send_query_params(b"SELECT pg_catalog.pg_advisory_unlock(1, 1)", [])
        c.send_flush_request()
        c.flush()
        statement(c, "warned")
        c.exit_pipeline_mode()
        run(c, b"SELECT 2")


def cancel():
    with Scenario("cancel") as c:
        # Until it runs there is nothing to cancel.
        for send in (lambda: c.send_query(b"SELECT pg_sleep(20)"), lambda: c.send_query_params(b"SELECT pg_sleep(20)", [])):
            send()
            c.flush()
            time.sleep(0.5)
            c.get_cancel().cancel()
            statement(c, "cancelled")
        c.enter_pipeline_mode()
        c.send_query_params(b"SELECT pg_sleep(20)", [])
        c.send_query_params(b"SELECT 'skipped'", [])
        c.pipeline_sync()
        c.send_query_params(b"SELECT 'next round'", [])
        c.pipeline_sync()
        c.flush()
        time.sleep(0.5)
        c.get_cancel().cancel()
        for label in ("cancelled", "skipped"):
            statement(c, label)
        sync_result(c)
        statement(c, "next round")
        sync_result(c)
        c.exit_pipeline_mode()
        # With nothing running a cancellation comes to nothing.
        c.get_cancel().cancel()
        time.sleep(0.3)
        run(c, b"SELECT 3")


def pipelined_insert():
    with Scenario("pipelined_insert") as c:
        c.enter_pipeline_mode()
        c.send_query_params(b"BEGIN TRANSACTION", [])
        c.send_query_params(b"DROP TABLE IF EXISTS pg_temp.pq_pipeline_demo", [])
        c.send_query_params(b"CREATE TEMP TABLE pq_pipeline_demo (id serial primary key, itemno integer, int8filler int8)", [])
        c.send_prepare(b"my_insert", b"INSERT INTO pq_pipeline_demo(itemno, int8filler) VALUES ($1, $2)", [23, 20])
        for n in range(200):
            c.send_query_prepared(b"my_insert", [b"%d" % n, b"%d" % (1 << 62)])
        c.send_query_params(b"COMMIT", [])
        c.pipeline_sync()
        for _ in range(205):
            statement(c)
        sync_result(c)
        c.exit_pipeline_mode()


def prepared():
    with Scenario("prepared") as c:
        c.enter_pipeline_mode()
        c.send_prepare(b"select_one", b"SELECT $1, '42', $1::numeric, interval '1 sec'", [23])
        c.send_describe_prepared(b"select_one")
        c.pipeline_sync()
        statement(c)
        statement(c)
        sync_result(c)
        c.send_query_params(b"BEGIN", [])
        c.send_query_params(b"DECLARE cursor_one CURSOR FOR SELECT 1", [])
        c.send_describe_portal(b"cursor_one")
        c.pipeline_sync()
        for _ in range(3):
            statement(c)
        sync_result(c)
        c.send_query_params(b"ROLLBACK", [])
        c.pipeline_sync()
        statement(c)
        sync_result(c)
        c.exit_pipeline_mode()


def simple_pipeline():
    with Scenario("simple_pipeline") as c:
        c.enter_pipeline_mode()
        c.send_query_params(b"SELECT $1", [b"1"], param_types=[23])
        try:
            c.exit_pipeline_mode()
        except Exception as error:
            print(type(error).__name__, error)
        c.pipeline_sync()
        statement(c)
        sync_result(c)
        c.exit_pipeline_mode()
        print(PipelineStatus(c.pipeline_status).name)


def singlerow():
    with Scenario("singlerow") as c:
        c.enter_pipeline_mode()
        for n in (10, 3, 0):
            c.send_query_params(b"SELECT generate_series(42, $1)", [b"%d" % (41 + n)], param_types=[23])
        c.pipeline_sync()
        for n in range(3):
            if n != 1:
                c.set_single_row_mode()
            statement(c, f"query {n}")
        sync_result(c)
        c.exit_pipeline_mode()


def transaction():
    with Scenario("transaction") as c:
        run(c, b"CREATE TEMP TABLE pq_pipeline_tst (id int)")
        c.enter_pipeline_mode()
        c.send_prepare(b"rollback", b"ROLLBACK", [])
        c.send_query_params(b"BEGIN", [])
        c.send_query_params(b"SELECT 0/0", [])
        c.send_query_prepared(b"rollback", [])
        c.send_query_params(b"INSERT INTO pq_pipeline_tst VALUES (1)", [])
        c.pipeline_sync()
        c.send_query_prepared(b"rollback", [])
        c.send_query_params(b"INSERT INTO pq_pipeline_tst VALUES (2)", [])
        c.pipeline_sync()
        c.send_query_params(b"SELECT id FROM pq_pipeline_tst", [])
        c.pipeline_sync()
        for count in (5, 2, 1):
            for _ in range(count):
                statement(c)
            sync_result(c)
            print(TransactionStatus(c.transaction_status).name)
        c.exit_pipeline_mode()


def uniqviol():
    with Scenario("uniqviol") as c:
        run(c, b"CREATE TEMP TABLE ppln_uniqviol (id bigint PRIMARY KEY, idata bigint)")
        c.enter_pipeline_mode()
        c.send_query_params(b"BEGIN", [])
        c.send_prepare(b"insertion", b"INSERT INTO ppln_uniqviol VALUES ($1, $2) RETURNING id", [20, 20])
        for n in list(range(50)) + [7] + list(range(100, 120)):
            c.send_query_prepared(b"insertion", [b"%d" % n, b"5"])
        c.pipeline_sync()
        for _ in range(73):
            statement(c)
        sync_result(c)
        c.send_query_params(b"ROLLBACK", [])
        c.pipeline_sync()
        statement(c)
        sync_result(c)
        c.exit_pipeline_mode()


for scenario in (disallowed_in_pipeline, multi_pipelines, nosync, pipeline_abort, pipeline_idle, pipelined_insert, prepared,
                 simple_pipeline, singlerow, transaction, uniqviol, cancel):
    scenario()
