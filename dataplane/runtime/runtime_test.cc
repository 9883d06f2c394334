#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "api/base/clock.h"
#include "dataplane/runtime/loop.h"
#include "dataplane/runtime/stream.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/waiter.h"
#include "dataplane/runtime/workers.h"

namespace chaperone::runtime {
namespace {

using std::chrono::milliseconds;

struct SocketPair {
  SocketPair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0); }
  ~SocketPair() {
    close(fds[0]);
    close(fds[1]);
  }
  int fds[2];
};

struct CountingWatcher : Loop::Watcher {
  explicit CountingWatcher(std::function<void()> action) : action(std::move(action)) {}
  void OnReady(uint32_t) override {
    ++calls;
    action();
  }
  std::function<void()> action;
  int calls = 0;
};

std::unique_ptr<Loop> NewLoop() {
  static const base::SystemClock clock;
  auto loop = Loop::Create(clock);
  REQUIRE(loop.ok());
  return *std::move(loop);
}

TEST_CASE("posts run in order on the loop's thread") {
  const auto loop = NewLoop();
  std::string order;
  std::thread other([&] {
    loop->Post([&] { order += loop->IsHere() ? 'a' : 'x'; });
    loop->Post([&] { order += 'b'; });
    loop->Stop();
  });
  loop->Run();
  other.join();
  CHECK(order == "ab");
  CHECK_FALSE(loop->IsHere());
}

TEST_CASE("timers fire in order of time, once, and not when cancelled") {
  const auto loop = NewLoop();
  std::string order;
  Loop::Timer late(*loop, [&] {
    order += 'l';
    loop->Stop();
  });
  Loop::Timer early(*loop, [&] { order += 'e'; });
  Loop::Timer never(*loop, [&] { order += 'n'; });
  never.ArmAfter(milliseconds(1));
  late.ArmAfter(milliseconds(6));
  early.ArmAfter(milliseconds(3));
  early.ArmAfter(milliseconds(2));
  never.Cancel();
  loop->Run();
  CHECK(order == "el");
}

struct Deferring final : Loop::Deferred {
  explicit Deferring(std::function<void()> action) : action(std::move(action)) {}
  void RunDeferred() override { action(); }
  std::function<void()> action;
};

TEST_CASE("what is deferred runs once, after the events at hand, and not when it is gone by then") {
  const auto loop = NewLoop();
  std::string order;
  Deferring later([&] { order += 'd'; });
  Deferring more([&] {
    order += 'm';
    loop->Defer(later);
  });
  auto gone = std::make_unique<Deferring>([&] { order += 'x'; });
  loop->Post([&] {
    loop->Defer(later);
    loop->Defer(*gone);
    loop->Defer(more);
    loop->Defer(later);
    order += 'a';
  });
  loop->Post([&] {
    gone.reset();
    order += 'b';
  });
  loop->Post([&] { loop->Stop(); });
  loop->Run();
  CHECK(order == "abdmd");
}

TEST_CASE("deferring helps while other events are at hand or other work waits") {
  const auto loop = NewLoop();
  SocketPair pairs[2];
  std::vector<bool> before;
  bool after = false;
  Deferring work([] {});
  const auto on_ready = [&](int fd) {
    char byte;
    REQUIRE(read(fd, &byte, 1) == 1);
    before.push_back(loop->IsWorthDeferring());
    if (before.size() == 2) {
      loop->Defer(work);
      after = loop->IsWorthDeferring();
      loop->Stop();
    }
  };
  CountingWatcher first([&] { on_ready(pairs[0].fds[0]); });
  CountingWatcher second([&] { on_ready(pairs[1].fds[0]); });
  REQUIRE(loop->Watch(pairs[0].fds[0], EPOLLIN, &first).ok());
  REQUIRE(loop->Watch(pairs[1].fds[0], EPOLLIN, &second).ok());
  for (const SocketPair& pair : pairs) {
    REQUIRE(write(pair.fds[1], "x", 1) == 1);
  }
  loop->Run();
  CHECK(before == std::vector<bool>{true, false});
  CHECK(after);
}

TEST_CASE("much that is deferred does not wait for all events at hand") {
  const auto loop = NewLoop();
  constexpr int kWatched = 100;
  std::vector<std::unique_ptr<SocketPair>> pairs;
  std::vector<std::unique_ptr<Deferring>> deferred;
  std::vector<std::unique_ptr<CountingWatcher>> watchers;
  int waiting = 0, most = 0, ran = 0;
  for (int i = 0; i < kWatched; ++i) {
    pairs.push_back(std::make_unique<SocketPair>());
    deferred.push_back(std::make_unique<Deferring>([&] {
      --waiting;
      if (++ran == kWatched) {
        loop->Stop();
      }
    }));
    watchers.push_back(std::make_unique<CountingWatcher>([&, i] {
      char byte;
      REQUIRE(read(pairs[i]->fds[0], &byte, 1) == 1);
      loop->Defer(*deferred[i]);
      most = std::max(most, ++waiting);
    }));
    REQUIRE(write(pairs[i]->fds[1], "x", 1) == 1);
    REQUIRE(loop->Watch(pairs[i]->fds[0], EPOLLIN, watchers[i].get()).ok());
  }
  loop->Run();
  CHECK(ran == kWatched);
  CHECK(most <= 32);
  CHECK(most > 1);
}

