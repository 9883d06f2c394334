// Keys that vendors give a prefix of their own, so that they are found when they leak: prefix, alphabet, length.
#include <algorithm>
#include <array>
#include <bitset>
#include <iterator>

#include "dataplane/masking/detect/secret.h"

namespace chaperone::masking::detect {

namespace {

enum class Alphabet : uint8_t {
  kHex,         // of either case
  kHexDash,     // and -
  kUpperAlnum,  // A-Z 0-9
  kLowerAlnum,  // a-z 0-9
  kAlnum,
  kWord,         // and _
  kBase64Url,    // and _ -
  kBase64UrlEq,  // and _ - =
  kBase64,       // and + / =
  kBase64Word,   // and + / = _
  kDotted,       // and _ - .
  kPath,         // and _ - /
  kPercent,      // and + / = %
};

bool IsOf(Alphabet alphabet, char c) {
  switch (alphabet) {
    case Alphabet::kHex:
      return IsHex(c);
    case Alphabet::kHexDash:
      return IsHex(c) || c == '-';
    case Alphabet::kUpperAlnum:
      return IsDigit(c) || IsUpper(c);
    case Alphabet::kLowerAlnum:
      return IsDigit(c) || IsLower(c);
    case Alphabet::kAlnum:
      return IsAlnum(c);
    case Alphabet::kWord:
      return IsAlnum(c) || c == '_';
    case Alphabet::kBase64Url:
      return IsBase64Url(c);
    case Alphabet::kBase64UrlEq:
      return IsBase64Url(c) || c == '=';
    case Alphabet::kBase64:
      return IsAlnum(c) || c == '+' || c == '/' || c == '=';
    case Alphabet::kBase64Word:
      return IsAlnum(c) || c == '+' || c == '/' || c == '=' || c == '_';
    case Alphabet::kDotted:
      return IsBase64Url(c) || c == '.';
    case Alphabet::kPath:
      return IsBase64Url(c) || c == '/';
    case Alphabet::kPercent:
      return IsAlnum(c) || c == '+' || c == '/' || c == '=' || c == '%';
  }
  return false;
}

struct VendorKey {
  Kind kind;
  std::string_view prefix;
  Alphabet alphabet;
  // Bytes behind the prefix.
  uint16_t bytes_min;
  uint16_t bytes_max;
};

using A = Alphabet;

constexpr VendorKey kVendorKeys[] = {
    {Kind::kAgeSecretKey, "AGE-SECRET-KEY-1", A::kUpperAlnum, 58, 58},
    {Kind::kAlibabaAccessKey, "LTAI", A::kAlnum, 12, 24},
    {Kind::kAnthropicKey, "sk-ant-", A::kBase64Url, 20, 200},
    {Kind::kArtifactoryToken, "AKCp", A::kAlnum, 60, 75},
    {Kind::kArtifactoryToken, "cmVmdGtu", A::kAlnum, 56, 56},
    {Kind::kAtlassianToken, "ATATT3xFf", A::kBase64UrlEq, 60, 300},
    {Kind::kAtlassianToken, "ATCTT3xFf", A::kBase64UrlEq, 60, 300},
    {Kind::kAtlassianToken, "ATBB", A::kAlnum, 32, 32},
    {Kind::kAwsAccessKey, "AKIA", A::kUpperAlnum, 16, 16},
    {Kind::kAwsAccessKey, "ASIA", A::kUpperAlnum, 16, 16},
    {Kind::kAwsAccessKey, "ABIA", A::kUpperAlnum, 16, 16},
    {Kind::kAwsAccessKey, "ACCA", A::kUpperAlnum, 16, 16},
    {Kind::kAzureStorageKey, "AccountKey=", A::kBase64, 80, 90},
    {Kind::kAzureStorageKey, "SharedAccessKey=", A::kBase64, 40, 90},
    {Kind::kBraintreeToken, "access_token$production$", A::kWord, 16, 16},
    {Kind::kBraintreeToken, "access_token$sandbox$", A::kWord, 16, 16},
    {Kind::kBrevoKey, "xkeysib-", A::kBase64Url, 70, 90},
    {Kind::kBrevoKey, "xsmtpsib-", A::kBase64Url, 70, 90},
    {Kind::kBuildkiteToken, "bkua_", A::kHex, 40, 40},
    {Kind::kCratesToken, "cio", A::kAlnum, 32, 32},
    {Kind::kDatabricksToken, "dapi", A::kHexDash, 32, 34},
    {Kind::kDigitaloceanToken, "dop_v1_", A::kHex, 64, 64},
    {Kind::kDigitaloceanToken, "doo_v1_", A::kHex, 64, 64},
    {Kind::kDigitaloceanToken, "dor_v1_", A::kHex, 64, 64},
    {Kind::kDiscordToken, "discord.com/api/webhooks/", A::kPath, 70, 120},
    {Kind::kDiscordToken, "discordapp.com/api/webhooks/", A::kPath, 70, 120},
    {Kind::kDockerhubToken, "dckr_pat_", A::kBase64Url, 24, 40},
    {Kind::kDockerhubToken, "dckr_oat_", A::kBase64Url, 24, 40},
    {Kind::kDopplerToken, "dp.pt.", A::kAlnum, 40, 44},
    {Kind::kDopplerToken, "dp.ct.", A::kAlnum, 40, 44},
    {Kind::kDopplerToken, "dp.sa.", A::kAlnum, 40, 44},
    {Kind::kDopplerToken, "dp.st.", A::kDotted, 40, 80},
    {Kind::kDropboxToken, "sl.", A::kDotted, 100, 1500},
    {Kind::kFacebookToken, "EAA", A::kAlnum, 100, 400},
    {Kind::kFigmaToken, "figd_", A::kBase64Url, 36, 60},
    {Kind::kFlyToken, "fm2_", A::kBase64, 80, 1500},
    {Kind::kFlyToken, "fo1_", A::kBase64Url, 40, 60},
    {Kind::kGcpApiKey, "AIza", A::kBase64Url, 35, 35},
    {Kind::kGcpOauthToken, "ya29.", A::kDotted, 20, 1000},
    {Kind::kGcpOauthToken, "GOCSPX-", A::kBase64Url, 28, 28},
    {Kind::kGithubToken, "ghp_", A::kAlnum, 36, 251},
    {Kind::kGithubToken, "gho_", A::kAlnum, 36, 251},
    {Kind::kGithubToken, "ghu_", A::kAlnum, 36, 251},
    {Kind::kGithubToken, "ghs_", A::kAlnum, 36, 251},
    {Kind::kGithubToken, "ghr_", A::kAlnum, 36, 251},
    {Kind::kGithubToken, "github_pat_", A::kWord, 60, 244},
    {Kind::kGitlabToken, "glpat-", A::kDotted, 20, 300},
    {Kind::kGitlabToken, "gldt-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "glrt-", A::kDotted, 20, 100},
    {Kind::kGitlabToken, "glft-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "glptt-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "glcbt-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "gloas-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "glsoat-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "glimt-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "glagent-", A::kBase64Url, 20, 100},
    {Kind::kGitlabToken, "GR1348941", A::kBase64Url, 20, 40},
    {Kind::kGrafanaToken, "glsa_", A::kWord, 41, 41},
    {Kind::kGrafanaToken, "glc_", A::kBase64, 32, 400},
    {Kind::kGroqKey, "gsk_", A::kAlnum, 48, 60},
    {Kind::kHerokuKey, "HRKU-", A::kBase64Url, 36, 80},
    {Kind::kHuggingfaceToken, "hf_", A::kAlnum, 30, 40},
    {Kind::kHuggingfaceToken, "api_org_", A::kAlnum, 30, 40},
    {Kind::kLinearKey, "lin_api_", A::kAlnum, 40, 40},
    {Kind::kLinearKey, "lin_oauth_", A::kAlnum, 40, 64},
    {Kind::kMailgunKey, "key-", A::kHex, 32, 32},
    {Kind::kNetlifyToken, "nfp_", A::kAlnum, 36, 40},
    {Kind::kNewrelicKey, "NRAK-", A::kUpperAlnum, 27, 27},
    {Kind::kNewrelicKey, "NRII-", A::kBase64Url, 32, 32},
    {Kind::kNewrelicKey, "NRJS-", A::kHex, 19, 19},
    {Kind::kNewrelicKey, "NRRA-", A::kHex, 42, 42},
    {Kind::kNotionToken, "ntn_", A::kAlnum, 40, 52},
    {Kind::kNotionToken, "secret_", A::kAlnum, 43, 43},
    {Kind::kNpmToken, "npm_", A::kAlnum, 36, 36},
    {Kind::kNugetKey, "oy2", A::kLowerAlnum, 43, 43},
    {Kind::kOnepasswordToken, "ops_eyJ", A::kBase64, 100, 4000},
    {Kind::kOpenaiKey, "sk-proj-", A::kBase64Url, 20, 250},
    {Kind::kOpenaiKey, "sk-svcacct-", A::kBase64Url, 20, 250},
    {Kind::kOpenaiKey, "sk-admin-", A::kBase64Url, 20, 250},
    {Kind::kPerplexityKey, "pplx-", A::kAlnum, 40, 64},
    {Kind::kPlanetscaleToken, "pscale_tkn_", A::kDotted, 32, 64},
    {Kind::kPlanetscaleToken, "pscale_pw_", A::kDotted, 32, 64},
    {Kind::kPlanetscaleToken, "pscale_oauth_", A::kDotted, 32, 64},
    {Kind::kPostmanKey, "PMAK-", A::kBase64Url, 59, 59},
    {Kind::kPulumiToken, "pul-", A::kHex, 40, 40},
    {Kind::kPypiToken, "pypi-AgE", A::kBase64Url, 50, 300},
    {Kind::kReplicateToken, "r8_", A::kAlnum, 37, 40},
    {Kind::kRubygemsKey, "rubygems_", A::kHex, 48, 48},
    {Kind::kSendgridKey, "SG.", A::kDotted, 66, 66},
    {Kind::kSentryToken, "sntrys_", A::kBase64Word, 60, 400},
    {Kind::kSentryToken, "sntryu_", A::kHex, 64, 64},
    {Kind::kShippoToken, "shippo_live_", A::kHex, 40, 40},
    {Kind::kShippoToken, "shippo_test_", A::kHex, 40, 40},
    {Kind::kShopifyToken, "shpat_", A::kHex, 32, 32},
    {Kind::kShopifyToken, "shpca_", A::kHex, 32, 32},
    {Kind::kShopifyToken, "shppa_", A::kHex, 32, 32},
    {Kind::kShopifyToken, "shpss_", A::kHex, 32, 32},
    {Kind::kSlackToken, "xoxb-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxp-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxa-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxr-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxs-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxe-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxe.xoxp-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxe.xoxb-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxc-", A::kBase64Url, 20, 250},
    {Kind::kSlackToken, "xoxd-", A::kPercent, 20, 250},
    {Kind::kSlackToken, "xapp-", A::kBase64Url, 20, 250},
    {Kind::kSlackWebhook, "hooks.slack.com/services/", A::kPath, 30, 90},
    {Kind::kSlackWebhook, "hooks.slack.com/workflows/", A::kPath, 30, 120},
    {Kind::kSlackWebhook, "hooks.slack.com/triggers/", A::kPath, 30, 120},
    {Kind::kSquareToken, "sq0atp-", A::kBase64Url, 22, 22},
    {Kind::kSquareToken, "sq0csp-", A::kBase64Url, 43, 43},
    {Kind::kSquareToken, "EAAA", A::kBase64Url, 60, 60},
    {Kind::kStripeKey, "sk_live_", A::kAlnum, 16, 250},
    {Kind::kStripeKey, "sk_test_", A::kAlnum, 16, 250},
    {Kind::kStripeKey, "rk_live_", A::kAlnum, 16, 250},
    {Kind::kStripeKey, "rk_test_", A::kAlnum, 16, 250},
    {Kind::kStripeKey, "whsec_", A::kBase64, 24, 100},
    {Kind::kSupabaseToken, "sbp_", A::kHex, 40, 40},
    {Kind::kSupabaseToken, "sb_secret_", A::kBase64Url, 20, 60},
    {Kind::kTailscaleKey, "tskey-", A::kBase64Url, 20, 90},
    {Kind::kVaultToken, "hvs.", A::kBase64Url, 24, 300},
    {Kind::kVaultToken, "hvb.", A::kBase64Url, 24, 400},
    {Kind::kVaultToken, "hvr.", A::kBase64Url, 24, 400},
    {Kind::kXaiKey, "xai-", A::kAlnum, 70, 90},
};

// Fewer different bytes are a placeholder: "sk_live_xxxxxxxxxxxxxxxx".
constexpr size_t kDistinctMin = 6;

// The run of the alphabet behind the prefix must end within the length that the vendor gives it.
void RecognizeVendorKey(const CellScan& scan, size_t begin, size_t end, uint32_t index) {
  const VendorKey& key = kVendorKeys[index];
  if (IsAlnum(scan.before(begin)) && !scan.StartsWord(begin)) {
    return;
  }
  size_t stop = end;
  while (stop - end <= key.bytes_max && IsOf(key.alphabet, scan.at(stop))) {
    ++stop;
  }
  // A full stop or a dash behind the key is none of it.
  while (stop > end && (scan.before(stop) == '.' || scan.before(stop) == '-') && stop - end > key.bytes_min) {
    --stop;
  }
  const size_t size = stop - end;
  if (size < key.bytes_min || size > key.bytes_max || DistinctBytes(scan.text().substr(end, size)) < kDistinctMin) {
    return;
  }
  scan.Report(key.kind, begin, stop);
}

// The prefix and 36 to 120 bytes of "$<32 hexadecimal digits>" follow the merchant.
void RecognizeBraintree(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  constexpr size_t kMerchantBytes = 16;
  constexpr size_t kSecretBytes = 32;
  const std::string_view rest = scan.text().substr(end);
  if (rest.size() < kMerchantBytes + 1 + kSecretBytes || rest[kMerchantBytes] != '$') {
    return;
  }
  const std::string_view secret = rest.substr(kMerchantBytes + 1, kSecretBytes);
  if (std::all_of(secret.begin(), secret.end(), IsHex)) {
    scan.Report(Kind::kBraintreeToken, begin, end + kMerchantBytes + 1 + kSecretBytes);
  }
}

}  // namespace

size_t DistinctBytes(std::string_view text) {
  std::bitset<256> seen;
  for (const char c : text) {
    seen.set(static_cast<uint8_t>(c));
  }
  return seen.count();
}

void AddVendorLiterals(const KindSet& kinds, std::vector<Literal>* literals) {
  for (size_t i = 0; i < std::size(kVendorKeys); ++i) {
    const VendorKey& key = kVendorKeys[i];
    if (kinds[static_cast<size_t>(key.kind)]) {
      literals->push_back({.text = std::string(key.prefix),
                           .recognize = key.kind == Kind::kBraintreeToken ? RecognizeBraintree : RecognizeVendorKey,
                           .argument = static_cast<uint32_t>(i)});
    }
  }
}

}  // namespace chaperone::masking::detect
