// The reader of a trace's events: JSON members by name, checked, into the structs of read_trace.hpp.
#include "study/trace/events.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "tensor/format.hpp"

namespace gradus::study::trace {

namespace {

using Value = JsonValue;

// The largest integer below which every integer is a double.
constexpr double most_exact = 9007199254740992.0;

// The members of an object, by name; what is missing or of another kind is an error, unless a fallback is given.
class Reader {
 public:
  explicit Reader(const Value& v, bool hashes = false) : v_(v), hashes_(hashes) {}

  const Value& need(const char* name, Value::Kind kind) const {
    const Value* m = v_.find(name);
    if (!m || m->kind != kind) throw BadEvent{formatted("'{}' is missing or of another kind", name)};
    return *m;
  }
  bool has(const char* name) const {
    const Value* m = v_.find(name);
    return m && m->kind != Value::Kind::null;
  }
  const std::string& text(const char* name) const { return need(name, Value::Kind::text).text; }
  std::string text_or(const char* name) const { return has(name) ? text(name) : std::string(); }
  bool flag(const char* name) const { return need(name, Value::Kind::flag).flag; }
  double number(const char* name) const {
    const Value* m = v_.find(name);
    if (!m || !is_number(*m)) throw BadEvent{formatted("'{}' is missing or not a number", name)};
    return m->number;
  }
  double number_or_nan(const char* name) const {
    return has(name) ? number(name) : std::numeric_limits<double>::quiet_NaN();
  }
  std::int64_t integer(const char* name) const {
    const Value& m = need(name, Value::Kind::number);
    if (!m.integral) throw BadEvent{formatted("'{}' is not an integer", name)};
    return m.integer;
  }
  int small(const char* name) const {
    const std::int64_t n = integer(name);
    return as_small(n, name);
  }
  int small_or(const char* name, int fallback) const { return has(name) ? small(name) : fallback; }
  std::vector<std::int64_t> integers(const char* name) const {
    std::vector<std::int64_t> list;
    for (const double n : need(name, Value::Kind::list).list) list.push_back(as_integer(n, name));
    return list;
  }
  std::vector<int> nodes(const char* name) const {
    std::vector<int> list;
    for (const std::int64_t n : integers(name)) list.push_back(as_small(n, name));
    return list;
  }
  Place place(const char* name) const {
    if (!has(name)) return {};
    const Reader loc(need(name, Value::Kind::object));
    return {loc.text("file"), loc.small("line")};
  }
  Numbers numbers(const char* name) const;
  std::optional<Numbers> numbers_if(const char* name) const {
    return has(name) ? std::optional(numbers(name)) : std::nullopt;
  }
  std::vector<Attribute> attributes(const char* name) const;
  std::vector<std::pair<std::string, Numbers>> tensors(const char* name) const;

 private:
  static bool is_number(const Value& m) {
    return m.kind == Value::Kind::number ||
           (m.kind == Value::Kind::text && (m.text == "nan" || m.text == "inf" || m.text == "-inf"));
  }
  static std::int64_t as_integer(double n, const char* name) {
    if (!(std::abs(n) <= most_exact) || n != std::floor(n))
      throw BadEvent{formatted("'{}' holds a number that is not an integer, or is too large", name)};
    return static_cast<std::int64_t>(n);
  }
  // Far enough from the ends of int that readers can add and subtract.
  static int as_small(std::int64_t n, const char* name) {
    constexpr std::int64_t most = std::int64_t{1} << 30;
    if (n < -most || n > most) throw BadEvent{formatted("'{}' is too large", name)};
    return static_cast<int>(n);
  }
  const Value& v_;
  bool hashes_;
};

DType dtype_by_name(const std::string& name, const char* member) {
  for (const DType dtype : {f32, f64, i64, boolean})
    if (gradus::name(dtype) == name) return dtype;
  throw BadEvent{formatted("'{}' has the unknown dtype '{}'", member, name.substr(0, 40))};
}

Shape shape_of(const std::vector<std::int64_t>& sizes, const char* member) {
  if (sizes.size() > max_dims) throw BadEvent{formatted("'{}' has more than {} axes", member, max_dims)};
  Shape shape;
  double largest = 1;  // of the products that numel() forms, whatever sizes are 0
  for (const std::int64_t s : sizes) {
    if (s < 0) throw BadEvent{formatted("'{}' has a negative size", member)};
    largest *= static_cast<double>(std::max<std::int64_t>(s, 1));
    if (largest > most_exact) throw BadEvent{formatted("'{}' has too many elements", member)};
    shape.push_back(s);
  }
  return shape;
}

// Rounds the numbers to what their dtype can hold.
void fit(std::vector<double>& data, DType dtype, const char* member) {
  for (double& x : data) {
    if (dtype == f32) x = static_cast<float>(x);
    if (is_floating(dtype)) continue;
    const bool integer = x == std::floor(x) && std::abs(x) < 9.3e18;
    if (!integer || (dtype == boolean && x != 0 && x != 1))
      throw BadEvent{formatted("'{}' holds a number that does not fit its dtype {}", member, name(dtype))};
    if (x >= 9223372036854775808.0) x = 9223372036854774784.0;  // INT64_MAX, as the nearest double below it
  }
}

// 16 hexadecimal digits.
std::uint64_t hash_of(const std::string& text, const char* member) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.size() != 16)
    throw BadEvent{formatted("'{}' has a hash that is not 16 digits", member)};
  return value;
}

