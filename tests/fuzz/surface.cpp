// Surfaces by name or by formula, with the search for minima, and conditions to stop. Any text gives one or an Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gradus/study/descent.hpp>

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] % 3 == 0) study::surface(text);
    if (data[0] % 3 == 1) study::formula(text);
    if (data[0] % 3 == 2) study::condition(text);
  } catch (const Error&) {}
  return 0;
}
