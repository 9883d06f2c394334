// One event loop with its thread, its sessions and their records.
#ifndef CHAPERONE_DATAPLANE_APP_LANE_H_
#define CHAPERONE_DATAPLANE_APP_LANE_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "dataplane/app/placement.h"
#include "dataplane/control/record_client.h"
#include "dataplane/events/metrics.h"
#include "dataplane/listener/listener.h"
#include "dataplane/recorder/spool.h"
#include "dataplane/runtime/loop.h"
#include "dataplane/session/session_table.h"

namespace chaperone::app {

struct Lane {
  // Runs the loop on a thread of its own.
  void Start();
  // Takes over an accepted connection, to be served on this loop. REQUIRES: called on the thread that calls Load.
  void Take(listener::Accepted accepted);
  // How busy it was since the last call, but over no less than 200 ms, and what it has taken since then. REQUIRES:
  // called on one thread.
  LoopLoad Load(runtime::SteadyTime now);

  std::unique_ptr<runtime::Loop> loop;
  events::LoopMetrics metrics;
  std::shared_ptr<recorder::Spool> spool;
  std::unique_ptr<control::RecordClient> records;
  std::unique_ptr<session::SessionTable> table;
  std::thread thread;

 private:
  static constexpr clockid_t kNoClock = -1;

  std::chrono::nanoseconds CpuUsed() const;

  // Sessions here or on their way here.
  std::atomic<size_t> sessions_{0};
  // The thread's CPU clock, once it runs.
  std::atomic<clockid_t> cpu_clock_{kNoClock};
  // When the load was last measured, what the thread had used by then, what came out, and the sessions taken since.
  runtime::SteadyTime measured_at_{};
  std::chrono::nanoseconds cpu_used_{0};
  bool is_busy_ = false;
  size_t taken_ = 0;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_LANE_H_
