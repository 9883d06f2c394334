// The Record stream: what the spools hold goes up in sealed chunks; what the control plane has for good is acknowledged
// and leaves the disk. After a break it goes on where the control plane says.
//
// Threading: one thread for each live spool. One client of a run, the first, also sends what earlier runs left, before
// its own; the others wait for it, since the control plane takes the sessions of earlier runs for over once it hears of
// a live spool.
#ifndef CHAPERONE_DATAPLANE_CONTROL_RECORD_CLIENT_H_
#define CHAPERONE_DATAPLANE_CONTROL_RECORD_CLIENT_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "dataplane/control/channel.h"
#include "dataplane/recorder/chunker.h"
#include "dataplane/recorder/spool.h"

namespace chaperone::control {

class RecordClient {
 public:
  struct Options {
    // The control plane's, for the log.
    std::string address;
    // How long records wait for company before they are sent, unless there is a whole batch of them: each batch costs
    // some thirty system calls on both sides, whatever its size.
    std::chrono::milliseconds linger{500};
    // How much is sent at once.
    size_t batch_bytes = 1 << 20;
    // How often the spool is written to the disk, against a crash of the machine; 0: never.
    std::chrono::milliseconds sync_interval{1000};
  };

  // What the clients of one run share.
  struct Run {
    // The oldest live spool.
    base::SpoolId first_spool;
    // What earlier runs left is sent.
    std::atomic<bool> older_sent{false};
  };

  // `older`: what earlier runs left, for the first client of the run. Spools are removed from the disk when they are
  // sealed and acknowledged.
  RecordClient(std::shared_ptr<grpc::Channel> channel, std::shared_ptr<Run> run,
               std::vector<std::shared_ptr<recorder::Spool>> older, std::shared_ptr<recorder::Spool> live,
               const Options& options);
  ~RecordClient();
  RecordClient(const RecordClient&) = delete;
  RecordClient& operator=(const RecordClient&) = delete;

  void Start();
  // Goes on until the live spool, which must be sealed, is acknowledged, or until `timeout`; then stops.
  void Finish(std::chrono::milliseconds timeout);
  void Stop();

  // Bytes that are not acknowledged.
  uint64_t UnacknowledgedBytes() const;

 private:
  struct Stream;

  void Work();
  bool IsStopping();
  // Sends spools until the connection breaks or everything is done.
  void Serve();
  // False when the connection is over.
  bool ServeSpool(Stream& stream, recorder::Spool& spool);
  bool SendBatch(Stream& stream, recorder::Spool& spool, uint64_t* position);
  bool Hello(Stream& stream, recorder::Spool& spool, uint64_t* position);
  bool Linger();
  bool WaitForOlder();
  void SyncSpool(recorder::Spool& spool);

  const std::shared_ptr<grpc::Channel> channel_;
  const std::shared_ptr<Run> run_;
  const Options options_;
  Backoff backoff_;
  recorder::Chunker chunker_;
  std::chrono::steady_clock::time_point synced_at_{};
  std::vector<recorder::Spool::Frame> frames_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  // All guarded by mutex_.
  std::vector<std::shared_ptr<recorder::Spool>> spools_;
  std::shared_ptr<Stream> stream_;
  bool stopping_ = false;
  // Nothing new will come: what is left goes at once.
  bool finishing_ = false;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace chaperone::control

#endif  // CHAPERONE_DATAPLANE_CONTROL_RECORD_CLIENT_H_
