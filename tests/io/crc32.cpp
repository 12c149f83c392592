// The checksum of ZIP archives, against its definition bit by bit.
#include "io/crc32.hpp"

#include <random>

#include "support.hpp"

using gradus::io::crc32;

namespace {

std::uint32_t by_bits(const std::string& bytes) {
  std::uint32_t state = ~0u;
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) state = state & 1 ? state >> 1 ^ 0xedb88320 : state >> 1;
  }
  return ~state;
}

}  // namespace

TEST_CASE("crc32: the check value, and all lengths and places") {
  CHECK(crc32(0, "123456789", 9) == 0xcbf43926);
  CHECK(crc32(0, "", 0) == 0);
  std::mt19937 random(1);
  std::string bytes(1300, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (std::size_t length = 0; length < 1200; ++length) {
    const std::size_t begin = length % 17;
    const std::string part = bytes.substr(begin, length);
    if (crc32(0, bytes.data() + begin, length) != by_bits(part)) FAIL_CHECK(length);
    const std::size_t first = random() % (length + 1);
    const std::uint32_t before = crc32(0, part.data(), first);
    if (crc32(before, part.data() + first, length - first) != by_bits(part)) FAIL_CHECK(length << " in two parts");
  }
}
