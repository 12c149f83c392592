// Which instruction set and which BLAS: chosen once, at the first use.
#include <string>
#include <string_view>

#include "isa.hpp"
#include "parallel.hpp"
#include "settings.hpp"

#ifdef GRADUS_HAVE_CBLAS
// OpenBLAS's own entries, weak so that any CBLAS links.
extern "C" {
void openblas_set_num_threads(int) __attribute__((weak));
char* openblas_get_config() __attribute__((weak));
char* openblas_get_corename() __attribute__((weak));
}
#endif

namespace gradus::kernels {
namespace {

#include "conv_plan.inl"

#ifdef GRADUS_X86_64
bool has_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
// By its parts: "x86-64-v4" is not a name that every clang knows.
bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

const Kernels& choose() {
  const Kernels* wanted = nullptr;
  isa_setting(wanted);
  if (wanted) return *wanted;
  for (const char* isa : {"v4", "v3"})
    if (const Kernels* k = level(isa)) return *k;
  return kernels_base(f64_base());
}

// Two pools would fight over the same cores; ours splits the products.
void quiet_blas() {
#ifdef GRADUS_HAVE_CBLAS
  [[maybe_unused]] static const bool once = (openblas_set_num_threads && (openblas_set_num_threads(1), true));
#endif
}

std::string describe_blas() {
#ifdef GRADUS_HAVE_CBLAS
  if (!openblas_get_config) return "CBLAS";
  const std::string_view config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …"
  std::string name(config.substr(0, config.find(' ', config.find(' ') + 1)));
  if (openblas_get_corename) name.append(", ").append(openblas_get_corename());
  return name;
#else
  return "built-in";
#endif
}

}  // namespace

const Kernels& active() {
  static const Kernels& chosen = choose();
  return chosen;
}

const Kernels* level(const char* isa) {
  quiet_blas();
  const std::string_view name = isa;
  if (name == "base") return &kernels_base(f64_base());
#ifdef GRADUS_X86_64
  if (name == "v3" && has_v3()) return &kernels_v3(f64_v3());
  if (name == "v4" && has_v4()) return &kernels_v4(f64_v4());
#endif
  return nullptr;
}

// For either form: which one it is may change before the kernel runs.
Index conv_scratch(const Conv& v) {
  const ConvPlan p = plan_conv(v);
  const Index threads = num_threads();
  Index most_of_all = threads * p.columns + p.batches * p.weights;
  const auto lanes = [&](const Conv& c) {
    const LanesPlan l = plan_lanes(c);
    most_of_all = most(most_of_all, l.packed + threads * (l.turned + l.made));
  };
  if (suits_lanes(v)) lanes(v);
  if (suits_input_lanes(v)) lanes(adjoint(v));
  const auto direct = [&](const Conv& c) {
    const DirectPlan d = plan_direct(c);
    most_of_all = most(most_of_all, d.packed + threads * (d.bordered + d.made));
  };
  if (v.n % kImages && suits_direct(v)) direct(v);
  if (v.n % kImages && suits_input_direct(v)) direct(adjoint(v));
  if (suits_weight_lanes(v)) {
    const WeightLanesPlan w = plan_weight_lanes(v);
    most_of_all =
        most(most_of_all, whole_lines(w.batches * p.weights) + threads * (w.input.turned + w.arrived + w.sums));
  }
  return most_of_all;
}

const char* blas_name() {
  static const std::string name = describe_blas();
  return name.c_str();
}

}  // namespace gradus::kernels
