// Write your own operation: one struct, one function.
//
//   struct Gate {                                              // y = a tanh(k b)
//     double k = 1;
//     static constexpr auto name = "gate", formula = "y = a tanh(k b)",
//                           rule = "da = g tanh(k b)   db = g a k (1 - tanh(k b)²)";
//     static constexpr Saves saves{in1, in0 | in1};            // entry i: what the gradient of input i reads
//     void fields(auto& v) const { v("k", k); }                // its attributes
//     Tensor forward(Fwd&, Ins in) const { return in[0] * tanh(in[1] * k); }
//     void vjp(Vjp& v) const {
//       Tensor t = tanh(v.in(1) * k);
//       if (v.wants(0)) v.give(0, v.g * t);
//       if (v.wants(1)) v.give(1, v.g * v.in(0) * k * (1.0 - t * t));
//     }
//   };
//   Tensor gate(Arg a, Arg b, double k) { return apply(Gate{.k = k}, a, b); }
//
// The built-in operations are written the same way. The rule, vjp(), uses public operations, so it can be
// differentiated again, to any order. formula and rule are what tools show: y of the inputs, and for each input its
// share of the gradient g, three spaces between. An operation may add
//
//   static constexpr auto inputs = "q k v";      // the letters of its inputs in these lines; else x, or a b c
//   std::string formula(int inputs) const;       // in the place of the constant, where the line depends on
//   std::string rule(int inputs) const;          // attributes or on how many inputs there are
//   void fast(Vjp&) const;                       // the same rule with fused kernels, used if the walk is not recorded
//   double flops(Ins, const Tensor& y) const;    // the arithmetic of its forward, for profiles: the gradient of each
//                                                // input that the rule saves something for counts as much again
//   static constexpr bool first_order = true;    // the rule reads numbers (item(), data(), to_vector()) and has no
//                                                // derivative: a recorded walk over the operation is an error
//
// In a recorded walk a rule that reads numbers of a tracked tensor throws: the second derivative would be 0 without a
// word. Extras are constants in such a walk: compute again what depends on the inputs. Several outputs: pack and unpack
// (ops/shape.hpp).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <gradus/tape.hpp>
#include <gradus/tensor.hpp>

namespace gradus {

class Vjp;
namespace io {
class OnnxRecipe;  ///< gradus/io/onnx.hpp: an operation may have a member void onnx(io::OnnxRecipe&) const
}

/// What a rule may read besides the incoming gradient: inputs, the output, extras that the forward kept.
inline constexpr std::uint32_t in0 = 1, in1 = 2, in2 = 4, in3 = 8, in4 = 16, in5 = 32, out0 = 256, extra0 = 512,
                               extra1 = 1024, extra2 = 2048;

/// For each input, what the rule of its gradient reads.
struct Saves {
  std::uint32_t of[8] = {};  ///< the masks
  int count = 0;             ///< how many there are
  constexpr Saves() = default;
  /// one mask for each input
  template <class... Mask>
  constexpr explicit(false) Saves(Mask... masks) : of{masks...}, count(sizeof...(masks)) {}
  /// Inputs beyond the last entry read what the last entry says.
  constexpr std::uint32_t operator[](int input) const { return count ? of[input < count ? input : count - 1] : 0; }
};

/// The inputs of a forward.
class Ins {
 public:
  /// the tensors
  explicit Ins(std::span<const Tensor* const> tensors) : tensors_(tensors) {}
  const Tensor& operator[](int i) const {  ///< throws if there is no such input
    if (static_cast<std::size_t>(i) >= tensors_.size()) refuse(i);
    return *tensors_[static_cast<std::size_t>(i)];
  }
  /// how many
  int size() const { return static_cast<int>(tensors_.size()); }

 private:
  [[noreturn]] void refuse(int i) const;
  std::span<const Tensor* const> tensors_;
};

/// What a forward may need besides its inputs: where the user called it, and a place for extra results.
class Fwd {
 public:
  /// of this operation at this line
  Fwd(const char* operation, Loc line) : name(operation), where(line) {}
  const char* name;  ///< the name of the operation
  Loc where;
  Tensor extras[3];  ///< for the rule (declare extra0 … in saves) and for the caller of apply

