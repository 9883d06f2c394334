#include "api/sql/catalog_codec.h"

#include <array>
#include <limits>
#include <unordered_map>
#include <utility>

namespace chaperone::sql {

namespace {

constexpr std::string_view kMagic = "CHCT";
constexpr uint64_t kVersion = 2;

class Writer {
 public:
  void Number(uint64_t value) {
    while (value >= 0x80) {
      out_ += static_cast<char>(value | 0x80);
      value >>= 7;
    }
    out_ += static_cast<char>(value);
  }
  // Small negative numbers stay short.
  void Signed(int64_t value) { Number((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63)); }
  void Byte(char value) { out_ += value; }
  void Bool(bool value) { out_ += value ? '\1' : '\0'; }
  // The text at its first use, its number afterwards.
  void Text(std::string_view text) {
    const auto [it, inserted] = texts_.try_emplace(text, texts_.size());
    if (!inserted) {
      Number(it->second + 1);
      return;
    }
    Number(0);
    Number(text.size());
    out_ += text;
  }
  void Raw(std::string_view text) { out_ += text; }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
  std::unordered_map<std::string_view, size_t> texts_;
};

class Reader {
 public:
  Reader(std::string_view in, Arena* arena) : in_(in), arena_(arena) {}

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) {
        return Fail();
      }
      const auto byte = static_cast<unsigned char>(in_[0]);
      in_.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    return Fail();
  }
  int64_t Signed() {
    const uint64_t value = Number();
    return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  template <typename T>
  T Narrow() {
    const uint64_t value = Number();
    if (value > std::numeric_limits<T>::max()) {
      Fail();
      return 0;
    }
    return static_cast<T>(value);
  }
  template <typename T>
  T NarrowSigned() {
    const int64_t value = Signed();
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
      Fail();
      return 0;
    }
    return static_cast<T>(value);
  }
  Oid GetOid() { return Narrow<Oid>(); }
  char Byte() {
    if (in_.empty()) {
      Fail();
      return 0;
    }
    const char value = in_[0];
    in_.remove_prefix(1);
    return value;
  }
  bool Bool() {
    const char value = Byte();
    if (value != 0 && value != 1) {
      Fail();
    }
    return value == 1;
  }
  std::string_view Text() {
    const uint64_t number = Number();
    if (number != 0) {
      if (number > texts_.size()) {
        Fail();
        return {};
      }
      return texts_[number - 1];
    }
    const uint64_t size = Number();
    if (size > in_.size()) {
      Fail();
      return {};
    }
    texts_.push_back(arena_->Copy(in_.substr(0, size)));
    in_.remove_prefix(size);
    return texts_.back();
  }
  // A count of things that take at least one byte each: never more than what is left.
  size_t Count() {
    const uint64_t count = Number();
    if (count > in_.size()) {
      Fail();
      return 0;
    }
    return count;
  }
  bool ok() const { return ok_; }
  bool AtEnd() const { return in_.empty(); }
  uint64_t Fail() {
    ok_ = false;
    in_ = {};
    return 0;
  }

 private:
  std::string_view in_;
  Arena* arena_;
  std::vector<std::string_view> texts_;
  bool ok_ = true;
};

void WriteColumns(const std::vector<ColumnId>& columns, Writer* out) {
  out->Number(columns.size());
  for (const ColumnId& column : columns) {
    out->Number(column.relation);
    out->Signed(column.attnum);
  }
}

std::vector<ColumnId> ReadColumns(Reader* in) {
  std::vector<ColumnId> columns(in->Count());
  for (ColumnId& column : columns) {
    column.relation = in->GetOid();
    column.attnum = in->NarrowSigned<int16_t>();
  }
  return columns;
}

void WriteDerived(const std::vector<DerivedColumn>& columns, Writer* out) {
  out->Number(columns.size());
  for (const DerivedColumn& column : columns) {
    out->Signed(column.attnum);
    out->Bool(column.unknown);
    out->Bool(column.plain);
    WriteColumns(column.sources, out);
    WriteColumns(column.presence, out);
  }
}

