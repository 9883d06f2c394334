#include <algorithm>

#include "api/policy/cover.h"
#include "api/policy/lint_checks.h"
#include "api/policy/mask_method.h"

namespace chaperone::policy {

namespace {

using sql::Action;

struct MaskAt {
  const Document* document = nullptr;
  const MaskingEntry* entry = nullptr;
};

// Reading rules of all documents, for masks to be compared with.
struct Reader {
  const Document* document = nullptr;
  const StatementRule* rule = nullptr;
};

bool MayRead(const StatementRule& rule, const ColumnPattern& column) {
  return std::any_of(rule.resources.begin(), rule.resources.end(), [&](const ResourcePattern& pattern) {
    return pattern.any ||
           (pattern.qualified() && pattern.parts[0].Overlaps(column.schema) && pattern.parts[1].Overlaps(column.table));
  });
}

// A mask on what no rule lets anybody read hides nothing. Often a spelling mistake.
void CheckReadable(const MaskAt& mask, const std::vector<Reader>& readers, Budget* budget, Findings* findings) {
  for (const ColumnPattern& column : mask.entry->columns) {
    const bool readable = std::any_of(readers.begin(), readers.end(), [&](const Reader& reader) {
      return budget->Spend() && MayRead(*reader.rule, column) && ReachMayOverlap(*reader.document, *mask.document);
    });
    if (!readable && !budget->spent()) {
      findings->Warn(
          PlaceOf(*mask.document, *mask.entry), "mask-without-read",
          fmt::format("\"{}\" masks what no rule lets anybody read; check the spelling, or delete it", column.text));
    }
  }
}

bool ColumnCovers(const ColumnPattern& wide, const ColumnPattern& narrow) {
  return wide.schema.Covers(narrow.schema) && wide.table.Covers(narrow.table) && wide.column.Covers(narrow.column) &&
         (wide.path.empty() || wide.path == narrow.path);
}

// Everything about `narrow` is at most as strict as `wide`, on all of its columns.
bool MakesPointless(const MaskAt& wide, const MaskAt& narrow) {
  const MaskingRule& a = wide.entry->rule;
  const MaskingRule& b = narrow.entry->rule;
  const Strictness sa = StrictnessOf(a.method, a.argument);
  const Strictness sb = StrictnessOf(b.method, b.argument);
  const bool earlier = wide.document->name == narrow.document->name ? wide.entry->line < narrow.entry->line
                                                                    : wide.document->name < narrow.document->name;
  if (sa > sb || a.in_predicates > b.in_predicates || (sa == sb && a.in_predicates == b.in_predicates && !earlier) ||
      !wide.entry->except.empty() || narrow.entry->columns.empty()) {
    return false;
  }
  const bool covered =
      std::all_of(narrow.entry->columns.begin(), narrow.entry->columns.end(), [&](const ColumnPattern& c) {
        return std::any_of(wide.entry->columns.begin(), wide.entry->columns.end(),
                           [&](const ColumnPattern& other) { return ColumnCovers(other, c); });
      });
  return covered && ReachCovers(*wide.document, *narrow.document);
}

void CheckPointless(const MaskAt& narrow, const std::vector<MaskAt>& masks, Budget* budget, Findings* findings) {
  for (const MaskAt& wide : masks) {
    if (!budget->Spend()) {
      return;
    }
    if (wide.entry != narrow.entry && MakesPointless(wide, narrow)) {
      return findings->Warn(
          PlaceOf(*narrow.document, *narrow.entry), "shadowed-mask",
          fmt::format("never shows: mask {} of {} covers the same columns and is as strict or stricter",
                      wide.entry->rule.id, wide.document->name));
    }
  }
}

void CheckGuessable(const MaskAt& mask, Findings* findings) {
  if (!mask.entry->columns.empty() && mask.entry->rule.in_predicates == InPredicates::kAllow) {
    findings->Warn(
        PlaceOf(*mask.document, *mask.entry), "mask-guessable",
        "in_predicates: allow lets an agent find out values by asking (WHERE column LIKE 'a%'); use deny or equality");
  }
}

}  // namespace

void CheckMasks(const Documents& documents, Budget* budget, Findings* findings) {
  std::vector<MaskAt> masks;
  std::vector<Reader> readers;
  for (const auto& document : documents) {
    for (const MaskingEntry& entry : document->masking) {
      masks.push_back(MaskAt{document.get(), &entry});
    }
    for (const StatementRule& rule : document->statements) {
      if (rule.effect != Decision::kDeny && rule.actions.test(static_cast<size_t>(Action::kRead))) {
        readers.push_back(Reader{document.get(), &rule});
      }
    }
  }
  for (const MaskAt& mask : masks) {
    CheckReadable(mask, readers, budget, findings);
    CheckPointless(mask, masks, budget, findings);
    CheckGuessable(mask, findings);
  }
}

}  // namespace chaperone::policy
