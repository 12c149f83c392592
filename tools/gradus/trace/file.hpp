// A trace (src/study/trace/TRACE.md) as it is in a file: its events in order, each a struct.
#pragma once

#include <gradus/tensor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace gradus::tool::trace {

struct Place {
  std::string file = {};
  int line = 0;
};

// Of a tensor above the recorder's limit, over its finite elements.
struct Stats {
  double min = 0, max = 0, mean = 0, std = 0, norm = 0;  // NaN where nothing is finite
  std::int64_t nan = 0, inf = 0, zero = 0;
};

struct Numbers {
  DType dtype = f64;
  Shape shape = {};
  std::vector<double> data = {};  // row-major; f32 numbers are floats. Empty if there is a summary instead
  std::optional<Stats> stats = {};
  std::vector<double> head = {}, tail = {};
  bool whole() const { return !stats; }
  Tensor tensor() const;  // needs whole()
};

// An operation's attribute: a number, true or false, or a list of integers.
struct Attribute {
  enum class Kind { number, flag, list };
  std::string name = {};
  Kind kind = Kind::number;
  double number = 0;
  std::int64_t integer = 0;  // the number, where it was written as an integer
  bool flag = false;
  std::vector<std::int64_t> list = {};
};

struct Header {
  int version = 0;
  std::string library = {}, program = {}, directory = {}, checks = {}, steps = {};
  std::int64_t time = 0, values = 0, ring = 0;
};
struct Dropped {
  std::int64_t events = 0;
};
struct TapeBegin {
  int tape = 0, thread = 0, step = 0;
  bool full = true;
};
struct Leaf {
  int tape = 0, node = 0;
  std::string name = {}, scope = {};
  bool constant = false;
  int tensor = -1;
  Place loc = {};
  Numbers value = {};
};
struct Op {
  int tape = 0, node = 0;
  std::string op = {}, rule = {}, scope = {};
  bool builtin = false;
  std::vector<int> inputs = {};
  std::vector<Attribute> attributes = {};
  Place loc = {};
  Numbers value = {};
};
struct Walk {
  int tape = 0, walk = 0, from = 0;
  std::string what = {};
  bool recorded = false;
  std::optional<double> value = {};
  std::optional<std::vector<int>> targets = {};
  Place loc = {};
};
struct Visit {
  int tape = 0, walk = 0, node = 0, arrived = 0, of = 0;
  Numbers grad = {};
};
struct Contribution {
  int tape = 0, walk = 0, from = 0, slot = 0, to = 0, k = 0, of = 0;
  bool fused = false;
  std::optional<Numbers> raw = {}, before = {};
  Numbers added = {}, after = {};
};
struct Accumulate {
  int tape = 0, walk = 0, node = 0, tensor = -1;
  Numbers grad = {};
};
struct WalkEnd {
  int tape = 0, walk = 0;
  bool complete = true;
};
struct Check {
  int tape = 0, walk = 0, node = 0, slot = -1;
  std::string kind = {}, verdict = {}, op = {}, why = {};
  double h = 0, error = 0;
  double analytic = 0, numeric = 0;                                          // local, direction
  std::optional<Numbers> local = {}, analytic_each = {}, numeric_each = {};  // elements
  std::int64_t at = 0;
};
struct TapeEnd {
  int tape = 0, nodes = 0;
};
struct Step {
  int step = 0, tensor = -1;
  std::string optimizer = {}, parameter = {};
  std::int64_t count = 0;
  double lr = 0, ratio = 0;
  std::optional<Numbers> before = {}, after = {}, grad = {};
  std::vector<std::pair<std::string, Numbers>> state = {};
  Place loc = {};
};
struct ZeroGrad {
  int step = 0, tensor = -1;
  std::string name = {};
};
struct Mutation {
  int step = 0, tensor = -1;
  std::string what = {}, name = {};
  Shape shape = {};
  std::int64_t version = 0;
  Place loc = {};
};
struct Scalar {
  int step = 0;
  std::string name = {};
  double value = 0;
};
struct Warning {
  std::string code = {}, text = {};
  int tape = 0, node = 0, walk = 0;
  bool has_node = false;
};
struct End {
  std::int64_t events = 0;
  bool ok = true;
};

using Body = std::variant<Dropped, TapeBegin, Leaf, Op, Walk, Visit, Contribution, Accumulate, WalkEnd, Check, TapeEnd,
                          Step, ZeroGrad, Mutation, Scalar, Warning, End>;
struct Event {
  std::size_t line;  // in the file, from 1
  Body body;
};

struct File {
  std::string path = {};
  Header header = {};
  std::vector<Event> events = {};  // all known ones but the header
  std::size_t unknown = 0;         // lines of a kind that this program does not know
  std::string broken = {};         // why reading stopped before the end of the file; "" if it did not
  bool unreadable = false;         // and it was not merely the end of the file in the middle of a line
  bool ended = false;              // there is an `end`
  std::size_t last_line = 0;       // the last one that was read
  // "the trace ends early, after line 12", what is broken, unknown events: what a reader should be told; may be empty.
  std::vector<std::string> remarks() const;
};

// Throws Stop (file_trouble): the file is missing, is not a trace, or is of a newer version.
File read(const std::string& path);

}  // namespace gradus::tool::trace