  /// throws an Error of this operation at the user's line
  [[noreturn]] void fail(Complaint complaint) const { throw Error(name, std::move(complaint), where); }
};

/// One visit of the walk: the incoming gradient `g`, and what the rule may read and give.
class Vjp {
 public:
  const Tensor& g;  ///< dL/dy, with the shape and dtype of the output y

  bool wants(int input) const;            ///< is the gradient of this input needed?
  const Tensor& in(int input) const;      ///< an input, as saved; throws if `saves` does not name it
  const Tensor& out() const;              ///< the output, as saved
  const Tensor& extra(int k) const;       ///< what the forward kept in Fwd::extras[k]
  Shape shape(int input) const;           ///< of an input that is wanted; needs no save
  DType dtype(int input) const;           ///< likewise
  int inputs() const;                     ///< how many
  void give(int input, Tensor gradient);  ///< adds to the gradient of that input, whose shape and dtype it must have

  // ---- for fast rules: in a walk that is recorded both throw ----
  /// The gradient of an input that is wanted, added up so far: a dense tensor that only this walk holds, zeros at
  /// first. Add to it in place.
  const Tensor& accumulator(int input);
  /// For kernels that can add to their output, as a matrix product does. Calls write(to, false), which fills `to` with
  /// the gradient, or, if there is a sum already, write(sum, true), which adds the gradient to that sum.
  template <class Write>
  void give_by(int input, const Write& write) {
    give_by(
        input, [](const void* w, const Tensor& to, bool add) { (*static_cast<const Write*>(w))(to, add); }, &write);
  }

 private:
  friend class BackwardPass;
  Vjp(BackwardPass& pass, int node, const Tensor& incoming);
  const Tensor& saved(std::uint32_t bit, const char* what, int k) const;
  [[noreturn]] void refuse_changed(const detail::Saved& s, const char* what, int k) const;
  [[noreturn]] void refuse_in_recorded_walk(const char* call) const;
  int target(int input) const;                  // the node of that input, or -1 where no gradient is wanted
  const detail::Node& wanted(int input) const;  // that node; throws where no gradient is wanted
  [[noreturn]] void refuse(int input, const detail::Node& x, const Tensor& gradient) const;
  void give_by(int input, void (*write)(const void* context, const Tensor& to, bool add), const void* context);
  void flush() {
    if (pending_ >= 0) flush_pending();
  }
  void flush_pending();

  BackwardPass& pass_;
  detail::Node& node_;
  int index_;
  int pending_ = -1;    // the input whose accumulator is handed out under observation …
  Tensor pending_sum_;  // … and that accumulator, not yet given
};

/// Receives an operation's attributes by name.
class Attributes {
 public:
  virtual ~Attributes() = default;
  virtual void number(const char* name, double& value) = 0;         ///< a floating-point attribute
  virtual void integer(const char* name, std::int64_t& value) = 0;  ///< an integer or enumeration
  virtual void flag(const char* name, bool& value) = 0;             ///< a bool
  virtual void list(const char* name, Shape& value) = 0;            ///< a list of integers

  /// calls one of the four functions above
  template <class T>
  void operator()(const char* name, const T& value) {
    ++count;
    auto& v = const_cast<T&>(value);  // a reader writes only into operations it has made itself
    if constexpr (std::same_as<T, bool>)
      flag(name, v);
    else if constexpr (std::floating_point<T>)
      convert<double>(name, v, &Attributes::number);
    else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>)
      convert<std::int64_t>(name, v, &Attributes::integer);
    else
      list(name, v);
  }
  int count = 0;  ///< how many there are

 private:
  template <class To, class T>
  void convert(const char* name, T& value, void (Attributes::*write)(const char*, To&)) {
    To v = static_cast<To>(value);
    (this->*write)(name, v);
    value = static_cast<T>(v);
  }
};

