// What goes out on one side of a session: bytes passed on from the input as they stand, and bytes of our own, in order.
// A flush writes them with one system call; what the socket does not take is kept as a backlog, and the session stops
// reading the other side until it is gone.
#ifndef CHAPERONE_DATAPLANE_SESSION_OUTBOX_H_
#define CHAPERONE_DATAPLANE_SESSION_OUTBOX_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/runtime/stream.h"

namespace chaperone::session {

class Outbox {
 public:
  // Passes on input. The bytes must stay until Flush or Keep; neighbouring runs become one.
  void Pass(std::string_view bytes) {
    if (!parts_.empty() && parts_.back().data != nullptr && parts_.back().data + parts_.back().size == bytes.data()) {
      parts_.back().size += bytes.size();
      return;
    }
    PassApart(bytes);
  }

  // A string to append messages of our own to; call Added() when done.
  std::string* own() { return &own_; }
  void Added();

  // Where everything that comes later would start: for TakeBack.
  struct Mark {
    size_t parts = 0;
    size_t last_size = 0;
    size_t own_size = 0;
  };
  Mark mark() const;
  // Removes what was added since `mark`.
  void TakeBack(const Mark& mark);

  bool empty() const { return parts_.empty() && backlog_size() == 0; }
  size_t backlog_size() const { return backlog_.size() - backlog_sent_; }

  // Writes what can be written and keeps the rest. kOk: all went out. kWouldBlock: a backlog is left.
  runtime::IoResult Flush(runtime::Stream& stream);
  // Copies what is not written into the backlog, without writing: input may be reused after this.
  void Keep();
  // Takes out everything as bytes, for tests and for streams that go step by step.
  std::string TakeAll();

 private:
  struct Part {
    // Null: bytes of own_ from `offset`.
    const char* data = nullptr;
    size_t offset = 0;
    size_t size = 0;
  };
  const char* DataOf(const Part& part) const { return part.data != nullptr ? part.data : own_.data() + part.offset; }
  void PassApart(std::string_view bytes);
  static void Advance(Part& part, size_t written);
  runtime::IoResult FlushRest(runtime::Stream& stream);
  void Reset();

  std::vector<Part> parts_;
  std::string own_;
  size_t own_added_ = 0;
  std::string backlog_;
  size_t backlog_sent_ = 0;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_OUTBOX_H_
