#include "api/sql/describe.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace chaperone::sql {

namespace {

constexpr std::array<std::string_view, 10> kTransactionWords = {
    "",
    "begins a transaction",
    "commits",
    "rolls back",
    "sets savepoint",
    "releases savepoint",
    "rolls back to savepoint",
    "prepares a transaction",
    "commits a prepared transaction",
    "rolls back a prepared transaction",
};

constexpr std::array<std::string_view, 10> kObjectWords = {
    "",
    "prepares statement",
    "executes statement",
    "deallocates statement",
    "deallocates all statements",
    "declares cursor",
    "fetches from cursor",
    "closes cursor",
    "closes all cursors",
    "discards all",
};

std::string Columns(const std::vector<ColumnId>& columns, const Catalog& catalog) {
  std::string out;
  for (const ColumnId column : columns) {
    if (!out.empty()) {
      out += ", ";
    }
    out += catalog.ColumnName(column);
  }
  return out;
}

void AddColumns(std::string_view words, const std::vector<ColumnId>& columns, const Catalog& catalog,
                std::vector<std::string>* lines) {
  if (!columns.empty()) {
    lines->push_back(fmt::format("  {} {}", words, Columns(columns, catalog)));
  }
}

std::string DescribeOutput(const OutputColumn& output, const Catalog& catalog) {
  std::string line = fmt::format("  output {}", output.name);
  if (!output.sources.empty()) {
    line += fmt::format(" from {}", Columns(output.sources, catalog));
  }
  if (!output.presence.empty()) {
    line += fmt::format(" presence of {}", Columns(output.presence, catalog));
  }
  if (output.unknown) {
    line += " from anywhere";
  }
  if (output.plain) {
    line += " unchanged";
  }
  if (!output.origin_known) {
    line += ", origin open";
  } else if (output.origin.relation != 0) {
    line += fmt::format(", origin {}", catalog.ColumnName(output.origin));
  }
  return line;
}

std::string DescribeSetting(const SettingChange& setting) {
  std::string line =
      fmt::format("  {}{} {}", setting.reset ? "resets" : "sets", setting.local ? " locally" : "", setting.name);
  if (setting.value) {
    line += fmt::format(" to {}", fmt::join(*setting.value, ", "));
  } else if (!setting.reset) {
    line += " to a value that is not constant";
  }
  return line;
}

// Options in the order of PostgreSQL's manual, those that are not the default's.
std::string DescribeCopyOptions(const CopyOptions& options) {
  const bool is_csv = options.format == CopyOptions::Format::kCsv;
  const CopyOptions defaults;
  std::string line = options.format == CopyOptions::Format::kText ? " as text" : is_csv ? " as csv" : " as binary";
  if (options.delimiter != (is_csv ? ',' : defaults.delimiter)) {
    line += fmt::format(", delimiter '{}'", options.delimiter);
  }
  if (options.null != (is_csv ? std::string() : defaults.null)) {
    line += fmt::format(", null '{}'", options.null);
  }
  if (options.header) {
    line += ", header";
  }
  if (is_csv && options.quote != defaults.quote) {
    line += fmt::format(", quote '{}'", options.quote);
  }
  if (is_csv && options.escape != options.quote) {
    line += fmt::format(", escape '{}'", options.escape);
  }
  if (options.force_quote_all || !options.force_quote.empty()) {
    line += fmt::format(", force quote {}",
                        options.force_quote_all ? "*" : fmt::format("{}", fmt::join(options.force_quote, ", ")));
  }
  if (!options.encoding.empty()) {
    line += fmt::format(", encoding {}", options.encoding);
  }
  return line;
}

void DescribeCopy(const Statement& statement, std::vector<std::string>* lines) {
  switch (statement.copy) {
    case CopyDirection::kNone:
      break;
    case CopyDirection::kFromStdin:
      lines->push_back("  copies from the client");
      break;
    case CopyDirection::kToStdout:
      lines->push_back("  copies to the client" + DescribeCopyOptions(statement.copy_options));
      break;
    case CopyDirection::kFile:
      lines->push_back("  copies a file or program of the server");
      break;
  }
}

void DescribeSession(const Statement& statement, std::vector<std::string>* lines) {
  if (statement.transaction != TransactionVerb::kNone) {
    const std::string_view words = kTransactionWords[static_cast<size_t>(statement.transaction)];
    lines->push_back(fmt::format("  {}{}{}{}", words, statement.object_name.empty() ? "" : " ", statement.object_name,
                                 statement.transaction_chain ? " and chains" : ""));
  }
  if (statement.object_verb != SessionObjectVerb::kNone) {
    const std::string_view words = kObjectWords[static_cast<size_t>(statement.object_verb)];
    lines->push_back(fmt::format("  {}{}{}", words, statement.object_name.empty() ? "" : " ", statement.object_name));
  }
  for (const SettingChange& setting : statement.settings) {
    lines->push_back(DescribeSetting(setting));
  }
  if (statement.copy != CopyDirection::kNone) {
    DescribeCopy(statement, lines);
  }
  if (statement.is_explain) {
    lines->push_back(statement.explain_runs ? "  explains and runs" : "  explains");
  }
  if (statement.is_barrier) {
    lines->push_back("  barrier");
  }
  if (statement.behind_possible_rename) {
    lines->push_back("  behind what may change names");
  }
}

void DescribeWrites(const Statement& statement, const Catalog& catalog, std::vector<std::string>* lines) {
  for (const ColumnWrite& write : statement.writes) {
    std::string line = fmt::format("  writes {}", catalog.ColumnName(write.column));
    if (!write.sources.empty()) {
      line += fmt::format(" from {}", Columns(write.sources, catalog));
    }
    if (write.unknown) {
      line += " from anywhere";
    }
    lines->push_back(std::move(line));
  }
  AddColumns("keeps values of", statement.write_sources, catalog, lines);
  if (statement.write_unknown) {
    lines->push_back("  keeps values from anywhere");
  }
  if (statement.runs_triggers) {
    lines->push_back("  runs code that is not in these facts");
  }
  if (statement.writes_uncounted) {
    lines->push_back("  may change rows that its tag does not count");
  }
}

}  // namespace

