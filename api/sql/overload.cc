#include "api/sql/overload.h"

#include <algorithm>

#include "api/sql/oids.h"

namespace chaperone::sql {

namespace {

Oid BaseType(const Catalog& catalog, Oid oid) {
  const Type* type = catalog.UndomainedType(oid);
  return type == nullptr ? oid : type->oid;
}

bool IsComposite(const Type* type) { return type != nullptr && type->kind == TypeKind::kComposite; }
// A true array: its category says so (int2vector and the like have elements too).
bool IsArray(const Type* type) { return type != nullptr && type->category == 'A' && type->element != 0; }

// Whether `source` may stand for a polymorphic parameter by itself; MayAgree says whether all of them fit together.
bool FitsPolymorphic(const Catalog& catalog, Oid source, Oid target) {
  const Type* type = catalog.TypeByOid(BaseType(catalog, source));
  if (type == nullptr) {
    return true;
  }
  switch (target) {
    case oids::kAnyArray:
    case oids::kAnyCompatibleArray:
      return IsArray(type) || type->oid == oids::kAnyArray;
    case oids::kAnyNonArray:
    case oids::kAnyCompatibleNonArray:
      return !IsArray(type);
    case oids::kAnyEnum:
      return type->kind == TypeKind::kEnum;
    case oids::kAnyRange:
    case oids::kAnyCompatibleRange:
      return type->kind == TypeKind::kRange;
    case oids::kAnyMultirange:
    case oids::kAnyCompatibleMultirange:
      return type->kind == TypeKind::kMultirange;
    default:
      return true;
  }
}

// What a polymorphic parameter's argument says of the type that its family shares: the element of an array, otherwise
// the type itself. 0 when it says nothing.
Oid SharedType(const Catalog& catalog, Oid source, Oid target) {
  const Type* type = source == oids::kUnknown ? nullptr : catalog.TypeByOid(BaseType(catalog, source));
  if (type == nullptr) {
    return 0;
  }
  switch (target) {
    case oids::kAnyArray:
    case oids::kAnyCompatibleArray:
      return IsArray(type) ? BaseType(catalog, type->element) : 0;
    case oids::kAnyElement:
    case oids::kAnyNonArray:
    case oids::kAnyEnum:
    case oids::kAnyCompatible:
    case oids::kAnyCompatibleNonArray:
      return type->oid;
    default:
      return 0;
  }
}

bool IsCompatibleFamily(Oid type) {
  return type == oids::kAnyCompatible || type == oids::kAnyCompatibleArray || type == oids::kAnyCompatibleNonArray;
}

// check_generic_type_consistency: parameters of one polymorphic family share a type, or, those of anycompatible, have
// one that all can be made into. False only where that is certain: text[] || text[] does not append an element.
bool MayAgree(const Catalog& catalog, std::span<const Oid> types, const std::vector<Oid>& parameters) {
  for (const bool compatible : {false, true}) {
    std::vector<Oid> shared;
    for (size_t i = 0; i < types.size(); ++i) {
      const bool is_member = oids::IsPolymorphic(parameters[i]) && IsCompatibleFamily(parameters[i]) == compatible;
      const Oid type = is_member ? SharedType(catalog, types[i], parameters[i]) : 0;
      if (type != 0 && std::find(shared.begin(), shared.end(), type) == shared.end()) {
        shared.push_back(type);
      }
    }
    if (!compatible && shared.size() > 1) {
      return false;
    }
    if (shared.size() == 2 && !CanCoerce(catalog, shared[0], shared[1]) && !CanCoerce(catalog, shared[1], shared[0])) {
      return false;
    }
  }
  return true;
}

// The function's parameter types laid out for one call; false when it does not fit the number or names of arguments.
bool LayOut(const Function& function, const CallShape& call, std::vector<Oid>* parameters, bool* used_variadic) {
  const size_t given = call.types.size();
  const size_t declared = function.arguments.size();
  *used_variadic = false;
  if (!call.names.empty()) {
    // Positional ones first, then each named one must exist and not be filled yet.
    if (given > declared || function.argument_names.size() != declared) {
      return false;
    }
    const size_t positional = given - call.names.size();
    parameters->assign(function.arguments.begin(),
                       function.arguments.begin() + static_cast<std::ptrdiff_t>(positional));
    for (const std::string_view name : call.names) {
      const auto it = std::find(function.argument_names.begin() + static_cast<std::ptrdiff_t>(positional),
                                function.argument_names.end(), name);
      if (it == function.argument_names.end()) {
        return false;
      }
      parameters->push_back(function.arguments[static_cast<size_t>(it - function.argument_names.begin())]);
    }
    return given + function.defaults >= declared;
  }
  if (function.variadic != 0 && !call.expanded_variadic) {
    // VARIADIC "any" and VARIADIC array alike: the last parameter repeats.
    if (given + 1 + function.defaults >= declared && given >= declared) {
      parameters->assign(function.arguments.begin(), function.arguments.end() - 1);
      parameters->resize(given, function.variadic);
      *used_variadic = true;
      return true;
    }
    if (function.variadic == oids::kAny || given + function.defaults < declared) {
      return false;
    }
  }
  if (given > declared || given + function.defaults < declared) {
    return false;
  }
  parameters->assign(function.arguments.begin(), function.arguments.begin() + static_cast<std::ptrdiff_t>(given));
  return true;
}

struct Candidate {
  const void* object = nullptr;
  std::vector<Oid> parameters;
  size_t rank = 0;
  bool used_variadic = false;
  bool used_defaults = false;
};

bool ExactOn(const Candidate& candidate, std::span<const Oid> types) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] != candidate.parameters[i]) {
      return false;
    }
  }
  return true;
}

