// Any bytes, compressed by gzip, as an IDX file and as a CSV file: the checksum is right, and the reader goes on.
#include <zlib.h>

#include <vector>

#include <gradus/data/readers.hpp>

#include "input.hpp"

using namespace gradus;

namespace {

std::vector<std::uint8_t> compressed(const std::uint8_t* data, std::size_t size) {
  constexpr int gzip = 16;  // added to the logarithm of the window
  z_stream stream{};
  fuzz::require(::deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + gzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<std::uint8_t> to(::deflateBound(&stream, size));
  stream.next_in = const_cast<std::uint8_t*>(data);
  stream.avail_in = static_cast<unsigned>(size);
  stream.next_out = to.data();
  stream.avail_out = static_cast<unsigned>(to.size());
  fuzz::require(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  to.resize(to.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return to;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::uint8_t> bytes = compressed(data + 1, size - 1);
  // An odd first byte damages what comes out of it.
  if (data[0] % 2 == 1) bytes[data[0] * bytes.size() / 256] ^= 1;
  const fuzz::File file(bytes.data(), bytes.size());
  try {
    (void)data::idx(file.path());
  } catch (const Error&) {}
  try {
    (void)data::csv(file.path());
  } catch (const Error&) {}
  return 0;
}
