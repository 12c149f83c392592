// The thread of communication, the heads that ranks show each other, and what becomes of a failure.
#include "dist/link.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <utility>

#include "dist/rendezvous.hpp"
#include "io/xxh64.hpp"

namespace gradus::dist {
namespace {

// After a failure the ranks ask who is to blame. Those that see it do so at the same time: so soon after a timeout it
// is known who has not come.
constexpr double to_ask = 0.15;

// In a group of one nothing moves.
class Alone : public Engine {
 public:
  void sum(void*, DType, std::size_t) override {}
  void sum_bf16(std::uint16_t*, std::size_t) override {}
  void broadcast(void*, std::size_t, int) override {}
  void gather(const void* mine, void* all, std::size_t size) override { std::memcpy(all, mine, size); }
  void exchange(int, const void*, std::size_t, void*, std::size_t) override {}
  void abort() noexcept override {}
};

// Gloo writes to sockets whose other end may have closed.
class Pipes {
 public:
  static void ignore() {
    const std::lock_guard lock(mutex);
    if (count++ > 0) return;
    ::sigaction(SIGPIPE, nullptr, &before);
    struct sigaction none {};
    none.sa_handler = SIG_IGN;
    if (before.sa_handler == SIG_DFL) ::sigaction(SIGPIPE, &none, nullptr);
  }
  static void restore() {
    const std::lock_guard lock(mutex);
    if (--count == 0) ::sigaction(SIGPIPE, &before, nullptr);
  }

 private:
  static inline std::mutex mutex;
  static inline int count = 0;
  static inline struct sigaction before {};
};

std::mutex links_mutex;
std::map<std::int64_t, Link*>& links() {
  static std::map<std::int64_t, Link*> all;
  return all;
}

std::int64_t enter(Link& link) {
  static std::int64_t last = 0;
  const std::lock_guard lock(links_mutex);
  links()[++last] = &link;
  return last;
}

std::string describe(const CallHead& h) {
  const std::string numbers = fmt::format("{} numbers of {}", h.count, name(static_cast<DType>(h.dtype)));
  switch (h.kind) {
    case CallKind::all_reduce:
      return "all_reduce of " + numbers;
    case CallKind::broadcast:
      return fmt::format("broadcast of {} from rank {}", numbers, h.step);
    case CallKind::all_gather:
      return "all_gather";
    case CallKind::barrier:
      return "barrier";
    case CallKind::end:
      return "the end of its Group";
    case CallKind::start:
      return "a new DataParallel";
    case CallKind::step:
      return fmt::format("DataParallel::backward, step {}", h.step);
    case CallKind::statistics:
      return "SyncBatchNorm of " + numbers;
  }
  return "an unknown call";
}

// Why two ranks cannot go on together, "" if they can.
Complaint disagreement(const CallHead& a, int rank, const CallHead& b, int first) {
  if (a.kind != b.kind || a.dtype != b.dtype || a.count != b.count || a.step != b.step) {
    Complaint c{.wrong = "the ranks do not make the same calls",
                .got = fmt::format("rank {}: {}; rank {}: {}", first, describe(b), rank, describe(a)),
                .expected = "the same calls in the same order on all ranks",
                .advice = "let no rank take another branch"};
    if (a.kind == CallKind::end || b.kind == CallKind::end) {
      c.wrong = fmt::format("rank {} has ended before the others", a.kind == CallKind::end ? rank : first);
      c.advice = "give all ranks the same number of steps: batches of all ranks, of which backward takes a share";
    }
    return c;
  }
  if (a.plan != b.plan)
    return {.wrong = "the ranks train different networks",
            .got = fmt::format("rank {} and rank {} differ at step {}", first, rank, a.step),
            .expected = "one network for each DataParallel, in the same order on all ranks"};
  if (a.batch != b.batch)
    return {.wrong = "the ranks have different batches",
            .got = fmt::format("rank {} and rank {} differ at step {}", first, rank, a.step),
            .expected = "the same batch on all ranks, of which each takes its share",
            .advice = "give the batches a seed, and the same options on all ranks; or use dist::batches"};
  return {};
}

}  // namespace

Link::Link(const GroupOptions& options) : who_(appointment(options)), exceptions_(std::uncaught_exceptions()) {
  if (who_.size == 1) {
    engine_ = std::make_unique<Alone>();
    number_ = enter(*this);
    return;
  }
  if (!have_gloo()) throw Trouble(no_gloo());
  Pipes::ignore();
  try {
    meet();
  } catch (...) {
    visitor_.reset();
    meeting_.reset();
    if (!folder_file_.empty()) std::remove(folder_file_.c_str());
    Pipes::restore();
    throw;
  }
  thread_ = std::thread([this] { loop(); });
  number_ = enter(*this);
}

void Link::meet() {
  const Time until = in_seconds(who_.timeout);
  Found found = find_meeting(who_, until);
  meeting_ = std::move(found.meeting);
  folder_file_ = std::move(found.file);
  visitor_ = std::move(found.visitor);
  if (found.address.empty()) found.address = address_towards("192.0.2.1");
  address_ = std::move(found.address);
  visitor_->join(who_.rank, who_.size, GRADUS_VERSION, until);
  try {
    engine_ = make_gloo({.rank = who_.rank, .size = who_.size, .address = address_, .timeout = who_.timeout}, *visitor_,
                        until);
    // A stranger may have connected in the place of a rank. He does not know the secret.
    const std::uint64_t mine = io::xxh64(who_.secret, static_cast<std::uint64_t>(who_.rank));
    std::vector<std::uint64_t> all(static_cast<std::size_t>(who_.size));
    engine_->gather(&mine, all.data(), sizeof mine);
    for (std::size_t r = 0; r < all.size(); ++r)
      if (all[r] != io::xxh64(who_.secret, r))
        throw Trouble({.wrong = fmt::format("rank {} does not prove itself", r)});
  } catch (const Trouble&) {
    visitor_->report("has failed while the group was formed");
    throw;
  } catch (const std::exception& e) {
    const std::string guilty = visitor_->who(0.3);
    throw Trouble(
        {.wrong = "the ranks cannot connect" + (guilty.empty() ? "" : ": " + guilty),
         .got = e.what(),
         .expected = fmt::format("each rank to reach {}", address_),
         .advice = "check the firewall between the machines; GroupOptions.address chooses another interface"});
  }
}

Link* Link::find(std::int64_t number) {
  const std::lock_guard lock(links_mutex);
  const auto found = links().find(number);
  return found == links().end() ? nullptr : found->second;
}

Link::~Link() {
  {
    const std::lock_guard lock(links_mutex);
    links().erase(number_);
  }
  if (who_.size == 1) return;
  leave();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  engine_.reset();
  visitor_->bye();
  meeting_.reset();
  if (!folder_file_.empty()) std::remove(folder_file_.c_str());
  Pipes::restore();
}

// Comes to the end together with the others, or tells them that it cannot.
void Link::leave() noexcept {
  if (std::uncaught_exceptions() == exceptions_) {
    try {
      run("Group", Loc(), [this](Engine& e) { agree(e, {.kind = CallKind::end}); });
      return;
    } catch (...) {}
  }
  fail("has failed: an exception ended its Group");
}

void Link::fail(const std::string& text) noexcept {
  if (who_.size == 1) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = !broken_;
    if (first) broken_ = Complaint{.wrong = fmt::format("the group has ended: rank {} {}", who_.rank, text)};
  }
  if (first) visitor_->report(text);
  engine_->abort();
}

