// For tests: bundles from YAML and needs from words.
#ifndef CHAPERONE_API_POLICY_POLICY_TESTING_H_
#define CHAPERONE_API_POLICY_POLICY_TESTING_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/policy.h"
#include "api/sql/facts.h"

namespace chaperone::policy {

// Aborts with the error when the document is bad.
std::shared_ptr<const Document> MustParse(std::string_view yaml, std::string_view file_name = "test.yaml");
std::shared_ptr<const Bundle> MustCompile(const std::vector<std::string>& documents);
// The error of a document that must be bad; "" when it is good.
std::string ParseError(std::string_view yaml);

// A document for everybody on every database, with `body` (YAML at top level) behind its header.
std::string DocumentFor(std::string_view name, std::string_view body);

// "<action> [<kind>:]<resource> [no-where]": "read public.orders", "delete public.orders no-where", "session
// setting:role", "ddl schema:public", "ddl *". The kind is relation unless named; `*` is the statement as a whole.
sql::Need ParseNeed(std::string_view words);
// One statement for each line, its needs separated by ";".
sql::Facts ParseFacts(std::string_view text);

// "2026-03-02T10:00:00Z".
std::chrono::system_clock::time_point ParseTime(std::string_view text);

// Principal agent-1 of issuer https://idp.example.com in group coding-agents; target shop-prod/shop.
Principal Agent();
Target Shop();

// The verdict of the bundle of `documents` for Agent() on Shop().
Verdict JudgeFor(const std::vector<std::string>& documents, std::string_view facts,
                 std::chrono::system_clock::time_point now = {});
// "deny no-bulk-delete", "allow read-shop", "deny" without a rule.
std::string Summary(const Verdict& verdict);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_POLICY_TESTING_H_
