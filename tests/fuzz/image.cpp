// Any bytes as a picture.
#include <gradus/io/io.hpp>

#include "input.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::File file(data, size);
  try {
    const Tensor x = io::load_image(file.path());
    fuzz::require(x.dim() == 3 && x.numel() > 0);
    fuzz::require(x.numel() <= 4 * 8 * 1032 * static_cast<std::int64_t>(size));  // deflate's limit, and a bit a pixel
  } catch (const Error&) {}
  return 0;
}
