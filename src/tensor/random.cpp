// Random tensors. Each draw takes numel counters of a generator, so what comes next does not depend on threads.

#include "kernels/random.hpp"
#include "kernels/parallel.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus {
namespace {

constexpr std::int64_t grain = 4096;  // numbers for one thread

// fill(counter, n, p) writes n elements at p from the counter on; pieces of a draw go to several threads.
template <class T, class Fill>
void draw(Tensor& y, Generator& generator, Fill fill) {
  const std::uint64_t first = generator.draw(y.numel());
  T* p = detail::data<T>(y);
  kernels::parallel_for(y.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    fill(first + static_cast<std::uint64_t>(begin), end - begin, p + begin);
  });
}

template <class Fill>
Tensor floating(const Shape& shape, DType dtype, const char* operation, Loc where, Fill fill) {
  if (!is_floating(dtype)) {
    throw Error(operation,
                {.wrong = "needs a floating-point dtype",
                 .got = name(dtype),
                 .expected = "f32 or f64",
                 .advice = "use randint for i64"},
                detail::user_line(where));
  }
  Tensor y = detail::make(shape, dtype, operation, where);
  if (dtype == f32) {
    draw<float>(y, default_generator(), fill);
  } else {
    draw<double>(y, default_generator(), fill);
  }
  return y;
}

}  // namespace

Generator& default_generator() {
  static Generator generator;
  return generator;
}

void manual_seed(std::uint64_t seed) { default_generator().reset(seed); }

Tensor rand(Shape shape, DType dtype, Loc where) {
  return floating(shape, dtype, "rand", where, [seed = default_generator().seed()](auto counter, auto n, auto* y) {
    kernels::uniform(seed, counter, n, y);
  });
}

Tensor randn(Shape shape, DType dtype, Loc where) {
  return floating(shape, dtype, "randn", where, [seed = default_generator().seed()](auto counter, auto n, auto* y) {
    kernels::normal(seed, counter, n, y);
  });
}

Tensor randint(std::int64_t low, std::int64_t high, Shape shape, Loc where) {
  if (low >= high) {
    throw Error("randint",
                {.wrong = "the range is empty", .got = formatted("[{}, {})", low, high), .expected = "low < high"},
                detail::user_line(where));
  }
  Tensor y = detail::make(shape, i64, "randint", where);
  draw<std::int64_t>(y, default_generator(),
                     [=, seed = default_generator().seed()](auto counter, auto n, std::int64_t* p) {
                       kernels::integers(seed, counter, n, low, high, p);
                     });
  return y;
}

Tensor randperm(std::int64_t n, Loc where) { return randperm(n, default_generator(), where); }

Tensor randperm(std::int64_t n, Generator& generator, Loc where) {
  Tensor y = detail::make({n}, i64, "randperm", where);
  kernels::permutation(generator.seed(), generator.draw(n), n, detail::data<std::int64_t>(y));
  return y;
}

}  // namespace gradus