void Link::loop() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    std::packaged_task<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }
}

std::shared_future<void> Link::start(std::function<void(Engine&)> task) {
  std::packaged_task<void()> packed([this, task = std::move(task)] { perform(task); });
  std::shared_future<void> done = packed.get_future().share();
  if (who_.size == 1) {
    packed();
    return done;
  }
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(packed));
  }
  changed_.notify_all();
  return done;
}

void Link::perform(const std::function<void(Engine&)>& task) {
  {
    const std::lock_guard lock(mutex_);
    if (broken_) throw Trouble(*broken_);
  }
  const auto end_with = [this](Complaint c) {
    {
      const std::lock_guard lock(mutex_);
      if (!broken_) broken_ = c;
    }
    throw Trouble(std::move(c));
  };
  try {
    task(*engine_);
  } catch (const Trouble& t) { end_with(t.complaint); } catch (const std::exception& e) {
    const std::string guilty = who_.size == 1 ? "" : visitor_->who(to_ask);
    end_with({.wrong = guilty.empty() ? "the other ranks have given up: this one came too late" : guilty,
              .got = fmt::format("on rank {}: {}", who_.rank, e.what()),
              .expected = fmt::format("all {} ranks, each within {} s", who_.size, who_.timeout),
              .advice = "look at the output of that rank; start again from the last checkpoint"});
  }
}

void Link::finish(const std::shared_future<void>& done, const char* operation, Loc where) {
  try {
    done.get();
  } catch (const Trouble& t) { throw Error(operation, t.complaint, where); } catch (const std::future_error&) {
    throw Error(operation, {.wrong = "the group has ended"}, where);
  }
}

std::vector<CallHead> Link::agree(Engine& engine, const CallHead& mine) const {
  std::vector<CallHead> all(static_cast<std::size_t>(who_.size));
  engine.gather(&mine, all.data(), sizeof mine);
  for (int r = 1; r < who_.size; ++r) {
    Complaint c = disagreement(all[static_cast<std::size_t>(r)], r, all[0], 0);
    if (!c.wrong.empty()) throw Trouble(std::move(c));
  }
  return all;
}

}  // namespace gradus::dist
