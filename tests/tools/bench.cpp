// gradus bench and GRADUS_PROFILE, as a user meets them.
#ifdef GRADUS_TOOL
#include <nlohmann/json.hpp>

#include <gradus/gradus.hpp>
#include <gradus/machine.hpp>

#include "run.hpp"

using namespace gradus;
using support::contains, support::Program;

TEST_CASE("bench: what it prints as JSON") {
  const Program gradus;
  const auto run = gradus("bench --json --threads 1", "unset OPENBLAS_CORETYPE GRADUS_ISA;");
  INFO(run.out, run.err);
  REQUIRE(run.code == 0);
  const auto j = nlohmann::ordered_json::parse(run.out);
  std::string keys;
  for (const auto& [key, value] : j.items()) keys += key + ' ';
  CHECK(keys ==
        "gradus processor processor_level instruction_set blas blas_core threads fma_gflops gemm_gflops "
        "memory_gb_per_s record_ns walk_ns cold_start_ms warnings ");
  for (const char* key : {"gradus", "processor", "processor_level", "instruction_set", "blas"}) {
    INFO(key);
    REQUIRE(j[key].is_string());
    CHECK(!j[key].get<std::string>().empty());
  }
  for (const char* key : {"fma_gflops", "gemm_gflops", "memory_gb_per_s", "record_ns", "walk_ns", "cold_start_ms"}) {
    INFO(key);
    REQUIRE(j[key].is_number_float());
    CHECK(j[key].get<double>() > 0);
  }
  CHECK(j["threads"] == 1);
  CHECK(j["instruction_set"] == j["processor_level"]);
#ifdef GRADUS_HAVE_CBLAS
  CHECK(contains(j["blas"], "BLAS"));
  CHECK(contains(blas(), j["blas"]));
#else
  CHECK(j["blas"] == "built-in");
  CHECK(contains(run.err, "OpenBLAS"));
#endif
}

TEST_CASE("bench: for people") {
  const Program gradus;
  const auto run = gradus("bench --threads 2");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "2 threads", "multiply-add peak", "matrix products", "% of the peak", "GB/s",
              "recorded operation", "walked operation", "cold start", instruction_set());
}

TEST_CASE("bench: warns of kernels older than the processor, and says what to do") {
  const Program gradus;
#if defined(GRADUS_HAVE_CBLAS) && defined(__x86_64__)
  const auto run = gradus("bench --json", "OPENBLAS_CORETYPE=Nehalem");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  const auto j = nlohmann::json::parse(run.out);
  if (contains(j["blas"], "OpenBLAS") && j["processor_level"] != "base") {
    CHECK(j["blas_core"] == "Nehalem");
    CHECK_PARTS(run.err, "warning: OpenBLAS runs its kernels for Nehalem", "this processor has AVX", "% of its peak",
                "unset OPENBLAS_CORETYPE");
    CHECK(contains(j["warnings"].dump(), "unset OPENBLAS_CORETYPE"));
  }
#endif
  const auto forced = gradus("bench", "GRADUS_ISA=base");
  CHECK(forced.code == 0);
  CHECK(contains(forced.out, "base kernels"));
  if (instruction_set() != "base") CHECK(contains(forced.err, "unset GRADUS_ISA"));
}

TEST_CASE("bench: a haswell's kernels where there is AVX-512") {
#ifdef GRADUS_HAVE_CBLAS
  const Program gradus;
  const auto run = gradus("bench --json", "OPENBLAS_CORETYPE=Haswell");
  INFO(run.out, run.err);
  REQUIRE(run.code == 0);
  const auto j = nlohmann::json::parse(run.out);
  if (contains(j["blas"], "OpenBLAS") && j["processor_level"] == "v4") {
    CHECK_PARTS(run.err, "for Haswell (AVX2), and this processor has AVX-512", "unset OPENBLAS_CORETYPE");
  } else {
    CHECK(!contains(run.err, "for Haswell"));
  }
#endif
}

TEST_CASE("bench: bad usage") {
  const Program gradus;
  for (const char* line : {"bench --threads 0", "bench --threads many", "bench fast"}) {
    const auto run = gradus(line);
    INFO(line, ": ", run.err);
    CHECK(run.code == 2);
    CHECK(run.out.empty());
    CHECK(run.err.starts_with("gradus: "));
  }
}

TEST_CASE("GRADUS_PROFILE prints a table on stderr when the program ends") {
  const Program gradus;
  const auto run = gradus("train --net mlp:16 --epochs 1 --quiet", "GRADUS_PROFILE=1");
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.err, "gradus profile: ", "operation", "addmm", "forward", "backward", "AdamW", "step", "GFLOP/s");
  CHECK(!contains(run.out, "gradus profile"));
  for (const char* off : {"GRADUS_PROFILE=0", "GRADUS_PROFILE=", "unset GRADUS_PROFILE;"}) {
    INFO(off);
    CHECK(gradus("train --net mlp:16 --epochs 1 --quiet", off).err.empty());
  }
}
#endif
