// Cases of Group alone.
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <thread>

#include "worker.hpp"

using namespace gradus;

namespace {

// Each call once, with results that each rank checks by itself.
int calls(const Words&) {
  dist::Group group;
  const int n = group.size();
  Tensor x = full({1000}, group.rank() + 1.0);
  group.all_reduce(x);
  if (!equal(x, full({1000}, n * (n + 1) / 2.0))) return 10;
  Tensor one = full({1}, group.rank() + 1.0, f64);
  group.all_reduce(one);
  if (one.item() != n * (n + 1) / 2.0) return 11;
  Tensor none = zeros({0});
  group.all_reduce(none);
  Tensor whole = full({3}, group.rank(), i64);
  group.all_reduce(whole);
  if (whole.at({2}) != n * (n - 1) / 2.0) return 12;
  Tensor y = full({7}, group.rank());
  group.broadcast(y, n - 1);
  if (!equal(y, full({7}, n - 1.0))) return 13;
  const auto texts = group.all_gather(std::string(static_cast<std::size_t>(group.rank()), 'x'));
  for (int r = 0; r < n; ++r)
    if (texts[static_cast<std::size_t>(r)].size() != static_cast<std::size_t>(r)) return 14;
  group.barrier();
  std::printf("%s, local %d\n", group.to_string().c_str(), group.local_rank());
  return 0;
}

// Numbers of many magnitudes and both signs, which each rank draws for all. Their sum is exact in `Wide`.
template <class T, class Wide>
int within_bound(dist::Group& group, double unit) {
  const std::int64_t count = 20'000;
  const DType dtype = sizeof(T) == 4 ? f32 : f64;
  std::vector<Wide> exact(static_cast<std::size_t>(count));
  std::vector<Wide> magnitudes(static_cast<std::size_t>(count));
  Tensor mine;
  for (int r = 0; r < group.size(); ++r) {
    manual_seed(100 + static_cast<std::uint64_t>(r));
    const Tensor x = randn({count}, dtype) * exp(3 * randn({count}, dtype));
    if (r == group.rank()) mine = x.clone();
    const auto numbers = x.data<T>();
    for (std::size_t i = 0; i < exact.size(); ++i) {
      exact[i] += numbers[i];
      magnitudes[i] += std::abs(numbers[i]);
    }
  }
  group.all_reduce(mine);
  const auto sum = mine.data<T>();
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i)
    worst = std::max(worst, static_cast<double>(std::abs(sum[i] - exact[i]) / (unit * magnitudes[i])));
  std::printf("%.3f %a\n", worst, gradus::sum(mine.to(f64)).item());  // in u Σ|x|
  return worst <= group.size() - 1 ? 0 : 10;
}

int rounding(const Words&) {
  dist::Group group;
  const int code = within_bound<float, double>(group, 0x1p-24);
  return code != 0 ? code : within_bound<double, long double>(group, 0x1p-53);
}

// Sizes as the words say: one for each rank.
int sizes(const Words& words) {
  dist::Group group;
  Tensor x = ones({std::stoll(words[static_cast<std::size_t>(group.rank())])});
  group.all_reduce(x);
  return 0;
}

// The kind of the first call differs.
int kinds(const Words&) {
  dist::Group group;
  Tensor x = ones({4});
  if (group.rank() == 1)
    group.barrier();
  else
    group.all_reduce(x);
  return 0;
}

int two_groups(const Words&) {
  for (int i = 0; i < 3; ++i) {
    dist::Group group;
    Tensor x = ones({10});
    group.all_reduce(x);
    if (x.at({0}) != group.size()) return 10;
  }
  return 0;
}

// goes WAY [CALL]: rank 1 goes in one of several ways while the others call on; they say what they see.
int goes(const Words& words) {
  dist::Group group;
  Tensor x = ones({100'000});
  const int when = words.size() > 1 ? std::stoi(words[1]) : 20;
  for (int i = 0; i < 1'000'000; ++i) {
    if (i == when && group.rank() == 1) {
      if (words[0] == "kill") ::kill(::getpid(), SIGKILL);
      if (words[0] == "throw") throw Error("the test", {.wrong = "something else happened"});
      if (words[0] == "exit") ::_exit(7);
      if (words[0] == "sleep") std::this_thread::sleep_for(std::chrono::seconds(6));
      if (words[0] == "return") return 0;
    }
    x.fill_(1);
    group.all_reduce(x);
  }
  return 0;
}

int only_construct(const Words&) {
  const dist::Group group;
  std::printf("%d of %d\n", group.rank(), group.size());
  return 0;
}

int by_folder(const Words& words) {
  dist::Group group({.folder = words[0]});
  Tensor x = ones({10});
  group.all_reduce(x);
  std::printf("%g\n", x.at({0}));
  return 0;
}

}  // namespace

std::map<std::string, Case> group_cases() {
  return {{"calls", calls},           {"sizes", sizes},      {"kinds", kinds},
          {"two_groups", two_groups}, {"goes", goes},        {"only_construct", only_construct},
          {"by_folder", by_folder},   {"rounding", rounding}};
}