std::vector<DerivedColumn> ReadDerived(Reader* in) {
  std::vector<DerivedColumn> columns;
  const size_t count = in->Count();
  for (size_t i = 0; i < count && in->ok(); ++i) {
    DerivedColumn& column = columns.emplace_back();
    column.attnum = in->NarrowSigned<int16_t>();
    column.unknown = in->Bool();
    column.plain = in->Bool();
    column.sources = ReadColumns(in);
    column.presence = ReadColumns(in);
  }
  return columns;
}

void WriteOids(std::span<const Oid> oids, Writer* out) {
  out->Number(oids.size());
  for (const Oid oid : oids) {
    out->Number(oid);
  }
}

std::vector<Oid> ReadOids(Reader* in) {
  std::vector<Oid> oids(in->Count());
  for (Oid& oid : oids) {
    oid = in->GetOid();
  }
  return oids;
}

void WriteView(const ViewFacts& view, Writer* out) {
  WriteDerived(view.columns, out);
  WriteColumns(view.predicates, out);
  WriteColumns(view.computed, out);
  WriteOids(view.reads, out);
  out->Number(view.needs.size());
  for (const Need& need : view.needs) {
    out->Byte(static_cast<char>(need.action));
    out->Byte(static_cast<char>(need.kind));
    out->Text(need.resource);
    out->Number(need.oid);
    out->Number(need.via);
    out->Text(need.reason);
  }
}

std::unique_ptr<const ViewFacts> ReadView(Reader* in) {
  auto view = std::make_unique<ViewFacts>();
  view->columns = ReadDerived(in);
  view->predicates = ReadColumns(in);
  view->computed = ReadColumns(in);
  view->reads = ReadOids(in);
  const size_t needs = in->Count();
  for (size_t i = 0; i < needs && in->ok(); ++i) {
    Need& need = view->needs.emplace_back();
    const auto action = static_cast<unsigned char>(in->Byte());
    const auto kind = static_cast<unsigned char>(in->Byte());
    if (action >= kActionCount || kind > static_cast<unsigned char>(ResourceKind::kRole)) {
      in->Fail();
      break;
    }
    need.action = static_cast<Action>(action);
    need.kind = static_cast<ResourceKind>(kind);
    need.resource = in->Text();
    need.oid = in->GetOid();
    need.via = in->GetOid();
    need.reason = in->Text();
  }
  return view;
}

void WriteRelation(const Relation& relation, Writer* out) {
  out->Number(relation.oid);
  out->Number(relation.schema);
  out->Number(relation.row_type);
  out->Text(relation.name);
  out->Byte(static_cast<char>(relation.kind));
  out->Bool(relation.is_partition);
  out->Bool(relation.is_temporary);
  out->Bool(relation.row_security);
  out->Byte(static_cast<char>(relation.rule_events));
  out->Number(relation.columns.size());
  for (const Column& column : relation.columns) {
    out->Text(column.name);
    out->Number(column.type);
    out->Signed(column.typmod);
    out->Signed(column.attnum);
    out->Bool(column.not_null);
    out->Bool(column.generated);
    out->Bool(column.in_primary_key);
  }
  out->Number(relation.triggers.size());
  for (const Trigger& trigger : relation.triggers) {
    out->Text(trigger.name);
    out->Number(trigger.function);
    out->Byte(static_cast<char>(trigger.events));
  }
  WriteOids(relation.parents, out);
  WriteOids(relation.children, out);
  WriteDerived(relation.generated, out);
  out->Bool(relation.view != nullptr);
  if (relation.view != nullptr) {
    WriteView(*relation.view, out);
  }
}

// Where spans will point once nothing grows any more.
struct Range {
  size_t begin;
  size_t size;
};

