#include "dataplane/masking/method.h"

#include <utility>

#include "dataplane/masking/container.h"
#include "dataplane/masking/family.h"

namespace chaperone::masking {

namespace {

using policy::MaskingRule;
using policy::MaskMethod;

// Makes maskers for types within types, with one rule for everything or rules by attribute.
class Factory {
 public:
  Factory(const MaskContext& context, Format format, const AttributeRules* attributes)
      : context_(context), format_(format), attributes_(attributes) {}

  // Without a rule, the type is a row (or holds rows) whose attributes have rules of their own.
  MaskerPtr Make(const MaskingRule* rule, Oid type, int32_t typmod, int depth) const {
    if (depth > kTypeDepthMax || (rule != nullptr && rule->method == MaskMethod::kNull)) {
      return MakeNullMasker();
    }
    const TypeDescription description = DescribeType(type, context_.types);
    switch (description.kind) {
      case TypeKind::kBase:
        return rule == nullptr ? MakeNullMasker() : MakeBase(*rule, description.family, typmod);
      case TypeKind::kDomain:
        return Make(rule, description.related, ModifierOf(description, typmod), depth + 1);
      case TypeKind::kArray:
        if (!HasMask(DescribeType(description.related, context_.types))) {
          return MakeNullMasker();
        }
        return MakeArrayMasker(Make(rule, description.related, typmod, depth + 1), description.related,
                               description.delimiter, format_);
      case TypeKind::kComposite:
        return MakeComposite(rule, type, description, depth);
      case TypeKind::kRange:
      case TypeKind::kMultirange:
        return rule == nullptr ? MakeNullMasker() : MakeRange(*rule, description, depth);
      default:
        return type == kRecordOid && rule != nullptr ? MakeRecordMasker(format_) : MakeNullMasker();
    }
  }

 private:
  // pg_type.dat: record, the row type of ROW(…) and of functions without one.
  static constexpr Oid kRecordOid = 2249;

  // False for types that become NULL whatever the method: an array of them becomes NULL as a whole.
  static bool HasMask(const TypeDescription& description) {
    return description.kind != TypeKind::kUnknown && description.kind != TypeKind::kEnum &&
           (description.kind != TypeKind::kBase || description.family != Family::kOpaque);
  }

  // The domain's own goes before that of the column.
  static int32_t ModifierOf(const TypeDescription& domain, int32_t typmod) {
    return domain.typmod >= 0 || typmod == -1 ? domain.typmod : typmod;
  }

  MaskerPtr MakeBase(const MaskingRule& rule, Family family, int32_t typmod) const {
    const MaskSpec spec = {
        .method = rule.method, .argument = rule.argument, .family = family, .typmod = typmod, .format = format_};
    return MakeBaseMasker(spec, context_.key);
  }

  MaskerPtr MakeComposite(const MaskingRule* rule, Oid type, const TypeDescription& description, int depth) const {
    std::vector<FieldMasker> fields;
    for (const CompositeField& field : description.fields) {
      const MaskingRule* const own = rule == nullptr ? attributes_->RuleFor(type, field) : rule;
      MaskerPtr masker = own == nullptr ? nullptr : Make(own, field.type, field.typmod, depth + 1);
      fields.push_back({.masker = std::move(masker), .type = field.type});
    }
    return MakeCompositeMasker(std::move(fields), format_);
  }

  // Methods that keep the order of values work on the bounds; of the others nothing is left but the type.
  MaskerPtr MakeRange(const MaskingRule& rule, const TypeDescription& description, int depth) const {
    const bool multi = description.kind == TypeKind::kMultirange;
    if (rule.method != MaskMethod::kDateTruncate && rule.method != MaskMethod::kRound) {
      return multi ? MakeEmptyMultirangeMasker(format_) : MakeEmptyRangeMasker(format_);
    }
    const Oid subtype = multi ? DescribeType(description.related, context_.types).related : description.related;
    MaskerPtr bound = Make(&rule, subtype, -1, depth + 1);
    return multi ? MakeMultirangeMasker(std::move(bound), format_) : MakeRangeMasker(std::move(bound), format_);
  }

  const MaskContext& context_;
  const Format format_;
  const AttributeRules* const attributes_;
};

}  // namespace

MaskerPtr MakeBaseMasker(const MaskSpec& spec, const DeploymentKey& key) {
  switch (spec.family) {
    case Family::kOpaque:
      return MakeNullMasker();
    case Family::kBool:
      return MakeBoolMasker(spec);
    case Family::kInt2:
    case Family::kInt4:
    case Family::kInt8:
      return MakeIntegerMasker(spec, key);
    case Family::kNumeric:
      return MakeNumericMasker(spec, key);
    case Family::kFloat4:
    case Family::kFloat8:
      return MakeFloatMasker(spec, key);
    case Family::kMoney:
      return MakeMoneyMasker(spec, key);
    case Family::kText:
    case Family::kVarchar:
    case Family::kBpchar:
    case Family::kName:
      return MakeTextMasker(spec, key);
    case Family::kChar:
      return MakeCharMasker(spec, key);
    case Family::kBytea:
      return MakeByteaMasker(spec, key);
    case Family::kDate:
    case Family::kTimestamp:
    case Family::kTimestamptz:
      return MakeDateMasker(spec, key);
    case Family::kTime:
    case Family::kTimetz:
      return MakeTimeMasker(spec, key);
    case Family::kInterval:
      return MakeIntervalMasker(spec);
    case Family::kUuid:
      return MakeUuidMasker(spec, key);
    case Family::kInet:
    case Family::kCidr:
      return MakeNetworkMasker(spec, key);
    case Family::kMacaddr:
    case Family::kMacaddr8:
      return MakeMacMasker(spec, key);
    case Family::kJson:
    case Family::kJsonb:
      return MakeJsonMasker(spec, key);
    case Family::kXml:
      return MakeXmlMasker(spec, key);
    case Family::kBit:
    case Family::kVarbit:
      return MakeBitMasker(spec, key);
  }
  return MakeNullMasker();
}

MaskerPtr MakeCellMasker(const MaskingRule& rule, const ColumnType& type, const MaskContext& context) {
  return Factory(context, type.format, nullptr).Make(&rule, type.oid, type.typmod, 0);
}

MaskerPtr MakeRowMasker(const AttributeRules& rules, const ColumnType& type, const MaskContext& context) {
  return Factory(context, type.format, &rules).Make(nullptr, type.oid, type.typmod, 0);
}

}  // namespace chaperone::masking