// func_select_candidate: among candidates whose parameters all accept the arguments, the best; more than one when the
// server would call it ambiguous. REQUIRES: no type is 0.
void SelectBest(const Catalog& catalog, std::span<const Oid> types, std::vector<Candidate>* candidates) {
  std::vector<Oid> base(types.size());
  size_t unknowns = 0;
  for (size_t i = 0; i < types.size(); ++i) {
    base[i] = types[i] == oids::kUnknown ? oids::kUnknown : BaseType(catalog, types[i]);
    unknowns += types[i] == oids::kUnknown ? 1 : 0;
  }
  const auto category = [&](Oid oid) {
    const Type* type = catalog.TypeByOid(oid);
    return type == nullptr ? 'X' : type->category;
  };
  const auto preferred = [&](Oid oid) {
    const Type* type = catalog.TypeByOid(oid);
    return type != nullptr && type->preferred;
  };
  const auto keep_most = [&](auto count) {
    int best = -1;
    std::vector<Candidate> kept;
    for (Candidate& candidate : *candidates) {
      const int score = count(candidate);
      if (score > best) {
        best = score;
        kept.clear();
      }
      if (score == best) {
        kept.push_back(candidate);
      }
    }
    *candidates = std::move(kept);
  };
  keep_most([&](const Candidate& candidate) {
    int matches = 0;
    for (size_t i = 0; i < types.size(); ++i) {
      matches += base[i] != oids::kUnknown && candidate.parameters[i] == base[i] ? 1 : 0;
    }
    return matches;
  });
  if (candidates->size() == 1) {
    return;
  }
  keep_most([&](const Candidate& candidate) {
    int matches = 0;
    for (size_t i = 0; i < types.size(); ++i) {
      if (base[i] != oids::kUnknown) {
        const Oid parameter = candidate.parameters[i];
        const bool same = parameter == base[i];
        const bool wanted = preferred(parameter) && category(parameter) == category(base[i]);
        matches += same || wanted ? 1 : 0;
      }
    }
    return matches;
  });
  if (candidates->size() == 1 || unknowns == 0) {
    return;
  }
  // Untyped literals: the category that the candidates agree on, strings where one of them takes a string.
  std::vector<char> categories(types.size(), 'X');
  std::vector<bool> wants_preferred(types.size(), false);
  bool resolved = true;
  for (size_t i = 0; i < types.size(); ++i) {
    if (base[i] != oids::kUnknown) {
      continue;
    }
    bool conflict = false;
    bool first = true;
    for (const Candidate& candidate : *candidates) {
      const char current = category(candidate.parameters[i]);
      const bool current_preferred = preferred(candidate.parameters[i]);
      if (first) {
        categories[i] = current;
        wants_preferred[i] = current_preferred;
        first = false;
      } else if (categories[i] == current) {
        wants_preferred[i] = wants_preferred[i] || current_preferred;
      } else if (current == 'S') {
        categories[i] = 'S';
        wants_preferred[i] = current_preferred;
      } else {
        conflict = true;
      }
    }
    if (conflict && categories[i] != 'S') {
      resolved = false;
      break;
    }
  }
  if (resolved) {
    std::vector<Candidate> kept;
    for (const Candidate& candidate : *candidates) {
      bool keep = true;
      for (size_t i = 0; i < types.size() && keep; ++i) {
        if (base[i] == oids::kUnknown) {
          keep = category(candidate.parameters[i]) == categories[i] &&
                 (!wants_preferred[i] || preferred(candidate.parameters[i]));
        }
      }
      if (keep) {
        kept.push_back(candidate);
      }
    }
    if (!kept.empty()) {
      *candidates = std::move(kept);
    }
    if (candidates->size() == 1) {
      return;
    }
  }
  // All known arguments of one type: try the untyped ones as that type.
  Oid known = oids::kUnknown;
  for (const Oid type : base) {
    if (type == oids::kUnknown) {
      continue;
    }
    if (known != oids::kUnknown && known != type) {
      return;
    }
    known = type;
  }
  if (known == oids::kUnknown) {
    return;
  }
  std::vector<Candidate> kept;
  for (const Candidate& candidate : *candidates) {
    const bool fits = std::all_of(candidate.parameters.begin(), candidate.parameters.end(),
                                  [&](Oid parameter) { return CanCoerce(catalog, known, parameter); });
    if (fits) {
      kept.push_back(candidate);
    }
  }
  if (kept.size() == 1) {
    *candidates = std::move(kept);
  }
}