Relation ReadRelation(Reader* in, std::vector<Column>* columns, Range* range) {
  Relation relation;
  relation.oid = in->GetOid();
  relation.schema = in->GetOid();
  relation.row_type = in->GetOid();
  relation.name = in->Text();
  relation.kind = static_cast<RelationKind>(in->Byte());
  relation.is_partition = in->Bool();
  relation.is_temporary = in->Bool();
  relation.row_security = in->Bool();
  relation.rule_events = static_cast<uint8_t>(in->Byte());
  *range = {columns->size(), in->Count()};
  for (size_t i = 0; i < range->size && in->ok(); ++i) {
    Column& column = columns->emplace_back();
    column.name = in->Text();
    column.type = in->GetOid();
    column.typmod = in->NarrowSigned<int32_t>();
    column.attnum = in->NarrowSigned<int16_t>();
    column.not_null = in->Bool();
    column.generated = in->Bool();
    column.in_primary_key = in->Bool();
  }
  const size_t triggers = in->Count();
  for (size_t i = 0; i < triggers && in->ok(); ++i) {
    Trigger& trigger = relation.triggers.emplace_back();
    trigger.name = in->Text();
    trigger.function = in->GetOid();
    trigger.events = static_cast<uint8_t>(in->Byte());
  }
  relation.parents = ReadOids(in);
  relation.children = ReadOids(in);
  relation.generated = ReadDerived(in);
  if (in->Bool()) {
    relation.view = ReadView(in);
  }
  return relation;
}

void WriteFunction(const Function& function, Writer* out) {
  out->Number(function.oid);
  out->Number(function.schema);
  out->Text(function.name);
  out->Byte(static_cast<char>(function.kind));
  out->Number(function.result);
  out->Bool(function.returns_set);
  out->Bool(function.security_definer);
  out->Byte(function.volatility);
  out->Number(function.variadic);
  out->Number(function.defaults);
  WriteOids(function.arguments, out);
  out->Number(function.argument_names.size());
  for (const std::string_view name : function.argument_names) {
    out->Text(name);
  }
  WriteOids(function.out_types, out);
  for (const std::string_view name : function.out_names) {
    out->Text(name);
  }
  out->Text(function.extension);
  out->Byte(static_cast<char>(function.function_class));
}

struct FunctionRanges {
  Range arguments;
  Range argument_names;
  Range out_types;
  Range out_names;
};

Range AppendOids(Reader* in, std::vector<Oid>* oids) {
  const std::vector<Oid> read = ReadOids(in);
  const Range range = {oids->size(), read.size()};
  oids->insert(oids->end(), read.begin(), read.end());
  return range;
}

Function ReadFunction(Reader* in, CatalogData* data, FunctionRanges* ranges) {
  Function function;
  function.oid = in->GetOid();
  function.schema = in->GetOid();
  function.name = in->Text();
  function.kind = static_cast<FunctionKind>(in->Byte());
  function.result = in->GetOid();
  function.returns_set = in->Bool();
  function.security_definer = in->Bool();
  function.volatility = in->Byte();
  function.variadic = in->GetOid();
  function.defaults = in->Narrow<uint16_t>();
  ranges->arguments = AppendOids(in, &data->oids);
  ranges->argument_names = {data->names.size(), in->Count()};
  for (size_t i = 0; i < ranges->argument_names.size && in->ok(); ++i) {
    data->names.push_back(in->Text());
  }
  ranges->out_types = AppendOids(in, &data->oids);
  ranges->out_names = {data->names.size(), ranges->out_types.size};
  for (size_t i = 0; i < ranges->out_names.size && in->ok(); ++i) {
    data->names.push_back(in->Text());
  }
  function.extension = in->Text();
  const auto function_class = static_cast<unsigned char>(in->Byte());
  const bool names_fit = ranges->argument_names.size == 0 || ranges->argument_names.size == ranges->arguments.size;
  const bool variadic_fits = function.variadic == 0 || ranges->arguments.size > 0;
  if (function_class >= kFunctionClassCount || !names_fit || !variadic_fits ||
      function.defaults > ranges->arguments.size) {
    in->Fail();
  } else {
    function.function_class = static_cast<FunctionClass>(function_class);
  }
  return function;
}

