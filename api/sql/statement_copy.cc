// COPY: from and to the client it reads or inserts; files and programs of the server are another matter.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "api/sql/analyzer.h"

namespace chaperone::sql {

namespace {

// An option's value as defGetString (src/backend/commands/define.c) reads it; nothing for forms that it makes otherwise
// or refuses.
std::optional<std::string> OptionText(const Node* option) {
  const Node* const argument = option->Get(pg::DefElem::kArg);
  if (argument == nullptr) {
    return std::nullopt;
  }
  switch (argument->tag()) {
    case NodeTag::kString:
      return std::string(argument->Get(pg::String::kSval));
    case NodeTag::kInteger:
      return fmt::format("{}", argument->Get(pg::Integer::kIval));
    case NodeTag::kFloat:
      return std::string(argument->Get(pg::Float::kFval));
    default:
      return std::nullopt;
  }
}

char FirstByte(std::string_view text, char otherwise) { return text.size() == 1 ? text[0] : otherwise; }

// FORCE_QUOTE's columns. False: in no form that there is.
bool ReadForceQuote(const Node* argument, CopyOptions* copy) {
  if (argument == nullptr) {
    return false;
  }
  if (argument->Is<pg::A_Star>()) {
    copy->force_quote_all = true;
    return true;
  }
  if (!argument->Is<pg::List>()) {
    return false;
  }
  for (const Node* name : argument->Get(pg::List::kItems)) {
    if (!name->Is<pg::String>()) {
      return false;
    }
    copy->force_quote.emplace_back(name->Get(pg::String::kSval));
  }
  return true;
}

}  // namespace

// False: the option is not known, or its value has a form that no option of that name takes.
bool Analyzer::ReadCopyOption(const Node& option, CopyOptions* copy, bool* has_escape) {
  const std::string_view name = option.Get(pg::DefElem::kDefname);
  if (name == "header") {
    copy->header = OptionIsOn(option.Get(pg::DefElem::kArg));
    return true;
  }
  if (name == "force_quote") {
    return ReadForceQuote(option.Get(pg::DefElem::kArg), copy);
  }
  if (name == "force_not_null" || name == "force_null" || name == "freeze") {
    return true;
  }
  const std::optional<std::string> text = OptionText(&option);
  if (!text) {
    return false;
  }
  if (name == "delimiter") {
    copy->delimiter = FirstByte(*text, copy->delimiter);
  } else if (name == "quote") {
    copy->quote = FirstByte(*text, copy->quote);
  } else if (name == "escape") {
    copy->escape = FirstByte(*text, copy->escape);
    *has_escape = true;
  } else if (name == "null") {
    copy->null = *text;
  } else if (name == "encoding") {
    copy->encoding = *text;
  } else {
    return name == "format";
  }
  return true;
}

void Analyzer::AnalyzeCopyOptions(NodeList options) {
  CopyOptions& copy = out_->copy_options;
  for (const Node* option : options) {
    if (option->Get(pg::DefElem::kDefname) == "format") {
      const std::optional<std::string> format = OptionText(option);
      copy.format = format == "csv"      ? CopyOptions::Format::kCsv
                    : format == "binary" ? CopyOptions::Format::kBinary
                                         : CopyOptions::Format::kText;
    }
  }
  if (copy.format == CopyOptions::Format::kCsv) {
    copy.delimiter = ',';
    copy.null.clear();
  }
  bool has_escape = false;
  for (const Node* option : options) {
    if (!ReadCopyOption(*option, &copy, &has_escape)) {
      Unknown(fmt::format("the COPY option {} is not understood", option->Get(pg::DefElem::kDefname)),
              option->location());
    }
  }
  if (!has_escape) {
    copy.escape = copy.quote;
  }
}

void Analyzer::AnalyzeCopy(const Node& statement) {
  AnalyzeCopyOptions(statement.Get(pg::CopyStmt::kOptions));
  const bool is_from = statement.Get(pg::CopyStmt::kIsFrom);
  const bool uses_file = statement.Get(pg::CopyStmt::kIsProgram) || statement.Has(pg::CopyStmt::kFilename);
  if (uses_file) {
    RequireWholesale(Action::kCopyFile,
                     statement.Get(pg::CopyStmt::kIsProgram) ? "COPY runs a program on the server"
                     : is_from                               ? "COPY reads a file of the server"
                                                             : "COPY writes a file on the server",
                     -1);
    out_->copy = CopyDirection::kFile;
  } else {
    out_->copy = is_from ? CopyDirection::kFromStdin : CopyDirection::kToStdout;
  }
  QueryResult result;
  if (const Node* query = statement.Get(pg::CopyStmt::kQuery)) {
    result = AnalyzeQuery(*query, nullptr, nullptr);
    if (FindInto(*query) != nullptr) {
      Unknown("COPY (SELECT INTO) is not supported", -1);
    }
  } else {
    const Node& range_var = *statement.Get(pg::CopyStmt::kRelation);
    const Relation* relation = LookUpRelation(range_var);
    if (relation == nullptr) {
      return;
    }
    result = CopyColumns(*relation, statement.Get(pg::CopyStmt::kAttlist));
    if (is_from) {
      RequireWrite(Action::kInsert, *relation, false, range_var.location());
      for (const ScopeColumn& column : result.columns) {
        // The values are the client's, or the file's.
        Value value;
        value.unknown = uses_file;
        RecordWrite(column.value.origin, value);
      }
      RangeItem* item = NewRelationItem(*relation, nullptr);
      const Scope scope{.entries = {{.item = item}}};
      AnalyzePredicate(statement.Get(pg::CopyStmt::kWhereClause), scope);
      RequireReadIfUsed(*item, range_var.location());
      return;
    }
    RequireRelation(Action::kRead, *relation, range_var.location());
    NoteRead(*relation);
    for (const ScopeColumn& column : result.columns) {
      NoteReference(column.value);
    }
  }
  FillOutputs(result, out_);
  if (uses_file) {
    KeepResult(result);
  }
}

QueryResult Analyzer::CopyColumns(const Relation& relation, NodeList names) {
  QueryResult result;
  for (const Node* name : names) {
    const std::string_view text = name->Get(pg::String::kSval);
    const Column* column = relation.FindColumn(text);
    if (column == nullptr) {
      Unknown(fmt::format("column \"{}\" of relation \"{}\" does not exist", text, relation.name), -1);
      continue;
    }
    result.columns.push_back({text, RelationColumn(relation, *column)});
  }
  if (names.empty()) {
    for (const Column& column : relation.columns) {
      // COPY leaves generated columns out.
      if (!column.generated) {
        result.columns.push_back({column.name, RelationColumn(relation, column)});
      }
    }
  }
  return result;
}

}  // namespace chaperone::sql
