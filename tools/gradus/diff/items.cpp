// From the events of a trace to what can be compared.
#include "diff/items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "io/xxh64.hpp"
#include "tensor/format.hpp"

namespace gradus::tool {
namespace {

using Kind = Item::Kind;

template <class T>
std::string bytes(const std::vector<double>& values) {
  std::vector<T> all;
  for (const double v : values) all.push_back(static_cast<T>(v));
  return {reinterpret_cast<const char*>(all.data()), all.size() * sizeof(T)};
}

// Of an input: a summary has its numbers too.
std::uint64_t hash_of_input(const trace::Numbers& n) {
  if (!n.stats) return *hash_of(n);
  return io::xxh64(bytes<double>({n.stats->min, n.stats->max, n.stats->mean, n.stats->norm}) +
                   bytes<double>(n.stats->head) + bytes<double>(n.stats->tail));
}

std::string kind_of(const trace::Numbers& n) { return fmt::format("{} {}", name(n.dtype), to_string(n.shape)); }

std::string text_of(const std::vector<trace::Attribute>& attributes) {
  std::string text;
  for (const trace::Attribute& a : attributes) {
    text += ' ' + a.name + '=';
    if (a.kind == trace::Attribute::Kind::flag)
      text += a.flag ? "true" : "false";
    else if (a.kind == trace::Attribute::Kind::list)
      text += fmt::format("[{}]", fmt::join(a.list, ","));
    else
      text += fmt::format("{}", a.number);
  }
  return text;
}

// Gathers the items, with the names of nodes on each tape.
class Collector {
 public:
  explicit Collector(const trace::File& file) {
    for (const trace::Event& e : file.events) {
      line_ = e.line;
      std::visit([&](const auto& body) { see(body); }, e.body);
    }
    sort_threads();
    if (dropped_) leave_out_the_first_step();
    hash_into(to_.batches, inputs_);
    hash_into(to_.starts, read_);
    std::ranges::sort(to_.examples);
  }
  Items take() { return std::move(to_); }

 private:
  struct Node {
    std::string name, scope;
    const trace::Place* loc;
  };
  struct OnTape {
    int step = 0, thread = 0;
    std::map<int, Node> nodes = {};
  };

  OnTape& tape(int number) { return tapes_[number]; }
  const Node& node(int on, int number) {
    static const trace::Place nowhere;
    return tape(on).nodes.try_emplace(number, Node{fmt::format("node {}", number), "", &nowhere}).first->second;
  }

  Item& put(int step, int thread, Kind kind, std::string what, std::string name) {
    threads_[step].push_back(thread);
    Item& item = to_.steps[step].emplace_back();
    item.kind = kind;
    item.line = line_;
    item.what = std::move(what);
    item.name = std::move(name);
    item.key = item.what;
    item.in_full = true;
    return item;
  }
  Item& put(const OnTape& t, const Node& n, Kind kind, const std::string& what) {
    Item& item = put(t.step, t.thread, kind, what, n.name);
    item.scope = n.scope;
    item.loc = n.loc;
    return item;
  }
  static void value(Item& item, const trace::Numbers& numbers) {
    item.numbers = &numbers;
    item.key += ", " + kind_of(numbers);
  }
  static void value(Item& item, double number) {
    item.number = number;
    item.has_number = true;
  }

