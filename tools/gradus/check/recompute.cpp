#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <memory>
#include <optional>

#include "check/derive.hpp"
#include "cli/command.hpp"

namespace gradus::tool::trace {

namespace {

// A built-in operation with the attributes of the file.
class Operator {
 public:
  // Throws a text if the file's attributes are not those of the operation.
  explicit Operator(const Op& op) {
    const auto all = operations();
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto* t) { return op.op == t->name; });
    if (found == all.end() || !(*found)->make) throw std::runtime_error("is not a built-in operation of this version");
    table_ = *found;
    room_ = std::make_unique<std::max_align_t[]>(table_->size / sizeof(std::max_align_t) + 1);
    table_->make(room_.get());
    Setter setter(op.attributes);
    table_->fields(room_.get(), setter);
    if (!setter.wrong.empty()) throw std::runtime_error(setter.wrong);
  }
  ~Operator() {
    if (table_ && table_->destroy) table_->destroy(room_.get());
  }
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  Tensor operator()(const std::vector<Tensor>& in) const {
    const std::vector<Arg> args(in.begin(), in.end());
    return detail::apply(*table_, room_.get(), args);
  }

 private:
  struct Setter : Attributes {
    explicit Setter(const std::vector<Attribute>& from) : all(from) {}
    const Attribute* find(const char* name, Attribute::Kind kind) {
      for (const Attribute& a : all)
        if (a.name == name && a.kind == kind) return &a;
      wrong = fmt::format("has no attribute '{}' of the right kind", name);
      return nullptr;
    }
    void number(const char* name, double& v) override {
      if (const Attribute* a = find(name, Attribute::Kind::number)) v = a->number;
    }
    void integer(const char* name, std::int64_t& v) override {
      if (const Attribute* a = find(name, Attribute::Kind::number)) v = a->integer;
    }
    void flag(const char* name, bool& v) override {
      if (const Attribute* a = find(name, Attribute::Kind::flag)) v = a->flag;
    }
    void list(const char* name, Shape& v) override {
      const Attribute* a = find(name, Attribute::Kind::list);
      if (!a || a->list.size() > max_dims) return;
      v = Shape(std::span<const std::int64_t>(a->list));
    }
    const std::vector<Attribute>& all;
    std::string wrong;
  };
  const detail::OpTable* table_ = nullptr;
  std::unique_ptr<std::max_align_t[]> room_;
};

// Where two tensors differ by more than rounding in another order may do; an empty text if nowhere.
std::string difference(const Tensor& again, const Numbers& recorded) {
  if (!(again.shape() == recorded.shape) || again.dtype() != recorded.dtype)
    return fmt::format("{} {}, recorded {} {}", to_string(again.shape()), name(again.dtype()),
                       to_string(recorded.shape), name(recorded.dtype));
  const std::vector<double> v = again.to_vector();
  double size = 0;
  for (const double x : recorded.data)
    if (std::isfinite(x)) size = std::max(size, std::abs(x));
  const double slack = (recorded.dtype == f32 ? 2e-5 : 1e-11) * size;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double a = v[i], b = recorded.data[i];
    if (a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= slack) continue;
    return fmt::format("element {} is {:.9g}, recorded {:.9g}", i, a, b);
  }
  return {};
}

class Recomputer {
 public:
  Recomputer(const File& file, const Nodes& nodes, std::FILE* out) : nodes_(nodes), out_(out) {
    for (const Event& e : file.events) {
      if (const auto* v = std::get_if<Visit>(&e.body)) grads_[{v->walk, v->node}] = &v->grad;
      if (const auto* c = std::get_if<Contribution>(&e.body)) ++given_[{c->walk, c->from, c->slot}];
      if (const auto* w = std::get_if<Walk>(&e.body)) recorded_[w->walk] = w->recorded;
    }
  }

  void run(const File& file) {
    for (const Event& e : file.events) {
      line_ = e.line;
      if (const auto* op = std::get_if<Op>(&e.body)) guarded(op->tape, op->node, [&] { value(*op); });
      if (const auto* c = std::get_if<Contribution>(&e.body)) guarded(c->tape, c->from, [&] { rule(*c); });
    }
  }

 private:
  template <class F>
  void guarded(int tape, int node, const F& f) {
    const Nodes::Node* n = nodes_.find(tape, node);
    if (!n || !n->op || !n->op->builtin) return;
    say('N', fmt::format("{}: computing it again", nodes_.name(tape, node)));
    try {
      f();
    } catch (const Error& e) {
      off(tape, node, without_line(e).substr(0, without_line(e).find('\n')));
    } catch (const std::exception& e) { off(tape, node, e.what()); }
  }
  void off(int tape, int node, const std::string& why) {
    say('T', fmt::format("{}: {}", nodes_.name(tape, node), why));
  }
  // One line of the report to the parent: what it is, the line of the trace, a text.
  void say(char what, const std::string& text) {
    std::string one = text;
    std::replace(one.begin(), one.end(), '\n', ' ');
    fmt::print(out_, "{} {} {}\n", what, line_, one);
    std::fflush(out_);
  }

