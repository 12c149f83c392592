// Saving and loading a safetensors file beside cp, in turns: files [MEGABYTES] [ROUNDS] [FOLDER]
//
// cp leaves the bytes in the disk cache, and a save ends when they are on the disk: so a save is compared with cp and
// sync, and in a folder in memory (/dev/shm) with cp alone. The peak of memory is that of a process that only loads.
#include <gradus/gradus.hpp>
#include <gradus/io/io.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/clock.hpp"

using namespace gradus;

namespace {

void shell(const std::string& line) {
  if (std::system(line.c_str()) != 0) std::exit(1);
}

// MiB of memory at most while f runs in a process of its own, without what that had before.
template <class F>
double peak(const F& f) {
  int ends[2];
  if (::pipe(ends) != 0) std::exit(1);
  const pid_t child = ::fork();
  if (child == 0) {
    rusage before, after;
    ::getrusage(RUSAGE_SELF, &before);
    f();
    ::getrusage(RUSAGE_SELF, &after);
    const long grown = after.ru_maxrss - before.ru_maxrss;
    ::_exit(::write(ends[1], &grown, sizeof grown) == sizeof grown ? 0 : 1);
  }
  long grown = 0;
  if (::read(ends[0], &grown, sizeof grown) != sizeof grown) std::exit(1);
  ::waitpid(child, nullptr, 0);
  return static_cast<double>(grown) / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  const long megabytes = argc > 1 ? std::atol(argv[1]) : 400;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  const std::string folder = argc > 3 ? argv[3] : ".";
  constexpr int tensors = 50;
  const std::string file = folder + "/bench.safetensors", copy = folder + "/bench.copy";
  // The first process that makes the file has ended before the memory of loading is measured.
  const auto state_of = [&] {
    StateDict state;
    for (int i = 0; i < tensors; ++i)
      state.emplace_back("layer." + std::to_string(i), full({megabytes * 1'000'000 / tensors / 1000 / 4, 1000}, i));
    return state;
  };
  const pid_t maker = ::fork();
  if (maker == 0) {
    set_num_threads(1);
    io::save(file, state_of());
    ::_exit(0);
  }
  ::waitpid(maker, nullptr, 0);
  const double memory = peak([&] { (void)io::load(file); });
  const double size = static_cast<double>(std::filesystem::file_size(file)) / (1 << 20);

  const StateDict state = state_of();
  std::vector<double> cp, synced, save, load;
  for (int round = -1; round < rounds; ++round) {  // the first round only warms
    std::filesystem::remove(copy);
    const double a = bench::seconds_of([&] { shell("cp " + file + " " + copy); });
    const double b = a + bench::seconds_of([&] { shell("sync " + copy); });
    std::filesystem::remove(copy);
    const double c = bench::seconds_of([&] { io::save(copy, state); });
    const double d = bench::seconds_of([&] { (void)io::load(file); });
    if (round < 0) continue;
    cp.push_back(a);
    synced.push_back(b);
    save.push_back(c);
    load.push_back(d);
  }
  std::filesystem::remove(file);
  std::filesystem::remove(copy);
  const auto report = [&](const char* what, const std::vector<double>& times, const std::vector<double>& beside) {
    const double t = bench::median(times);
    std::printf("%-9s %.3f s, %4.0f MB/s, %3.0f %% of cp's speed\n", what, t, static_cast<double>(megabytes) / t,
                100 * bench::median(beside) / t);
  };
  std::printf("%ld MB in %d tensors in %s, medians of %d\n", megabytes, tensors, folder.c_str(), rounds);
  report("cp", cp, cp);
  report("load", load, cp);
  report("cp, sync", synced, synced);
  report("save", save, synced);
  std::printf("load: peak memory %.1f MiB, the file has %.1f MiB\n", memory, size);
}
