// Comparisons with masked columns that a rule allows by equality alone: each value that is asked for is counted against
// the principal's budget before the statement runs.
#include <algorithm>
#include <cstring>
#include <map>

#include "dataplane/masking/keyed_hash.h"
#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"
#include "dataplane/session/probe_budget.h"

namespace chaperone::session {

namespace pg = wire::postgres;

namespace {

struct Asked {
  const policy::MaskingRule* rule = nullptr;
  std::vector<uint64_t> values;
};
// By account.
using AskedValues = std::map<std::string, Asked>;

// A value and where it is looked for.
uint64_t DigestOf(const masking::KeyedHash& hash, const ConversationIdentity& identity,
                  const masking::EqualityProbe& probe, std::string_view form, std::string_view value) {
  const std::string place = fmt::format("{}\n{}\n{}.{}\n{}\n", identity.endpoint, identity.database,
                                        probe.column.relation, probe.column.attnum, form);
  const masking::KeyedHash::Digest digest = hash.Of(place, value);
  uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof(number));
  return number;
}

// The bytes of a parameter with their format before them; false when it is not among the bound ones.
bool FindParameter(const pg::Bind* bind, int64_t number, std::string_view* form, std::string_view* value) {
  if (bind == nullptr || number < 1 || static_cast<size_t>(number) > bind->values.size()) {
    return false;
  }
  pg::BindValues values = bind->values;
  pg::BindValue found;
  for (int64_t i = 0; i < number; ++i) {
    found = values.Next();
  }
  *form = found.is_null ? "null" : bind->IsBinary(static_cast<size_t>(number - 1)) ? "binary" : "text";
  *value = found.is_null ? std::string_view() : found.bytes;
  return true;
}

}  // namespace

// Null when all of them may be asked for. `bind` holds the parameters of `judged`; what its EXECUTE names was made with
// none (plan.h), or by Parse, and then its values are not known here.
std::unique_ptr<pg::ErrorMessage> Conversation::CheckProbes(const Judged& judged, const std::vector<JudgedPtr>& targets,
                                                            const pg::Bind* bind) {
  const bool asks = judged.has_probes || std::any_of(targets.begin(), targets.end(),
                                                     [](const JudgedPtr& target) { return target->has_probes; });
  if (!asks) {
    return nullptr;
  }
  const masking::KeyedHash hash(host_.masking_key(), "equality probe");
  AskedValues asked;
  const auto add = [&](const Judged& text, const pg::Bind* values) {
    for (const masking::StatementPlan& plan : text.plans) {
      for (const masking::EqualityProbe& probe : plan.probes) {
        Asked& entry = asked[fmt::format("{}\n{}\n{}\n{}", identity_.issuer, identity_.subject, probe.rule->policy,
                                         probe.rule->id)];
        entry.rule = probe.rule;
        for (const std::string& constant : probe.constants) {
          entry.values.push_back(DigestOf(hash, identity_, probe, "text", constant));
        }
        for (const int64_t number : probe.parameters) {
          std::string_view form, value;
          if (!FindParameter(values, number, &form, &value)) {
            return false;
          }
          entry.values.push_back(DigestOf(hash, identity_, probe, form, value));
        }
      }
    }
    return true;
  };
  bool known = add(judged, bind);
  for (const JudgedPtr& target : targets) {
    known = known && add(*target, nullptr);
  }
  if (!known) {
    return std::make_unique<pg::ErrorMessage>(
        LimitReached("which values are compared with a masked column is not known here",
                     "Bind the values as parameters of the statement itself, or write them as constants.", ""));
  }
  for (const auto& [account, entry] : asked) {
    ProbeBudget* const budget = host_.probe_budget();
    if (budget == nullptr || !budget->Spend(account, entry.values, entry.rule->equality_budget)) {
      return std::make_unique<pg::ErrorMessage>(LimitReached(
          fmt::format("equality_budget = {} of rule \"{}\"", entry.rule->equality_budget, entry.rule->id),
          "Values that were asked for before may be asked for again; filter by another column otherwise.", ""));
    }
  }
  return nullptr;
}

}  // namespace chaperone::session
