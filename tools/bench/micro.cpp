// Micro-benchmarks, by Google Benchmark: operations there and back, matrix products, recording, optimizers.
//
//   bench_micro --benchmark_filter='gemm|tanh' [--threads=N]     (and the rest of Google Benchmark's options)
#include <benchmark/benchmark.h>

#include <gradus/gradus.hpp>

#include <cstdlib>
#include <string>

using namespace gradus;
using benchmark::State;

namespace {

using Unary = Tensor (*)(const Tensor&);

struct Named {
  const char* name;
  Unary of;
};

const Named operations_[] = {
    {"relu", [](const Tensor& x) { return relu(x); }},
    {"add", [](const Tensor& x) { return x + x; }},
    {"mul", [](const Tensor& x) { return x * x; }},
    {"exp", [](const Tensor& x) { return exp(x); }},
    {"log", [](const Tensor& x) { return log(x); }},
    {"tanh", [](const Tensor& x) { return tanh(x); }},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }},
    {"gelu", [](const Tensor& x) { return gelu(x); }},
    {"gelu_tanh", [](const Tensor& x) { return gelu(x, Gelu::tanh); }},
    {"softmax", [](const Tensor& x) { return softmax(x, -1); }},
    {"log_softmax", [](const Tensor& x) { return log_softmax(x, -1); }},
    {"layer_norm", [](const Tensor& x) { return layer_norm(x, {x.size(-1)}); }},
    {"sum", [](const Tensor& x) { return sum(x); }},
    {"sum_rows", [](const Tensor& x) { return sum(x, {1}); }},
    {"sum_columns", [](const Tensor& x) { return sum(x, {0}); }},
    {"max", [](const Tensor& x) { return max(x); }},
    {"transpose", [](const Tensor& x) { return contiguous(x.t()); }},
};

void forward(State& state, Unary of) {
  const std::int64_t rows = state.range(0), columns = state.range(1);
  const Tensor x = rand({rows, columns}) + 0.5;
  for (auto _ : state) benchmark::DoNotOptimize(of(x));
  state.SetItemsProcessed(state.iterations() * rows * columns);
}

void both_ways(State& state, Unary of) {
  const std::int64_t rows = state.range(0), columns = state.range(1);
  const Tensor x = (rand({rows, columns}) + 0.5).requires_grad_(), g = randn(of(x).shape());
  for (auto _ : state) {
    Tape tape;
    benchmark::DoNotOptimize(tape.gradient(of(x), {x}, {.cotangent = g}));
  }
  state.SetItemsProcessed(state.iterations() * rows * columns);
}

// m, n, k, and which of the two is transposed.
void gemm(State& state) {
  const std::int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  const bool ta = state.range(3) == 1, tb = state.range(3) == 2;
  const Tensor a = ta ? randn({k, m}) : randn({m, k}), b = tb ? randn({n, k}) : randn({k, n});
  for (auto _ : state) benchmark::DoNotOptimize(matmul(a, b, {.transpose_a = ta, .transpose_b = tb}));
  state.counters["FLOP/s"] =
      benchmark::Counter(2. * static_cast<double>(m * n * k), benchmark::Counter::kIsIterationInvariantRate);
}

