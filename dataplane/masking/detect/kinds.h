// What detectors look for, by name. Names and groups are part of policy documents: they are added, never changed.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_KINDS_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_KINDS_H_

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace chaperone::masking::detect {

enum class Kind : uint8_t {
  // contact
  kEmail,
  kPhone,
  // network
  kIpAddress,
  kMacAddress,
  // payment
  kCreditCard,
  kIban,
  kBic,
  kUsRoutingNumber,
  kBitcoinAddress,
  kEthereumAddress,
  // secret_key: generic
  kPrivateKey,
  kJwt,
  kPasswordAssignment,
  kSecretAssignment,
  kConnectionString,
  kUrlCredentials,
  kAuthorizationHeader,
  kBitcoinKey,
  kEthereumKey,
  // secret_key: by vendor
  kAgeSecretKey,
  kAirtableToken,
  kAlibabaAccessKey,
  kAnthropicKey,
  kArtifactoryToken,
  kAtlassianToken,
  kAwsAccessKey,
  kAwsSecretKey,
  kAzureClientSecret,
  kAzureSasToken,
  kAzureStorageKey,
  kBraintreeToken,
  kBrevoKey,
  kBuildkiteToken,
  kCratesToken,
  kDatabricksToken,
  kDigitaloceanToken,
  kDiscordToken,
  kDockerhubToken,
  kDopplerToken,
  kDropboxToken,
  kFacebookToken,
  kFigmaToken,
  kFlyToken,
  kGcpApiKey,
  kGcpOauthToken,
  kGcpServiceAccount,
  kGithubToken,
  kGitlabToken,
  kGrafanaToken,
  kGroqKey,
  kHerokuKey,
  kHuggingfaceToken,
  kLinearKey,
  kMailchimpKey,
  kMailgunKey,
  kNetlifyToken,
  kNewrelicKey,
  kNotionToken,
  kNpmToken,
  kNugetKey,
  kOnepasswordToken,
  kOpenaiKey,
  kPerplexityKey,
  kPlanetscaleToken,
  kPostmanKey,
  kPulumiToken,
  kPypiToken,
  kReplicateToken,
  kRubygemsKey,
  kSendgridKey,
  kSentryToken,
  kShippoToken,
  kShopifyToken,
  kSlackToken,
  kSlackWebhook,
  kSquareToken,
  kStripeKey,
  kSupabaseToken,
  kTailscaleKey,
  kTelegramToken,
  kTerraformToken,
  kTwilioKey,
  kVaultToken,
  kXaiKey,
  // national_id
  kArCuit,
  kAtSvnr,
  kAuMedicare,
  kAuTfn,
  kBeNrn,
  kBgEgn,
  kBrCnpj,
  kBrCpf,
  kCaSin,
  kChAhv,
  kClRut,
  kCnResidentId,
  kCzRodneCislo,
  kDeTaxId,
  kDkCpr,
  kEsDni,
  kFiHetu,
  kFrNir,
  kGrAmka,
  kHkId,
  kHrOib,
  kIePps,
  kIlId,
  kInAadhaar,
  kInPan,
  kItCodiceFiscale,
  kJpMyNumber,
  kKrRrn,
  kMxCurp,
  kMyNric,
  kNlBsn,
  kNoFodselsnummer,
  kPassportMrz,
  kPlPesel,
  kPtNif,
  kRoCnp,
  kSePersonnummer,
  kSgNric,
  kThId,
  kTrTckn,
  kTwId,
  kUkNhsNumber,
  kUkNino,
  kUsItin,
  kUsSsn,
  kZaId,
};

inline constexpr size_t kKindCount = static_cast<size_t>(Kind::kZaId) + 1;
using KindSet = std::bitset<kKindCount>;

struct KindInfo {
  Kind kind;
  std::string_view name;
  std::string_view group;
  // One line for documentation and `--help`.
  std::string_view description;
};

// Every kind, in the order of the enumeration.
const std::vector<KindInfo>& Kinds();
std::string_view KindName(Kind kind);
// A kind, or all kinds of a group; none for a name that is neither.
KindSet KindsNamed(std::string_view name);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_KINDS_H_
