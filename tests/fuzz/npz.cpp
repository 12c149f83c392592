// Any bytes as a NumPy archive.
#include <gradus/io/io.hpp>

#include "input.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::File file(data, size);
  try {
    (void)io::load_npz(file.path());
  } catch (const Error&) {}
  return 0;
}
