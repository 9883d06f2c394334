#include "controlplane/sessions/recording_feed.h"

namespace chaperone::sessions {

void RecordingFeed::Notify(const base::SessionId& session) {
  const std::lock_guard lock(mutex_);
  const auto at = followed_.find(session);
  if (at != followed_.end()) {
    ++at->second.stored;
    changed_.notify_all();
  }
}

RecordingFeed::Follower::Follower(RecordingFeed* feed, const base::SessionId& session)
    : feed_(feed), session_(session) {
  const std::lock_guard lock(feed_->mutex_);
  Followed& followed = feed_->followed_[session_];
  ++followed.followers;
  seen_ = followed.stored;
}

RecordingFeed::Follower::~Follower() {
  const std::lock_guard lock(feed_->mutex_);
  const auto at = feed_->followed_.find(session_);
  if (--at->second.followers == 0) {
    feed_->followed_.erase(at);
  }
}

void RecordingFeed::Follower::Wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(feed_->mutex_);
  const Followed& followed = feed_->followed_.at(session_);
  feed_->changed_.wait_for(lock, timeout, [&] { return followed.stored != seen_; });
  seen_ = followed.stored;
}

}  // namespace chaperone::sessions
