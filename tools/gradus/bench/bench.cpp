// gradus bench: the speed of this machine, the speed of the library on it, and what slows the library down.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include <gradus/machine.hpp>
#include <gradus/threads.hpp>

#include "bench/measure.hpp"
#include "cli/options.hpp"
#include "cli/print.hpp"

namespace gradus::tool {
namespace {

struct BenchOptions {
  std::int64_t threads = 0;  // 0: all that this process may use
  bool json = false;
  std::string products;  // a file to write
};

// "OpenBLAS 0.3.21, Cooperlake"
struct Blas {
  std::string name, core;
};
Blas split(const std::string& text) {
  const auto comma = text.find(", ");
  return comma == text.npos ? Blas{text, ""} : Blas{text.substr(0, comma), text.substr(comma + 2)};
}

// The vectors that OpenBLAS's kernels for a processor use. A name that is not listed counts as new.
std::string level_of_core(std::string core) {
  std::ranges::transform(core, core.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* old :
       {"prescott",   "core2",     "katmai",      "coppermine",  "northwood", "banias",       "penryn",
        "dunnington", "nehalem",   "sandybridge", "athlon",      "opteron",   "opteron_sse3", "barcelona",
        "bobcat",     "bulldozer", "piledriver",  "steamroller", "atom",      "nano",         "generic"})
    if (core == old) return "base";
  for (const char* middle : {"haswell", "zen", "excavator"})
    if (core == middle) return "v3";
  return "v4";
}

std::string vectors(const std::string& level) {
  if (level == "v4") return "AVX-512";
  return level == "v3" ? "AVX2" : "SSE2";
}

std::string environment(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

// What slows the library down, and what to do about it.
std::vector<std::string> warnings(const Blas& b, double share) {
  std::vector<std::string> found;
  const std::string has = processor_level();  // "base" < "v3" < "v4"
  if (b.name == "built-in") {
    found.push_back(
        "this build has no OpenBLAS, and its matrix products are many times slower; on Debian: apt-get install "
        "libopenblas-dev, and build again");
  } else if (!b.core.empty() && level_of_core(b.core) < has) {
    const std::string chosen = environment("OPENBLAS_CORETYPE");
    found.push_back(
        fmt::format("OpenBLAS runs its kernels for {} ({}), and this processor has {}: matrix products "
                    "reach {:.0f} % of its peak; {}",
                    b.core, vectors(level_of_core(b.core)), vectors(has), 100 * share,
                    chosen.empty() ? fmt::format("it does not know the processor: export OPENBLAS_CORETYPE={}",
                                                 has == "v4" ? "SkylakeX" : "Haswell")
                                   : fmt::format("OPENBLAS_CORETYPE={} says so: unset OPENBLAS_CORETYPE", chosen)));
  }
  if (instruction_set() < has && !environment("GRADUS_ISA").empty())
    found.push_back(
        fmt::format("the library's own loops use {}, and this processor has {}; GRADUS_ISA={} says so: "
                    "unset GRADUS_ISA",
                    vectors(instruction_set()), vectors(has), environment("GRADUS_ISA")));
  return found;
}

nlohmann::ordered_json measure() {
  const Blas b = split(blas());
  const Overhead o = overhead();
  const double fma = fma_peak(num_threads()), gemm = gemm_peak();
  return {{"gradus", GRADUS_VERSION},
          {"processor", processor()},
          {"processor_level", processor_level()},
          {"instruction_set", instruction_set()},
          {"blas", b.name},
          {"blas_core", b.core},
          {"threads", num_threads()},
          {"fma_gflops", fma},
          {"gemm_gflops", gemm},
          {"memory_gb_per_s", memory_bandwidth()},
          {"record_ns", o.record},
          {"walk_ns", o.walk},
          {"cold_start_ms", cold_start()},
          {"warnings", warnings(b, gemm / fma)}};
}

// Measures which matrix products are whose, prints the table and stores it.
Exit bench_products(const std::string& file) {
  const std::string text = fmt::format(
      "# Gradus {}, {} kernels; {}; {}\n# dtype, layout, interval of m, of n; for each interval "
      "of k: 1 is the library's own kernel, 0 the CBLAS\n{}",
      GRADUS_VERSION, instruction_set(), blas(), processor(), measure_products());
  tool::print("{}", text);
  std::ofstream out(file);
  out << text;
  out.close();
  if (!out) {
    fmt::print(stderr, "gradus: {} could not be written\n", file);
    return file_trouble;
  }
  fmt::print(stderr, "gradus: wrote {}; it is used where the environment has GRADUS_PRODUCTS={}\n", file, file);
  return success;
}

Exit bench(const BenchOptions& o) {
  if (!o.products.empty()) return bench_products(o.products);
  if (o.threads > 0) set_num_threads(static_cast<int>(o.threads));
  const nlohmann::ordered_json m = measure();
  const auto text = [&](const char* key) { return m[key].get<std::string>(); };
  const auto number = [&](const char* key) { return m[key].get<double>(); };
  if (o.json) {
    tool::print("{}\n", m.dump(2));
  } else {
    tool::print("gradus {}, {} kernels ({}), {} thread{}\n", text("gradus"), text("instruction_set"),
                vectors(text("instruction_set")), num_threads(), num_threads() == 1 ? "" : "s");
    tool::print("{}{}\n", text("blas"), text("blas_core").empty() ? "" : ", kernels for " + text("blas_core"));
    tool::print("{} ({})\n\n", text("processor"), vectors(text("processor_level")));
    tool::print("multiply-add peak   {:9.1f} GFLOP/s  f32, in registers\n", number("fma_gflops"));
    tool::print("matrix products     {:9.1f} GFLOP/s  1024 x 1024: {:.0f} % of the peak\n", number("gemm_gflops"),
                100 * number("gemm_gflops") / number("fma_gflops"));
    tool::print("memory              {:9.1f} GB/s     x += y, 64 MiB each\n", number("memory_gb_per_s"));
    tool::print("recorded operation  {:9.1f} ns       one element\n", number("record_ns"));
    tool::print("walked operation    {:9.1f} ns\n", number("walk_ns"));
    tool::print("cold start          {:9.1f} ms       of this program\n", number("cold_start_ms"));
  }
  for (const auto& warning : m["warnings"]) fmt::print(stderr, "gradus: warning: {}\n", warning.get<std::string>());
  return success;
}

}  // namespace

void add_bench(CommandLine& program) {
  auto options = std::make_shared<BenchOptions>();
  BenchOptions& o = *options;
  Command& command = program.add("bench", "measure this machine, and say what slows the library down");
  command.runs([options] { return bench(*options); });
  command.footer("Takes about three seconds. Warnings go to standard error.");
  command.whole("--threads", o.threads, {1, 1024}, "threads of the library [all that this process may use]");
  command.flag("--json", o.json, "print JSON");
  command.text(
      "--products", o.products, "FILE",
      "measure instead which matrix products are faster by the library's own kernel, and write the table to FILE");
}

}  // namespace gradus::tool
