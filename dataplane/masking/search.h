// Detectors at work: what a policy's detecting rules make of texts whose columns nobody named. In the flow: compiled
// once for a view, applied by result.h to cells and by the session to messages and COPY rows. A second net under the
// masks of plan.h; it never takes one away. Immutable but for each search's scratch memory.
//
// Cells that hold text in any form are searched: text types, json and jsonb, arrays of them, bytea, and every type that
// is not built in. Numbers, dates, intervals, bits and UUIDs are not.
#ifndef CHAPERONE_DATAPLANE_MASKING_SEARCH_H_
#define CHAPERONE_DATAPLANE_MASKING_SEARCH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "api/policy/policy.h"
#include "dataplane/masking/detect/context.h"
#include "dataplane/masking/detect/detector.h"
#include "dataplane/masking/detector_cache.h"
#include "dataplane/masking/method.h"
#include "dataplane/masking/text_method.h"

namespace chaperone::masking {

// One rule with what it takes to apply it.
struct SearchRule {
  // Of the view that it was made from.
  const policy::MaskingRule* rule = nullptr;
  std::shared_ptr<const detect::Detector> detector;
  // The whole value becomes NULL.
  bool nulls = false;
  TextMethod method;
};

enum class Searched : uint8_t { kUnchanged, kChanged, kNull };

// What a look at the row has told of a cell: kNone, that it holds none of the detectors' literals.
enum class Literals : uint8_t { kPossible, kNone };

// Looks for the detectors' literals in a whole row at once, which costs little more than in one of its cells. One
// session's: it keeps what the last row told.
class RowLook {
 public:
  // REQUIRES: the rules outlive it.
  explicit RowLook(const std::vector<const SearchRule*>& rules);

  void Over(std::string_view row);
  // Of row[begin, end). REQUIRES: parts of one row are asked for from left to right.
  Literals In(size_t begin, size_t end);

 private:
  std::vector<const detect::Detector*> detectors_;
  // Where literals end, in order.
  std::vector<uint32_t> ends_;
  size_t next_ = 0;
  bool is_known_ = false;
};

// A set of rules on one text after the other. One session's: it keeps scratch memory.
class TextSearch {
 public:
  // REQUIRES: the rules outlive it.
  TextSearch(std::vector<const SearchRule*> rules, std::string_view column)
      : rules_(std::move(rules)), column_(detect::KindsOfColumn(column)) {}

  // kChanged: `text`, with what was found masked, was appended to `out`. Otherwise `out` is as it was; kNull: a rule
  // asks for NULL in place of the whole.
  Searched Apply(std::string_view text, Literals literals, std::string* out);
  // The same for a JSON value: it stays one.
  Searched ApplyToJson(std::string_view json, Literals literals, std::string* out);

 private:
  struct Span {
    size_t begin = 0;
    size_t end = 0;
    const SearchRule* rule = nullptr;
  };
  // Fills spans_, in order and apart. False when a rule asks for NULL.
  bool Find(std::string_view text, Literals literals);
  void Append(std::string_view text, const std::vector<Span>& spans, std::string* out) const;
  Searched ApplyToString(std::string_view json, size_t begin, size_t bytes, const std::vector<Span>& found,
                         std::string* out);
  static std::vector<Span> Within(const std::vector<Span>& found, size_t begin, size_t end);

  std::vector<const SearchRule*> rules_;
  detect::KindSet column_;
  std::vector<detect::Finding> findings_;
  std::vector<Span> spans_;
};

// The searching of one result column.
class CellSearch {
 public:
  virtual ~CellSearch() = default;
  virtual Searched Apply(std::string_view cell, Literals literals, std::string* out) = 0;
};

class SearchRules {
 public:
  // Null when the view detects nothing. Errors: as Detector::Make. REQUIRES: the view outlives it.
  static absl::StatusOr<std::shared_ptr<const SearchRules>> Make(const policy::View& view, const DeploymentKey& key,
                                                                 DetectorCache* detectors);

  explicit SearchRules(std::vector<SearchRule> rules) : rules_(std::move(rules)) {}

  // The rules among `wanted`.
  std::vector<const SearchRule*> Select(const std::vector<const policy::MaskingRule*>& wanted) const;
  std::vector<const SearchRule*> All() const;

 private:
  std::vector<SearchRule> rules_;
};

// Null when there is nothing to search in a column of that type, or no rule.
std::unique_ptr<CellSearch> MakeCellSearch(std::vector<const SearchRule*> rules, std::string_view column,
                                           const ColumnType& type, const TypeCatalog* types);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_SEARCH_H_
