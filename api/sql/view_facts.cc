#include "api/sql/view_facts.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "api/sql/analyze.h"
#include "api/sql/analyzer.h"
#include "api/sql/name_path.h"
#include "api/sql/oids.h"
#include "api/sql/parse.h"

namespace chaperone::sql {

namespace {

// Definitions are printed with pg_catalog alone on the path, and never name a temporary table but by its schema.
SessionContext DefinitionContext() { return {.role = "", .search_path = {"pg_catalog"}, .temp_schema = ""}; }

// Longer definitions than statements may be: nobody types them, and they are read once.
AnalyzeLimits DefinitionLimits() { return {}; }

struct Parsed {
  const DefinitionText* definition = nullptr;
  Tree tree;
  // Views that it reads and that are not resolved yet.
  size_t waits_for = 0;
};

class Deriver {
 public:
  explicit Deriver(Catalog* catalog)
      : catalog_(catalog), context_(DefinitionContext()), limits_(DefinitionLimits()), path_(*catalog, context_) {}

  // Null when the definition does not parse, or is no single query.
  const Node* QueryOf(const Parsed& parsed) const {
    return parsed.tree.statements.size() == 1 && parsed.tree.statements[0].node->Is<pg::SelectStmt>()
               ? parsed.tree.statements[0].node
               : nullptr;
  }

  std::vector<Oid> ViewsReadBy(const Node& query) const {
    std::vector<Oid> views;
    Walk(query, [&](const Node& node) {
      if (node.Is<pg::RangeVar>()) {
        const Relation* relation =
            path_.FindRelation(node.Get(pg::RangeVar::kSchemaname), node.Get(pg::RangeVar::kRelname));
        if (relation != nullptr && relation->is_view()) {
          views.push_back(relation->oid);
        }
      }
      return true;
    });
    std::sort(views.begin(), views.end());
    views.erase(std::unique(views.begin(), views.end()), views.end());
    return views;
  }

  std::unique_ptr<const ViewFacts> Derive(const Relation& view, const Node* query) const {
    auto facts = std::make_unique<ViewFacts>();
    if (query == nullptr) {
      return facts;
    }
    Statement statement;
    Analyzer analyzer(path_, limits_, {});
    const bool resolved = analyzer.AnalyzeDefinition(*query, &statement);
    if (resolved && statement.outputs_known && statement.outputs.size() == view.columns.size()) {
      for (size_t i = 0; i < statement.outputs.size(); ++i) {
        OutputColumn& output = statement.outputs[i];
        facts->columns.push_back({.attnum = view.columns[i].attnum,
                                  .unknown = output.unknown,
                                  .plain = output.plain,
                                  .sources = std::move(output.sources),
                                  .presence = std::move(output.presence)});
      }
    }
    facts->predicates = std::move(statement.predicates);
    facts->computed = std::move(statement.computed);
    facts->reads = std::move(statement.reads);
    if (!IsSystem(view)) {
      facts->needs = std::move(statement.needs);
      for (Need& need : facts->needs) {
        need.via = view.oid;
        need.location = -1;
      }
    }
    return facts;
  }

  DerivedColumn DeriveGenerated(const Relation& relation, const DefinitionText& definition) const {
    DerivedColumn derived{.attnum = definition.attnum, .unknown = true};
    // The expression becomes the one target of a query over nothing.
    const absl::StatusOr<Tree> tree = Parse("SELECT " + definition.text, limits_.parse, nullptr);
    if (!tree.ok() || tree->statements.size() != 1) {
      return derived;
    }
    Statement statement;
    Analyzer analyzer(path_, limits_, {});
    if (analyzer.AnalyzeGenerated(*tree->statements[0].node, relation, &statement) && statement.outputs.size() == 1) {
      derived.unknown = statement.outputs[0].unknown;
      derived.sources = std::move(statement.outputs[0].sources);
      derived.presence = std::move(statement.outputs[0].presence);
    }
    return derived;
  }

 private:
  bool IsSystem(const Relation& view) const {
    const std::string_view schema = catalog_->SchemaName(view.schema);
    return schema == "pg_catalog" || schema == "information_schema";
  }

  Catalog* catalog_;
  SessionContext context_;
  AnalyzeLimits limits_;
  NamePath path_;
};

}  // namespace

void DeriveDefinitions(const std::vector<DefinitionText>& definitions, Catalog* catalog) {
  const Deriver deriver(catalog);
  // Generated columns look at nothing but their own table.
  for (const DefinitionText& definition : definitions) {
    Relation* relation = definition.attnum == 0 ? nullptr : catalog->MutableRelation(definition.relation);
    if (relation != nullptr) {
      relation->generated.push_back(deriver.DeriveGenerated(*relation, definition));
    }
  }
  std::unordered_map<Oid, Parsed> pending;
  for (const DefinitionText& definition : definitions) {
    if (definition.attnum == 0 && catalog->RelationByOid(definition.relation) != nullptr) {
      absl::StatusOr<Tree> tree = Parse(definition.text, AnalyzeLimits().parse, nullptr);
      pending[definition.relation] = {&definition, tree.ok() ? *std::move(tree) : Tree(), 0};
    }
  }
  // Views in the order of what they read; those in a circle stay unresolved.
  std::unordered_map<Oid, std::vector<Oid>> readers;
  std::vector<Oid> ready;
  for (auto& [oid, parsed] : pending) {
    if (const Node* query = deriver.QueryOf(parsed)) {
      for (const Oid read : deriver.ViewsReadBy(*query)) {
        readers[read].push_back(oid);
        ++parsed.waits_for;
      }
    }
    if (parsed.waits_for == 0) {
      ready.push_back(oid);
    }
  }
  while (!ready.empty()) {
    const Oid oid = ready.back();
    ready.pop_back();
    Relation* view = catalog->MutableRelation(oid);
    view->view = deriver.Derive(*view, deriver.QueryOf(pending[oid]));
    for (const Oid reader : readers[oid]) {
      if (--pending[reader].waits_for == 0) {
        ready.push_back(reader);
      }
    }
  }
}

}  // namespace chaperone::sql
