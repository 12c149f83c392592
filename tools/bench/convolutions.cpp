// The three passes of convolutions on one thread, in batches that take the lanes (src/kernels/conv_lanes.inl) and in
// batches of seven, which take the columns. Microseconds for as many images, and how many times faster the lanes are.
#include <gradus/gradus.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include "clock.hpp"

using namespace gradus;
using bench::seconds_of;

namespace {

struct Layer {
  const char* name;
  std::int64_t images, channels, outputs, kernel, size, stride, padding, groups;
};

constexpr Layer layers[] = {{"LeNet 1", 64, 1, 6, 5, 28, 1, 0, 1},        {"LeNet 2", 64, 6, 16, 5, 12, 1, 0, 1},
                            {"W5 1", 64, 1, 32, 3, 28, 1, 0, 1},          {"W5 2", 64, 32, 64, 3, 26, 1, 0, 1},
                            {"64 at 14", 64, 64, 64, 3, 14, 1, 1, 1},     {"128 at 7", 64, 128, 128, 3, 7, 1, 1, 1},
                            {"3 to 16 at 32", 64, 3, 16, 3, 32, 1, 1, 1}, {"16 at 32", 64, 16, 16, 3, 32, 1, 1, 1},
                            {"stride 2", 64, 32, 64, 3, 14, 2, 1, 1},     {"5x5", 64, 16, 32, 5, 14, 1, 2, 1},
                            {"depthwise", 64, 32, 32, 3, 14, 1, 1, 32},   {"4 groups", 64, 32, 32, 3, 14, 1, 1, 4}};
constexpr std::int64_t few = 7;

// The least of many times, in microseconds.
double least(const std::function<void()>& f) {
  f();
  double best = 1e30;
  double spent = 0;
  for (int i = 0; i < 3 || spent < 0.05; ++i) {
    const double took = seconds_of(f);
    best = std::min(best, took);
    spent += took;
  }
  return best * 1e6;
}

struct Passes {
  double forward, input, weight;
};
Passes measure(const Layer& l, std::int64_t images) {
  const Tensor x = randn({images, l.channels, l.size, l.size}),
               w = randn({l.outputs, l.channels / l.groups, l.kernel, l.kernel});
  const Conv2dOptions options{.stride = l.stride, .padding = l.padding, .groups = l.groups};
  const Tensor g = randn(conv2d(x, w, {}, options).shape());
  return {least([&] { (void)conv2d(x, w, {}, options); }), least([&] {
            (void)conv2d_input(w, g, {l.size, l.size}, options);
          }),
          least([&] {
            (void)conv2d_weight(x, g, {l.kernel, l.kernel}, options);
          })};
}

}  // namespace

int main() {
  set_num_threads(1);
  std::printf("%-14s %26s %26s\n", "", "lanes, microseconds", "columns / lanes");
  for (const Layer& l : layers) {
    const Passes lanes = measure(l, l.images), columns = measure(l, few);
    const double times = static_cast<double>(l.images) / static_cast<double>(few);
    std::printf("%-14s %8.0f %8.0f %8.0f %8.2f %8.2f %8.2f\n", l.name, lanes.forward, lanes.input, lanes.weight,
                columns.forward * times / lanes.forward, columns.input * times / lanes.input,
                columns.weight * times / lanes.weight);
  }
}