  void see(const trace::Dropped&) { dropped_ = true; }
  void see(const trace::TapeBegin& e) {
    tapes_[e.tape] = {e.step, e.thread, {}};
    bool& full = to_.full.try_emplace(e.step, true).first->second;
    full = full && e.full;
  }
  void see(const trace::Leaf& e) {
    OnTape& t = tape(e.tape);
    const bool named = !e.name.empty();
    const std::string name = named ? e.name : fmt::format("{} {}", e.constant ? "constant" : "leaf", e.node);
    t.nodes.insert_or_assign(e.node, Node{name, e.scope, &e.loc});
    Item& item = put(t, t.nodes.at(e.node), e.constant ? Kind::constant : Kind::leaf,
                     e.constant ? "the input " + name : "the numbers of " + name);
    value(item, e.value);
    read_[t.step].push_back(hash_of_input(e.value));
    if (!e.constant) return;
    inputs_[t.step].push_back(read_[t.step].back());
    to_.summaries = to_.summaries || e.value.stats != nullptr;
    rows(t, e.value);
  }
  // The rows of an input of more than one axis: they may be examples.
  void rows(const OnTape& t, const trace::Numbers& n) {
    if (!n.has_data() || n.shape.size() < 2 || n.shape[0] < 1 || n.data.empty() || t.thread != 0) return;
    const std::size_t row = n.data.size() / static_cast<std::size_t>(n.shape[0]);
    for (std::size_t at = 0; at + row <= n.data.size(); at += row)
      to_.examples.push_back(io::xxh64({reinterpret_cast<const char*>(&n.data[at]), row * sizeof(double)}));
  }
  void see(const trace::Op& e) {
    OnTape& t = tape(e.tape);
    t.nodes.insert_or_assign(e.node, Node{e.op, e.scope, &e.loc});
    Item& item = put(t, t.nodes.at(e.node), Kind::value, "the value of " + e.op);
    item.key += fmt::format(" of nodes {},{}", fmt::join(e.inputs, ","), text_of(e.attributes));
    value(item, e.value);
  }
  void see(const trace::Walk& e) {
    const OnTape& t = tape(e.tape);
    Item& item = put(t.step, t.thread, Kind::start, fmt::format("the value that {}() starts from", e.what), e.what);
    item.loc = &e.loc;
    if (e.value) value(item, *e.value);
    item.in_full = false;
  }
  void see(const trace::Visit& e) {
    const Node& n = node(e.tape, e.node);
    value(put(tape(e.tape), n, Kind::gradient, "the gradient of " + n.name), e.grad);
  }
  void see(const trace::Contribution& e) {
    const Node& from = node(e.tape, e.from);
    const Node& to = node(e.tape, e.to);
    value(put(tape(e.tape), from, Kind::given, fmt::format("what the rule of {} gives {}", from.name, to.name)),
          e.added);
    value(
        put(tape(e.tape), from, Kind::given, fmt::format("the gradient of {} with what {} gives", to.name, from.name)),
        e.after);
  }
  void see(const trace::Accumulate& e) {
    const Node& n = node(e.tape, e.node);
    value(put(tape(e.tape), n, Kind::sum, "the .grad() of " + n.name), e.grad);
  }
  void see(const trace::Step& e) {
    to_.full.try_emplace(e.step, e.before.has_value());
    const auto item = [&](Kind kind, const std::string& what) -> Item& {
      Item& i = put(e.step, 0, kind, fmt::format("{} of {}, by {}", what, e.parameter, e.optimizer), e.parameter);
      i.loc = &e.loc;
      return i;
    };
    Item& rate = item(Kind::option, "the learning rate");
    value(rate, e.lr);
    rate.in_full = false;
    if (e.before) value(item(Kind::leaf, "the numbers before the update"), *e.before);
    if (e.grad) value(item(Kind::sum, "the gradient for the update"), *e.grad);
    for (const auto& [name, numbers] : e.state) value(item(Kind::state, name), numbers);
    if (e.after) value(item(Kind::weights, "the numbers after the update"), *e.after);
    Item& ratio = item(Kind::weights, "the update ratio");
    value(ratio, e.ratio);
    ratio.in_full = false;
  }
  void see(const trace::ZeroGrad& e) { put(e.step, 0, Kind::event, "zero_grad() of " + e.name, e.name); }
  void see(const trace::Mutation& e) {
    put(e.step, 0, Kind::event, fmt::format("{}() of {}", e.what, e.name), e.name).loc = &e.loc;
  }
  void see(const trace::Scalar& e) {
    Item& item = put(e.step, 0, Kind::scalar, "the scalar " + e.name, e.name);
    value(item, e.value);
    item.in_full = false;
  }
  template <class Other>
  void see(const Other&) {}

  static void hash_into(std::map<int, std::uint64_t>& to, const std::map<int, std::vector<std::uint64_t>>& steps) {
    for (const auto& [step, hashes] : steps)
      to[step] = io::xxh64({reinterpret_cast<const char*>(hashes.data()), hashes.size() * sizeof hashes[0]}) | 1;
  }

  // Events of several threads are mixed as the threads ran: each thread's stay in order.
  void sort_threads() {
    for (auto& [step, items] : to_.steps) {
      const std::vector<int>& threads = threads_[step];
      if (std::ranges::adjacent_find(threads, std::not_equal_to()) == threads.end()) continue;
      std::vector<std::size_t> order(items.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::ranges::stable_sort(order, {}, [&](std::size_t i) { return threads[i]; });
      std::vector<Item> sorted;
      for (const std::size_t i : order) sorted.push_back(std::move(items[i]));
      items = std::move(sorted);
    }
  }

  // A ring has lost the beginning of the first step that it still has.
  void leave_out_the_first_step() {
    if (to_.full.empty()) return;
    const int first = to_.full.begin()->first;
    to_.full.erase(first);
    inputs_.erase(first);
    read_.erase(first);
    to_.steps.erase(to_.steps.begin(), to_.steps.upper_bound(first));
  }

  Items to_;
  bool dropped_ = false;
  std::size_t line_ = 0;
  std::map<int, OnTape> tapes_;
  std::map<int, std::vector<int>> threads_;                  // of the items of each step
  std::map<int, std::vector<std::uint64_t>> inputs_, read_;  // hashes of constants; of leaves too
};

}  // namespace

std::optional<std::uint64_t> hash_of(const trace::Numbers& n) {
  if (n.hash) return n.hash;
  if (n.stats) return std::nullopt;
  if (n.dtype == f32) return io::xxh64(bytes<float>(n.data));
  return io::xxh64(n.dtype == f64 ? bytes<double>(n.data) : bytes<std::int64_t>(n.data));
}

Items items_of(const trace::File& file) { return Collector(file).take(); }

}  // namespace gradus::tool