  // None if some of it is not in the file.
  std::optional<std::vector<Tensor>> inputs(const Op& op) const {
    std::vector<Tensor> in;
    const std::size_t line = nodes_.find(op.tape, op.node)->line;
    for (const int k : op.inputs) {
      const Nodes::Node* n = nodes_.find(op.tape, k);
      if (!n || !n->value_at(line).whole()) return std::nullopt;
      in.push_back(n->value_at(line).tensor());
    }
    return in;
  }

  void value(const Op& op) {
    const auto in = inputs(op);
    if (!in || !op.value.whole()) return say('L', "");
    const std::string why = difference(Operator(op)(*in), op.value);
    why.empty() ? say('V', "") : off(op.tape, op.node, "computed again its value differs: " + why);
  }

  void rule(const Contribution& c) {
    const Op& op = *nodes_.find(c.tape, c.from)->op;
    const auto grad = grads_.find({c.walk, c.from});
    auto in = inputs(op);
    if (!in || grad == grads_.end() || !grad->second->whole() || !c.added.whole() ||
        given_[{c.walk, c.from, c.slot}] != 1)
      return say('L', "");
    if (c.slot < 0 || c.slot >= static_cast<int>(in->size())) return;  // said already
    const Operator again(op);
    Tensor& x = (*in)[static_cast<std::size_t>(c.slot)];
    Tape tape;
    tape.watch(x);
    const Tensor y = again(*in);
    const Tensor g = grad->second->tensor();
    if (!(y.shape() == g.shape()) || tape.index_of(y) < 0)
      return off(c.tape, c.from, "its gradient does not fit its value");
    const Tensor added = tape.gradient(y, {x}, {.record = recorded_[c.walk], .cotangent = g})[0].detach();
    const std::string why = difference(added, c.added);
    why.empty() ? say('R', "")
                : off(c.tape, c.from, fmt::format("its rule gives input {} something else: {}", c.slot, why));
  }

  const Nodes& nodes_;
  std::FILE* out_;
  std::size_t line_ = 0;
  std::map<std::pair<int, int>, const Numbers*> grads_;
  std::map<std::tuple<int, int, int>, int> given_;  // by walk, operation and slot
  std::map<int, bool> recorded_;
};

// What a damaged file can ask for in memory stays within bounds.
void limit_memory() {
  constexpr rlim_t most = rlim_t{8} << 30;
  rlimit space{};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (::getrlimit(RLIMIT_AS, &space) == 0 && (space.rlim_cur == RLIM_INFINITY || space.rlim_cur > most)) {
    space.rlim_cur = most;
    ::setrlimit(RLIMIT_AS, &space);
  }
#endif
  space = {};
  ::setrlimit(RLIMIT_CORE, &space);
}

struct Report {
  Findings& to;
  std::string doing = "computing again";
  std::size_t line = 0;
  void take(const char* text) {
    char what = 0;
    int at = 0;
    if (std::sscanf(text, "%c %zu %n", &what, &line, &at) < 2) return;
    std::string rest = text + at;
    if (!rest.empty() && rest.back() == '\n') rest.pop_back();
    if (what == 'N') doing = rest;
    if (what == 'T') to.troubles.push_back({line, rest});
    if (what == 'V') ++to.values;
    if (what == 'R') ++to.rules;
    if (what == 'L') ++to.left_out;
  }
};

}  // namespace

void recompute(const File& file, const Nodes& nodes, Findings& to) {
  int ends[2];
  if (::pipe(ends) != 0) throw Stop(failed, "no pipe can be made");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw Stop(failed, "no process can be made");
  if (child == 0) {
    ::close(ends[0]);
    limit_memory();
    const int nowhere = ::open("/dev/null", O_WRONLY);  // what a crash has to say
    if (nowhere >= 0) ::dup2(nowhere, 2);
    std::FILE* out = ::fdopen(ends[1], "w");
    if (!out) ::_exit(1);
    Recomputer(file, nodes, out).run(file);
    std::fflush(out);
    ::_exit(0);
  }
  ::close(ends[1]);
  Report report{.to = to};
  if (std::FILE* in = ::fdopen(ends[0], "r")) {
    char* line = nullptr;
    std::size_t room = 0;
    while (::getline(&line, &room, in) > 0) report.take(line);
    std::free(line);
    std::fclose(in);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    to.troubles.push_back({report.line, report.doing + " failed: its inputs and attributes do not fit each other"});
}

}  // namespace gradus::tool::trace
