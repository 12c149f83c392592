// Where the time goes: rows by operation, filled by Timing, joined and printed by profile().
#include "tape/profile.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "tape/state.hpp"
#include "tensor/format.hpp"

namespace gradus {
namespace detail {

constinit std::atomic<bool> profiling_on = false;

namespace {

using Clock = std::chrono::steady_clock;

// Rows by the address of their name, which is quick to compare; profile() joins those of equal text.
struct Table {
  std::mutex mutex;
  std::map<std::pair<const char*, int>, ProfileRow> rows;
  Clock::time_point since = Clock::now();
};
Table& table() {
  static Table* const instance = new Table;  // never destroyed: operations may run until the very end
  return *instance;
}

constinit thread_local Timing* current = nullptr;

// The arithmetic of this thread's recorded operations, by node, which their rules will repeat.
struct Arithmetic {
  std::uint64_t tape = 0;
  std::vector<double> flops;
};
thread_local Arithmetic recorded;

}  // namespace

void Timing::start() {
  if (current) return;
  current = this;
  running_ = true;
  start_ = Clock::now();
}

bool Timing::stop() {
  if (!running_) return false;
  took_ += Clock::now() - start_;
  stopped_ = true;
  return true;
}

void Timing::end() {
  current = nullptr;
  if (!stopped_) return;
  Table& t = table();
  const std::lock_guard lock(t.mutex);
  ProfileRow& row = t.rows[{name_, pass_}];
  if (row.calls++ == 0) {
    row.name = name_;
    row.pass = pass_;
  }
  row.seconds += std::chrono::duration<double>(took_).count();
  row.bytes += bytes;
  row.flops += flops;
}

Untimed::Untimed() : around_(std::exchange(current, nullptr)), start_(Clock::now()) {}
Untimed::~Untimed() {
  current = around_;
  if (around_) around_->took_ -= Clock::now() - start_;
}

double bytes_of(const Tensor& x) {
  const TensorImpl& t = *x.impl();
  double bytes = static_cast<double>(size_of(t.dtype));
  for (int i = 0; i < t.shape.size(); ++i)
    if (t.strides[i] != 0 || t.shape[i] == 0) bytes *= static_cast<double>(t.shape[i]);
  return bytes;
}

void count_forward(Timing& timing, const OpTable& op, const void* self, std::span<const Arg> args, const Tensor& y) {
  std::vector<const Tensor*> in;
  bool view = false;
  for (const Arg& a : args) {
    in.push_back(&a.tensor());
    timing.bytes += bytes_of(a);
    view = view || a.tensor().impl()->storage == y.impl()->storage;
  }
  timing.bytes = view ? 0 : timing.bytes + bytes_of(y);
  if (!op.flops) return;
  timing.flops = op.flops(self, Ins(in), y);
  const TensorImpl& t = *y.impl();
  if (!t.tape) return;
  if (recorded.tape != t.tape) {
    recorded.tape = t.tape;
    recorded.flops.clear();
  }
  recorded.flops.resize(std::max(recorded.flops.size(), static_cast<std::size_t>(t.node) + 1));
  recorded.flops[static_cast<std::size_t>(t.node)] = timing.flops;
}

void count_rule(Timing& timing, TapeState& tape, int node, const Tensor& g, std::span<const Tensor> slots,
                std::span<const Need> needed) {
  const Node& n = tape[node];
  for (int i = 0; i < n.saves; ++i)
    if (n.saved()[i].tensor.defined()) timing.bytes += bytes_of(n.saved()[i].tensor);
  const std::size_t at = static_cast<std::size_t>(node);
  const double flops = recorded.tape == tape.id && at < recorded.flops.size() ? recorded.flops[at] : 0;
  for (int i = 0; i < n.inputs; ++i) {
    const int to = n.in()[i];
    if (to < 0 || tape[to].constant || (!needed.empty() && needed[static_cast<std::size_t>(to)] == Need::none))
      continue;
    if (n.op->saves[i]) timing.flops += flops;
    const Tensor& slot = slots[static_cast<std::size_t>(to)];
    if (slot.defined() && slot.impl()->storage != g.impl()->storage) timing.bytes += bytes_of(slot);
  }
  if (timing.bytes > 0) timing.bytes += bytes_of(g);  // else it was passed on as it is
}

}  // namespace detail

using namespace detail;

bool profiling() { return profiled(); }

void set_profiling(bool on) {
  table();
  profiling_on = on;
}

std::vector<ProfileRow> profile() {
  std::map<std::pair<std::string_view, int>, ProfileRow> joined;
  std::vector<ProfileRow> rows;
  {
    Table& t = table();
    const std::lock_guard lock(t.mutex);
    for (const auto& [key, row] : t.rows) {
      ProfileRow& sum = joined[{row.name, row.pass}];
      sum.name = row.name;
      sum.pass = row.pass;
      sum.calls += row.calls;
      sum.seconds += row.seconds;
      sum.bytes += row.bytes;
      sum.flops += row.flops;
    }
    for (auto& [key, row] : joined) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(), [](const ProfileRow& a, const ProfileRow& b) { return a.seconds > b.seconds; });
  return rows;
}

void reset_profile() {
  Table& t = table();
  const std::lock_guard lock(t.mutex);
  t.rows.clear();
  t.since = Clock::now();
}

namespace {
std::string rate_of(const ProfileRow& row) {
  const bool counted = row.flops > 0;
  const double amount = counted ? row.flops : row.bytes;
  if (!(amount > 0) || !(row.seconds > 0)) return formatted("{:>12}", "-");
  return formatted("{:>12.2f} {}", 1e-9 * amount / row.seconds, counted ? "GFLOP/s" : "GB/s");
}
}  // namespace

std::string profile_table() {
  const std::vector<ProfileRow> rows = profile();
  double all = 0, elapsed = 0;
  std::size_t width = 9;
  for (const ProfileRow& row : rows) {
    all += row.seconds;
    width = std::max(width, row.name.size());
  }
  {
    Table& t = table();
    const std::lock_guard lock(t.mutex);
    elapsed = std::chrono::duration<double>(Clock::now() - t.since).count();
  }
  std::string text = formatted("gradus profile: {:.3f} ms in operations, of {:.3f} ms\n", 1e3 * all, 1e3 * elapsed);
  if (rows.empty()) return text;
  text += formatted("{:<{}}  {:<8} {:>9} {:>12} {:>6} {:>11} {:>11} {:>12}\n", "operation", width, "pass", "calls",
                    "ms", "%", "us a call", "MB", "rate");
  constexpr const char* passes[] = {"forward", "backward", "step"};
  for (const ProfileRow& row : rows) {
    const std::string rate = rate_of(row);
    const double share = all > 0 ? 100 * row.seconds / all : 0;
    text += formatted("{:<{}}  {:<8} {:>9} {:>12.3f} {:>6.1f} {:>11.2f} {:>11.3f} {}\n", row.name, width,
                      passes[row.pass], row.calls, 1e3 * row.seconds, share,
                      1e6 * row.seconds / static_cast<double>(row.calls), 1e-6 * row.bytes, rate);
  }
  return text;
}

namespace {

// The one place where the library prints.
const struct Environment {
  bool on = false;
  Environment() {
    const char* text = std::getenv("GRADUS_PROFILE");
    on = text && *text && std::string_view(text) != "0";
    if (on) set_profiling(true);
  }
  ~Environment() {
    if (on) std::fputs(profile_table().c_str(), stderr);
  }
} environment;

}  // namespace
}  // namespace gradus
