#include "controlplane/simulation/sensitive_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <string>
#include <vector>

namespace chaperone::simulation {

namespace {

enum Index : uint8_t { kSecret, kCard, kNationalId, kBank, kEmail, kPhone, kBirth, kBirthText, kPlace, kPay, kHealth };

constexpr SensitiveKind kKinds[] = {
    {"secrets", "Passwords, keys and tokens: of no use to an agent.", "redact", "deny"},
    {"cards", "Payment cards.", "keep_last_4", "deny"},
    {"national-ids", "Numbers that a state gave to a person.", "redact", "deny"},
    {"bank-accounts", "Bank accounts.", "keep_last_4", "deny"},
    {"emails", "E-mail addresses: the domain stays, and looking one up by its value stays possible.", "email",
     "equality"},
    {"phones", "Telephone numbers.", "keep_last_2", "deny"},
    {"birthdays", "Dates of birth: the year stays.", "date_truncate_year", "deny"},
    {"birthdays-as-text", "Dates of birth that are not kept as dates.", "redact", "deny"},
    {"addresses", "Where somebody lives or connects from.", "redact", "deny"},
    {"pay", "What somebody earns, to the nearest ten thousand.", "round_10000", "deny"},
    {"health", "Health.", "redact", "deny"},
};

struct Words {
  Index kind;
  // Lower case, words joined by underscores.
  std::string_view name;
};

// The longest that fits decides.
constexpr Words kWords[] = {
    {kSecret, "password"},
    {kSecret, "passwd"},
    {kSecret, "pwd"},
    {kSecret, "pass_hash"},
    {kSecret, "passphrase"},
    {kSecret, "secret"},
    {kSecret, "token"},
    {kSecret, "api_key"},
    {kSecret, "private_key"},
    {kSecret, "access_key"},
    {kSecret, "encryption_key"},
    {kSecret, "signing_key"},
    {kSecret, "credential"},
    {kSecret, "credentials"},
    {kSecret, "otp"},
    {kSecret, "totp"},
    {kSecret, "mfa_code"},
    {kSecret, "recovery_code"},
    {kSecret, "backup_code"},
    {kSecret, "pin"},
    {kSecret, "pin_code"},
    {kSecret, "cvv"},
    {kSecret, "cvc"},
    {kSecret, "security_code"},
    {kSecret, "security_answer"},
    {kSecret, "session_key"},
    {kCard, "card_number"},
    {kCard, "card_no"},
    {kCard, "credit_card"},
    {kCard, "debit_card"},
    {kCard, "cc_number"},
    {kCard, "cc_num"},
    {kCard, "pan"},
    {kNationalId, "ssn"},
    {kNationalId, "social_security"},
    {kNationalId, "social_security_number"},
    {kNationalId, "sin"},
    {kNationalId, "nin"},
    {kNationalId, "nino"},
    {kNationalId, "national_id"},
    {kNationalId, "national_number"},
    {kNationalId, "identity_number"},
    {kNationalId, "personal_number"},
    {kNationalId, "tax_id"},
    {kNationalId, "tax_number"},
    {kNationalId, "tin"},
    {kNationalId, "itin"},
    {kNationalId, "vat_id"},
    {kNationalId, "passport"},
    {kNationalId, "passport_number"},
    {kNationalId, "passport_no"},
    {kNationalId, "driver_license"},
    {kNationalId, "drivers_license"},
    {kNationalId, "driving_licence"},
    {kNationalId, "license_number"},
    {kNationalId, "aadhaar"},
    {kNationalId, "cpf"},
    {kNationalId, "cnpj"},
    {kNationalId, "pesel"},
    {kNationalId, "bsn"},
    {kNationalId, "nhs_number"},
    {kNationalId, "insurance_number"},
    {kBank, "iban"},
    {kBank, "bic"},
    {kBank, "swift_code"},
    {kBank, "bank_account"},
    {kBank, "account_number"},
    {kBank, "account_no"},
    {kBank, "routing_number"},
    {kBank, "sort_code"},
    {kEmail, "email"},
    {kEmail, "e_mail"},
    {kEmail, "mail_address"},
    {kEmail, "email_address"},
    {kPhone, "phone"},
    {kPhone, "telephone"},
    {kPhone, "phone_number"},
    {kPhone, "mobile"},
    {kPhone, "mobile_number"},
    {kPhone, "cell_phone"},
    {kPhone, "msisdn"},
    {kPhone, "fax"},
    {kBirth, "date_of_birth"},
    {kBirth, "birth_date"},
    {kBirth, "birthdate"},
    {kBirth, "birthday"},
    {kBirth, "dob"},
    {kBirth, "born"},
    {kBirth, "born_on"},
    {kPlace, "address"},
    {kPlace, "street"},
    {kPlace, "street_address"},
    {kPlace, "address_line"},
    {kPlace, "postal_code"},
    {kPlace, "postcode"},
    {kPlace, "zip"},
    {kPlace, "zip_code"},
    {kPlace, "ip"},
    {kPlace, "ip_address"},
    {kPlace, "ip_addr"},
    {kPlace, "remote_addr"},
    {kPlace, "latitude"},
    {kPlace, "longitude"},
    {kPlace, "geolocation"},
    {kPay, "salary"},
    {kPay, "wage"},
    {kPay, "income"},
    {kHealth, "diagnosis"},
    {kHealth, "medication"},
    {kHealth, "prescription"},
    {kHealth, "blood_type"},
    {kHealth, "medical_history"},
    {kHealth, "allergies"},
    {kHealth, "disability"},
};

// A last word that tells of something about the value and not the value: email_verified, token_count.
constexpr std::string_view kAbout[] = {"at",       "on",       "id",        "count",   "type",    "status",
                                       "verified", "enabled",  "confirmed", "length",  "version", "hint",
                                       "expires",  "required", "policy",    "attempts"};

constexpr std::string_view kDates[] = {"date", "timestamp", "timestamptz"};
constexpr std::string_view kWholeNumbers[] = {"int2", "int4", "int8"};
constexpr std::string_view kNumbers[] = {"int2", "int4", "int8", "numeric", "float4", "float8", "money"};
// Types whose values are none of these things.
constexpr std::string_view kHarmless[] = {"bool", "interval", "time", "timetz", "tsvector"};

template <typename List>
bool Has(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool joins = std::isalnum(static_cast<unsigned char>(c)) != 0;
    const bool begins = IsUpper(c) && i > 0 && !IsUpper(name[i - 1]);
    if ((!joins || begins) && !words.back().empty()) {
      words.emplace_back();
    }
    if (joins) {
      words.back().push_back(IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c);
    }
  }
  // A number at the end counts rows or lines: address_line_2, phone1.
  while (!words.back().empty() && std::isdigit(static_cast<unsigned char>(words.back().back())) != 0) {
    words.back().pop_back();
  }
  std::erase(words, "");
  return words;
}

// Whether an entry's words stand in the name, next to each other; or are the whole name, written as one word.
bool Fits(const Words& entry, const std::string& spaced, const std::string& joined) {
  if (spaced.find("_" + std::string(entry.name) + "_") != std::string::npos) {
    return true;
  }
  std::string together(entry.name);
  std::erase(together, '_');
  return joined == together;
}

// The kind that the type leaves of it: a date cannot be an e-mail address.
const SensitiveKind* Settle(Index kind, std::string_view type) {
  const bool is_date = Has(kDates, type);
  if (kind == kBirth) {
    return is_date ? &kKinds[kBirth] : Has(kNumbers, type) ? nullptr : &kKinds[kBirthText];
  }
  if (kind == kPay) {
    return Has(kNumbers, type) ? &kKinds[kPay] : nullptr;
  }
  if (is_date) {
    return nullptr;
  }
  const bool may_be_number = kind == kSecret || kind == kCard || kind == kNationalId || kind == kBank || kind == kPhone;
  if ((Has(kWholeNumbers, type) && !may_be_number) ||
      (Has(kNumbers, type) && !Has(kWholeNumbers, type) && kind != kPlace && !may_be_number)) {
    return nullptr;
  }
  return &kKinds[kind];
}

}  // namespace

std::span<const SensitiveKind> SensitiveKinds() { return kKinds; }

const SensitiveKind* SensitiveKindOf(std::string_view column, std::string_view type) {
  if (Has(kHarmless, type)) {
    return nullptr;
  }
  const std::vector<std::string> words = WordsOf(column);
  if (words.empty() ||
      (words.size() > 1 && Has(kAbout, words.back()) && !column.ends_with("born_on") && words.back() != "id")) {
    return nullptr;
  }
  std::string spaced = "_";
  std::string joined;
  for (const std::string& word : words) {
    spaced += word + "_";
    joined += word;
  }
  const Words* best = nullptr;
  for (const Words& entry : kWords) {
    if (Fits(entry, spaced, joined) && (best == nullptr || entry.name.size() > best->name.size())) {
      best = &entry;
    }
  }
  // email_id is a key; tax_id is not, and says so in the table.
  if (best == nullptr || (words.back() == "id" && !best->name.ends_with("_id"))) {
    return nullptr;
  }
  return Settle(best->kind, type);
}

}  // namespace chaperone::simulation
