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
  std::string file = {};  ///< as the compiler was given it
  int line = 0;           ///< from 1
};

/// The summary of a tensor above the recorder's limit of elements, over its finite elements.
struct Stats {
  double min = 0, max = 0, mean = 0, std = 0, norm = 0;  ///< NaN if no element is finite
  std::int64_t nan = 0, inf = 0, zero = 0;               ///< how many elements
  std::vector<double> head = {}, tail = {};              ///< the first and the last 16 elements
};

/// A recorded tensor: all its numbers, a summary, or a hash.
struct Numbers {
  DType dtype = f64;                        ///< of the tensor
  Shape shape = {};                         ///< of the tensor
  std::vector<double> data = {};            ///< row-major, rounded to dtype. Empty if there is a summary or a hash
  std::shared_ptr<const Stats> stats = {};  ///< the summary, or null
  std::optional<std::uint64_t> hash = {};   ///< in a trace of hashes: XXH64 of the bytes, row-major
  bool has_data() const { return !stats && !hash; }  ///< are all numbers here?
  Tensor tensor() const;                             ///< a tensor of that shape and dtype; needs has_data()
};

/// An operation's attribute: a number, true or false, or a list of integers.
struct Attribute {
  /// Which of the members below counts.
  enum class Kind { number, flag, list };
  std::string name = {};                ///< as in Op::fields
  Kind kind = Kind::number;             ///< what it is
  double number = 0;                    ///< of Kind::number
  std::int64_t integer = 0;             ///< the number, if it was written as an integer
  bool flag = false;                    ///< of Kind::flag
  std::vector<std::int64_t> list = {};  ///< of Kind::list
};

