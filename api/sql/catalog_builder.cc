#include "api/sql/catalog_builder.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/sql/catalog_queries.h"
#include "api/sql/view_facts.h"

namespace chaperone::sql {

namespace {

// Cells of one row, read by position and type; the first that does not read as it should is reported.
class Row {
 public:
  explicit Row(std::span<const std::optional<std::string_view>> cells) : cells_(cells) {}

  // Empty for an absent cell.
  std::string_view Text(size_t i) { return cells_[i].value_or(std::string_view()); }
  bool Has(size_t i) const { return cells_[i].has_value(); }

  template <typename T>
  T Number(size_t i) {
    T value{};
    const std::string_view text = Text(i);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      Fail(i);
    }
    return value;
  }
  Oid GetOid(size_t i) { return Number<Oid>(i); }
  bool Bool(size_t i) {
    const std::string_view text = Text(i);
    if (text != "t" && text != "f" && text != "true" && text != "false") {
      Fail(i);
    }
    return !text.empty() && text[0] == 't';
  }
  char Letter(size_t i) {
    const std::string_view text = Text(i);
    if (text.size() != 1) {
      Fail(i);
      return 0;
    }
    return text[0];
  }
  void Fail(size_t i) {
    if (bad_ < 0) {
      bad_ = static_cast<int>(i);
    }
  }
  absl::Status status() const {
    return bad_ < 0 ? absl::OkStatus() : base::InvalidArgument("cell {} does not read as the query's own type", bad_);
  }

 private:
  std::span<const std::optional<std::string_view>> cells_;
  int bad_ = -1;
};

constexpr size_t kCells[] = {3, 2, 8, 8, 11, 16, 7, 5, 2, 2, 2, 4, 3, 2, 2};

// The items of PostgreSQL's text form of a one-dimensional array: {a,"b c",NULL}. False when it is none.
bool ParseArray(std::string_view text, std::vector<std::string>* items) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return false;
  }
  text = text.substr(1, text.size() - 2);
  size_t i = 0;
  while (i < text.size()) {
    std::string item;
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
          ++i;
        }
        item += text[i];
      }
      if (i >= text.size()) {
        return false;
      }
      ++i;
    } else {
      while (i < text.size() && text[i] != ',') {
        item += text[i++];
      }
    }
    items->push_back(std::move(item));
    if (i < text.size() && text[i++] != ',') {
      return false;
    }
  }
  return true;
}

// "25 23" -> oids. False when it is no list of numbers.
bool ParseOids(std::string_view text, char separator, std::vector<Oid>* oids) {
  while (!text.empty()) {
    Oid oid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), oid);
    if (error != std::errc()) {
      return false;
    }
    oids->push_back(oid);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty()) {
      if (text[0] != separator || text.size() == 1) {
        return false;
      }
      text.remove_prefix(1);
    }
  }
  return true;
}

template <typename T>
void SortByOid(std::vector<T>* rows) {
  std::sort(rows->begin(), rows->end(), [](const T& a, const T& b) { return a.oid < b.oid; });
}

// pg_trigger.tgtype's bits.
uint8_t TriggerEvents(int tgtype) {
  return static_cast<uint8_t>(((tgtype & 4) != 0 ? kOnInsert : 0) | ((tgtype & 8) != 0 ? kOnDelete : 0) |
                              ((tgtype & 16) != 0 ? kOnUpdate : 0) | ((tgtype & 32) != 0 ? kOnTruncate : 0) |
                              ((tgtype & 64) != 0 ? kInstead : 0));
}

}  // namespace

CatalogBuilder::CatalogBuilder() = default;

absl::Status CatalogBuilder::AddRow(size_t query, Cells cells) {
  static_assert(std::size(kCells) == 15);
  if (query >= std::size(kCells) || cells.size() != kCells[query]) {
    return base::InvalidArgument("catalog query {} does not give rows of {} cells", query, cells.size());
  }
  using Handler = absl::Status (CatalogBuilder::*)(Cells);
  static constexpr Handler kHandlers[] = {
      &CatalogBuilder::AddDatabase,    &CatalogBuilder::AddSchema,    &CatalogBuilder::AddRelation,
      &CatalogBuilder::AddColumn,      &CatalogBuilder::AddType,      &CatalogBuilder::AddFunction,
      &CatalogBuilder::AddOperator,    &CatalogBuilder::AddCast,      &CatalogBuilder::AddView,
      &CatalogBuilder::AddInheritance, &CatalogBuilder::AddRule,      &CatalogBuilder::AddTrigger,
      &CatalogBuilder::AddGenerated,   &CatalogBuilder::AddExtension, &CatalogBuilder::AddTypeFunction,
  };
  static_assert(std::size(kHandlers) == std::size(kCells));
  const Handler handler = kHandlers[query];
  return base::Annotate((this->*handler)(cells), fmt::format("catalog query {}", query));
}

