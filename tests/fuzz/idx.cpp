// Any bytes as an IDX file, compressed or not.
#include <gradus/data/readers.hpp>

#include "input.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::File file(data, size);
  try {
    (void)data::idx(file.path());
  } catch (const Error&) {}
  return 0;
}
