#include "tools/chaperone/commands/policy_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "tools/chaperone/file.h"

namespace chaperone::cli {

namespace {

namespace fs = std::filesystem;

constexpr size_t kFileBytesMax = 64 << 20;

bool IsMarker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) && (line.size() == marker.size() || line[marker.size()] == ' ' ||
                                      line[marker.size()] == '\t' || line[marker.size()] == '\r');
}

bool IsBlankOrComment(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r");
  return first == std::string_view::npos || line[first] == '#';
}

// What stands behind "---" on its line, when it is more than a comment.
std::string_view AfterMarker(std::string_view line) {
  const std::string_view rest = line.substr(3);
  return IsBlankOrComment(rest) ? std::string_view() : rest.substr(rest.find_first_not_of(" \t"));
}

absl::Status AppendFile(const std::string& path, std::vector<PolicyDocument>* documents) {
  CHAPERONE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kFileBytesMax));
  std::ranges::move(SplitDocuments(text, path), std::back_inserter(*documents));
  return absl::OkStatus();
}

absl::Status AppendFolder(const std::string& path, std::vector<PolicyDocument>* documents) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    const std::string extension = entry->path().extension();
    if ((extension == ".yaml" || extension == ".yml") && entry->is_regular_file(error)) {
      files.push_back(entry->path());
    }
  }
  if (error) {
    return base::FailedPrecondition("cannot read the folder {}: {}", path, error.message());
  }
  std::ranges::sort(files);
  for (const std::string& file : files) {
    CHAPERONE_RETURN_IF_ERROR(AppendFile(file, documents));
  }
  return absl::OkStatus();
}

absl::Status CheckBounds(const std::vector<PolicyDocument>& documents) {
  if (documents.size() > kDocumentsMax) {
    return base::ResourceExhausted("{} documents; at most {} go in one revision", documents.size(), kDocumentsMax);
  }
  for (const PolicyDocument& document : documents) {
    if (document.text.size() > kDocumentBytesMax) {
      return base::ResourceExhausted("{}:{}: the document has {} KiB; at most {} KiB", document.file, document.line,
                                     document.text.size() >> 10, kDocumentBytesMax >> 10);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<PolicyDocument> SplitDocuments(std::string_view text, std::string_view file) {
  std::vector<PolicyDocument> documents;
  PolicyDocument current{.text = "", .file = std::string(file), .line = 1};
  bool has_content = false;
  const auto finish = [&](int next_line) {
    if (has_content) {
      documents.push_back(std::move(current));
    }
    current = {.text = "", .file = std::string(file), .line = next_line};
    has_content = false;
  };
  int line_number = 1;
  for (size_t start = 0; start < text.size(); ++line_number) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    const std::string_view with_newline = text.substr(start, end + 1 - start);
    start = end + 1;
    if (IsMarker(line, "---")) {
      const std::string_view rest = AfterMarker(line);
      finish(rest.empty() ? line_number + 1 : line_number);
      if (!rest.empty()) {
        current.text = std::string(rest) + "\n";
        has_content = true;
      }
    } else if (IsMarker(line, "...")) {
      finish(line_number + 1);
    } else {
      current.text += with_newline;
      has_content = has_content || !IsBlankOrComment(line);
    }
  }
  finish(line_number);
  return documents;
}

absl::StatusOr<std::vector<PolicyDocument>> ReadPolicyDocuments(const std::vector<std::string>& paths,
                                                                std::istream& in) {
  std::vector<PolicyDocument> documents;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-") {
      const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      std::ranges::move(SplitDocuments(text, "standard input"), std::back_inserter(documents));
    } else if (fs::is_directory(path, error)) {
      CHAPERONE_RETURN_IF_ERROR(AppendFolder(path, &documents));
    } else {
      CHAPERONE_RETURN_IF_ERROR(AppendFile(path, &documents));
    }
  }
  if (documents.empty()) {
    return base::InvalidArgument("no policy document in {}; folders are read for *.yaml and *.yml",
                                 fmt::format("{}", fmt::join(paths, ", ")));
  }
  CHAPERONE_RETURN_IF_ERROR(CheckBounds(documents));
  return documents;
}

std::string DocumentLegend(const std::vector<PolicyDocument>& documents) {
  if (documents.size() == 1 && documents.front().line == 1) {
    return "";
  }
  std::string legend;
  for (size_t i = 0; i < documents.size(); ++i) {
    legend += fmt::format("{}{} is {}:{}", i == 0 ? "" : ", ", i + 1, documents[i].file, documents[i].line);
  }
  return legend;
}

}  // namespace chaperone::cli
