// Any bytes as a NumPy archive, and as an array.
#include <gradus/io/io.hpp>

#include "input.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::File file(data, size);
  try {
    (void)io::load_npz(file.path());
  } catch (const Error&) {}
  try {
    (void)io::load_npy(file.path());
  } catch (const Error&) {}
  return 0;
}
