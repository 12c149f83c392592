// What tools show of an operation is what it does: formula() and rule() of every operation, computed on drawn inputs
// with drawn attributes, against its forward and its derivative.
#include <map>
#include <set>
#include <span>

#include <doctest/doctest.h>

#include "gate/formula.hpp"
#include "gate/mutants.hpp"
#include "tape/guards.hpp"
#include "tape/observers.hpp"
#include "tape/state.hpp"

using namespace gradus;
using formula::Array, formula::Names;

namespace {

constexpr int enough = 12;  // calls of each operation

Array plain(const Tensor& x) { return {{x.shape().begin(), x.shape().end()}, x.to_vector()}; }

// The attributes that are one number.
struct Numbers : Attributes {
  std::map<std::string, double> all;
  void number(const char* name, double& v) override { all[name] = v; }
  void integer(const char* name, std::int64_t& v) override { all[name] = static_cast<double>(v); }
  void flag(const char*, bool&) override {}
  void list(const char*, Shape&) override {}
};

std::string differ(const char* what, const Array& line, const Array& right, double room) {
  double size = 0;
  for (const double x : right.v) size = std::max(size, std::abs(x));
  if (line.shape != right.shape) return std::string(what) + " has another shape";
  for (std::size_t i = 0; i < right.v.size(); ++i)
    if (!(std::abs(line.v[i] - right.v[i]) <= room * std::max(size, std::abs(right.v[i])) + 1e-12))
      return std::string(what) + " is " + std::to_string(line.v[i]) + " by the line and " + std::to_string(right.v[i]) +
             " at " + std::to_string(i);
  return {};
}

// Holds the lines of every node of one operation against it.
struct Hold : Observer {
  explicit Hold(std::string of) : name(std::move(of)) {}
  std::string name, wrong;
  int held = 0;
  // Lines in the place of the operation's own, to see that a wrong one is seen.
  std::string (*change)(std::string) = nullptr;

  void on_record(const RecordEvent& e) override {
    const NodeView node = e.tape[e.node];
    if (node.name() != name || !wrong.empty()) return;
    const detail::Unobserved quiet;
    std::string formula = node.formula(), rule = node.rule();
    if (change) rule = change(rule);
    try {
      hold(e, node, formula, rule);
      ++held;
    } catch (const formula::Wrong& w) { wrong = w.what(); }
    if (!wrong.empty()) wrong += "\n  " + formula + "\n  " + rule + "\n  " + node.attributes();
  }

 private:
  void hold(const RecordEvent& e, NodeView node, const std::string& formula, const std::string& rule) {
    const std::vector<std::string> letters = node.letters();
    Names names;
    Numbers attributes;
    node.attributes(attributes);
    names.numbers = attributes.all;
    names.matrices = (formula + rule).find("ᵀ") != std::string::npos;
    names.first = letters.at(0);
    double room = 1e-9;
    std::vector<Tensor> in;
    for (std::size_t i = 0; i < e.in.size(); ++i) {
      in.push_back(e.in[i]->detach());
      names.arrays[letters.at(i)] = plain(in.back());
      if (in.back().dtype() == f32) room = 1e-4;
    }
    if (e.value.dtype() == f32) room = 1e-4;
    const Array y = plain(e.value.detach());
    names.targets = {{"y", y.shape}};
    wrong = differ("y", formula::compute(formula, names).at("y"), y, room);
    if (!wrong.empty()) return;

    // The rule, run by itself.
    const detail::Aside aside;
    for (Tensor& x : in) x = x.clone();  // the same tensor may stand in two slots
    Tape tape;
    std::vector<Tensor> watched;
    std::vector<std::size_t> slots;
    std::vector<Arg> args;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (is_floating(in[i].dtype())) {
        tape.watch(in[i]);
        watched.push_back(in[i]);
        slots.push_back(i);
      }
      args.emplace_back(in[i]);
    }
    const detail::Node& n = e.tape.state()[e.node];
    const Tensor again = detail::apply(*n.op, n.self(), args);
    gate::Rng rng(static_cast<std::uint64_t>(e.node) + 17);
    std::vector<double> numbers(static_cast<std::size_t>(again.numel()));
    for (double& x : numbers) x = rng.uniform(-1, 1);
    const Tensor g = from_data(std::span<const double>(numbers), again.shape()).to(again.dtype());
    const std::vector<Tensor> gradients = tape.gradient(again, watched, {.cotangent = g});
    names.arrays["y"] = y;
    names.arrays["g"] = plain(g);
    names.targets.clear();
    for (std::size_t k = 0; k < slots.size(); ++k)
      names.targets["d" + letters.at(slots[k])] = names.arrays.at(letters.at(slots[k])).shape;
    // Every target must be given: a share that is missing is a fault, unless its derivative is none.
    const auto given = formula::compute(rule, names);
    for (std::size_t k = 0; k < slots.size() && wrong.empty(); ++k) {
      const std::string target = "d" + letters.at(slots[k]);
      if (rule.find(target) == std::string::npos) wrong = "the rule does not give " + target;
      if (wrong.empty()) wrong = differ(target.c_str(), given.at(target), plain(gradients[k].detach()), room);
    }
  }
};

int hold(const gate::Row& row, Hold& held) {
  int tried = 0;
  for (; held.held < enough && tried < 200 && held.wrong.empty(); ++tried) {
    const gate::Case c = gate::draw_case(row, tried);
    const Observing watching(held);
    Tape tape;
    for (const Tensor& x : c.x)
      if (is_floating(x.dtype())) tape.watch(x);
    manual_seed(11);
    c.f(c.x);
  }
  return tried;
}

}  // namespace

TEST_CASE("the lines that tools show of every operation are what it computes and what its rule gives") {
  std::set<std::string> held;
  for (const gate::Row& row : gate::rows()) {
    Hold h(row.name);
    const int tried = hold(row, h);
    INFO(std::string(row.name), " case ", tried - 1, ": ", h.wrong);
    CHECK(h.wrong.empty());
    CHECK(h.held >= enough);
    if (h.wrong.empty() && h.held >= enough) held.insert(row.name);
  }
  for (const detail::OpTable* op : operations()) {
    INFO("operation ", std::string(op->name));
    CHECK(held.contains(op->name));
  }
}

TEST_CASE("a wrong line is seen, in every operation") {
  // The first g by itself that is not compared with anything.
  const auto halved = [](std::string rule) {
    const auto word = [&](std::size_t at) {
      return at < rule.size() && std::isalnum(static_cast<unsigned char>(rule[at]));
    };
    for (std::size_t at = 0; (at = rule.find('g', at)) != std::string::npos; ++at)
      if (!word(at + 1) && (at == 0 || !word(at - 1)) && rule.compare(at, 4, "g = ") != 0)
        return rule.insert(at, "0.5 ");
    return rule;
  };
  for (const gate::Row& row : gate::rows()) {
    if (row.flat) continue;
    INFO(std::string(row.name));
    Hold h(row.name);
    h.change = halved;
    hold(row, h);
    CHECK_UNARY_FALSE(h.wrong.empty());
  }
}

TEST_CASE("the rule of a product has its transposes") {
  Tape tape;
  const Tensor a = ones({2, 3}).requires_grad_(), b = ones({4, 3}).requires_grad_(), c = ones({4}).requires_grad_();
  const Tensor y = linear(a, b, c);
  const NodeView node = tape[tape.index_of(y)];
  CHECK(node.rule() == "dc = g   da = g b   db = gᵀ a");
  CHECK(node.formula() == "y = c + a bᵀ");
}
