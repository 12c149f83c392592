// Timing that both sides of a comparison share.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace bench {

inline double seconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class F>
double seconds_of(const F& f) {
  const double begin = seconds(CLOCK_MONOTONIC);
  f();
  return seconds(CLOCK_MONOTONIC) - begin;
}

inline double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

// Runs step for about that long and prints "CPU-ms WALL-ms STEPS": medians over pieces of five milliseconds or a step.
template <class Step>
void report(const Step& step, double duration) {
  for (int i = 0; i < 3; ++i) step();
  std::vector<double> cpu, wall;
  long steps = 0, piece = 1;
  const double begin = seconds(CLOCK_MONOTONIC);
  while (seconds(CLOCK_MONOTONIC) - begin < duration || cpu.size() < 3) {
    const double c = seconds(CLOCK_PROCESS_CPUTIME_ID), w = seconds(CLOCK_MONOTONIC);
    for (long i = 0; i < piece; ++i) step();
    const double took = seconds(CLOCK_MONOTONIC) - w;
    cpu.push_back((seconds(CLOCK_PROCESS_CPUTIME_ID) - c) / static_cast<double>(piece));
    wall.push_back(took / static_cast<double>(piece));
    steps += piece;
    if (took < 0.005) cpu.clear(), wall.clear(), piece *= 2;
  }
  std::printf("%.6f %.6f %ld\n", 1e3 * median(cpu), 1e3 * median(wall), steps);
}

// Runs step in turns with a switch off and on, and prints "OFF-MS ON-MS RATIO STEPS": medians of wall time, and of on
// over off, pair by pair.
template <class Step, class Switch>
void report_both(const Step& step, const Switch& turn, double duration) {
  std::vector<double> times[2], ratios;
  long steps = 0, piece = 1;
  const double begin = seconds(CLOCK_MONOTONIC);
  while (seconds(CLOCK_MONOTONIC) - begin < duration || ratios.size() < 3) {
    double took[2];
    for (const int on : {0, 1}) {
      turn(on == 1);
      step();  // the first finds other pieces in the caches
      const double w = seconds(CLOCK_MONOTONIC);
      for (long i = 0; i < piece; ++i) step();
      took[on] = (seconds(CLOCK_MONOTONIC) - w) / static_cast<double>(piece);
      times[on].push_back(took[on]);
    }
    ratios.push_back(took[1] / took[0]);
    steps += piece;
    if (took[0] * static_cast<double>(piece) < 0.005) times[0].clear(), times[1].clear(), ratios.clear(), piece *= 2;
  }
  std::printf("%.6f %.6f %.4f %ld\n", 1e3 * median(times[0]), 1e3 * median(times[1]), median(ratios), steps);
}

}  // namespace bench