void ReadTypes(Reader* in, CatalogData* data) {
  const size_t count = in->Count();
  for (size_t i = 0; i < count && in->ok(); ++i) {
    Type& type = data->types.emplace_back();
    type.oid = in->GetOid();
    type.schema = in->GetOid();
    type.name = in->Text();
    type.kind = static_cast<TypeKind>(in->Byte());
    type.category = in->Byte();
    type.preferred = in->Bool();
    type.element = in->GetOid();
    type.array = in->GetOid();
    type.relation = in->GetOid();
    type.base = in->GetOid();
    type.base_typmod = in->NarrowSigned<int32_t>();
  }
}

void ReadOperatorsAndCasts(Reader* in, CatalogData* data) {
  const size_t operators = in->Count();
  for (size_t i = 0; i < operators && in->ok(); ++i) {
    Operator& op = data->operators.emplace_back();
    op.oid = in->GetOid();
    op.schema = in->GetOid();
    op.name = in->Text();
    op.left = in->GetOid();
    op.right = in->GetOid();
    op.result = in->GetOid();
    op.function = in->GetOid();
  }
  const size_t casts = in->Count();
  for (size_t i = 0; i < casts && in->ok(); ++i) {
    Cast& cast = data->casts.emplace_back();
    cast.source = in->GetOid();
    cast.target = in->GetOid();
    cast.function = in->GetOid();
    cast.context = in->Byte();
    cast.method = in->Byte();
  }
}

template <typename T>
bool Ascending(const std::vector<T>& rows) {
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i - 1].oid >= rows[i].oid) {
      return false;
    }
  }
  return true;
}

