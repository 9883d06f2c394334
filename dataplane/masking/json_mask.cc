// json and jsonb, whole or in parts. The binary format is the text, for jsonb behind a version byte
// (src/backend/utils/adt/jsonb.c: jsonb_send).
#include <algorithm>
#include <string>

#include "dataplane/masking/family.h"
#include "dataplane/masking/json_rewriter.h"
#include "dataplane/masking/text_method.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

constexpr std::string_view kJsonbVersion = "\x01";

std::string_view PrefixOf(Family family, Format format) {
  return family == Family::kJsonb && format == Format::kBinary ? kJsonbVersion : std::string_view();
}

class JsonMasker : public CellMasker {
 public:
  JsonMasker(std::string_view prefix, const std::vector<policy::JsonPathMask>& masks, const DeploymentKey& key,
             bool fake_keys)
      : prefix_(prefix), rewriter_(masks, key, fake_keys) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    if (!cell.starts_with(prefix_)) {
      return Outcome::kNull;
    }
    const size_t start = out->size();
    out->append(prefix_);
    if (!rewriter_.Rewrite(cell.substr(prefix_.size()), out)) {
      out->resize(start);
      return Outcome::kNull;
    }
    return Outcome::kValue;
  }

 private:
  const std::string_view prefix_;
  JsonRewriter rewriter_;
};

// The whole document becomes one string.
class JsonHashMasker : public CellMasker {
 public:
  JsonHashMasker(std::string_view prefix, const DeploymentKey& key)
      : prefix_(prefix), hash_(MaskMethod::kHash, 0, key) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    if (!cell.starts_with(prefix_)) {
      return Outcome::kNull;
    }
    out->append(prefix_);
    out->push_back('"');
    hash_.Apply(cell.substr(prefix_.size()), out);
    out->push_back('"');
    return Outcome::kValue;
  }

 private:
  const std::string_view prefix_;
  const TextMethod hash_;
};

}  // namespace

MaskerPtr MakeJsonMasker(const MaskSpec& spec, const DeploymentKey& key) {
  const std::string_view prefix = PrefixOf(spec.family, spec.format);
  if (spec.method == MaskMethod::kHash) {
    return std::make_unique<JsonHashMasker>(prefix, key);
  }
  if (spec.method == MaskMethod::kFake) {
    policy::MaskingRule rule;
    rule.method = MaskMethod::kFake;
    return std::make_unique<JsonMasker>(prefix, std::vector<policy::JsonPathMask>{{.path = {}, .rule = &rule}}, key,
                                        /*fake_keys=*/true);
  }
  return MakeConstantMasker(std::string(prefix) + '"' + std::string(kRedactedText) + '"');
}

MaskerPtr MakeJsonPathMasker(const std::vector<policy::JsonPathMask>& masks, const ColumnType& type,
                             const MaskContext& context) {
  const TypeDescription description = DescribeType(type.oid, context.types);
  const bool is_json = description.kind == TypeKind::kBase &&
                       (description.family == Family::kJson || description.family == Family::kJsonb);
  const bool in_bounds = std::all_of(masks.begin(), masks.end(), [](const policy::JsonPathMask& mask) {
    return mask.rule != nullptr && mask.path.size() <= kJsonStepsMax;
  });
  if (!is_json || !in_bounds || masks.size() > kJsonPathsMax) {
    return MakeNullMasker();
  }
  return std::make_unique<JsonMasker>(PrefixOf(description.family, type.format), masks, context.key,
                                      /*fake_keys=*/false);
}

}  // namespace chaperone::masking