/// The first line of a trace.
struct Header {
  int version = 0;                                         ///< of the format
  std::string library = {}, program = {}, directory = {};  ///< Gradus's version; the program, where it ran
  std::string checks = {}, steps = {};                     ///< the options of the recorder
  std::int64_t time = 0, values = 0, ring = 0;             ///< seconds since 1970; the options of the recorder
  std::int64_t threads = 0;                                ///< of the library when the trace began; 0: not told
  std::string isa = {};                                    ///< the instruction set, likewise
  bool hashes = false;                                     ///< tensors have hashes instead of numbers
};
/// Older events that a ring does not hold any more.
struct Dropped {
  std::int64_t events = 0;  ///< how many
};
/// A tape begins.
struct TapeBegin {
  int tape = 0, thread = 0, step = 0;  ///< numbers from 1, 0 and 0
  bool full = true;                    ///< false: recorded in outline
};
/// A leaf or a constant on a tape, or a new value of a leaf.
struct Leaf {
  int tape = 0, node = 0;             ///< node < 0: a constant that the tape does not count
  std::string name = {}, scope = {};  ///< "fc1.weight", "encoder.fc1"; empty if there is none
  bool constant = false;              ///< is it without gradient?
  int tensor = -1;                    ///< the parameter's number in the whole trace, or -1
  Place loc = {};                     ///< where it was first used
  Numbers value = {};                 ///< at that time
};
/// An operation.
struct Op {
  int tape = 0, node = 0;                      ///< the node is its result
  std::string op = {}, rule = {}, scope = {};  ///< "matmul"; "da = g b   db = gᵀ a"; "encoder.fc1"
  std::string formula = {}, letters = {};      ///< "y = a bᵀ"; "a b": those of the inputs; "" in older traces
  bool builtin = false;                        ///< is it one of the library's?
  std::vector<int> inputs = {};                ///< nodes
  std::vector<Attribute> attributes = {};      ///< in the order of Op::fields
  Place loc = {};                              ///< where it was called
  Numbers value = {};                          ///< its result
};
/// A walk back begins.
struct Walk {
  int tape = 0, walk = 0, from = 0;              ///< from: the node where it starts
  std::string what = {};                         ///< "backward" or "gradient"
  bool recorded = false;                         ///< is the walk itself recorded?
  std::optional<double> value = {};              ///< of `from`, if it is one number
  std::optional<std::vector<int>> targets = {};  ///< nodes; none: all leaves
  Place loc = {};                                ///< where it was called
};
/// A node with its complete gradient; then its rule runs.
struct Visit {
  int tape = 0, walk = 0, node = 0, arrived = 0, of = 0;  ///< arrived, of: contributions that came, and in all
  Numbers grad = {};                                      ///< of the value's shape
};
/// A rule gives one input a part of its gradient.
struct Contribution {
  int tape = 0, walk = 0, from = 0, slot = 0, to = 0;  ///< input `slot` of node `from` is node `to`
  int k = 0, of = 0;                                   ///< contribution k of so many
  bool fused = false;                                  ///< a kernel added by itself: the sum holds up to rounding
  std::optional<Numbers> raw = {}, before = {};        ///< before it was summed; the sum so far
  Numbers added = {}, after = {};                      ///< the contribution; the sum with it
};
/// A leaf's .grad() after a walk was added to it.
struct Accumulate {
  int tape = 0, walk = 0, node = 0, tensor = -1;  ///< the leaf
  Numbers grad = {};                              ///< its .grad()
};
/// A walk ends.
struct WalkEnd {
  int tape = 0, walk = 0;  ///< which
  bool complete = true;    ///< false: an error ended it
};
/// What the program itself measured of a derivative.
struct Check {
  int tape = 0, walk = 0, node = 0, slot = -1;                   ///< slot: the input, of `local`
  std::string kind = {}, verdict = {}, op = {}, why = {};        ///< why: of the verdict "skipped"
  double h = 0, error = 0;                                       ///< the step; the relative error
  double analytic = 0, numeric = 0;                              ///< of `local` and `direction`
  std::optional<Numbers> local = {};                             ///< the local derivative, element by element
  std::optional<Numbers> analytic_each = {}, numeric_each = {};  ///< of `elements`
  std::int64_t at = 0;                                           ///< the flat index of the largest error
};
/// A tape ends.
struct TapeEnd {
  int tape = 0, nodes = 0;  ///< which, and how long it was
};
/// An optimizer updates one parameter.
struct Step {
  int step = 0, tensor = -1;                                  ///< of the optimizer; the parameter's number
  std::string optimizer = {}, parameter = {};                 ///< "AdamW", "fc1.weight"
  std::int64_t count = 0;                                     ///< updates of this parameter, from 1
  double lr = 0, ratio = 0;                                   ///< ratio: norm of the update / norm before
  std::optional<Numbers> before = {}, after = {}, grad = {};  ///< none in outline
  std::vector<std::pair<std::string, Numbers>> state = {};    ///< of the optimizer, by name
  std::string formula = {};                                   ///< what it did, with numbers; "" in older traces
  Place loc = {};                                             ///< the line of opt.step(), if known
};
/// zero_grad() on one parameter.
struct ZeroGrad {
  int step = 0, tensor = -1;  ///< of the optimizer; the parameter's number
  std::string name = {};      ///< of the parameter
};
/// A mutator changes a parameter in place.
struct Mutation {
  int step = 0, tensor = -1;         ///< of the optimizer; the parameter's number
  std::string what = {}, name = {};  ///< "fill_"; the parameter
  Shape shape = {};                  ///< of the tensor that was changed
  std::int64_t version = 0;          ///< of the storage, after it
  Place loc = {};                    ///< where it was called
};
/// A number that the program recorded with study::scalar().
struct Scalar {
  int step = 0;           ///< of the optimizer
  std::string name = {};  ///< "loss"
  double value = 0;       ///< the number
};
/// Something that the recorder found worth a word.
struct Warning {
  std::string code = {}, text = {};  ///< "nonfinite", and a sentence
  int tape = 0, node = 0, walk = 0;  ///< where; 0 if it does not say
  bool has_node = false;             ///< does it name a node?
};
/// An Error was made under a tape. If nothing of that tape but its end follows, this is what stopped the program.
struct Failure {
  int tape = 0;                                                           ///< the live one
  std::string op = {}, wrong = {}, got = {}, expected = {}, advice = {};  ///< of the Error; `got` has the shapes
  Place loc = {};                                                         ///< the user's line
};
/// The end of a complete trace.
struct End {
  std::int64_t events = 0;  ///< lines before this one
  bool ok = true;           ///< false: an exception was under way
};

/// Any event but the header.
using Body = std::variant<Dropped, TapeBegin, Leaf, Op, Walk, Visit, Contribution, Accumulate, WalkEnd, Check, TapeEnd,
                          Step, ZeroGrad, Mutation, Scalar, Warning, Failure, End>;
/// A line of the file.
struct Event {
  std::size_t line;  ///< in the file, from 1
  Body body;         ///< what it says
};

/// What read_trace() found. Reading stops at the first line that is damaged; all events before it are here.
struct File {
  std::string path = {};           ///< as it was given
  Header header = {};              ///< the first line
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