bool CastsAscend(const std::vector<Cast>& casts) {
  for (size_t i = 1; i < casts.size(); ++i) {
    if (std::pair(casts[i - 1].source, casts[i - 1].target) >= std::pair(casts[i].source, casts[i].target)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string EncodeCatalog(const Catalog& catalog) {
  const CatalogData& data = catalog.data();
  Writer out;
  out.Raw(kMagic);
  out.Number(kVersion);
  out.Text(data.database.name);
  out.Signed(data.database.server_version);
  out.Text(data.database.encoding);
  out.Number(data.schemas.size());
  for (const Schema& schema : data.schemas) {
    out.Number(schema.oid);
    out.Text(schema.name);
  }
  out.Number(data.relations.size());
  for (const Relation& relation : data.relations) {
    WriteRelation(relation, &out);
  }
  out.Number(data.types.size());
  for (const Type& type : data.types) {
    out.Number(type.oid);
    out.Number(type.schema);
    out.Text(type.name);
    out.Byte(static_cast<char>(type.kind));
    out.Byte(type.category);
    out.Bool(type.preferred);
    for (const Oid oid : {type.element, type.array, type.relation, type.base}) {
      out.Number(oid);
    }
    out.Signed(type.base_typmod);
  }
  out.Number(data.functions.size());
  for (const Function& function : data.functions) {
    WriteFunction(function, &out);
  }
  out.Number(data.operators.size());
  for (const Operator& op : data.operators) {
    out.Number(op.oid);
    out.Number(op.schema);
    out.Text(op.name);
    for (const Oid oid : {op.left, op.right, op.result, op.function}) {
      out.Number(oid);
    }
  }
  out.Number(data.casts.size());
  for (const Cast& cast : data.casts) {
    for (const Oid oid : {cast.source, cast.target, cast.function}) {
      out.Number(oid);
    }
    out.Byte(cast.context);
    out.Byte(cast.method);
  }
  out.Number(data.extensions.size());
  for (const Extension& extension : data.extensions) {
    out.Text(extension.name);
    out.Text(extension.version);
  }
  out.Number(data.type_functions.size());
  for (const TypeFunction& entry : data.type_functions) {
    out.Number(entry.type);
    out.Number(entry.function);
  }
  return out.Take();
}

absl::StatusOr<std::shared_ptr<const Catalog>> DecodeCatalog(std::string_view bytes) {
  if (bytes.size() > kEncodedCatalogBytesMax) {
    return base::DataLoss("the catalog snapshot has {} bytes, more than {}", bytes.size(), kEncodedCatalogBytesMax);
  }
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    return base::DataLoss("these bytes are no catalog snapshot");
  }
  CatalogData data;
  Reader in(bytes.substr(kMagic.size()), &data.strings);
  if (const uint64_t version = in.Number(); version != kVersion) {
    return base::DataLoss("the catalog snapshot has version {}, and {} is understood", version, kVersion);
  }
  data.database.name = in.Text();
  data.database.server_version = in.NarrowSigned<int32_t>();
  data.database.encoding = in.Text();
  const size_t schemas = in.Count();
  for (size_t i = 0; i < schemas && in.ok(); ++i) {
    Schema& schema = data.schemas.emplace_back();
    schema.oid = in.GetOid();
    schema.name = in.Text();
  }
  std::vector<Range> column_ranges;
  const size_t relations = in.Count();
  for (size_t i = 0; i < relations && in.ok(); ++i) {
    data.relations.push_back(ReadRelation(&in, &data.columns, &column_ranges.emplace_back()));
  }
  ReadTypes(&in, &data);
  std::vector<FunctionRanges> function_ranges;
  const size_t functions = in.Count();
  for (size_t i = 0; i < functions && in.ok(); ++i) {
    data.functions.push_back(ReadFunction(&in, &data, &function_ranges.emplace_back()));
  }
  ReadOperatorsAndCasts(&in, &data);
  const size_t extensions = in.Count();
  for (size_t i = 0; i < extensions && in.ok(); ++i) {
    Extension& extension = data.extensions.emplace_back();
    extension.name = in.Text();
    extension.version = in.Text();
  }
  const size_t type_functions = in.Count();
  for (size_t i = 0; i < type_functions && in.ok(); ++i) {
    TypeFunction& entry = data.type_functions.emplace_back();
    entry.type = in.GetOid();
    entry.function = in.GetOid();
  }
  if (!in.ok() || !in.AtEnd()) {
    return base::DataLoss("the catalog snapshot is cut short or damaged");
  }
  if (!Ascending(data.schemas) || !Ascending(data.relations) || !Ascending(data.types) || !Ascending(data.functions) ||
      !CastsAscend(data.casts)) {
    return base::DataLoss("the catalog snapshot is not in order");
  }
  for (size_t i = 0; i < data.relations.size(); ++i) {
    data.relations[i].columns = std::span(data.columns).subspan(column_ranges[i].begin, column_ranges[i].size);
  }
  const std::span<const Oid> oids = data.oids;
  const std::span<const std::string_view> names = data.names;
  for (size_t i = 0; i < data.functions.size(); ++i) {
    const FunctionRanges& ranges = function_ranges[i];
    data.functions[i].arguments = oids.subspan(ranges.arguments.begin, ranges.arguments.size);
    data.functions[i].argument_names = names.subspan(ranges.argument_names.begin, ranges.argument_names.size);
    data.functions[i].out_types = oids.subspan(ranges.out_types.begin, ranges.out_types.size);
    data.functions[i].out_names = names.subspan(ranges.out_names.begin, ranges.out_names.size);
  }
  return std::shared_ptr<const Catalog>(std::make_shared<Catalog>(std::move(data)));
}

}  // namespace chaperone::sql
