// Reading GRADUS_NUM_THREADS and GRADUS_ISA.
#include "settings.hpp"

#include <cstdlib>
#include <string_view>

#include "kernels.hpp"

namespace gradus::kernels {
namespace {

const char* value_of(const char* variable) {
  const char* text = std::getenv(variable);
  return text && *text ? text : nullptr;
}

constexpr int most_threads = 1024;

// 0 if text is not a whole number from 1 to 1024.
int threads_of(std::string_view text) {
  int threads = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    threads = 10 * threads + (c - '0');
    if (threads > most_threads) return 0;
  }
  return threads;
}

const char* levels_here() {
  if (level("v4")) return "base, v3 or v4";
  if (level("v3")) return "base or v3, on this processor";
  return "base, on this processor";
}

}  // namespace

Setting threads_setting(int& threads) {
  Setting setting{"GRADUS_NUM_THREADS", value_of("GRADUS_NUM_THREADS"), nullptr};
  if (!setting.text) return setting;
  const int wanted = threads_of(setting.text);
  if (wanted)
    threads = wanted;
  else
    setting.expected = "a whole number from 1 to 1024";
  return setting;
}

Setting isa_setting(const Kernels*& kernels) {
  Setting setting{"GRADUS_ISA", value_of("GRADUS_ISA"), nullptr};
  if (!setting.text) return setting;
  const Kernels* const wanted = level(setting.text);
  if (wanted)
    kernels = wanted;
  else
    setting.expected = levels_here();
  return setting;
}

}  // namespace gradus::kernels
