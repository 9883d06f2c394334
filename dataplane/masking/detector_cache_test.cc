#include "dataplane/masking/detector_cache.h"

#include <catch2/catch.hpp>
#include <vector>

namespace chaperone::masking {
namespace {

policy::MaskingRule Pattern(const std::string& regex) {
  policy::MaskingRule rule;
  rule.patterns.push_back({"own", regex});
  return rule;
}

std::shared_ptr<const detect::Detector> Get(DetectorCache* cache, const policy::MaskingRule& rule) {
  auto detector = cache->For(rule);
  REQUIRE(detector.ok());
  return *std::move(detector);
}

TEST_CASE("rules that look for the same share a detector, and the next session finds it", "[masking]") {
  DetectorCache cache;
  policy::MaskingRule rule;
  rule.detect = {"credit_card", "us_ssn"};
  const detect::Detector* const first = Get(&cache, rule).get();
  CHECK(Get(&cache, rule).get() == first);
  rule.detect = {"credit_card"};
  CHECK(Get(&cache, rule).get() != first);
  CHECK(cache.size() == 2);
}

TEST_CASE("of detectors that nobody holds those used last are kept", "[masking]") {
  DetectorCache cache;
  const auto held = Get(&cache, Pattern("held"));
  const std::weak_ptr<const detect::Detector> again = Get(&cache, Pattern("again"));
  const std::weak_ptr<const detect::Detector> once = Get(&cache, Pattern("once"));
  for (size_t i = 0; i < 2 * DetectorCache::kKeptMax; ++i) {
    Get(&cache, Pattern("x" + std::to_string(i)));
    Get(&cache, Pattern("again"));
  }
  CHECK(cache.size() == DetectorCache::kKeptMax);
  CHECK(Get(&cache, Pattern("held")) == held);
  CHECK_FALSE(again.expired());
  CHECK(once.expired());
}

TEST_CASE("detectors in use are never let go", "[masking]") {
  DetectorCache cache;
  std::vector<std::shared_ptr<const detect::Detector>> held;
  for (size_t i = 0; i < DetectorCache::kKeptMax + 3; ++i) {
    held.push_back(Get(&cache, Pattern("x" + std::to_string(i))));
  }
  CHECK(cache.size() == held.size());
  held.clear();
  Get(&cache, Pattern("one more"));
  CHECK(cache.size() == DetectorCache::kKeptMax);
}

TEST_CASE("what cannot be made is told each time, and takes no place", "[masking]") {
  DetectorCache cache;
  CHECK_FALSE(cache.For(Pattern("(")).ok());
  CHECK_FALSE(cache.For(Pattern("(")).ok());
  CHECK(cache.size() == 0);
}

}  // namespace
}  // namespace chaperone::masking