template <class Op>
concept Operation = requires(const Op op, Fwd& f, Ins in, Vjp& v, Attributes& a) {
  { Op::name } -> std::convertible_to<const char*>;
  requires requires {
    { Op::rule } -> std::convertible_to<const char*>;
  } || requires {
    { op.rule(1) } -> std::convertible_to<std::string>;
  };
  { Op::saves } -> std::convertible_to<Saves>;
  { op.forward(f, in) } -> std::same_as<Tensor>;
  op.vjp(v);
  op.fields(a);
};

namespace detail {

/// A line that tools show: a constant, or made from the attributes.
struct OpText {
  const char* constant;
  std::string (*made)(const void* op, int inputs);  ///< or null
  std::string operator()(const void* op, int inputs) const { return made ? made(op, inputs) : std::string(constant); }
};

/// The static face of an operation: function pointers, one table per type.
struct OpTable {
  const char* name;
  const char* inputs;  ///< the letters of its inputs, or ""
  OpText formula;      ///< "y = a b", or ""
  OpText rule;         ///< "da = g b   db = g a"
  Saves saves;
  bool first_order;  ///< its rule cannot be differentiated again
  std::size_t size;
  int members;
  Tensor (*forward)(const void* op, Fwd&, Ins);
  void (*vjp)(const void* op, Vjp&);
  void (*fast)(const void* op, Vjp&);                     ///< or null
  double (*flops)(const void* op, Ins, const Tensor& y);  ///< or null
  void (*onnx)(const void* op, io::OnnxRecipe&);          ///< or null
  void (*fields)(const void* op, Attributes&);
  void (*make)(void* to);  ///< default attributes; null for an operation without default constructor
  void (*copy)(void* to, const void* from);
  void (*destroy)(void* op);  ///< null when there is nothing to do
};

/// How many members an aggregate has, so that a field missing from fields() is noticed.
struct Anything {
  template <class T>
  operator T() const;
};
template <class Op, class... A>
consteval int members() {
  if constexpr (sizeof...(A) < 16 && requires { Op{A{}..., Anything{}}; })
    return members<Op, A..., Anything>();
  else
    return sizeof...(A);
}

template <class Op>
constexpr const char* letters_of() {
  if constexpr (requires {
                  { Op::inputs } -> std::convertible_to<const char*>;
                })
    return Op::inputs;
  else
    return "";
}

template <class Op>
constexpr OpText formula_of() {
  if constexpr (requires(const Op o) {
                  { o.formula(1) } -> std::convertible_to<std::string>;
                })
    return {"", [](const void* op, int inputs) -> std::string { return static_cast<const Op*>(op)->formula(inputs); }};
  else if constexpr (requires {
                       { Op::formula } -> std::convertible_to<const char*>;
                     })
    return {Op::formula, nullptr};
  else
    return {"", nullptr};
}
template <class Op>
constexpr OpText rule_of() {
  if constexpr (requires(const Op o) {
                  { o.rule(1) } -> std::convertible_to<std::string>;
                })
    return {"", [](const void* op, int inputs) -> std::string { return static_cast<const Op*>(op)->rule(inputs); }};
  else
    return {Op::rule, nullptr};
}

template <class Op>
constexpr auto fast_of() {
  using Fast = void (*)(const void*, Vjp&);
  if constexpr (requires(const Op op, Vjp& v) { op.fast(v); })
    return Fast([](const void* op, Vjp& v) { static_cast<const Op*>(op)->fast(v); });
  else
    return Fast(nullptr);
}

template <class Op>
constexpr bool is_first_order() {
  if constexpr (requires { Op::first_order; })
    return Op::first_order;
  else
    return false;
}

template <class Op>
constexpr auto flops_of() {
  using Flops = double (*)(const void*, Ins, const Tensor&);
  if constexpr (requires(const Op op, Ins in, const Tensor& y) { op.flops(in, y); })
    return Flops([](const void* op, Ins in, const Tensor& y) { return static_cast<const Op*>(op)->flops(in, y); });
  else
    return Flops(nullptr);
}

template <class Op>
constexpr auto onnx_of() {
  using Onnx = void (*)(const void*, io::OnnxRecipe&);
  if constexpr (requires(const Op op, io::OnnxRecipe& r) { op.onnx(r); })
    return Onnx([](const void* op, io::OnnxRecipe& r) { static_cast<const Op*>(op)->onnx(r); });
  else
    return Onnx(nullptr);
}

template <class Op>
constexpr auto make_of() {
  using Make = void (*)(void*);
  if constexpr (std::is_default_constructible_v<Op>)
    return Make([](void* to) { new (to) Op{}; });
  else
    return Make(nullptr);
}

template <Operation Op>
inline constexpr OpTable op_table{
    .name = Op::name,
    .inputs = letters_of<Op>(),
    .formula = formula_of<Op>(),
    .rule = rule_of<Op>(),
    .saves = Op::saves,
    .first_order = is_first_order<Op>(),
    .size = std::is_empty_v<Op> ? 0 : sizeof(Op),
    .members = std::is_empty_v<Op> ? 0 : members<Op>(),
    .forward = [](const void* op, Fwd& f, Ins in) { return static_cast<const Op*>(op)->forward(f, in); },
    .vjp = [](const void* op, Vjp& v) { static_cast<const Op*>(op)->vjp(v); },
    .fast = fast_of<Op>(),
    .flops = flops_of<Op>(),
    .onnx = onnx_of<Op>(),
    .fields = [](const void* op, Attributes& a) { static_cast<const Op*>(op)->fields(a); },
    .make = make_of<Op>(),
    .copy = [](void* to, const void* from) { new (to) Op(*static_cast<const Op*>(from)); },
    .destroy = std::is_trivially_destructible_v<Op> ? nullptr : +[](void* op) { static_cast<Op*>(op)->~Op(); },
};

Tensor apply(const OpTable& table, const void* op, std::span<const Arg> args, Tensor* extras = nullptr);

bool check_fields(const OpTable& table, const void* op, Loc where);  ///< throws if fields() lacks an attribute

/// The table of an operation, its fields checked on first use.
template <Operation Op>
const OpTable& table_of([[maybe_unused]] const Op& op, [[maybe_unused]] Loc where) {
  if constexpr (!std::is_empty_v<Op>) {
    static const bool complete = check_fields(op_table<Op>, &op, where);
    (void)complete;
  }
  return op_table<Op>;
}

}  // namespace detail