std::string_view CatalogBuilder::Intern(std::string_view text) {
  const auto [it, inserted] = interned_.try_emplace(std::string(text));
  if (inserted) {
    it->second = data_.strings.Copy(text);
  }
  return it->second;
}

Relation* CatalogBuilder::FindRelation(Oid oid) {
  const auto it = relation_index_.find(oid);
  return it == relation_index_.end() ? nullptr : &data_.relations[it->second];
}

absl::Status CatalogBuilder::AddDatabase(Cells cells) {
  Row row(cells);
  data_.database = {Intern(row.Text(0)), row.Number<int32_t>(1), Intern(row.Text(2))};
  return row.status();
}

absl::Status CatalogBuilder::AddSchema(Cells cells) {
  Row row(cells);
  data_.schemas.push_back({row.GetOid(0), Intern(row.Text(1))});
  return row.status();
}

absl::Status CatalogBuilder::AddRelation(Cells cells) {
  constexpr size_t kRelationsMax = 1'000'000;
  if (data_.relations.size() >= kRelationsMax) {
    return base::ResourceExhausted("more than {} relations", kRelationsMax);
  }
  Row row(cells);
  Relation relation;
  relation.oid = row.GetOid(0);
  relation.schema = row.GetOid(1);
  relation.row_type = row.GetOid(2);
  relation.name = Intern(row.Text(3));
  relation.kind = static_cast<RelationKind>(row.Letter(4));
  relation.is_partition = row.Bool(5);
  relation.is_temporary = row.Bool(6);
  relation.row_security = row.Bool(7);
  relation_index_[relation.oid] = data_.relations.size();
  data_.relations.push_back(std::move(relation));
  return row.status();
}

absl::Status CatalogBuilder::AddColumn(Cells cells) {
  constexpr size_t kColumnsMax = 4'000'000;
  if (data_.columns.size() >= kColumnsMax) {
    return base::ResourceExhausted("more than {} columns", kColumnsMax);
  }
  Row row(cells);
  const Oid relation = row.GetOid(0);
  Range& range = column_ranges_[relation];
  if (range.size == 0) {
    range.begin = data_.columns.size();
  } else if (range.begin + range.size != data_.columns.size()) {
    return base::InvalidArgument("columns are not ordered by relation");
  }
  ++range.size;
  data_.columns.push_back({.name = Intern(row.Text(2)),
                           .type = row.GetOid(3),
                           .typmod = row.Number<int32_t>(4),
                           .attnum = row.Number<int16_t>(1),
                           .not_null = row.Bool(5),
                           .generated = row.Bool(6),
                           .in_primary_key = row.Bool(7)});
  return row.status();
}

absl::Status CatalogBuilder::AddType(Cells cells) {
  constexpr size_t kTypesMax = 2'000'000;
  if (data_.types.size() >= kTypesMax) {
    return base::ResourceExhausted("more than {} types", kTypesMax);
  }
  Row row(cells);
  data_.types.push_back({.oid = row.GetOid(0),
                         .schema = row.GetOid(1),
                         .name = Intern(row.Text(2)),
                         .kind = static_cast<TypeKind>(row.Letter(3)),
                         .category = row.Letter(4),
                         .preferred = row.Bool(5),
                         .element = row.GetOid(6),
                         .array = row.GetOid(7),
                         .relation = row.GetOid(8),
                         .base = row.GetOid(9),
                         .base_typmod = row.Number<int32_t>(10)});
  return row.status();
}

