// Is my gradient right? Compares the derivatives by the rules with differences of the function, in f64.
//
//   gradcheck([](Tensor a, Tensor b) { return gate(a, b, 2); }, {randn({3, 4}), randn({4})}, {.order = 2})
#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus {

struct GradcheckOptions {
  int order = 1;                    ///< 2: also the derivatives of the gradient, with respect to inputs and cotangent
  double rtol = 1e-5, atol = 1e-6;  ///< ok if |rules - differences| <= atol + rtol times the larger of both
  std::int64_t each_up_to = 64;     ///< inputs of more elements are checked along `directions` random directions
  int directions = 4;               ///< at least 1
  std::uint64_t seed = 1;           ///< of the random cotangents and directions
};

/// What a comparison came to.
enum class Verdict {
  ok,
  kink,   ///< there is no derivative here, and the gradient lies between the one-sided ones: not an error
  wrong,  ///< the gradient is not the derivative
  zero,   ///< only zeros were compared: the function does not depend on this input here
  jump,   ///< the function is not continuous here: an error, because it has no derivative
};
const char* name(Verdict verdict);  ///< "ok", "kink", …

/// One input at one order, at its worst element or direction.
struct InputVerdict {
  int input;                 ///< number of the input; at order 2 the cotangents of the outputs follow the inputs
  int order;                 ///< 1 or 2
  Verdict verdict;           ///< what the comparison came to
  std::int64_t at;           ///< element, or -1 - k for direction k
  double analytic, numeric;  ///< by the rules, by differences
};

/// All comparisons of one gradcheck.
struct GradcheckResult {
  bool ok = false;                   ///< no verdict is wrong or jump, and something other than zeros was compared
  std::vector<InputVerdict> inputs;  ///< one for each input and order
  std::string reason;                ///< why it is not ok
  std::string blame;  ///< the operation whose own rule fails, with its line, where there is one: "gate (my.cpp:12)"
  /// whether all is right
  explicit operator bool() const { return ok; }
};
std::string to_string(const GradcheckResult& result);  ///< a table for people

namespace detail {

/// A callable of tensors, seen through a pointer: f(inputs) -> outputs.
struct Function {
  const void* self;
  std::vector<Tensor> (*call)(const void* self, const std::vector<Tensor>& inputs);
  std::vector<Tensor> operator()(const std::vector<Tensor>& x) const { return call(self, x); }
};

inline std::vector<Tensor> as_list(Tensor y) { return {std::move(y)}; }
inline std::vector<Tensor> as_list(std::vector<Tensor> y) { return y; }

template <class F, std::size_t... I>
std::vector<Tensor> spread(const F& f, const std::vector<Tensor>& x, std::index_sequence<I...>) {
  return as_list(f(x[I]...));
}
template <class F, std::size_t N, class... T>
constexpr std::size_t arity() {
  if constexpr (std::invocable<const F&, T...> && sizeof...(T) > 0)
    return sizeof...(T);
  else if constexpr (sizeof...(T) < N)
    return arity<F, N, T..., const Tensor&>();
  else
    return 0;
}
template <class F>
Function function(const F& f) {
  return {&f, [](const void* self, const std::vector<Tensor>& x) {
            const F& g = *static_cast<const F*>(self);
            if constexpr (std::invocable<const F&, const std::vector<Tensor>&>)
              return as_list(g(x));
            else
              return spread(g, x, std::make_index_sequence<arity<F, 8>()>());
          }};
}
template <class F>
constexpr int inputs_of() {
  if constexpr (std::invocable<const F&, const std::vector<Tensor>&>)
    return -1;
  else
    return static_cast<int>(arity<F, 8>());
}

GradcheckResult gradcheck(const Function& f, int takes, const std::vector<Tensor>& inputs, const GradcheckOptions&,
                          Loc);

}  // namespace detail

/// Checks f: a callable of one to eight tensors, or of a std::vector<Tensor>, that returns a tensor or several.
/// Floating-point inputs are converted to f64 and checked; others are passed on. Cotangents are random. f is called
/// many times, with or without a tape, each time with the same random numbers of the default generator. Works under a
/// live tape, which is put aside. Throws if two calls of f differ, if f works in f32 only, and for options out of
/// range.
template <class F>
GradcheckResult gradcheck(const F& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {},
                          Loc where = Loc::current()) {
  return detail::gradcheck(detail::function(f), detail::inputs_of<F>(), inputs, options, where);
}

}  // namespace gradus