/// The built-in operations, each once: the tests go through all of them.
std::span<const detail::OpTable* const> operations();

/// Runs an operation and, if a tape is live and an input is on it, records it. A number among the arguments becomes a
/// constant of the first tensor's dtype and shape (). Throws if fields() of the operation does not list every member.
template <Operation Op>
Tensor apply(const Op& op, const Arg& a) {
  return detail::apply(detail::table_of(op, a.where), &op, {&a, 1});
}
template <Operation Op>
Tensor apply(const Op& op, const Arg& a, const Arg& b) {
  const Arg args[] = {a, b};
  return detail::apply(detail::table_of(op, a.where), &op, args);
}
template <Operation Op>
Tensor apply(const Op& op, const Arg& a, const Arg& b, const Arg& c) {
  const Arg args[] = {a, b, c};
  return detail::apply(detail::table_of(op, a.where), &op, args);
}
template <Operation Op>
Tensor apply(const Op& op, std::span<const Arg> args, Tensor* extras) {
  return detail::apply(detail::table_of(op, args.empty() ? Loc() : args[0].where), &op, args, extras);
}
/// Any list of arguments. Written with && because std::apply, which a std::vector drags in, is.
template <class Op, class Args>
requires Operation<std::remove_cvref_t<Op>> && std::convertible_to<Args, std::span<const Arg>> Tensor
apply(Op&& op, Args&& args) {
  const std::span<const Arg> list(args);
  return detail::apply(detail::table_of(op, list.empty() ? Loc() : list[0].where), &op, list);
}

/// For operations and layers built of others: while it lives, what they record carries `where`, the user's line.
class [[nodiscard]] At {
 public:
  explicit At(Loc where);  ///< from this line
  /// from the line of this argument
  explicit At(const Arg& arg) : At(arg.where) {}
  ~At();
  At(const At&) = delete;
  At& operator=(const At&) = delete;

 private:
  bool set_;
};

}  // namespace gradus