absl::Status CatalogBuilder::AddFunction(Cells cells) {
  constexpr size_t kFunctionsMax = 1'000'000;
  if (data_.functions.size() >= kFunctionsMax) {
    return base::ResourceExhausted("more than {} functions", kFunctionsMax);
  }
  Row row(cells);
  Function function;
  function.oid = row.GetOid(0);
  function.schema = row.GetOid(1);
  function.name = Intern(row.Text(2));
  function.kind = static_cast<FunctionKind>(row.Letter(3));
  function.result = row.GetOid(4);
  function.returns_set = row.Bool(5);
  function.security_definer = row.Bool(6);
  function.volatility = row.Letter(7);
  function.variadic = row.GetOid(8);
  function.defaults = row.Number<uint16_t>(9);
  FunctionRanges ranges;
  ranges.arguments_text = Intern(row.Text(10));
  ranges.language = Intern(row.Text(14));
  function.extension = Intern(row.Text(15));

  std::vector<Oid> inputs;
  std::vector<Oid> all;
  std::vector<std::string> modes;
  std::vector<std::string> names;
  if (!ParseOids(row.Text(10), ' ', &inputs)) {
    row.Fail(10);
  }
  if (row.Has(11)) {
    const std::string_view text = row.Text(11);
    if (text.size() < 2 || !ParseOids(text.substr(1, text.size() - 2), ',', &all)) {
      row.Fail(11);
    }
  }
  if (row.Has(12) && !ParseArray(row.Text(12), &modes)) {
    row.Fail(12);
  }
  if (row.Has(13) && !ParseArray(row.Text(13), &names)) {
    row.Fail(13);
  }
  if (!row.Has(11)) {
    // Without OUT arguments, the input arguments are all there are.
    all = inputs;
  }
  if ((!modes.empty() && modes.size() != all.size()) || (!names.empty() && names.size() != all.size())) {
    row.Fail(13);
  }
  CHAPERONE_RETURN_IF_ERROR(row.status());

  ranges.arguments = {data_.oids.size(), inputs.size()};
  data_.oids.insert(data_.oids.end(), inputs.begin(), inputs.end());
  ranges.argument_names.begin = data_.names.size();
  for (size_t i = 0; i < names.size(); ++i) {
    const bool input = modes.empty() || modes[i] == "i" || modes[i] == "b" || modes[i] == "v";
    if (input) {
      data_.names.push_back(Intern(names[i]));
      ++ranges.argument_names.size;
    }
  }
  ranges.out_types.begin = data_.oids.size();
  ranges.out_names.begin = data_.names.size();
  for (size_t i = 0; i < modes.size(); ++i) {
    if (modes[i] == "o" || modes[i] == "b" || modes[i] == "t") {
      data_.oids.push_back(all[i]);
      data_.names.push_back(names.empty() ? std::string_view() : Intern(names[i]));
      ++ranges.out_types.size;
      ++ranges.out_names.size;
    }
  }
  data_.functions.push_back(function);
  function_ranges_.push_back(ranges);
  return absl::OkStatus();
}

absl::Status CatalogBuilder::AddOperator(Cells cells) {
  constexpr size_t kOperatorsMax = 1'000'000;
  if (data_.operators.size() >= kOperatorsMax) {
    return base::ResourceExhausted("more than {} operators", kOperatorsMax);
  }
  Row row(cells);
  data_.operators.push_back({.oid = row.GetOid(0),
                             .schema = row.GetOid(1),
                             .name = Intern(row.Text(2)),
                             .left = row.GetOid(3),
                             .right = row.GetOid(4),
                             .result = row.GetOid(5),
                             .function = row.GetOid(6)});
  return row.status();
}

absl::Status CatalogBuilder::AddCast(Cells cells) {
  constexpr size_t kCastsMax = 1'000'000;
  if (data_.casts.size() >= kCastsMax) {
    return base::ResourceExhausted("more than {} casts", kCastsMax);
  }
  Row row(cells);
  data_.casts.push_back({.source = row.GetOid(0),
                         .target = row.GetOid(1),
                         .function = row.GetOid(2),
                         .context = row.Letter(3),
                         .method = row.Letter(4)});
  return row.status();
}

absl::Status CatalogBuilder::AddView(Cells cells) {
  constexpr size_t kViewsMax = 100'000;
  if (definitions_.size() >= kViewsMax) {
    return base::ResourceExhausted("more than {} views", kViewsMax);
  }
  Row row(cells);
  definitions_.push_back({row.GetOid(0), 0, std::string(row.Text(1))});
  return row.status();
}

absl::Status CatalogBuilder::AddInheritance(Cells cells) {
  Row row(cells);
  inheritance_.push_back({row.GetOid(0), row.GetOid(1)});
  return row.status();
}

