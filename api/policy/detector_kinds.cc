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
    {"age_secret_key", "secret_key"},
    {"airtable_token", "secret_key"},
    {"alibaba_access_key", "secret_key"},
    {"anthropic_key", "secret_key"},
    {"ar_cuit", "national_id"},
    {"artifactory_token", "secret_key"},
    {"at_svnr", "national_id"},
    {"atlassian_token", "secret_key"},
    {"au_medicare", "national_id"},
    {"au_tfn", "national_id"},
    {"authorization_header", "secret_key"},
    {"aws_access_key", "secret_key"},
    {"aws_secret_key", "secret_key"},
    {"azure_client_secret", "secret_key"},
    {"azure_sas_token", "secret_key"},
    {"azure_storage_key", "secret_key"},
    {"be_nrn", "national_id"},
    {"bg_egn", "national_id"},
    {"bic", "payment"},
    {"bitcoin_address", "payment"},
    {"bitcoin_key", "secret_key"},
    {"br_cnpj", "national_id"},
    {"br_cpf", "national_id"},
    {"braintree_token", "secret_key"},
    {"brevo_key", "secret_key"},
    {"buildkite_token", "secret_key"},
    {"ca_sin", "national_id"},
    {"ch_ahv", "national_id"},
    {"cl_rut", "national_id"},
    {"cn_resident_id", "national_id"},
    {"connection_string", "secret_key"},
    {"crates_token", "secret_key"},
    {"credit_card", "payment"},
    {"cz_rodne_cislo", "national_id"},
    {"databricks_token", "secret_key"},
    {"de_tax_id", "national_id"},
    {"digitalocean_token", "secret_key"},
    {"discord_token", "secret_key"},
    {"dk_cpr", "national_id"},
    {"dockerhub_token", "secret_key"},
    {"doppler_token", "secret_key"},
    {"dropbox_token", "secret_key"},
    {"email", "contact"},
    {"es_dni", "national_id"},
    {"ethereum_address", "payment"},
    {"ethereum_key", "secret_key"},
    {"facebook_token", "secret_key"},
    {"fi_hetu", "national_id"},
    {"figma_token", "secret_key"},
    {"fly_token", "secret_key"},
    {"fr_nir", "national_id"},
    {"gcp_api_key", "secret_key"},
    {"gcp_oauth_token", "secret_key"},
    {"gcp_service_account", "secret_key"},
    {"github_token", "secret_key"},
    {"gitlab_token", "secret_key"},
    {"gr_amka", "national_id"},
    {"grafana_token", "secret_key"},
    {"groq_key", "secret_key"},
    {"heroku_key", "secret_key"},
    {"hk_id", "national_id"},
    {"hr_oib", "national_id"},
    {"huggingface_token", "secret_key"},
    {"iban", "payment"},
    {"ie_pps", "national_id"},
    {"il_id", "national_id"},
    {"in_aadhaar", "national_id"},
    {"in_pan", "national_id"},
    {"ip_address", "network"},
    {"it_codice_fiscale", "national_id"},
    {"jp_my_number", "national_id"},
    {"jwt", "secret_key"},
    {"kr_rrn", "national_id"},
    {"linear_key", "secret_key"},
    {"mac_address", "network"},
    {"mailchimp_key", "secret_key"},
    {"mailgun_key", "secret_key"},
    {"mx_curp", "national_id"},
    {"my_nric", "national_id"},
    {"netlify_token", "secret_key"},
    {"newrelic_key", "secret_key"},
    {"nl_bsn", "national_id"},
    {"no_fodselsnummer", "national_id"},
    {"notion_token", "secret_key"},
    {"npm_token", "secret_key"},
    {"nuget_key", "secret_key"},
    {"onepassword_token", "secret_key"},
    {"openai_key", "secret_key"},
    {"passport_mrz", "national_id"},
    {"password_assignment", "secret_key"},
    {"perplexity_key", "secret_key"},
    {"phone", "contact"},
    {"pl_pesel", "national_id"},
    {"planetscale_token", "secret_key"},
    {"postman_key", "secret_key"},
    {"private_key", "secret_key"},
    {"pt_nif", "national_id"},
    {"pulumi_token", "secret_key"},
    {"pypi_token", "secret_key"},
    {"replicate_token", "secret_key"},
    {"ro_cnp", "national_id"},
    {"rubygems_key", "secret_key"},
    {"se_personnummer", "national_id"},
    {"secret_assignment", "secret_key"},
    {"sendgrid_key", "secret_key"},
    {"sentry_token", "secret_key"},
    {"sg_nric", "national_id"},
    {"shippo_token", "secret_key"},
    {"shopify_token", "secret_key"},
    {"slack_token", "secret_key"},
    {"slack_webhook", "secret_key"},
    {"square_token", "secret_key"},
    {"stripe_key", "secret_key"},
    {"supabase_token", "secret_key"},
    {"tailscale_key", "secret_key"},
    {"telegram_token", "secret_key"},
    {"terraform_token", "secret_key"},
    {"th_id", "national_id"},
    {"tr_tckn", "national_id"},
    {"tw_id", "national_id"},
    {"twilio_key", "secret_key"},
    {"uk_nhs_number", "national_id"},
    {"uk_nino", "national_id"},
    {"url_credentials", "secret_key"},
    {"us_itin", "national_id"},
    {"us_routing_number", "payment"},
    {"us_ssn", "national_id"},
    {"vault_token", "secret_key"},
    {"xai_key", "secret_key"},
    {"za_id", "national_id"},
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
