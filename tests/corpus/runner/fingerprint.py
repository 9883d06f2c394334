"""One value that changes when anything lasting in a database or its server changes: rows, sequences, schema, rights."""
from runner import worlds

_NOT_TEMPORARY = "nspname !~ '^pg_(toast_)?temp'"

# Rows of every relation that holds some, temporary ones apart; read as XML because that needs no dynamic SQL of ours.
_ROWS = f"""
  SELECT c.oid::regclass::text, CASE WHEN c.relkind = 'f' THEN 'foreign' ELSE
         md5(query_to_xml(format(CASE WHEN c.relkind = 'S' THEN 'SELECT last_value, is_called FROM %s'
                                 ELSE 'SELECT * FROM ONLY %s t ORDER BY t::text' END, c.oid::regclass),
                          true, false, '')::text) END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'S', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND c.relispopulated AND {_NOT_TEMPORARY}"""

# Of the whole server. name -> query with one text column; what is listed is compared as a whole.
LISTED = {
    "roles": "SELECT concat_ws('|', pg_authid.*::text) FROM pg_authid",
    "memberships": "SELECT pg_auth_members::text FROM pg_auth_members",
    "role settings": "SELECT pg_db_role_setting::text FROM pg_db_role_setting",
    "tablespaces": "SELECT pg_tablespace::text FROM pg_tablespace",
    "databases": """SELECT concat_ws('|', datname, datdba, datallowconn, datacl) FROM pg_database
                    WHERE datname NOT LIKE 'corpus\\_%'
                    UNION ALL SELECT concat_ws('|', datdba, datallowconn, datacl) FROM pg_database
                    WHERE datname = current_database()""",
    "slots": "SELECT slot_name FROM pg_replication_slots WHERE NOT temporary",
    "prepared transactions": "SELECT gid FROM pg_prepared_xacts",
    "server settings": "SELECT pg_read_file('postgresql.auto.conf', 0, 100000, true)",
}
# Catalogs of the database: a row version has its own xmin and place, so that no row needs to be read as text.
_VERSIONS = "SELECT xmin::text || ctid::text FROM {}"
_VERSIONED = (
    "pg_aggregate pg_attrdef pg_cast pg_collation pg_constraint pg_conversion pg_default_acl pg_description pg_enum "
    "pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_language "
    "pg_largeobject pg_largeobject_metadata pg_opclass pg_operator pg_policy pg_proc pg_publication pg_publication_rel "
    "pg_range pg_rewrite pg_seclabel pg_sequence pg_statistic_ext pg_subscription pg_trigger pg_ts_config pg_ts_dict "
    "pg_user_mapping").split()
# Temporary objects come and go with their sessions.
_NAMESPACED = {"pg_class": "relnamespace", "pg_type": "typnamespace", "pg_namespace": "pg_namespace.oid"}


def _of_database():
    parts = {name: _VERSIONS.format(name) for name in _VERSIONED}
    lasting = f"(SELECT oid FROM pg_namespace WHERE {_NOT_TEMPORARY} AND nspname <> 'pg_toast')"
    for name, column in _NAMESPACED.items():
        parts[name] = _VERSIONS.format(name) + f" WHERE {column} IN {lasting}"
    parts["pg_rewrite"] = _VERSIONS.format("pg_rewrite") + (
        f" WHERE ev_class IN (SELECT oid FROM pg_class WHERE relnamespace IN {lasting})")
    parts["pg_attribute"] = _VERSIONS.format("pg_attribute") + (
        f" WHERE attrelid IN (SELECT oid FROM pg_class WHERE oid >= 16384 AND relnamespace IN {lasting})")
    return f"({_ROWS})\nUNION ALL " + _digests(parts)


def _digests(parts):
    return "\nUNION ALL ".join(
        f"SELECT '{name}', count(*) || ':' || coalesce(sum(hashtextextended(x, 0)), 0) FROM ({query}) q(x)"
        for name, query in parts.items())


OF_DATABASE, OF_SERVER = _of_database(), _digests(LISTED)


def take(connection):
    """{what: digest}, on a superuser's connection."""
    return {**of_database(connection), **of_server(connection)}


def of_database(connection):
    """The part that two copies of one template have in common."""
    return dict(worlds.rows_of(connection, OF_DATABASE))


def of_server(connection):
    return dict(worlds.rows_of(connection, OF_SERVER))


def difference(before, after):
    """Names of what is not the same."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
