// Reading a trace (src/study/trace/TRACE.md): the events of a file in order, each as a struct.
//
//   const study::trace::File file = study::read_trace("run.trace.jsonl");
//   for (const study::trace::Event& e : file.events)
//     if (const auto* op = std::get_if<study::trace::Op>(&e.body)) std::puts(op->op.c_str());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gradus/error.hpp>
#include <gradus/tensor.hpp>

namespace gradus::study {

/// The events of a trace. The members are those of TRACE.md; a number that the event leaves out keeps its default.
namespace trace {

/// A line of the traced program.
struct Place {
  std::string file = {};
  int line = 0;
};

/// The summary of a tensor above the recorder's limit of elements, over its finite elements.
struct Stats {
  double min = 0, max = 0, mean = 0, std = 0, norm = 0;  ///< NaN if no element is finite
  std::int64_t nan = 0, inf = 0, zero = 0;
  std::vector<double> head = {}, tail = {};  ///< the first and the last 16 elements
};

/// A recorded tensor: all its numbers, or a summary.
struct Numbers {
  DType dtype = f64;
  Shape shape = {};
  std::vector<double> data = {};  ///< row-major, rounded to dtype. Empty if there is a summary instead
  std::shared_ptr<const Stats> stats = {};
  bool has_data() const { return !stats; }
  Tensor tensor() const;  ///< a tensor of that shape and dtype; needs has_data()
};

/// An operation's attribute: a number, true or false, or a list of integers.
struct Attribute {
  enum class Kind { number, flag, list };
  std::string name = {};
  Kind kind = Kind::number;
  double number = 0;
  std::int64_t integer = 0;  ///< the number, if it was written as an integer
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
  double analytic = 0, numeric = 0;                                          ///< of `local` and `direction`
  std::optional<Numbers> local = {}, analytic_each = {}, numeric_each = {};  ///< of `elements`
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
  std::size_t line;  ///< in the file, from 1
  Body body;
};

/// What read_trace() found. Reading stops at the first line that is damaged; all events before it are here.
struct File {
  std::string path = {};
  Header header = {};
  std::vector<Event> events = {};  ///< all known ones but the header
  std::size_t unknown = 0;         ///< events of a kind that this version does not know
  std::string broken = {};         ///< why reading stopped before the end of the file; "" if it did not
  bool unreadable = false;         ///< a line is damaged; false if the file just ends in the middle of a line
  bool ended = false;              ///< the last event is `end`
  std::size_t last_line = 0;       ///< the last line that was read
  /// Sentences for the user: a damaged line, a missing end, unknown events. May be empty.
  std::vector<std::string> remarks() const;
};

}  // namespace trace

/// Reads a trace. Throws an Error if the file cannot be read, is not a regular file, does not begin with a trace's
/// header, or has a newer version. What the file asks for in memory stays in proportion to its size: a line of more
/// than 256 MiB or of more than 10,000 members is damaged.
trace::File read_trace(const std::string& path, Loc where = Loc::current());

/// The same from the bytes of a trace, for programs that have it in memory. `name` stands for the path in messages.
trace::File parse_trace(std::string_view bytes, const std::string& name, Loc where = Loc::current());

}  // namespace gradus::study
