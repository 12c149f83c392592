// The table of a network: its rows come from fields(), its output shapes from one call.
#include <gradus/nn/summary.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "nn/visitors.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {
namespace {

struct Row {
  const ModuleBase* module;
  std::string layer, type, details;
  std::int64_t parameters = 0;  // its own, without those of modules inside
};

// One row per module, the network itself first.
struct Rows : Visitor {
  explicit Rows(const ModuleBase& net) { open("", net); }
  bool enter(const char* name, ModuleBase& m) override {
    open(std::string(2 * inside.size(), ' ') + name, m);
    return true;
  }
  void leave() override { inside.pop_back(); }
  void parameter(const char*, Parameter& p) override {
    all[inside.back()].parameters += p.numel();
    if (!counted.insert(p.impl()).second) return;  // listed under two names
    total += p.numel();
    bytes += p.numel() * size_of(p.dtype());
    if (p.requires_grad()) trainable += p.numel();
  }

  std::vector<Row> all;
  std::int64_t total = 0, trainable = 0, bytes = 0;

 private:
  void open(std::string layer, const ModuleBase& m) {
    inside.push_back(all.size());
    all.push_back({&m, std::move(layer), std::string(m.type()), m.description()});
  }
  std::vector<std::size_t> inside;
  std::set<const gradus::detail::TensorImpl*> counted;
};

// In characters.
std::size_t length(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// 1234567: "1,234,567".
std::string thousands(std::int64_t n) {
  const std::string digits = formatted("{}", n);
  std::string s;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) s += ',';
    s += digits[i];
  }
  return s;
}

std::string size_text(std::int64_t bytes) {
  if (bytes < 1000) return formatted("{} bytes", bytes);
  double amount = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* u : {"kB", "MB", "GB"}) {
    if (amount < 999.95) break;
    amount /= 1000;
    unit = u;
  }
  return formatted("{:.1f} {}", amount, unit);
}

using Outputs = std::map<const ModuleBase*, std::string>;

std::string table(const ModuleBase& net, const Outputs* outputs) {
  Rows rows(net);
  const_cast<ModuleBase&>(net).visit(rows);

  // Columns of text; the last is set to the right. Only such as have something to say.
  std::vector<std::vector<std::string>> columns{{"layer"}, {"type"}, {"details"}, {"output"}, {"parameters"}};
  for (const Row& r : rows.all) {
    const auto output = outputs ? outputs->find(r.module) : Outputs::const_iterator{};
    const bool root = &r == rows.all.data();
    std::string result;
    if (outputs) result = output == outputs->end() ? "not called" : output->second;
    const std::string cells[] = {root ? r.type : r.layer, root ? "" : r.type, r.details, result,
                                 r.parameters ? thousands(r.parameters) : ""};
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].push_back(cells[i]);
  }
  std::erase_if(columns,
                [](const auto& c) { return std::all_of(c.begin() + 1, c.end(), [](auto& s) { return s.empty(); }); });

  std::vector<std::size_t> widths;
  std::string rule;
  for (const auto& c : columns) {
    widths.push_back(0);
    for (const std::string& cell : c) widths.back() = std::max(widths.back(), length(cell));
    for (std::size_t i = rule.empty() ? 3 : 0; i < widths.back() + 3; ++i) rule += "─";
  }
  std::string text;
  for (std::size_t r = 0; r < columns[0].size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string &cell = columns[i][r], space(widths[i] - length(cell), ' ');
      if (i) line += "   ";
      line += columns[i][0] == "parameters" ? space + cell : cell + space;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
    if (r == 0) text += rule + '\n';
  }
  text += rule + '\n';
  if (rows.total == 0) return text + "no parameters\n";
  text += formatted("{} parameters ({}), ", thousands(rows.total), size_text(rows.bytes));
  text += rows.trainable == rows.total ? "all trainable\n" : formatted("{} trainable\n", thousands(rows.trainable));
  return text;
}

}  // namespace

Tensor Example::tensor(const ModuleBase& net) const {
  if (tensor_.defined()) return tensor_;
  const std::vector<Tensor> parameters = net.parameters();
  return zeros(shape_, parameters.empty() ? f32 : parameters[0].dtype(), where);
}

struct detail::Trial::State final : Watcher {
  explicit State(const ModuleBase& n) : net(n), evaluating(n), outer(std::exchange(watcher(), this)) {}
  ~State() { watcher() = outer; }
  void returned(const ModuleBase& m, const std::vector<Tensor>& results) override {
    std::string& text = outputs[&m];
    text.clear();
    for (const Tensor& y : results) {
      if (!text.empty()) text += ", ";
      text += y.defined() ? to_string(y.shape()) : "none";
    }
  }
  const ModuleBase& net;
  Evaluating evaluating;
  Watcher* outer;
  Outputs outputs;
};

detail::Trial::Trial(const ModuleBase& net) : state_(std::make_unique<State>(net)) {}
detail::Trial::~Trial() = default;
std::string detail::Trial::table() const { return nn::table(state_->net, &state_->outputs); }

void detail::print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string summary(const ModuleBase& net) { return table(net, nullptr); }

}  // namespace gradus::nn
