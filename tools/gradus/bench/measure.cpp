// Measuring the processor, the memory and the library.
#include "bench/measure.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include <gradus/gradus.hpp>

extern char** environ;

namespace gradus::tool {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The shortest time of `work`, repeated for about `budget` seconds and three times at least.
template <class Work>
double shortest(double budget, const Work& work) {
  double best = 1e9;
  const auto begin = Clock::now();
  for (int i = 0; i < 3 || seconds_since(begin) < budget; ++i) {
    const auto start = Clock::now();
    work();
    best = std::min(best, seconds_since(start));
  }
  return best;
}

// ---- multiply-adds in registers ----

template <int bytes>
struct Vector {
  typedef float type __attribute__((vector_size(bytes)));
};

// Twelve sums that do not wait for each other.
template <int bytes, std::size_t... k>
[[gnu::always_inline]] inline float multiply_add(std::int64_t rounds, std::index_sequence<k...>) {
  using V = typename Vector<bytes>::type;
  V sum[sizeof...(k)] = {(V{} + static_cast<float>(k))...};
  V factor = V{} + 0.999f, term = V{} + 1e-3f;
  asm volatile("" : "+m"(factor), "+m"(term));  // not for the compiler to know
  for (std::int64_t i = 0; i < rounds; ++i) ((sum[k] = sum[k] * factor + term), ...);
  V all = (sum[k] + ...);
  return all[0];
}
using Twelve = std::make_index_sequence<12>;

#ifdef __x86_64__
[[gnu::target("avx512f,fma")]] float fma_v4(std::int64_t rounds) { return multiply_add<64>(rounds, Twelve()); }
[[gnu::target("avx2,fma")]] float fma_v3(std::int64_t rounds) { return multiply_add<32>(rounds, Twelve()); }
#endif
float fma_base(std::int64_t rounds) { return multiply_add<16>(rounds, Twelve()); }

struct Loop {
  float (*run)(std::int64_t rounds);
  double flops;  // a round
};

Loop widest() {
#ifdef __x86_64__
  if (processor_level() == "v4") return {fma_v4, 12 * 16 * 2};
  if (processor_level() == "v3") return {fma_v3, 12 * 8 * 2};
#endif
  return {fma_base, 12 * 4 * 2};
}

}  // namespace

double fma_peak(int threads) {
  const Loop loop = widest();
  constexpr std::int64_t rounds = 200'000;
  const auto one = [&] {
    const double best = shortest(0.2, [&] { [[maybe_unused]] volatile float used = loop.run(rounds); });
    return loop.flops * rounds / best;
  };
  std::vector<double> rates(static_cast<std::size_t>(threads));
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < rates.size(); ++i) others.emplace_back([&, i] { rates[i] = one(); });
  rates[0] = one();
  for (std::thread& t : others) t.join();
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return 1e-9 * sum;
}

double gemm_peak() {
  constexpr std::int64_t n = 1024;
  const Tensor a = rand({n, n}), b = rand({n, n});
  return 1e-9 * 2. * n * n * n / shortest(0.5, [&] { matmul(a, b); });
}

double memory_bandwidth() {
  constexpr std::int64_t n = 16 << 20;
  Tensor x = zeros({n});
  const Tensor y = ones({n});
  return 1e-9 * 12. * n / shortest(0.4, [&] { x.add_(y); });
}

Overhead overhead() {
  constexpr int length = 2000;
  const Tensor a = scalar(1).requires_grad_(), b = scalar(1);
  Overhead best{1e9, 1e9};
  const auto begin = Clock::now();
  while (seconds_since(begin) < 0.3) {
    Tape tape;
    Tensor x = a * b;
    auto start = Clock::now();
    for (int i = 0; i < length; ++i) x = x * b;
    best.record = std::min(best.record, 1e9 * seconds_since(start) / length);
    start = Clock::now();
    tape.backward(x);
    best.walk = std::min(best.walk, 1e9 * seconds_since(start) / length);
  }
  return best;
}

double cold_start() {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  char program[] = "/proc/self/exe", version[] = "--version";
  char* words[] = {program, version, nullptr};
  bool ran = true;
  const double best = shortest(0.2, [&] {
    pid_t child = 0;
    int status = 0;
    ran = ran && posix_spawn(&child, program, &files, nullptr, words, environ) == 0 &&
          waitpid(child, &status, 0) == child && status == 0;
  });
  posix_spawn_file_actions_destroy(&files);
  return ran ? 1e3 * best : 0;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != line.npos) return line.substr(colon + 2);
  return "unknown";
}

std::string processor_level() {
#ifdef __x86_64__
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return "base";
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vl")
             ? "v4"
             : "v3";
#else
  return "base";
#endif
}

}  // namespace gradus::tool