Numbers Reader::numbers(const char* name) const {
  const Reader in(need(name, Value::Kind::object));
  Numbers n;
  n.dtype = dtype_by_name(in.text("dtype"), name);
  n.shape = shape_of(in.integers("shape"), name);
  if (in.has("data")) {
    n.data = in.need("data", Value::Kind::list).list;
    if (static_cast<std::int64_t>(n.data.size()) != n.shape.numel())
      throw BadEvent{formatted("'{}' has {} numbers for its shape {}", name, n.data.size(), to_string(n.shape))};
    fit(n.data, n.dtype, name);
    return n;
  }
  if (hashes_ && in.has("hash")) {
    n.hash = hash_of(in.text("hash"), name);
    return n;
  }
  const Reader stats(in.need("stats", Value::Kind::object));
  n.stats = std::make_shared<const Stats>(Stats{.min = stats.number_or_nan("min"),
                                                .max = stats.number_or_nan("max"),
                                                .mean = stats.number_or_nan("mean"),
                                                .std = stats.number_or_nan("std"),
                                                .norm = stats.number_or_nan("norm"),
                                                .nan = stats.integer("nan"),
                                                .inf = stats.integer("inf"),
                                                .zero = stats.integer("zero"),
                                                .head = in.need("head", Value::Kind::list).list,
                                                .tail = in.need("tail", Value::Kind::list).list});
  return n;
}

std::vector<Attribute> Reader::attributes(const char* name) const {
  std::vector<Attribute> all;
  for (const auto& [key, value] : need(name, Value::Kind::object).members) {
    Attribute a{.name = key};
    if (value.kind == Value::Kind::flag) {
      a.kind = Attribute::Kind::flag;
      a.flag = value.flag;
    } else if (value.kind == Value::Kind::list) {
      a.kind = Attribute::Kind::list;
      for (const double n : value.list) a.list.push_back(as_integer(n, "attributes"));
    } else if (is_number(value)) {
      a.number = value.number;
      a.integer = value.integral ? value.integer : 0;
    } else {
      throw BadEvent{formatted("attribute '{}' is of an unknown kind", key)};
    }
    all.push_back(std::move(a));
  }
  return all;
}

std::vector<std::pair<std::string, Numbers>> Reader::tensors(const char* name) const {
  std::vector<std::pair<std::string, Numbers>> all;
  if (!has(name)) return all;
  const Value& object = need(name, Value::Kind::object);
  for (const auto& [key, value] : object.members) all.emplace_back(key, Reader(object, hashes_).numbers(key.c_str()));
  return all;
}

Check check(const Reader& in) {
  Check c{.tape = in.small("tape"), .walk = in.small("walk"), .node = in.small("node")};
  c.kind = in.text("kind");
  c.verdict = in.text("verdict");
  c.slot = in.small_or("slot", -1);
  c.op = in.text_or("op");
  c.why = in.text_or("why");
  if (c.verdict == "skipped") return c;
  c.h = in.number("h");
  c.error = in.number("error");
  c.local = in.numbers_if("local");
  if (c.kind == "elements") {
    c.analytic_each = in.numbers("analytic");
    c.numeric_each = in.numbers("numeric");
    c.at = in.integer("at");
  } else {
    c.analytic = in.number("analytic");
    c.numeric = in.number("numeric");
  }
  return c;
}

Step step(const Reader& in) {
  Step s{.step = in.small("step"), .tensor = in.small_or("tensor", -1)};
  s.optimizer = in.text("optimizer");
  s.parameter = in.text("parameter");
  s.count = in.integer("count");
  s.lr = in.number("lr");
  s.ratio = in.number("ratio");
  s.formula = in.text_or("formula");
  s.loc = in.place("loc");
  s.before = in.numbers_if("before");
  s.after = in.numbers_if("after");
  s.grad = in.numbers_if("grad");
  s.state = in.tensors("state");
  return s;
}

Walk walk(const Reader& in) {
  Walk w{.tape = in.small("tape"), .walk = in.small("walk"), .from = in.small("from")};
  w.what = in.text("what");
  w.recorded = in.flag("recorded");
  w.loc = in.place("loc");
  if (in.has("value")) w.value = in.number("value");
  if (in.has("targets")) w.targets = in.nodes("targets");
  return w;
}

