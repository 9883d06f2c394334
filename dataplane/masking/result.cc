#include "dataplane/masking/result.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "dataplane/masking/catalog_types.h"

namespace chaperone::masking {

namespace {

constexpr size_t kColumnsMax = 1664;  // MaxTupleAttributeNumber

uint32_t Load(std::string_view bytes, size_t at, int size) {
  uint32_t value = 0;
  for (int i = 0; i < size; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[at + static_cast<size_t>(i)]);
  }
  return value;
}

void Store(uint32_t value, char* at) {
  for (int i = 0; i < 4; ++i) {
    at[i] = static_cast<char>(value >> (24 - 8 * i));
  }
}

absl::Status Malformed() { return base::DataLoss("the database sent a row that does not decode"); }

// The mask that the server's own account of a column calls for.
OutputMask MaskByProvenance(const ResultPlanInput& input, const ResultColumn& column) {
  sql::Catalog::ColumnParts parts;
  if (column.table_oid == 0 || column.attnum <= 0 ||
      !input.catalog.FindColumnParts({column.table_oid, column.attnum}, &parts)) {
    return {};
  }
  return MaskOfColumn(input.view, parts);
}

absl::Status CheckPrediction(const sql::OutputColumn& predicted, const ResultColumn& column) {
  const bool agrees = predicted.origin.relation == column.table_oid && predicted.origin.attnum == column.attnum;
  if (!predicted.origin_known || agrees) {
    return absl::OkStatus();
  }
  return base::FailedPrecondition(
      "the database returns other columns than the sidecar worked out for this statement; the session ends so that "
      "nothing "
      "passes unmasked");
}

bool IsText(uint32_t type_oid) {
  constexpr uint32_t kTypes[] = {19, 25, 705, 1042, 1043};  // name, text, unknown, bpchar, varchar
  return std::find(std::begin(kTypes), std::end(kTypes), type_oid) != std::end(kTypes);
}

// A value of which nothing may show: a constant where the type is text, else NULL.
ResultPlan::Column MakeOpaque(const OutputMask& mask, const ResultColumn& column) {
  ResultPlan::Column made;
  made.is_opaque = true;
  made.rule = mask.rule != nullptr ? mask.rule->id : "unknown-source";
  const bool null = mask.rule != nullptr && mask.rule->method == policy::MaskMethod::kNull;
  if (!null && IsText(column.type_oid)) {
    made.constant = "****";
  }
  made.method = policy::MaskMethodName(made.constant ? policy::MaskMethod::kRedact : policy::MaskMethod::kNull, 0);
  return made;
}

// A JSON value of which parts are masked: what is left of it is searched.
class MaskThenSearch final : public CellMasker {
 public:
  MaskThenSearch(std::unique_ptr<CellMasker> masker, std::unique_ptr<CellSearch> search)
      : masker_(std::move(masker)), search_(std::move(search)) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    masked_.clear();
    if (masker_->Mask(cell, &masked_) == Outcome::kNull) {
      return Outcome::kNull;
    }
    const Searched searched = search_->Apply(masked_, Literals::kPossible, out);
    if (searched == Searched::kUnchanged) {
      out->append(masked_);
    }
    return searched == Searched::kNull ? Outcome::kNull : Outcome::kValue;
  }

 private:
  const std::unique_ptr<CellMasker> masker_;
  const std::unique_ptr<CellSearch> search_;
  std::string masked_;
};

ResultPlan::Column MakeColumn(const OutputMask& mask, const ResultColumn& column, const MaskContext& context) {
  if (mask.kind == OutputMask::Kind::kNone) {
    return {};
  }
  if (mask.kind == OutputMask::Kind::kOpaque) {
    return MakeOpaque(mask, column);
  }
  const ColumnType type{column.type_oid, column.type_modifier, column.binary ? Format::kBinary : Format::kText};
  ResultPlan::Column made;
  made.masker = mask.kind == OutputMask::Kind::kPaths ? MakeJsonPathMasker(mask.paths, type, context)
                                                      : MakeCellMasker(*mask.rule, type, context);
  made.rule = mask.rule->id;
  made.method = policy::MaskMethodName(mask.rule->method, mask.rule->argument);
  return made;
}