absl::Status CatalogBuilder::AddRule(Cells cells) {
  Row row(cells);
  Relation* relation = FindRelation(row.GetOid(0));
  const char event = row.Letter(1);
  if (relation != nullptr) {
    // CmdType as a digit: 2 UPDATE, 3 INSERT, 4 DELETE.
    relation->rule_events |= event == '2' ? kOnUpdate : event == '3' ? kOnInsert : event == '4' ? kOnDelete : 0;
  }
  return row.status();
}

absl::Status CatalogBuilder::AddTrigger(Cells cells) {
  Row row(cells);
  Relation* relation = FindRelation(row.GetOid(0));
  const Trigger trigger = {Intern(row.Text(1)), row.GetOid(2), TriggerEvents(row.Number<int>(3))};
  if (relation != nullptr) {
    relation->triggers.push_back(trigger);
  }
  return row.status();
}

absl::Status CatalogBuilder::AddGenerated(Cells cells) {
  Row row(cells);
  definitions_.push_back({row.GetOid(0), row.Number<int16_t>(1), std::string(row.Text(2))});
  return row.status();
}

absl::Status CatalogBuilder::AddExtension(Cells cells) {
  Row row(cells);
  data_.extensions.push_back({Intern(row.Text(0)), Intern(row.Text(1))});
  return row.status();
}

absl::Status CatalogBuilder::AddTypeFunction(Cells cells) {
  Row row(cells);
  data_.type_functions.push_back({row.GetOid(0), row.GetOid(1)});
  return row.status();
}

void CatalogBuilder::LinkSpans() {
  for (Relation& relation : data_.relations) {
    if (const auto it = column_ranges_.find(relation.oid); it != column_ranges_.end()) {
      relation.columns = std::span(data_.columns).subspan(it->second.begin, it->second.size);
    }
  }
  const auto oids = [&](const Range& range) {
    return std::span<const Oid>(data_.oids).subspan(range.begin, range.size);
  };
  const auto names = [&](const Range& range) {
    return std::span<const std::string_view>(data_.names).subspan(range.begin, range.size);
  };
  for (size_t i = 0; i < data_.functions.size(); ++i) {
    Function& function = data_.functions[i];
    const FunctionRanges& ranges = function_ranges_[i];
    function.arguments = oids(ranges.arguments);
    function.argument_names = names(ranges.argument_names);
    function.out_types = oids(ranges.out_types);
    function.out_names = names(ranges.out_names);
  }
}

void CatalogBuilder::ClassifyFunctions() {
  std::unordered_map<Oid, std::string_view> schemas;
  for (const Schema& schema : data_.schemas) {
    schemas.emplace(schema.oid, schema.name);
  }
  for (size_t i = 0; i < data_.functions.size(); ++i) {
    Function& function = data_.functions[i];
    const FunctionRanges& ranges = function_ranges_[i];
    function.function_class = ClassifyFunction({.oid = function.oid,
                                                .schema = schemas[function.schema],
                                                .name = function.name,
                                                .arguments = ranges.arguments_text,
                                                .volatility = function.volatility,
                                                .language = ranges.language,
                                                .extension = function.extension});
  }
}

absl::StatusOr<std::shared_ptr<const Catalog>> CatalogBuilder::Build() {
  if (data_.database.encoding.empty() || data_.schemas.empty() || data_.types.empty() || data_.functions.empty()) {
    return base::FailedPrecondition("the catalog snapshot is incomplete: run every query of CatalogQueries()");
  }
  LinkSpans();
  ClassifyFunctions();
  for (const Inheritance& link : inheritance_) {
    Relation* child = FindRelation(link.child);
    Relation* parent = FindRelation(link.parent);
    if (child != nullptr && parent != nullptr) {
      child->parents.push_back(parent->oid);
      parent->children.push_back(child->oid);
    }
  }
  SortByOid(&data_.schemas);
  SortByOid(&data_.relations);
  SortByOid(&data_.types);
  SortByOid(&data_.functions);
  SortByOid(&data_.operators);
  std::sort(data_.casts.begin(), data_.casts.end(),
            [](const Cast& a, const Cast& b) { return std::pair(a.source, a.target) < std::pair(b.source, b.target); });
  auto catalog = std::make_shared<Catalog>(std::move(data_));
  DeriveDefinitions(definitions_, catalog.get());
  return std::shared_ptr<const Catalog>(std::move(catalog));
}

}  // namespace chaperone::sql
