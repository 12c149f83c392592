// Any bytes as a NumPy array.
#include <gradus/io/io.hpp>

#include "input.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::File file(data, size);
  try {
    const Tensor x = io::load_npy(file.path());
    fuzz::require(x.defined() && x.numel() <= static_cast<std::int64_t>(size));
  } catch (const Error&) {}
  return 0;
}
