// Any bytes as a safetensors file: read whole, or an Error. What was read can be saved and read again.
#include <gradus/io/io.hpp>

#include "input.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::File file(data, size);
  try {
    const io::Metadata metadata = io::metadata(file.path());
    const StateDict state = io::load(file.path());
    io::check_save("fuzz.safetensors", state, metadata);
    (void)io::load(file.path(), {.only = "*a*"});
  } catch (const Error&) {}
  return 0;
}
