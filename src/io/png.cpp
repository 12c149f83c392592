// PNG with stored blocks: larger than deflated ones, and readable by all without a library here.
#include "io/png.hpp"

#include <algorithm>

#include "io/crc32.hpp"

namespace gradus::io {
namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc32(0, body.data(), body.size()));
}

std::uint32_t adler32(const std::string& bytes) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

// A zlib stream of stored blocks.
std::string stored(const std::string& bytes) {
  constexpr std::size_t most = 65535;
  std::string out = "\x78\x01";
  std::size_t at = 0;
  do {
    const std::size_t n = std::min(most, bytes.size() - at);
    const auto low = static_cast<char>(n & 255);
    const auto high = static_cast<char>(n >> 8);
    out += static_cast<char>(at + n == bytes.size());  // the last one?
    out += low;
    out += high;
    out += static_cast<char>(~low);
    out += static_cast<char>(~high);
    out.append(bytes, at, n);
    at += n;
  } while (at < bytes.size());
  return out + big_endian(adler32(bytes));
}

}  // namespace

std::string png(std::uint32_t width, std::uint32_t height, int channels, const std::string& pixels) {
  const std::size_t row = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  std::string rows;
  for (std::size_t y = 0; y < height; ++y) {
    rows += '\0';  // no filter
    rows.append(pixels, y * row, row);
  }
  std::string header = big_endian(width) + big_endian(height);
  header += '\x08';                           // bits
  header += channels == 3 ? '\x02' : '\x00';  // colour or grey
  header += std::string(3, '\0');             // deflate, the usual filters, not interlaced
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", stored(rows)) + chunk("IEND", "");
}

}  // namespace gradus::io