std::string DescribeNeed(const Need& need, const Catalog& catalog) {
  std::string line = fmt::format("{} {}", ActionName(need.action), need.resource);
  if (need.where_absent) {
    line += " without where";
  }
  if (need.via != 0) {
    line += fmt::format(" via {}", catalog.RelationName(need.via));
  }
  if (!need.reason.empty()) {
    line += fmt::format(": {}", need.reason);
  }
  if (need.location >= 0 && need.action == Action::kUnknown) {
    line += fmt::format(" (at byte {})", need.location);
  }
  return line;
}

std::vector<std::string> DescribeFacts(const Facts& facts, const Catalog& catalog) {
  std::vector<std::string> lines;
  for (const Statement& statement : facts.statements) {
    lines.push_back(statement.tag.empty() ? "(not understood)" : statement.tag);
    for (const Need& need : statement.needs) {
      lines.push_back(fmt::format("  needs {}", DescribeNeed(need, catalog)));
    }
    for (const OutputColumn& output : statement.outputs) {
      lines.push_back(DescribeOutput(output, catalog));
    }
    if (statement.returns_rows && !statement.outputs_known) {
      lines.push_back("  outputs are not known");
    }
    AddColumns("decides by", statement.predicates, catalog, &lines);
    AddColumns("of these by equality alone", statement.equality_predicates, catalog, &lines);
    AddColumns("computes with", statement.computed, catalog, &lines);
    DescribeWrites(statement, catalog, &lines);
    DescribeSession(statement, &lines);
  }
  return lines;
}

}  // namespace chaperone::sql
