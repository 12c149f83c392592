// XXH64 and base 64 against published values.
#include "io/base64.hpp"
#include "io/xxh64.hpp"

#include "support.hpp"

using namespace gradus::io;

namespace {

constexpr std::uint64_t prime = 2654435761;

// The bytes that xxHash's own test of itself hashes.
std::string sanity_bytes(std::size_t count) {
  std::string bytes;
  std::uint64_t state = prime;
  for (std::size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(state >> 56);
    state *= 11400714785074694797u;
  }
  return bytes;
}

}  // namespace

TEST_CASE("xxh64: the values of xxHash, of every length of rest") {
  CHECK(hex(xxh64("")) == "ef46db3751d8e999");
  CHECK(hex(xxh64("a")) == "d24ec4f1a98c6e5b");
  CHECK(hex(xxh64("abc")) == "44bc2cf5ad770999");
  CHECK(hex(xxh64("Nobody inspects the spammish repetition")) == "fbcea83c8a378bf1");  // one block and 7 bytes
  CHECK(xxh64(sanity_bytes(1)) == 0xE934A84ADB052768);
  CHECK(xxh64(sanity_bytes(4)) == 0x9136A0DCA57457EE);
  CHECK(xxh64(sanity_bytes(14)) == 0x8282DCC4994E35C8);
  CHECK(xxh64(sanity_bytes(222)) == 0xB641AE8CB691C174);
  CHECK(xxh64(sanity_bytes(1), prime) == 0x5014607643A9B4C3);
  CHECK(xxh64(sanity_bytes(14), prime) == 0xC3BD6BF63DEB6DF0);
  CHECK(xxh64(sanity_bytes(222), prime) == 0x20CB8AB7AE10C14A);
}

TEST_CASE("xxh64: one bit anywhere gives another hash") {
  const std::string bytes = sanity_bytes(75);
  std::vector<std::uint64_t> all{xxh64(bytes)};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = static_cast<char>(other[i] ^ 1);
    all.push_back(xxh64(other));
  }
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("base64: the vectors of RFC 4648, and bytes above 127") {
  const std::pair<const char*, const char*> known[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {"\xff\xfe\xfd\xfb\xef", "//79++8="}};
  for (const auto& [bytes, text] : known) CHECK(base64(bytes) == text);
  CHECK(base64(std::string("\0\0\x01", 3)) == "AAAB");
  CHECK(base64_of_hex("48656c6C6f") == "SGVsbG8=");
  CHECK(base64_of_hex("FFfe00") == "//4A");
}
