#include "dataplane/session/outbox.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace chaperone::session {

namespace {

// Own buffers past this are given back when they empty, so that idle sessions hold no big ones.
constexpr size_t kKeepCapacity = 1024;
constexpr size_t kPartsPerWrite = 64;

}  // namespace

void Outbox::PassApart(std::string_view bytes) {
  if (!bytes.empty()) {
    Part& part = parts_.emplace_back();
    part.data = bytes.data();
    part.size = bytes.size();
  }
}

void Outbox::Added() {
  const size_t size = own_.size() - own_added_;
  if (size == 0) {
    return;
  }
  if (!parts_.empty() && parts_.back().data == nullptr) {
    parts_.back().size += size;
  } else {
    parts_.push_back(Part{nullptr, own_added_, size});
  }
  own_added_ = own_.size();
}

Outbox::Mark Outbox::mark() const { return {parts_.size(), parts_.empty() ? 0 : parts_.back().size, own_.size()}; }

void Outbox::TakeBack(const Mark& mark) {
  parts_.resize(mark.parts);
  if (!parts_.empty()) {
    parts_.back().size = mark.last_size;
  }
  own_.resize(mark.own_size);
  own_added_ = mark.own_size;
}

runtime::IoResult Outbox::Flush(runtime::Stream& stream) {
  if (parts_.size() == 1 && backlog_size() == 0) {  // mostly
    Part& part = parts_[0];
    const iovec vector{const_cast<char*>(DataOf(part)), part.size};
    const runtime::IoResult result = stream.Write({&vector, 1});
    if (result.state == runtime::IoState::kOk && result.bytes == part.size) {
      Reset();
      return {};
    }
    if (result.state != runtime::IoState::kOk) {
      Keep();
      return result;
    }
    Advance(part, result.bytes);
  }
  return FlushRest(stream);
}

runtime::IoResult Outbox::FlushRest(runtime::Stream& stream) {
  while (backlog_size() > 0) {
    const iovec part{backlog_.data() + backlog_sent_, backlog_size()};
    const runtime::IoResult result = stream.Write({&part, 1});
    if (result.state != runtime::IoState::kOk) {
      Keep();
      return result;
    }
    backlog_sent_ += result.bytes;
  }
  std::string().swap(backlog_);
  backlog_sent_ = 0;
  size_t first = 0;
  std::array<iovec, kPartsPerWrite> vectors;
  while (first < parts_.size()) {
    const size_t count = std::min(parts_.size() - first, vectors.size());
    for (size_t i = 0; i < count; ++i) {
      const Part& part = parts_[first + i];
      vectors[i] = iovec{const_cast<char*>(DataOf(part)), part.size};
    }
    const runtime::IoResult result = stream.Write({vectors.data(), count});
    if (result.state != runtime::IoState::kOk) {
      parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first));
      Keep();
      return result;
    }
    size_t written = result.bytes;
    while (first < parts_.size() && written >= parts_[first].size) {
      written -= parts_[first].size;
      ++first;
    }
    if (written > 0) {
      Advance(parts_[first], written);
    }
  }
  Reset();
  return {};
}

void Outbox::Advance(Part& part, size_t written) {
  if (part.data != nullptr) {
    part.data += written;
  } else {
    part.offset += written;
  }
  part.size -= written;
}

void Outbox::Keep() {
  for (const Part& part : parts_) {
    backlog_.append(DataOf(part), part.size);
  }
  Reset();
}

std::string Outbox::TakeAll() {
  Keep();
  std::string all = backlog_.substr(backlog_sent_);
  std::string().swap(backlog_);
  backlog_sent_ = 0;
  return all;
}

void Outbox::Reset() {
  parts_.clear();
  if (parts_.capacity() > kPartsPerWrite) {
    std::vector<Part>().swap(parts_);
  }
  own_added_ = 0;
  if (own_.capacity() > kKeepCapacity) {
    std::string().swap(own_);
  } else if (!own_.empty()) {
    own_.clear();
  }
}

}  // namespace chaperone::session