// Of candidates with the same parameters, those later on the path are hidden by the first.
void HideSame(std::vector<Candidate>* candidates) {
  std::stable_sort(candidates->begin(), candidates->end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  std::vector<Candidate> kept;
  for (Candidate& candidate : *candidates) {
    const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const Candidate& other) {
      return other.rank < candidate.rank && other.parameters == candidate.parameters &&
             other.used_variadic == candidate.used_variadic && other.used_defaults == candidate.used_defaults;
    });
    if (!hidden) {
      kept.push_back(std::move(candidate));
    }
  }
  *candidates = std::move(kept);
}

void KeepFitting(const Catalog& catalog, std::span<const Oid> types, std::vector<Candidate>* candidates) {
  std::erase_if(*candidates, [&](const Candidate& candidate) {
    for (size_t i = 0; i < types.size(); ++i) {
      if (!CanCoerce(catalog, types[i], candidate.parameters[i])) {
        return true;
      }
    }
    return !MayAgree(catalog, types, candidate.parameters);
  });
}

// The common case without building candidates: a function of exactly these arguments, of those visible the first on the
// path. Null where variadic tails or defaults could compete with it.
const Function* FindExact(const NamePath& path, const QualifiedName& name, Oid schema, std::span<const Oid> types) {
  const Function* best = nullptr;
  size_t best_rank = std::string_view::npos;
  for (const Function* function : path.catalog().FindFunctions(name.name)) {
    const size_t rank = name.schema.empty()          ? path.FunctionRank(function->schema)
                        : function->schema == schema ? 0
                                                     : std::string_view::npos;
    if (rank == std::string_view::npos) {
      continue;
    }
    if (function->variadic != 0 || function->defaults != 0) {
      return nullptr;
    }
    if (rank < best_rank &&
        std::equal(types.begin(), types.end(), function->arguments.begin(), function->arguments.end())) {
      best = function;
      best_rank = rank;
    }
  }
  return best;
}

const Operator* FindExactOperator(const NamePath& path, const QualifiedName& name, Oid schema, Oid left, Oid right) {
  const Operator* best = nullptr;
  size_t best_rank = std::string_view::npos;
  for (const Operator* op : path.catalog().FindOperators(name.name)) {
    if (op->left != left || op->right != right) {
      continue;
    }
    const size_t rank = name.schema.empty()    ? path.FunctionRank(op->schema)
                        : op->schema == schema ? 0
                                               : std::string_view::npos;
    if (rank < best_rank) {
      best = op;
      best_rank = rank;
    }
  }
  return best;
}

