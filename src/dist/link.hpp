// One rank's side of a group: who it is, the engine, and the one thread that calls it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gradus/dist/group.hpp>

#include "dist/engine.hpp"
#include "dist/meeting.hpp"

namespace gradus::dist {

enum class CallKind : std::uint32_t { all_reduce = 1, broadcast, all_gather, barrier, end, start, step, statistics };

// What a rank is about to do. The ranks show each other these 64 bytes before each call, because Gloo ends a process
// that gets more bytes than it expects.
struct CallHead {
  CallKind kind;
  std::uint32_t dtype = 0;
  std::uint64_t count = 0;  // of numbers or bytes
  std::uint64_t plan = 0;   // hash of the network, for DataParallel
  std::uint64_t batch = 0;  // hash of the batch, for DataParallel; 0: not known
  std::int64_t step = 0;    // for DataParallel
  std::int64_t own = 0;     // what need not agree: samples, or the length of a text
  double extra = 0;         // likewise
  std::uint64_t reserved = 0;
};
static_assert(sizeof(CallHead) == 64);

// Where to meet, from the options and the environment.
struct Appointment {
  int rank = 0, size = 1, local_rank = 0;
  std::string host;
  int port = 0;
  std::string folder, secret, address;
  bool launcher = false;  // gradus launch holds the meeting
  double timeout = 300;
};
// Trouble for values that are wrong or missing.
Appointment appointment(const GroupOptions& options);

class Link {
 public:
  explicit Link(const GroupOptions& options);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Operations on a tape know a link by its number: it may end before them. Null if it has.
  std::int64_t number() const { return number_; }
  static Link* find(std::int64_t number);
  const Appointment& who() const { return who_; }
  const std::string& address() const { return address_; }

  // Runs `task` on the thread of communication, after those that were given before. In a group of one it runs at once.
  std::shared_future<void> start(std::function<void(Engine&)> task);
  // Waits for it; what went wrong becomes an Error of this operation.
  static void finish(const std::shared_future<void>& done, const char* operation, Loc where);
  void run(const char* operation, Loc where, std::function<void(Engine&)> task) {
    finish(start(std::move(task)), operation, where);
  }
  // This rank cannot go on: the others are told so, and each later call fails.
  void fail(const std::string& text) noexcept;
  // For tasks: shows `mine` to all ranks. Trouble, on all of them, if what must agree does not.
  std::vector<CallHead> agree(Engine& engine, const CallHead& mine) const;

 private:
  void meet();
  void loop();
  void perform(const std::function<void(Engine&)>& task);
  void leave() noexcept;

  Appointment who_;
  std::int64_t number_ = 0;
  std::string address_;
  std::unique_ptr<Meeting> meeting_;  // of rank 0, unless the launcher has it
  std::string folder_file_;           // that rank 0 wrote
  std::unique_ptr<Visitor> visitor_;
  std::unique_ptr<Engine> engine_;
  int exceptions_;  // that were under way when the group was made

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> tasks_;
  bool ending_ = false;
  std::optional<Complaint> broken_;  // why all further calls fail; guarded by mutex_
};

}  // namespace gradus::dist