// The detectors for an output: those of the tables that its values come from, all of them when that is not certain.
std::vector<const SearchRule*> SearchRulesFor(const ResultPlanInput& input, size_t output, const ResultColumn& column) {
  std::vector<sql::ColumnId> sources;
  if (input.plan.outputs_known && !input.statement.outputs[output].unknown) {
    sources = input.statement.outputs[output].sources;
  }
  if (sources.empty()) {
    return input.search->All();
  }
  sources.push_back({column.table_oid, column.attnum});
  // A value that was computed from a view's column comes from that view too, though its sources are the tables below.
  for (const sql::Need& need : input.statement.needs) {
    const sql::Relation* const relation =
        need.kind == sql::ResourceKind::kRelation ? input.catalog.RelationByOid(need.oid) : nullptr;
    if (relation != nullptr && relation->is_view()) {
      sources.push_back({need.oid, 0});
    }
  }
  std::vector<const policy::MaskingRule*> wanted;
  for (const sql::ColumnId& source : sources) {
    sql::Catalog::ColumnParts parts;
    if (source.relation == 0) {
      continue;
    }
    if (!input.catalog.FindColumnParts(source, &parts)) {
      return input.search->All();
    }
    for (const policy::MaskingRule* rule : input.view.DetectorsFor(parts.schema, parts.relation)) {
      wanted.push_back(rule);
    }
  }
  return input.search->Select(wanted);
}

// REQUIRES: as many masks as columns.
absl::StatusOr<std::shared_ptr<ResultPlan>> MakePlan(const ResultPlanInput& input,
                                                     const std::vector<ResultColumn>& columns,
                                                     const std::vector<OutputMask>& masks) {
  if (input.search == nullptr && !input.view.detectors().empty()) {
    return base::FailedPrecondition("the policy's detectors could not be made; the sidecar's log says why");
  }
  const CatalogTypes types(input.catalog);
  const MaskContext context{input.key, &types};
  std::vector<ResultPlan::Column> made;
  std::vector<const SearchRule*> looked_for;
  size_t searched = 0;
  bool masks_any = false;
  for (size_t i = 0; i < columns.size(); ++i) {
    made.push_back(MakeColumn(masks[i], columns[i], context));
    ResultPlan::Column& last = made.back();
    const bool is_hidden_whole = masks[i].kind == OutputMask::Kind::kColumn || last.is_opaque;
    if (!is_hidden_whole && input.search != nullptr) {
      const ColumnType type{columns[i].type_oid, columns[i].type_modifier,
                            columns[i].binary ? Format::kBinary : Format::kText};
      const std::vector<const SearchRule*> rules = SearchRulesFor(input, i, columns[i]);
      last.search = MakeCellSearch(rules, columns[i].name, type, &types);
      if (last.search != nullptr && last.masker == nullptr) {
        looked_for.insert(looked_for.end(), rules.begin(), rules.end());
        ++searched;
      }
    }
    if (last.masker != nullptr && last.search != nullptr) {
      last.masker = std::make_unique<MaskThenSearch>(std::move(last.masker), std::move(last.search));
    }
    masks_any = masks_any || last.masker != nullptr || last.is_opaque || last.search != nullptr;
  }
  if (!masks_any) {
    return std::shared_ptr<ResultPlan>();
  }
  std::optional<RowLook> look;
  if (searched > 1) {
    look.emplace(looked_for);
  }
  return std::make_shared<ResultPlan>(std::move(made), input.search, std::move(look));
}

void AppendConstant(const std::optional<std::string>& constant, std::string* out) {
  const size_t at = out->size();
  out->append(4, '\0');
  Store(constant ? static_cast<uint32_t>(constant->size()) : 0xffffffff, out->data() + at);
  out->append(constant.value_or(""));
}

}  // namespace

ResultPlan::ResultPlan(std::vector<Column> columns, std::shared_ptr<const SearchRules> search,
                       std::optional<RowLook> look)
    : search_(std::move(search)), columns_(std::move(columns)), look_(std::move(look)) {}

