// Task<T>: a coroutine that starts when it is awaited and resumes its awaiter when it ends. TaskGroup: what owns tasks
// that nobody awaits; no work is ever detached.
//
// Everything runs on one loop's thread. gcc 12.2 frees some temporaries in co_await expressions twice: operands are
// named locals, scalars, or temporaries with a real constructor (tools/lint/tidy.py looks for the rest).
#ifndef CHAPERONE_DATAPLANE_RUNTIME_TASK_H_
#define CHAPERONE_DATAPLANE_RUNTIME_TASK_H_

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace chaperone::runtime {

template <typename T>
class Task;

namespace internal {

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    const std::coroutine_handle<> continuation = handle.promise().continuation;
    return continuation ? continuation : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void Take() {}
};

}  // namespace internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) {
      handle_.destroy();
    }
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().continuation = awaiter;
    return handle_;
  }
  T await_resume() {
    if (handle_.promise().exception) {
      std::rethrow_exception(handle_.promise().exception);
    }
    return handle_.promise().Take();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace internal {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace internal

// Owns the tasks that run side by side on one loop.
class TaskGroup {
 public:
  // `on_exception`: an exception left a task, which is a defect; the task is over, the others go on.
  explicit TaskGroup(std::function<void(std::exception_ptr)> on_exception) : on_exception_(std::move(on_exception)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  // REQUIRES: size() == 0.
  ~TaskGroup() = default;

  // Starts `task` now; it runs until its first suspension before this returns.
  void Spawn(Task<void> task) {
    ++size_;
    Run(std::move(task));
  }
  // Tasks that have not ended.
  size_t size() const { return size_; }

 private:
  struct Root {
    struct promise_type {
      Root get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() { std::terminate(); }
    };
  };

  Root Run(Task<void> task) {
    try {
      co_await task;
    } catch (...) {
      on_exception_(std::current_exception());
    }
    --size_;
  }

  std::function<void(std::exception_ptr)> on_exception_;
  size_t size_ = 0;
};

// A place where one coroutine waits for something that another part of the program reports with Notify.
class Signal {
 public:
  // Resumes the waiter, if there is one, before it returns; otherwise the next Wait does not suspend.
  void Notify() {
    notified_ = true;
    if (waiter_) {
      std::exchange(waiter_, nullptr).resume();
    }
  }
  bool waiting() const { return static_cast<bool>(waiter_); }

  auto Wait() {
    struct Awaiter {
      Signal& signal;
      bool await_ready() const noexcept { return signal.notified_; }
      void await_suspend(std::coroutine_handle<> handle) noexcept { signal.waiter_ = handle; }
      void await_resume() const noexcept { signal.notified_ = false; }
    };
    return Awaiter{*this};
  }

 private:
  std::coroutine_handle<> waiter_;
  bool notified_ = false;
};

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_TASK_H_