bool AllKnown(std::span<const Oid> types) { return std::find(types.begin(), types.end(), 0) == types.end(); }

// Whether an exact match settles it even though polymorphic candidates exist is decided on types as they are.
void Narrow(const Catalog& catalog, std::span<const Oid> types, std::vector<Candidate>* candidates) {
  if (!AllKnown(types)) {
    KeepFitting(catalog, types, candidates);
    return;
  }
  for (const Candidate& candidate : *candidates) {
    if (ExactOn(candidate, types)) {
      *candidates = {Candidate(candidate)};
      return;
    }
  }
  KeepFitting(catalog, types, candidates);
  if (candidates->size() > 1) {
    SelectBest(catalog, types, candidates);
  }
}

}  // namespace

bool CanCoerce(const Catalog& catalog, Oid source, Oid target) {
  if (source == 0 || target == 0 || source == target || target == oids::kAny || source == oids::kUnknown) {
    return true;
  }
  if (oids::IsPolymorphic(target)) {
    return FitsPolymorphic(catalog, source, target);
  }
  const Oid base = BaseType(catalog, source);
  if (base == target) {
    return true;
  }
  const Type* from = catalog.TypeByOid(base);
  const Type* to = catalog.TypeByOid(target);
  if (from == nullptr || to == nullptr) {
    return true;
  }
  if (const Cast* cast = catalog.FindCast(base, target); cast != nullptr && cast->context == 'i') {
    return true;
  }
  if (to->kind == TypeKind::kDomain) {
    return CanCoerce(catalog, base, BaseType(catalog, target));
  }
  if (IsComposite(from) && (target == oids::kRecord || IsComposite(to))) {
    // A row may stand for its parent's row.
    return true;
  }
  if (base == oids::kRecord && IsComposite(to)) {
    return true;
  }
  if (IsArray(from) && IsArray(to)) {
    return target == oids::kRecordArray || CanCoerce(catalog, from->element, to->element);
  }
  return false;
}

Oid CommonType(const Catalog& catalog, std::span<const Oid> types) {
  if (!types.empty() && types[0] != oids::kUnknown &&
      std::all_of(types.begin(), types.end(), [&](Oid type) { return type == types[0]; })) {
    // The only way in which a domain stays one.
    return types[0];
  }
  const Type* common = nullptr;
  for (const Oid oid : types) {
    if (oid == oids::kUnknown) {
      continue;
    }
    const Type* const type = catalog.UndomainedType(oid);
    if (type == nullptr) {
      return 0;
    }
    if (common == nullptr || common == type) {
      common = type;
      continue;
    }
    if (common->category != type->category) {
      return 0;
    }
    if (!common->preferred && CanCoerce(catalog, common->oid, type->oid) &&
        !CanCoerce(catalog, type->oid, common->oid)) {
      common = type;
    }
  }
  return common == nullptr ? oids::kText : common->oid;
}

std::vector<const Function*> ResolveFunction(const NamePath& path, const QualifiedName& name, const CallShape& call) {
  const Catalog& catalog = path.catalog();
  const Oid schema = name.schema.empty() ? 0 : path.FindSchema(name.schema);
  if (call.names.empty() && !call.expanded_variadic && AllKnown(call.types)) {
    if (const Function* exact = FindExact(path, name, schema, call.types)) {
      return {exact};
    }
  }
  std::vector<Candidate> candidates;
  for (const Function* function : catalog.FindFunctions(name.name)) {
    const size_t rank = name.schema.empty()          ? path.FunctionRank(function->schema)
                        : function->schema == schema ? 0
                                                     : std::string_view::npos;
    Candidate candidate;
    if (rank == std::string_view::npos || !LayOut(*function, call, &candidate.parameters, &candidate.used_variadic)) {
      continue;
    }
    candidate.object = function;
    candidate.rank = rank;
    candidate.used_defaults = call.types.size() < function->arguments.size();
    candidates.push_back(std::move(candidate));
  }
  HideSame(&candidates);
  // A call with defaults or a variadic tail loses against one without; when both fit, either is named.
  Narrow(catalog, call.types, &candidates);
  std::vector<const Function*> functions;
  for (const Candidate& candidate : candidates) {
    functions.push_back(static_cast<const Function*>(candidate.object));
  }
  return functions;
}