absl::Status ResultPlan::MaskRow(std::string_view body, std::string* out, uint64_t* masked_cells) {
  if (body.size() < 2 || Load(body, 0, 2) != columns_.size()) {
    return Malformed();
  }
  if (look_) {
    look_->Over(body);
  }
  out->append(body.substr(0, 2));
  size_t at = 2;
  // Cells that pass are copied in runs.
  size_t copied = at;
  for (Column& column : columns_) {
    if (body.size() - at < 4) {
      return Malformed();
    }
    const auto size = static_cast<int32_t>(Load(body, at, 4));
    const size_t begin = at + 4;
    if (size < -1 || (size > 0 && body.size() - begin < static_cast<size_t>(size))) {
      return Malformed();
    }
    at = begin + (size > 0 ? static_cast<size_t>(size) : 0);
    if (!column.is_opaque && (size < 0 || (column.masker == nullptr && column.search == nullptr))) {
      continue;
    }
    if (column.is_opaque) {
      out->append(body.substr(copied, begin - 4 - copied));
      copied = at;
      AppendConstant(column.constant, out);
      ++*masked_cells;
      continue;
    }
    const std::string_view cell = body.substr(begin, static_cast<size_t>(size));
    bool is_null = false;
    if (column.masker == nullptr) {
      searched_.clear();
      const Literals literals = look_ ? look_->In(begin, at) : Literals::kPossible;
      const Searched searched = column.search->Apply(cell, literals, &searched_);
      if (searched == Searched::kUnchanged) {
        continue;
      }
      is_null = searched == Searched::kNull;
    }
    out->append(body.substr(copied, begin - 4 - copied));
    copied = at;
    const size_t length_at = out->size();
    out->append(4, '\0');
    if (column.masker != nullptr) {
      is_null = column.masker->Mask(cell, out) == Outcome::kNull;
    } else if (!is_null) {
      out->append(searched_);
    }
    const size_t masked_size = out->size() - length_at - 4;
    Store(is_null ? 0xffffffff : static_cast<uint32_t>(masked_size), out->data() + length_at);
    ++*masked_cells;
  }
  if (at != body.size()) {
    return Malformed();
  }
  out->append(body.substr(copied));
  return absl::OkStatus();
}

ResultPlan::CellChange ResultPlan::MaskCell(size_t column, std::optional<std::string_view> cell, std::string* out) {
  Column& one = columns_[column];
  if (one.is_opaque) {
    out->append(one.constant.value_or(""));
    return one.constant ? CellChange::kValue : CellChange::kNull;
  }
  if (!cell) {
    return CellChange::kUnchanged;
  }
  if (one.masker != nullptr) {
    return one.masker->Mask(*cell, out) == Outcome::kNull ? CellChange::kNull : CellChange::kValue;
  }
  if (one.search == nullptr) {
    return CellChange::kUnchanged;
  }
  switch (one.search->Apply(*cell, Literals::kPossible, out)) {
    case Searched::kUnchanged:
      return CellChange::kUnchanged;
    case Searched::kChanged:
      return CellChange::kValue;
    case Searched::kNull:
      break;
  }
  return CellChange::kNull;
}

absl::StatusOr<std::shared_ptr<ResultPlan>> PlanResult(const ResultPlanInput& input,
                                                       const std::vector<ResultColumn>& columns) {
  if (columns.size() > kColumnsMax) {
    return base::FailedPrecondition("the database returns {} columns", columns.size());
  }
  if (input.plan.outputs_known && input.plan.outputs.size() != columns.size()) {
    return base::FailedPrecondition(
        "the database returns {} columns where the sidecar worked out {} for this statement; the session ends so that "
        "nothing "
        "passes unmasked",
        columns.size(), input.plan.outputs.size());
  }
  std::vector<OutputMask> masks;
  for (size_t i = 0; i < columns.size(); ++i) {
    OutputMask mask{OutputMask::Kind::kOpaque, nullptr, {}};
    if (input.plan.outputs_known) {
      CHAPERONE_RETURN_IF_ERROR(CheckPrediction(input.statement.outputs[i], columns[i]));
      mask = input.plan.outputs[i];
    }
    // The server's account may add a mask; it never takes one away.
    masks.push_back(mask.kind == OutputMask::Kind::kNone ? MaskByProvenance(input, columns[i]) : std::move(mask));
  }
  return MakePlan(input, columns, masks);
}

absl::StatusOr<std::shared_ptr<ResultPlan>> PlanCopy(const ResultPlanInput& input, size_t columns, bool binary) {
  const sql::Statement& statement = input.statement;
  const bool is_predicted = statement.copy == sql::CopyDirection::kToStdout && statement.outputs.size() == columns &&
                            binary == (statement.copy_options.format == sql::CopyOptions::Format::kBinary);
  if (!is_predicted) {
    return base::FailedPrecondition(
        "the database copies in another format or width than the sidecar worked out for this statement; the session "
        "ends so that nothing passes unmasked");
  }
  std::vector<ResultColumn> predicted;
  for (const sql::OutputColumn& output : statement.outputs) {
    predicted.push_back(
        {output.name, output.origin.relation, output.origin.attnum, output.type, output.typmod, binary});
  }
  return MakePlan(input, predicted, input.plan.outputs);
}

}  // namespace chaperone::masking
