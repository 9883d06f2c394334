// Policy documents from files, folders and standard input. A file may hold several YAML documents with `---` lines
// between them; each goes to the control plane as a document of its own, byte for byte.
#ifndef CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_FILES_H_
#define CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_FILES_H_

#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"

namespace chaperone::cli {

// As api/proto's ApplyPoliciesRequest bounds them.
inline constexpr size_t kDocumentBytesMax = 1 << 20;
inline constexpr size_t kDocumentsMax = 1000;

struct PolicyDocument {
  std::string text;
  // "policies/shop.yaml", and the line of it on which the document starts.
  std::string file;
  int line = 1;
};

// Splits at lines that begin with "---" (YAML 1.2 section 9.1.2); documents of blanks and comments alone are left out.
std::vector<PolicyDocument> SplitDocuments(std::string_view text, std::string_view file);

// For each path: a file, every *.yaml and *.yml of a folder (sorted, not its sub-folders), or `in` for "-".
// Errors: NotFound, FailedPrecondition, ResourceExhausted with the path; InvalidArgument when there is no document at
// all.
absl::StatusOr<std::vector<PolicyDocument>> ReadPolicyDocuments(const std::vector<std::string>& paths,
                                                                std::istream& in);

// "1 is shop.yaml:1, 2 is shop.yaml:20": what an error about a document of the request refers to; empty for one
// document that starts on line 1.
std::string DocumentLegend(const std::vector<PolicyDocument>& documents);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_FILES_H_