Oid ResultType(const Catalog& catalog, const Function& function, std::span<const Oid> types, Oid result) {
  if (!oids::IsPolymorphic(result)) {
    return result;
  }
  // What the arguments of the result's family say of the type that they share. An untyped literal says nothing.
  const bool compatible = IsCompatibleFamily(result);
  std::vector<Oid> shared;
  for (size_t i = 0; i < types.size(); ++i) {
    const Oid parameter = function.arguments[std::min(i, function.arguments.size() - 1)];
    if (!oids::IsPolymorphic(parameter) || IsCompatibleFamily(parameter) != compatible || types[i] == oids::kUnknown) {
      continue;
    }
    const Type* type = catalog.UndomainedType(types[i]);
    const bool wants_array = parameter == oids::kAnyArray || parameter == oids::kAnyCompatibleArray;
    const bool wants_other = parameter == oids::kAnyRange || parameter == oids::kAnyMultirange ||
                             parameter == oids::kAnyCompatibleRange || parameter == oids::kAnyCompatibleMultirange;
    if (type == nullptr || wants_other || (wants_array && !IsArray(type))) {
      return 0;
    }
    shared.push_back(wants_array ? type->element : types[i]);
  }
  const bool agree =
      compatible || std::all_of(shared.begin(), shared.end(), [&](Oid type) { return type == shared[0]; });
  const Oid element = shared.empty() || !agree ? 0 : CommonType(catalog, shared);
  switch (result) {
    case oids::kAnyElement:
    case oids::kAnyNonArray:
    case oids::kAnyEnum:
    case oids::kAnyCompatible:
    case oids::kAnyCompatibleNonArray:
      return element;
    case oids::kAnyArray:
    case oids::kAnyCompatibleArray: {
      const Type* type = catalog.TypeByOid(element);
      return type == nullptr ? 0 : type->array;
    }
    default:
      return 0;
  }
}

std::vector<const Operator*> ResolveOperator(const NamePath& path, const QualifiedName& name, bool prefix, Oid left,
                                             Oid right) {
  const Catalog& catalog = path.catalog();
  const Oid schema = name.schema.empty() ? 0 : path.FindSchema(name.schema);
  if (!prefix && left != 0 && right != 0) {
    // binary_oper_exact: an untyped literal is tried as the other side's type first, and as its base type.
    if ((left == oids::kUnknown) != (right == oids::kUnknown)) {
      const Oid other = left == oids::kUnknown ? right : left;
      for (const Oid type : {other, BaseType(catalog, other)}) {
        if (const Operator* exact = FindExactOperator(path, name, schema, type, type)) {
          return {exact};
        }
      }
    }
    if (const Operator* exact = FindExactOperator(path, name, schema, left, right)) {
      return {exact};
    }
  }
  std::vector<Oid> types;
  if (!prefix) {
    types.push_back(left);
  }
  types.push_back(right);
  std::vector<Candidate> candidates;
  for (const Operator* op : catalog.FindOperators(name.name)) {
    const size_t rank = name.schema.empty()    ? path.FunctionRank(op->schema)
                        : op->schema == schema ? 0
                                               : std::string_view::npos;
    if (rank == std::string_view::npos || (op->left == 0) != prefix) {
      continue;
    }
    Candidate candidate;
    candidate.object = op;
    candidate.rank = rank;
    if (!prefix) {
      candidate.parameters.push_back(op->left);
    }
    candidate.parameters.push_back(op->right);
    candidates.push_back(std::move(candidate));
  }
  HideSame(&candidates);
  Narrow(catalog, types, &candidates);
  std::vector<const Operator*> operators;
  for (const Candidate& candidate : candidates) {
    operators.push_back(static_cast<const Operator*>(candidate.object));
  }
  return operators;
}

}  // namespace chaperone::sql
