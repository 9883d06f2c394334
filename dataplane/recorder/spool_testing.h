// Test support: a spool in a folder of its own, which goes with it.
#ifndef CHAPERONE_DATAPLANE_RECORDER_SPOOL_TESTING_H_
#define CHAPERONE_DATAPLANE_RECORDER_SPOOL_TESTING_H_

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/base/fake_clock.h"
#include "api/recording/record.h"
#include "dataplane/recorder/spool.h"

namespace chaperone::recorder {

class SpoolForTest {
 public:
  // `options.folder` is chosen here. Aborts when the spool cannot be made.
  explicit SpoolForTest(SpoolOptions options) {
    char name[] = "/tmp/chaperone-spool-XXXXXX";
    folder_ = mkdtemp(name);
    options.folder = folder_;
    auto spool = Spool::Create(options, base::SpoolId::New(base::FakeClock()));
    if (!spool.ok()) {
      std::abort();
    }
    spool_ = *std::move(spool);
  }
  ~SpoolForTest() {
    spool_ = nullptr;
    std::filesystem::remove_all(folder_);
  }
  SpoolForTest(const SpoolForTest&) = delete;
  SpoolForTest& operator=(const SpoolForTest&) = delete;

  Spool& get() { return *spool_; }

  // What is written counts as uploaded.
  void Empty() { spool_->Acknowledge(spool_->end()); }

  // How many records of a type it holds that are committed.
  template <typename Body>
  size_t Count() {
    size_t count = 0;
    std::vector<Spool::Frame> frames;
    for (uint64_t position = 0, next = 0;; position = next) {
      spool_->Read(position, 64 << 10, &frames, &next);
      for (const Spool::Frame& frame : frames) {
        recording::Record record;
        for (recording::RecordReader reader(frame.session, frame.records); *reader.Next(&record);) {
          count += std::holds_alternative<Body>(record.body) ? 1 : 0;
        }
      }
      if (next == position) {
        return count;
      }
    }
  }

 private:
  std::string folder_;
  std::shared_ptr<Spool> spool_;
};

}  // namespace chaperone::recorder

#endif  // CHAPERONE_DATAPLANE_RECORDER_SPOOL_TESTING_H_
