// Column order here is the contract with catalog_builder.cc. Temporary relations of other sessions come along: a
// session's own ones are told apart by its pg_temp_N schema.
#include "api/sql/catalog_queries.h"

#include <array>

namespace chaperone::sql {

namespace {

// A bound on each result: past it the builder refuses the snapshot, rather than judge by part of it.
#define CHAPERONE_ROWS_MAX "1000001"

// Parts of query 14. The functions `f` that what `d` depends on comes to.
#define CHAPERONE_DEPENDED_FUNCTION                                                        \
  " LEFT JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) d.refobjid"         \
  " AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass" \
  " JOIN pg_catalog.pg_proc f ON (f.oid OPERATOR(pg_catalog.=) d.refobjid"                 \
  " AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass)"    \
  " OR f.oid OPERATOR(pg_catalog.=) o.oprcode::pg_catalog.oid"
// Types `t` with the operator families that decide how their values compare, and the input type there.
#define CHAPERONE_TYPE_CLASSES                                                                           \
  "(SELECT k.opcintype AS t, k.opcfamily AS family, k.opcintype AS input FROM pg_catalog.pg_opclass k"   \
  " WHERE k.opcdefault UNION ALL SELECT r.rngtypid, k.opcfamily, k.opcintype FROM pg_catalog.pg_range r" \
  " JOIN pg_catalog.pg_opclass k ON k.oid OPERATOR(pg_catalog.=) r.rngsubopc"                            \
  " UNION ALL SELECT r.rngmultitypid, k.opcfamily, k.opcintype FROM pg_catalog.pg_range r"               \
  " JOIN pg_catalog.pg_opclass k ON k.oid OPERATOR(pg_catalog.=) r.rngsubopc) c"
// `f` was made here: neither PostgreSQL's own nor an extension's, which only compute here.
#define CHAPERONE_OWN_FUNCTION                                                                             \
  "f.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e" \
  " WHERE e.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass"                      \
  " AND e.objid OPERATOR(pg_catalog.=) f.oid AND e.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\")"

constexpr std::array<std::string_view, 15> kQueries = {
    // 0: the database.
    "SELECT pg_catalog.current_database()::pg_catalog.text, pg_catalog.current_setting('server_version_num'),"
    " pg_catalog.current_setting('server_encoding')",
    // 1: schemas.
    "SELECT n.oid::pg_catalog.text, n.nspname::pg_catalog.text FROM pg_catalog.pg_namespace n"
    " ORDER BY n.oid LIMIT " CHAPERONE_ROWS_MAX,
    // 2: relations. Indexes and TOAST tables have names that a statement may use (DROP INDEX), and no columns here.
    "SELECT c.oid::pg_catalog.text, c.relnamespace::pg_catalog.text, c.reltype::pg_catalog.text, "
    "c.relname::pg_catalog.text,"
    " c.relkind::pg_catalog.text, c.relispartition::pg_catalog.text,"
    " c.relpersistence OPERATOR(pg_catalog.=) 't'::pg_catalog.\"char\", c.relrowsecurity"
    " FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.<>) 't'::pg_catalog.\"char\""
    " ORDER BY c.oid LIMIT " CHAPERONE_ROWS_MAX,
    // 3: columns.
    "SELECT a.attrelid::pg_catalog.text, a.attnum::pg_catalog.text, a.attname::pg_catalog.text, "
    "a.atttypid::pg_catalog.text,"
    " a.atttypmod::pg_catalog.text, a.attnotnull,"
    " a.attgenerated OPERATOR(pg_catalog.<>) ''::pg_catalog.\"char\","
    " i.indrelid IS NOT NULL"
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid"
    " LEFT JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) a.attrelid"
    " AND i.indisprimary AND i.indimmediate AND i.indisvalid"
    " AND a.attnum OPERATOR(pg_catalog.=) ANY (i.indkey::pg_catalog.int2[])"
    " WHERE a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped"
    " AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,v,m,f,p,S,c}'::pg_catalog.\"char\"[])"
    " ORDER BY a.attrelid, a.attnum LIMIT 4000001",
    // 4: types.
    "SELECT t.oid::pg_catalog.text, t.typnamespace::pg_catalog.text, t.typname::pg_catalog.text, "
    "t.typtype::pg_catalog.text,"
    " t.typcategory::pg_catalog.text, t.typispreferred, t.typelem::pg_catalog.text, t.typarray::pg_catalog.text,"
    " t.typrelid::pg_catalog.text, t.typbasetype::pg_catalog.text, t.typtypmod::pg_catalog.text"
    " FROM pg_catalog.pg_type t ORDER BY t.oid LIMIT 2000001",
    // 5: functions.
    "SELECT p.oid::pg_catalog.text, p.pronamespace::pg_catalog.text, p.proname::pg_catalog.text, "
    "p.prokind::pg_catalog.text,"
    " p.prorettype::pg_catalog.text, p.proretset, p.prosecdef, p.provolatile::pg_catalog.text,"
    " p.provariadic::pg_catalog.text, p.pronargdefaults::pg_catalog.text, p.proargtypes::pg_catalog.text,"
    " p.proallargtypes::pg_catalog.text, p.proargmodes::pg_catalog.text, p.proargnames::pg_catalog.text,"
    " l.lanname::pg_catalog.text, e.extname::pg_catalog.text"
    " FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang"
    " LEFT JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass"
    " AND d.objid OPERATOR(pg_catalog.=) p.oid"
    " AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass"
    " AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\""
    " LEFT JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid"
    " ORDER BY p.oid LIMIT " CHAPERONE_ROWS_MAX,
    // 6: operators.
    "SELECT o.oid::pg_catalog.text, o.oprnamespace::pg_catalog.text, o.oprname::pg_catalog.text,"
    " o.oprleft::pg_catalog.text, o.oprright::pg_catalog.text, o.oprresult::pg_catalog.text,"
    " o.oprcode::pg_catalog.oid::pg_catalog.text FROM pg_catalog.pg_operator o ORDER BY o.oid "
    "LIMIT " CHAPERONE_ROWS_MAX,
    // 7: casts.
    "SELECT c.castsource::pg_catalog.text, c.casttarget::pg_catalog.text, c.castfunc::pg_catalog.text,"
    " c.castcontext::pg_catalog.text, c.castmethod::pg_catalog.text"
    " FROM pg_catalog.pg_cast c ORDER BY c.castsource, c.casttarget LIMIT " CHAPERONE_ROWS_MAX,
    // 8: definitions of views and materialized views.
    "SELECT c.oid::pg_catalog.text, pg_catalog.pg_get_viewdef(c.oid)"
    " FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{v,m}'::pg_catalog.\"char\"[])"
    " ORDER BY c.oid LIMIT 100001",
    // 9: inheritance and partitions.
    "SELECT i.inhrelid::pg_catalog.text, i.inhparent::pg_catalog.text FROM pg_catalog.pg_inherits i"
    " JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid"
    " WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,f,p}'::pg_catalog.\"char\"[])"
    " ORDER BY i.inhrelid, i.inhseqno LIMIT " CHAPERONE_ROWS_MAX,
    // 10: rewrite rules other than the one that makes a view.
    "SELECT r.ev_class::pg_catalog.text, r.ev_type::pg_catalog.text FROM pg_catalog.pg_rewrite r"
    " WHERE r.ev_type OPERATOR(pg_catalog.<>) '1'::pg_catalog.\"char\""
    " AND r.ev_enabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\" ORDER BY r.oid LIMIT " CHAPERONE_ROWS_MAX,
    // 11: triggers that people made.
    "SELECT t.tgrelid::pg_catalog.text, t.tgname::pg_catalog.text, t.tgfoid::pg_catalog.text, t.tgtype::pg_catalog.text"
    " FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.<>) "
    "'D'::pg_catalog.\"char\""
    " ORDER BY t.oid LIMIT " CHAPERONE_ROWS_MAX,
    // 12: generated columns.
    "SELECT d.adrelid::pg_catalog.text, d.adnum::pg_catalog.text, pg_catalog.pg_get_expr(d.adbin, d.adrelid)"
    " FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) d.adrelid"
    " AND a.attnum OPERATOR(pg_catalog.=) d.adnum"
    " WHERE a.attgenerated OPERATOR(pg_catalog.<>) ''::pg_catalog.\"char\""
    " ORDER BY d.adrelid, d.adnum LIMIT " CHAPERONE_ROWS_MAX,
    // 13: extensions.
    "SELECT e.extname::pg_catalog.text, e.extversion::pg_catalog.text FROM pg_catalog.pg_extension e"
    " ORDER BY e.extname LIMIT 10001",
    // 14: functions that come with a type without being named (TypeFunction in catalog.h), by kind of type and reason.
    "SELECT DISTINCT q.t::pg_catalog.text, q.f::pg_catalog.text FROM ("
    // What a domain's CHECK calls, by itself or through an operator. Built-in ones are not recorded as dependencies.
    "SELECT c.contypid AS t, f.oid AS f FROM pg_catalog.pg_constraint c"
    " JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass"
    " AND d.objid OPERATOR(pg_catalog.=) c.oid" CHAPERONE_DEPENDED_FUNCTION
    " WHERE c.contypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid"
    // What sorting, grouping and comparing values of a type calls: its default operator classes; a range, its
    // subtype's.
    " UNION ALL SELECT c.t, f.oid FROM " CHAPERONE_TYPE_CLASSES
    " JOIN pg_catalog.pg_amproc m"
    " ON m.amprocfamily OPERATOR(pg_catalog.=) c.family AND (m.amproclefttype OPERATOR(pg_catalog.=) c.input"
    " OR m.amprocrighttype OPERATOR(pg_catalog.=) c.input)"
    " JOIN pg_catalog.pg_proc f ON f.oid OPERATOR(pg_catalog.=) m.amproc::pg_catalog.oid WHERE " CHAPERONE_OWN_FUNCTION
    " UNION ALL SELECT c.t, f.oid FROM " CHAPERONE_TYPE_CLASSES
    " JOIN pg_catalog.pg_amop m"
    " ON m.amopfamily OPERATOR(pg_catalog.=) c.family AND (m.amoplefttype OPERATOR(pg_catalog.=) c.input"
    " OR m.amoprighttype OPERATOR(pg_catalog.=) c.input)"
    " JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) m.amopopr"
    " JOIN pg_catalog.pg_proc f ON f.oid OPERATOR(pg_catalog.=) o.oprcode::pg_catalog.oid WHERE " CHAPERONE_OWN_FUNCTION
    // What to_json, row_to_json and their kin look up for a type: its cast to json. Casts to text that quote_literal
    // and the
    // like use are found by their arguments.
    " UNION ALL SELECT c.castsource, f.oid FROM pg_catalog.pg_cast c"
    " JOIN pg_catalog.pg_proc f ON f.oid OPERATOR(pg_catalog.=) c.castfunc"
    " WHERE c.casttarget OPERATOR(pg_catalog.=) ANY ('{json,jsonb}'::pg_catalog.regtype[]::pg_catalog.oid[])"
    " AND c.castsource OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND " CHAPERONE_OWN_FUNCTION
    // Operators of a view's definition: printed, it does not say which = USING, NULLIF and the like compare by.
    " UNION ALL SELECT c.reltype, f.oid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c"
    " ON c.oid OPERATOR(pg_catalog.=) r.ev_class AND c.relkind OPERATOR(pg_catalog.=) 'v'::pg_catalog.\"char\""
    " JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
    " AND d.objid OPERATOR(pg_catalog.=) r.oid"
    " AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass"
    " JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) d.refobjid"
    " JOIN pg_catalog.pg_proc f ON f.oid OPERATOR(pg_catalog.=) o.oprcode::pg_catalog.oid WHERE " CHAPERONE_OWN_FUNCTION
    // What reading a table calls: volatile functions of its row security policies, a foreign table's wrapper.
    " UNION ALL SELECT c.reltype, f.oid FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c"
    " ON c.oid OPERATOR(pg_catalog.=) p.polrelid AND c.relrowsecurity"
    " JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_policy'::pg_catalog.regclass"
    " AND d.objid OPERATOR(pg_catalog.=) p.oid" CHAPERONE_DEPENDED_FUNCTION
    " WHERE f.provolatile OPERATOR(pg_catalog.=) 'v'::pg_catalog.\"char\""
    " UNION ALL SELECT c.reltype, w.fdwhandler FROM pg_catalog.pg_foreign_table t"
    " JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.ftrelid"
    " JOIN pg_catalog.pg_foreign_server s ON s.oid OPERATOR(pg_catalog.=) t.ftserver"
    " JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid OPERATOR(pg_catalog.=) s.srvfdw"
    " AND w.fdwhandler OPERATOR(pg_catalog.<>) 0::pg_catalog.oid"
    ") q ORDER BY 1, 2 LIMIT " CHAPERONE_ROWS_MAX,
};

#undef CHAPERONE_OWN_FUNCTION
#undef CHAPERONE_TYPE_CLASSES
#undef CHAPERONE_DEPENDED_FUNCTION
#undef CHAPERONE_ROWS_MAX

// Rows of a catalog only ever appear with a newer xmin than any they replace: while their number stays the same, the
// sum grows with each change (until transaction ids wrap round, within which a snapshot is refreshed anyway).
#define CHAPERONE_PART(catalog)                         \
  "(SELECT pg_catalog.concat(pg_catalog.count(*), '.'," \
  " pg_catalog.sum(xmin::pg_catalog.text::pg_catalog.int8)) FROM pg_catalog." catalog ")"
constexpr std::string_view kProbe =
    "SELECT pg_catalog.concat_ws('/'"
    ", " CHAPERONE_PART("pg_namespace") ", " CHAPERONE_PART("pg_class") ", " CHAPERONE_PART("pg_attribute")
    ", " CHAPERONE_PART("pg_type") ", " CHAPERONE_PART("pg_proc") ", " CHAPERONE_PART("pg_operator")
    ", " CHAPERONE_PART("pg_cast") ", " CHAPERONE_PART("pg_rewrite") ", " CHAPERONE_PART("pg_inherits")
    ", " CHAPERONE_PART("pg_trigger") ", " CHAPERONE_PART("pg_attrdef") ", " CHAPERONE_PART("pg_extension")
    ", " CHAPERONE_PART("pg_constraint") ", " CHAPERONE_PART("pg_opclass") ", " CHAPERONE_PART("pg_amproc")
    ", " CHAPERONE_PART("pg_amop") ", " CHAPERONE_PART("pg_policy") ", " CHAPERONE_PART("pg_foreign_table") ")";
#undef CHAPERONE_PART

constexpr std::string_view kQuickProbe =
    "SELECT pg_catalog.string_agg(pg_catalog.concat(pg_catalog.pg_stat_get_tuples_inserted(c.oid), '.',"
    " pg_catalog.pg_stat_get_tuples_updated(c.oid), '.', pg_catalog.pg_stat_get_tuples_deleted(c.oid)), '/' ORDER BY "
    "c.oid)"
    " FROM pg_catalog.unnest('{pg_catalog.pg_namespace,pg_catalog.pg_class,pg_catalog.pg_attribute,pg_catalog.pg_type,"
    "pg_catalog.pg_proc,pg_catalog.pg_operator,pg_catalog.pg_cast,pg_catalog.pg_rewrite,pg_catalog.pg_inherits,"
    "pg_catalog.pg_trigger,pg_catalog.pg_attrdef,pg_catalog.pg_extension,pg_catalog.pg_constraint,"
    "pg_catalog.pg_opclass,pg_catalog.pg_amproc,pg_catalog.pg_amop,pg_catalog.pg_policy,pg_catalog.pg_foreign_table}'::"
    "pg_catalog."
    "regclass[]) c(oid)";

}  // namespace

std::string_view CatalogSetupSql() {
  return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp;"
         " SET LOCAL quote_all_identifiers = off";
}

std::string_view CatalogTeardownSql() { return "COMMIT"; }

std::span<const std::string_view> CatalogQueries() { return kQueries; }

std::string_view CatalogProbeQuery() { return kProbe; }

std::string_view CatalogQuickProbeQuery() { return kQuickProbe; }

}  // namespace chaperone::sql
