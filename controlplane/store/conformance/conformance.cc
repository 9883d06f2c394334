#include "controlplane/store/conformance/conformance.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>
#include <utility>

namespace chaperone::store {

namespace {

WriteBatch Put(Family family, std::string key, std::string value) {
  WriteBatch batch;
  batch.Put(family, std::move(key), std::move(value));
  return batch;
}

std::optional<std::string> Value(const Store& store, Family family, std::string_view key) {
  auto value = store.Get(family, key);
  REQUIRE(value.ok());
  return *value;
}

std::string Keys(const Store& store, const ScanRange& range) {
  const auto entries = store.Scan(range);
  REQUIRE(entries.ok());
  std::string keys;
  for (const Entry& entry : *entries) {
    keys += (keys.empty() ? "" : " ") + entry.key;
  }
  return keys;
}

// Adds one to the number at "n", again until no other thread was faster.
void Increment(Store& store) {
  for (;;) {
    const auto before = Value(store, Family::kMeta, "n");
    WriteBatch batch;
    batch.Require(Family::kMeta, "n", before);
    batch.Put(Family::kMeta, "n", std::to_string(before ? std::stoi(*before) + 1 : 1));
    const absl::Status status = store.Commit(std::move(batch));
    if (status.ok()) {
      return;
    }
    REQUIRE(absl::IsAborted(status));
  }
}

}  // namespace

void CheckReadsAndScans(const StoreMaker& make) {
  const auto store = make();
  const std::string binary("\0\xff\0x", 4);

  CHECK_FALSE(Value(*store, Family::kMeta, "a"));
  REQUIRE(store->Commit(Put(Family::kMeta, "a", "1")).ok());
  REQUIRE(store->Commit(Put(Family::kMeta, binary, binary)).ok());
  REQUIRE(store->Commit(Put(Family::kMeta, "empty", "")).ok());
  CHECK(Value(*store, Family::kMeta, "a") == "1");
  CHECK(Value(*store, Family::kMeta, binary) == binary);
  CHECK(Value(*store, Family::kMeta, "empty") == "");
  CHECK_FALSE(Value(*store, Family::kAudit, "a"));

  REQUIRE(store->Commit(Put(Family::kMeta, "a", "2")).ok());
  CHECK(Value(*store, Family::kMeta, "a") == "2");
  WriteBatch removal;
  removal.Delete(Family::kMeta, "a");
  removal.Delete(Family::kMeta, "never there");
  REQUIRE(store->Commit(std::move(removal)).ok());
  CHECK_FALSE(Value(*store, Family::kMeta, "a"));

  WriteBatch many;
  for (const char* key : {"p", "pa", "pb", "pc", "q", "o"}) {
    many.Put(Family::kSessions, key, std::string(100, 'v'));
  }
  many.Put(Family::kSessions, "\xff\xff", "last");
  REQUIRE(store->Commit(std::move(many)).ok());
  ScanRange range = Prefix(Family::kSessions, "p");
  CHECK(Keys(*store, range) == "p pa pb pc");
  range.reverse = true;
  CHECK(Keys(*store, range) == "pc pb pa p");
  range.limit = 2;
  CHECK(Keys(*store, range) == "pc pb");
  range.reverse = false;
  CHECK(Keys(*store, range) == "p pa");
  range.limit = 100;
  range.value_bytes_max = 150;
  CHECK(Keys(*store, range) == "p pa");
  CHECK(Keys(*store, {Family::kSessions, "pb", "q"}) == "pb pc");
  CHECK(Keys(*store, {Family::kSessions, "q", "pb"}).empty());
  CHECK(Keys(*store, {Family::kSessions, "q", ""}) == "q \xff\xff");
  CHECK(Keys(*store, Prefix(Family::kSessions, "\xff")) == "\xff\xff");
  CHECK(Keys(*store, Prefix(Family::kSessions, "")) == "o p pa pb pc q \xff\xff");
  CHECK(Keys(*store, Prefix(Family::kAudit, "")).empty());

  WriteBatch twice;
  twice.Put(Family::kMeta, "twice", "first");
  twice.Put(Family::kMeta, "twice", "second");
  REQUIRE(store->Commit(std::move(twice)).ok());
  CHECK(Value(*store, Family::kMeta, "twice") == "second");
}

void CheckPreconditions(const StoreMaker& make) {
  const auto store = make();
  WriteBatch create = Put(Family::kMeta, "a", "1");
  create.RequireAbsent(Family::kMeta, "a");
  REQUIRE(store->Commit(create).ok());
  CHECK(absl::IsAborted(store->Commit(create)));

  WriteBatch swap = Put(Family::kMeta, "a", "2");
  swap.RequireValue(Family::kMeta, "a", "1");
  REQUIRE(store->Commit(swap).ok());
  CHECK(absl::IsAborted(store->Commit(swap)));
  CHECK(Value(*store, Family::kMeta, "a") == "2");

  WriteBatch half = Put(Family::kAudit, "trace", "x");
  half.RequireValue(Family::kMeta, "a", "2");
  half.RequireValue(Family::kMeta, "missing", "");
  CHECK(absl::IsAborted(store->Commit(half)));
  CHECK_FALSE(Value(*store, Family::kAudit, "trace"));

  // Queued at once, so that they may share a group: the order decides, not what was stored before the group.
  std::vector<absl::Status> outcomes(40);
  std::promise<void> all_done;
  std::atomic<size_t> left = outcomes.size();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    WriteBatch step = Put(Family::kMeta, "chain", std::to_string(i / 2));
    step.Require(Family::kMeta, "chain", i < 2 ? std::nullopt : std::optional(std::to_string(i / 2 - 1)));
    store->CommitAsync(std::move(step), [&, i](const absl::Status& status) {
      outcomes[i] = status;
      if (--left == 0) {
        all_done.set_value();
      }
    });
  }
  all_done.get_future().wait();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    // Each step is sent twice; the second finds the first's value.
    CHECK(outcomes[i].ok() == (i % 2 == 0));
  }
  CHECK(Value(*store, Family::kMeta, "chain") == "19");

  // A delete in the same group is seen as well.
  WriteBatch gone;
  gone.Delete(Family::kMeta, "chain");
  WriteBatch reborn = Put(Family::kMeta, "chain", "new");
  reborn.RequireAbsent(Family::kMeta, "chain");
  store->CommitAsync(std::move(gone), [](const absl::Status&) {});
  CHECK(store->Commit(std::move(reborn)).ok());
}