TEST_CASE("a watcher that is removed while events are at hand is not called") {
  const auto loop = NewLoop();
  SocketPair a;
  SocketPair b;
  Loop::WatchId ids[2];
  CountingWatcher first([&] {
    loop->Unwatch(ids[1]);
    loop->Unwatch(ids[0]);
    loop->Stop();
  });
  CountingWatcher second([&] {
    loop->Unwatch(ids[0]);
    loop->Unwatch(ids[1]);
    loop->Stop();
  });
  ids[0] = *loop->Watch(a.fds[0], EPOLLIN, &first);
  ids[1] = *loop->Watch(b.fds[0], EPOLLIN, &second);
  REQUIRE(write(a.fds[1], "x", 1) == 1);
  REQUIRE(write(b.fds[1], "x", 1) == 1);
  loop->Run();
  CHECK(first.calls + second.calls == 1);
}

TEST_CASE("a slot that is used again does not get the events of its predecessor") {
  const auto loop = NewLoop();
  SocketPair a;
  SocketPair b;
  Loop::WatchId id = 0;
  CountingWatcher heir([] {});
  CountingWatcher first([&] {
    loop->Unwatch(id);
    id = *loop->Watch(b.fds[0], EPOLLIN, &heir);
  });
  id = *loop->Watch(a.fds[0], EPOLLIN, &first);
  REQUIRE(write(a.fds[1], "x", 1) == 1);
  Loop::Timer stop(*loop, [&] { loop->Stop(); });
  stop.ArmAfter(milliseconds(10));
  loop->Run();
  CHECK(first.calls == 1);
  CHECK(heir.calls == 0);
}

Task<int> Add(int a, int b) { co_return a + b; }

Task<void> Sum(Signal& signal, int* out) {
  co_await signal.Wait();
  const int first = co_await Add(1, 2);
  const int second = co_await Add(first, 4);
  *out = second;
}

Task<void> Throws() {
  throw std::runtime_error("bug");
  co_return;
}

TEST_CASE("a task waits for a signal and for other tasks") {
  TaskGroup group([](std::exception_ptr) {});
  Signal signal;
  int sum = 0;
  group.Spawn(Sum(signal, &sum));
  CHECK(group.size() == 1);
  CHECK(signal.waiting());
  signal.Notify();
  CHECK(sum == 7);
  CHECK(group.size() == 0);
}

TEST_CASE("an exception in a task ends that task alone") {
  int exceptions = 0;
  TaskGroup group([&](std::exception_ptr) { ++exceptions; });
  group.Spawn(Throws());
  CHECK(exceptions == 1);
  CHECK(group.size() == 0);
}

TEST_CASE("workers run work elsewhere and complete on the loop") {
  const auto loop = NewLoop();
  Workers workers(2, 1);
  std::thread::id worker_thread;
  bool done_here = false;
  REQUIRE(workers.Run(
      *loop, [&] { worker_thread = std::this_thread::get_id(); },
      [&] {
        done_here = loop->IsHere();
        loop->Stop();
      }));
  loop->Run();
  CHECK(done_here);
  CHECK(worker_thread != std::this_thread::get_id());
}

TEST_CASE("a stream says what it could do and what it would wait for") {
  SocketPair pair;
  Stream left(Fd(dup(pair.fds[0])));
  Stream right(Fd(dup(pair.fds[1])));
  char buffer[16];
  CHECK(right.Read(buffer, sizeof(buffer)).state == IoState::kWouldBlock);
  char hello[] = "hello";
  char world[] = " world";
  const iovec parts[] = {{hello, 5}, {world, 6}};
  CHECK(left.Write(parts).bytes == 11);
  const IoResult got = right.Read(buffer, sizeof(buffer));
  CHECK(std::string(buffer, got.bytes) == "hello world");
  left.Close();
  shutdown(pair.fds[0], SHUT_WR);
  CHECK(right.Read(buffer, sizeof(buffer)).state == IoState::kClosed);
}

// Whether the descriptor is told within a few milliseconds.
Task<bool> IsTold(Waiter& waiter) {
  const uint32_t bits = co_await waiter.Wait(waiter.loop().Now() + milliseconds(5));
  co_return (bits & Waiter::kTimeout) == 0;
}

Task<void> ReadInParts(Waiter& waiter, WatchedFd& watched, SocketPair& pair) {
  char buffer[2];
  bool told = true;  // gcc 12 awaits twice what stands in a CHECK
  watched.Want(true, false);
  told = co_await IsTold(waiter);
  CHECK(!told);
  CHECK(write(pair.fds[1], "abc", 3) == 3);
  told = co_await IsTold(waiter);
  CHECK(told);
  told = co_await IsTold(waiter);
  CHECK(!told);  // once

  CHECK(read(pair.fds[0], buffer, 2) == 2);
  watched.Want(true, false);
  told = co_await IsTold(waiter);
  CHECK(told);  // there may be more
  CHECK(read(pair.fds[0], buffer, 2) == 1);
  watched.Exhausted();
  watched.Want(true, false);
  told = co_await IsTold(waiter);
  CHECK(!told);

  CHECK(write(pair.fds[1], "d", 1) == 1);
  CHECK(shutdown(pair.fds[1], SHUT_WR) == 0);
  told = co_await IsTold(waiter);
  CHECK(told);
  CHECK(read(pair.fds[0], buffer, 2) == 1);
  watched.Exhausted();
  watched.Want(true, false);
  told = co_await IsTold(waiter);
  CHECK(told);  // the end is still to be read
  CHECK(read(pair.fds[0], buffer, 2) == 0);

  watched.Want(false, false);
  waiter.loop().Stop();
}

TEST_CASE("what is told once is told again when it was not exhausted, and so is the end of the stream") {
  const auto loop = NewLoop();
  SocketPair pair;
  Waiter waiter(*loop);
  WatchedFd watched(waiter, Waiter::kFirstFree);
  REQUIRE(watched.Attach(pair.fds[0]).ok());
  watched.TellOnce(true);
  TaskGroup group([](std::exception_ptr) {});
  group.Spawn(ReadInParts(waiter, watched, pair));
  loop->Run();
}

}  // namespace
}  // namespace chaperone::runtime
