#include "api/policy/detector_kinds.h"

#include <algorithm>
#include <iterator>

namespace chaperone::policy {

namespace {

struct Kind {
  std::string_view name;
  // Empty for a kind that is in no group.
  std::string_view group;
};

// Sorted by name.
constexpr Kind kKinds[] = {
    {"aws_access_key", "secret_key"},
    {"aws_secret_key", "secret_key"},
    {"azure_storage_key", "secret_key"},
    {"bic", "payment"},
    {"br_cpf", "national_id"},
    {"ca_sin", "national_id"},
    {"ch_ahv", "national_id"},
    {"cn_resident_id", "national_id"},
    {"connection_string", "secret_key"},
    {"credit_card", "payment"},
    {"de_tax_id", "national_id"},
    {"dk_cpr", "national_id"},
    {"email", "contact"},
    {"es_dni", "national_id"},
    {"fi_hetu", "national_id"},
    {"fr_nir", "national_id"},
    {"gcp_api_key", "secret_key"},
    {"gcp_service_account", "secret_key"},
    {"github_token", "secret_key"},
    {"gitlab_token", "secret_key"},
    {"huggingface_token", "secret_key"},
    {"iban", "payment"},
    {"in_aadhaar", "national_id"},
    {"ip_address", "network"},
    {"it_codice_fiscale", "national_id"},
    {"jwt", "secret_key"},
    {"mac_address", "network"},
    {"mailgun_key", "secret_key"},
    {"nl_bsn", "national_id"},
    {"npm_token", "secret_key"},
    {"openai_key", "secret_key"},
    {"password_assignment", "secret_key"},
    {"phone", "contact"},
    {"pl_pesel", "national_id"},
    {"private_key", "secret_key"},
    {"pypi_token", "secret_key"},
    {"se_personnummer", "national_id"},
    {"sendgrid_key", "secret_key"},
    {"slack_token", "secret_key"},
    {"slack_webhook", "secret_key"},
    {"square_token", "secret_key"},
    {"stripe_key", "secret_key"},
    {"telegram_token", "secret_key"},
    {"twilio_key", "secret_key"},
    {"uk_nhs_number", "national_id"},
    {"uk_nino", "national_id"},
    {"url_credentials", "secret_key"},
    {"us_ssn", "national_id"},
    {"vault_token", "secret_key"},
};

}  // namespace

const std::vector<std::string_view>& DetectorKinds() {
  static const auto& kinds = *new std::vector<std::string_view>([] {
    std::vector<std::string_view> names;
    std::transform(std::begin(kKinds), std::end(kKinds), std::back_inserter(names),
                   [](const Kind& k) { return k.name; });
    return names;
  }());
  return kinds;
}

const std::vector<std::string_view>& DetectorGroups() {
  static const auto& groups =
      *new std::vector<std::string_view>{"contact", "national_id", "network", "payment", "secret_key"};
  return groups;
}

std::vector<std::string_view> ExpandDetector(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) {
    if (kind.name == name || kind.group == name) {
      names.push_back(kind.name);
    }
  }
  return names;
}

}  // namespace chaperone::policy
