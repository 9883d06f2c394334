"""Writes builtin_functions.tsv: every function that PostgreSQL 15 itself brings, with our judgement of it.

usage: gen_functions.py CONNECTION > builtin_functions.tsv    (CONNECTION as psql takes it: a database of a PostgreSQL 15)

Run by hand when a rule below changes; the file is read by the build and reviewed like code. The judgement is by name
and signature. What no rule names is safe only when its volatility says that it changes nothing; a volatile function that
no rule names is refused. Columns: oid (0 where initdb assigns it), schema, name, input argument types by oid, class,
and for people the signature.
"""

import re
import subprocess
import sys

QUERY = """
SELECT p.oid, n.nspname, p.proname, p.proargtypes::text, p.provolatile, p.prorettype::regtype::text,
       (SELECT coalesce(string_agg(t::regtype::text, ',' ORDER BY i), '') FROM unnest(p.proargtypes) WITH ORDINALITY a(t, i))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND p.oid < 16384
ORDER BY 2 DESC, 3, 4
"""

# First match wins. Patterns are matched against the whole name.
RULES = [
    # What SQL text cannot call, or only the server should.
    ("internal", r".*_handler|.*handler|plpgsql_.*|fmgr_.*_validator|RI_FKey_.*|.*_trigger|tsvector_update_trigger.*"
                 r"|suppress_redundant_updates_trigger|unique_key_recheck|domain_in|domain_recv|amvalidate|dsnowball_.*"
                 r"|pg_event_trigger_.*|postgresql_fdw_validator|currtid2"),
    # SQL text, or relations named in text.
    ("sql_text", r"query_to_xml.*|cursor_to_xml.*|ts_stat"),
    ("relations_as_xml", r"table_to_xml.*|schema_to_xml.*|database_to_xml.*"),
    ("files", r"pg_read_(binary_)?file.*|pg_ls_.*|pg_stat_file|pg_hba_file_rules|pg_ident_file_mappings"
              r"|pg_show_all_file_settings|pg_current_logfile|pg_relation_filepath|pg_relation_filenode"
              r"|pg_filenode_relation|pg_control_.*|pg_config"),
    ("large_objects", r"lo_.*|loread|lowrite"),
    ("settings", r"set_config"),
    ("signals", r"pg_terminate_backend|pg_cancel_backend|pg_log_backend_memory_contexts|pg_reload_conf"
                r"|pg_rotate_logfile.*"),
    ("sleeps", r"pg_sleep.*"),
    ("advisory_locks", r"pg_(try_)?advisory_.*"),
    ("sequence_next", r"nextval"),
    ("sequence_set", r"setval"),
    ("notify", r"pg_notify"),
    ("statistics", r"pg_mcv_list_items"),
    ("sessions", r"pg_stat_get_activity|pg_stat_get_backend_.*|pg_stat_get_progress_info|pg_lock_status|pg_blocking_pids"
                 r"|pg_safe_snapshot_blocking_pids|pg_prepared_xact|pg_prepared_statement|pg_cursor"
                 r"|pg_isolation_test_session_is_blocked|pg_get_backend_memory_contexts|pg_get_shmem_allocations"),
    ("replication", r"pg_logical_.*|pg_replication_.*|pg_create_(logical|physical)_replication_slot"
                    r"|pg_copy_(logical|physical)_replication_slot|pg_drop_replication_slot|pg_get_replication_slots"
                    r"|pg_show_replication_origin_status|pg_stat_get_wal_(senders|receiver)|pg_stat_get_subscription.*"
                    r"|pg_stat_get_replication_slot|pg_export_snapshot"),
    ("admin", r"binary_upgrade_.*|pg_stat_reset.*|pg_stat_force_next_flush|pg_backup_.*|pg_switch_wal|pg_promote"
              r"|pg_wal_replay_.*|pg_create_restore_point|pg_import_system_collations|pg_extension_config_dump|pg_nextoid"
              r"|pg_stop_making_pinned_objects|brin_(de)?summarize_.*|gin_clean_pending_list|pg_get_wal_resource_managers"),
    ("transaction_id", r"txid_current|pg_current_xact_id"),
    # They show definitions, and with them what a catalog relation holds.
    ("reads_pg_proc", r"pg_get_functiondef|pg_get_function_sqlbody"),
    ("reads_pg_rewrite", r"pg_get_viewdef|pg_get_ruledef"),
    ("reads_pg_description", r"obj_description|col_description"),
    ("reads_pg_shdescription", r"shobj_description"),
    # Volatile, and harmless all the same: clocks, random numbers, sizes, the session's own state, the server's progress.
    ("safe", r"clock_timestamp|timeofday|random|setseed|gen_random_uuid|currval|lastval|current_query|pg_sequence_last_value"
             r"|pg_(relation|table|indexes|total_relation|database|tablespace)_size|pg_is_in_recovery|pg_jit_available"
             r"|pg_is_wal_replay_paused|pg_get_wal_replay_pause_state|pg_current_wal_.*|pg_last_wal_.*"
             r"|pg_last_xact_replay_timestamp|pg_last_committed_xact|pg_xact_.*|txid_status|pg_get_multixact_members"
             r"|pg_partition_(ancestors|tree)|pg_notification_queue_usage|pg_collation_actual_version"
             r"|pg_database_collation_actual_version|pg_stat_clear_snapshot|pg_stat_have_stats|pg_stat_get_xact_.*"
             r"|pg_stat_get_recovery_prefetch"),
]

# A judgement for one overload, where the name alone does not decide.
OVERLOADS = {
    ("ts_rewrite", "tsquery,text"): "sql_text",
}


def classify(name, volatility, result, arguments):
    if ("internal" in arguments.split(",") or
            result in ("internal", "trigger", "event_trigger", "language_handler", "index_am_handler",
                       "table_am_handler", "fdw_handler", "tsm_handler")):
        return "internal"
    if (name, arguments) in OVERLOADS:
        return OVERLOADS[(name, arguments)]
    for label, pattern in RULES:
        if re.fullmatch(pattern, name):
            return label
    return "unlisted" if volatility == "v" else "safe"


def main():
    out = subprocess.run(["psql", "-XAtq", "-F", "\t", "-c", QUERY, sys.argv[1]], check=True, capture_output=True,
                         text=True).stdout
    print("# Written by gen_functions.py; see there for the columns and the rules.")
    for line in out.splitlines():
        oid, schema, name, oids, volatility, result, arguments = line.split("\t")
        label = classify(name, volatility, result, arguments)
        if schema == "information_schema" or int(oid) >= 10000:
            oid = "0"
        print("\t".join([oid, schema, name, oids, label, "%s(%s)" % (name, arguments)]))


if __name__ == "__main__":
    main()
