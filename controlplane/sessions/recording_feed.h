// Wakes those who follow a recording when more of it is stored. Threading: any thread.
#ifndef CHAPERONE_CONTROLPLANE_SESSIONS_RECORDING_FEED_H_
#define CHAPERONE_CONTROLPLANE_SESSIONS_RECORDING_FEED_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>

#include "api/base/id.h"

namespace chaperone::sessions {

class RecordingFeed {
 public:
  // Something of this session was stored. Cheap when nobody follows it.
  void Notify(const base::SessionId& session);

  // One follower of one session, as long as it lives.
  class Follower {
   public:
    Follower(RecordingFeed* feed, const base::SessionId& session);
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;
    ~Follower();

    // Returns once something was stored since the last call (or since construction), or after `timeout`.
    void Wait(std::chrono::milliseconds timeout);

   private:
    RecordingFeed* const feed_;
    const base::SessionId session_;
    uint64_t seen_ = 0;
  };

 private:
  struct Followed {
    int followers = 0;
    uint64_t stored = 0;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<base::SessionId, Followed> followed_;
};

}  // namespace chaperone::sessions

#endif  // CHAPERONE_CONTROLPLANE_SESSIONS_RECORDING_FEED_H_