Warning warning(const Reader& in) {
  Warning w{.code = in.text("code"), .text = in.text("text")};
  w.tape = in.small_or("tape", 0);
  w.node = in.small_or("node", 0);
  w.walk = in.small_or("walk", 0);
  w.has_node = in.has("node");
  return w;
}

}  // namespace

std::optional<Body> body_of(const JsonValue& v, bool hashes) {
  const Reader in(v, hashes);
  const std::string& ev = in.text("ev");
  const auto tape = [&] { return in.small("tape"); };
  const auto number = [&] { return in.small("walk"); };
  if (ev == "op")
    return Op{.tape = tape(),
              .node = in.small("node"),
              .op = in.text("op"),
              .rule = in.text("rule"),
              .scope = in.text("scope"),
              .formula = in.text_or("formula"),
              .letters = in.text_or("letters"),
              .builtin = in.flag("builtin"),
              .inputs = in.nodes("inputs"),
              .attributes = in.attributes("attributes"),
              .loc = in.place("loc"),
              .value = in.numbers("value")};
  if (ev == "leaf")
    return Leaf{.tape = tape(),
                .node = in.small("node"),
                .name = in.text("name"),
                .scope = in.text("scope"),
                .constant = in.flag("constant"),
                .tensor = in.small_or("tensor", -1),
                .loc = in.place("loc"),
                .value = in.numbers("value")};
  if (ev == "visit")
    return Visit{.tape = tape(),
                 .walk = number(),
                 .node = in.small("node"),
                 .arrived = in.small("arrived"),
                 .of = in.small("of"),
                 .grad = in.numbers("grad")};
  if (ev == "contribution")
    return Contribution{.tape = tape(),
                        .walk = number(),
                        .from = in.small("from"),
                        .slot = in.small("slot"),
                        .to = in.small("to"),
                        .k = in.small("k"),
                        .of = in.small("of"),
                        .fused = in.flag("fused"),
                        .raw = in.numbers_if("raw"),
                        .before = in.numbers_if("before"),
                        .added = in.numbers("added"),
                        .after = in.numbers("after")};
  if (ev == "accumulate")
    return Accumulate{.tape = tape(),
                      .walk = number(),
                      .node = in.small("node"),
                      .tensor = in.small_or("tensor", -1),
                      .grad = in.numbers("grad")};
  if (ev == "check") return check(in);
  if (ev == "tape")
    return TapeBegin{.tape = tape(), .thread = in.small("thread"), .step = in.small("step"), .full = in.flag("full")};
  if (ev == "walk") return walk(in);
  if (ev == "walk_end") return WalkEnd{.tape = tape(), .walk = number(), .complete = in.flag("complete")};
  if (ev == "tape_end") return TapeEnd{.tape = tape(), .nodes = in.small("nodes")};
  if (ev == "step") return step(in);
  if (ev == "zero_grad")
    return ZeroGrad{.step = in.small("step"), .tensor = in.small_or("tensor", -1), .name = in.text("name")};
  if (ev == "mutation") {
    Mutation m{.step = in.small("step"), .tensor = in.small_or("tensor", -1), .what = in.text("what")};
    m.name = in.text("name");
    m.version = in.integer("version");
    m.loc = in.place("loc");
    m.shape = shape_of(in.integers("shape"), "shape");
    return m;
  }
  if (ev == "scalar") return Scalar{.step = in.small("step"), .name = in.text("name"), .value = in.number("value")};
  if (ev == "warning") return warning(in);
  if (ev == "error") {
    Failure f{.tape = in.small_or("tape", 0), .op = in.text("op"), .wrong = in.text("wrong")};
    f.got = in.text_or("got");
    f.expected = in.text_or("expected");
    f.advice = in.text_or("advice");
    f.loc = in.place("loc");
    return f;
  }
  if (ev == "dropped") return Dropped{.events = in.integer("events")};
  if (ev == "end") return End{.events = in.integer("events"), .ok = in.flag("ok")};
  return std::nullopt;
}

Header header_of(const JsonValue& v) {
  const Reader in(v);
  if (in.text("ev") != "header" || in.text("format") != "gradus-trace") throw BadEvent{"line 1 is not a header"};
  Header h{.version = in.small("version")};
  if (h.version > newest_version) return h;
  h.library = in.text("library");
  h.program = in.text("program");
  h.directory = in.text("directory");
  h.checks = in.text("checks");
  h.steps = in.text("steps");
  h.time = in.integer("time");
  h.values = in.integer("values");
  h.ring = in.integer("ring");
  h.threads = in.small_or("threads", 0);
  h.isa = in.text_or("isa");
  h.hashes = in.has("hashes");
  if (h.hashes && in.text("hashes") != "xxh64") throw BadEvent{"its hashes are of an unknown kind"};
  return h;
}

}  // namespace gradus::study::trace