void convolution(State& state) {
  const std::int64_t in = state.range(0), out = state.range(1), side = state.range(2), kernel = state.range(3);
  const Tensor x = randn({16, in, side, side}).requires_grad_(), w = randn({out, in, kernel, kernel}).requires_grad_();
  const Tensor g = randn(conv2d(x, w).shape());
  for (auto _ : state) {
    Tape tape;
    benchmark::DoNotOptimize(tape.gradient(conv2d(x, w), {x, w}, {.cotangent = g}));
  }
  state.counters["FLOP/s"] = benchmark::Counter(3 * 2. * static_cast<double>(g.numel() * in * kernel * kernel),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

constexpr int chain = 1000;

void record(State& state) {
  const Tensor a = scalar(1).requires_grad_(), b = scalar(1);
  for (auto _ : state) {
    Tape tape;
    Tensor x = a * b;
    for (int i = 1; i < chain; ++i) x = x * b;
  }
  state.SetItemsProcessed(state.iterations() * chain);
}

void record_and_walk(State& state) {
  const Tensor a = scalar(1).requires_grad_(), b = scalar(1);
  for (auto _ : state) {
    Tape tape;
    Tensor x = a * b;
    for (int i = 1; i < chain; ++i) x = x * b;
    benchmark::DoNotOptimize(tape.gradient(x, {a}));
  }
  state.SetItemsProcessed(state.iterations() * chain);
}

void unrecorded(State& state) {
  const Tensor b = scalar(1);
  Tensor x = scalar(1);
  for (auto _ : state) x = x * b;
  state.SetItemsProcessed(state.iterations());
}

// `range(0)` tensors of a million numbers in all.
template <class Optimizer>
void step(State& state, typename std::remove_cvref_t<decltype(std::declval<Optimizer&>().options())> options) {
  constexpr std::int64_t all = 1'000'000;
  std::vector<Tensor> parameters;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    Tensor p = randn({all / state.range(0)}).requires_grad_();
    p.set_grad(randn(p.shape()));
    parameters.push_back(p);
  }
  Optimizer optimizer(parameters, options);
  for (auto _ : state) optimizer.step();
  state.SetItemsProcessed(state.iterations() * all);
}

void sized(benchmark::internal::Benchmark* b) {
  b->Args({1, 64})->Args({64, 128})->Args({1024, 1024})->Args({16384, 1024})->Unit(benchmark::kMicrosecond);
}

// Rates are per second of one thread's time, or, with several, of the clock on the wall.
template <class... What>
benchmark::internal::Benchmark* add(const std::string& name, What&&... what) {
  auto* b = benchmark::RegisterBenchmark(name.c_str(), std::forward<What>(what)...);
  return num_threads() > 1 ? b->UseRealTime() : b;
}

void register_all() {
  for (const Named& o : operations_) {
    sized(add(std::string(o.name) + "/forward", forward, o.of));
    sized(add(std::string(o.name) + "/both_ways", both_ways, o.of));
  }
  auto* products = add("gemm", gemm)->Unit(benchmark::kMicrosecond);
  products->ArgNames({"m", "n", "k", "transposed"});
  for (const auto& [m, n, k] : {std::array{4, 8, 2},
                                {64, 128, 784},
                                {64, 10, 128},
                                {128, 1024, 1024},
                                {128, 10, 1024},
                                {768, 384, 128},
                                {768, 512, 128},
                                {32, 512, 128},
                                {64, 64, 32},
                                {1024, 1024, 1024}})
    for (int transposed = 0; transposed < 3; ++transposed) products->Args({m, n, k, transposed});
  add("conv2d/both_ways", convolution)
      ->ArgNames({"in", "out", "side", "kernel"})
      ->Args({1, 6, 28, 5})
      ->Args({6, 16, 12, 5})
      ->Args({1, 32, 28, 3})
      ->Args({32, 64, 26, 3})
      ->Args({64, 64, 14, 1})
      ->Unit(benchmark::kMicrosecond);
  add("mul_of_one/unrecorded", unrecorded);
  add("mul_of_one/record", record);
  add("mul_of_one/record_and_walk", record_and_walk);
  const auto both = [](benchmark::internal::Benchmark* b) { b->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond); };
  both(add("SGD", step<optim::SGD>, optim::SGDOptions{}));
  both(add("SGD_momentum", step<optim::SGD>, optim::SGDOptions{.momentum = 0.9}));
  both(add("Adam", step<optim::Adam>, optim::AdamOptions{}));
  both(add("AdamW", step<optim::AdamW>, optim::AdamWOptions{}));
  both(add("RMSprop", step<optim::RMSprop>, optim::RMSpropOptions{}));
  both(add("Lion", step<optim::Lion>, optim::LionOptions{}));
}

}  // namespace

int main(int count, char** argument) {
  benchmark::Initialize(&count, argument);
  int threads = 1;
  for (int i = 1; i < count; ++i)
    if (const std::string word = argument[i]; word.starts_with("--threads="))
      threads = std::atoi(word.c_str() + 10), argument[i--] = argument[--count];
  if (benchmark::ReportUnrecognizedArguments(count, argument) || threads < 1) return 2;
  set_num_threads(threads);
  manual_seed(1);
  register_all();
  benchmark::RunSpecifiedBenchmarks();
}