void CheckConcurrency(const StoreMaker& make) {
  const auto store = make();
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  REQUIRE(store->Commit(Put(Family::kMeta, "n", "0")).ok());
  std::thread reader([&] {
    while (!stop) {
      // Both keys change in one batch: a reader that sees the second sees the first.
      const auto second = store->Get(Family::kSessions, "second");
      const auto first = store->Get(Family::kSessions, "first");
      if (second.ok() && first.ok() && *second && (!*first || std::stoi(**first) < std::stoi(**second))) {
        ++torn;
      }
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        Increment(*store);
      }
    });
  }
  for (int i = 0; i < kRounds; ++i) {
    WriteBatch pair = Put(Family::kSessions, "first", std::to_string(i));
    pair.Put(Family::kSessions, "second", std::to_string(i));
    REQUIRE(store->Commit(std::move(pair)).ok());
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  stop = true;
  reader.join();
  CHECK(torn == 0);
  CHECK(Value(*store, Family::kMeta, "n") == std::to_string(kThreads * kRounds));

  std::vector<int> order;
  std::promise<void> last;
  for (int i = 0; i < 500; ++i) {
    store->CommitAsync(Put(Family::kMeta, "order", std::to_string(i)), [&, i](const absl::Status& status) {
      if (status.ok()) {
        order.push_back(i);
      }
      if (i == 499) {
        last.set_value();
      }
    });
  }
  last.get_future().wait();
  CHECK(order.size() == 500);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

void CheckLifecycle(const StoreMaker& make) {
  auto store = make();
  std::promise<absl::Status> nested;
  store->CommitAsync(Put(Family::kMeta, "outer", "1"), [&](const absl::Status&) {
    store->CommitAsync(Put(Family::kMeta, "inner", "1"), [&](const absl::Status& status) { nested.set_value(status); });
  });
  CHECK(nested.get_future().get().ok());
  CHECK(Value(*store, Family::kMeta, "inner") == "1");

  bool seen_on_commit = false;
  CHECK(store->Commit(Put(Family::kMeta, "k", "1"), [&] { seen_on_commit = true; }).ok());
  CHECK(seen_on_commit);
  WriteBatch refused = Put(Family::kMeta, "k", "2");
  refused.RequireAbsent(Family::kMeta, "k");
  bool seen_after_refusal = false;
  CHECK_FALSE(store->Commit(std::move(refused), [&] { seen_after_refusal = true; }).ok());
  CHECK_FALSE(seen_after_refusal);

  // What is queued when the store closes is committed or refused, never forgotten.
  std::atomic<int> answered = 0;
  for (int i = 0; i < 200; ++i) {
    store->CommitAsync(Put(Family::kAudit, std::to_string(i), "x"), [&](const absl::Status&) { ++answered; });
  }
  store.reset();
  CHECK(answered == 200);
}

}  // namespace chaperone::store
