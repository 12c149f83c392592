// XXH64: four sums over blocks of 32 bytes, then what is left, then all bits mixed.
#include "io/xxh64.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace gradus::io {
namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t prime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t prime3 = 0x165667B19E3779F9;
constexpr std::uint64_t prime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t prime5 = 0x27D4EB2F165667C5;

// Numbers are little-endian, as on every machine that Gradus knows.
template <class T>
std::uint64_t take(const char*& from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  from += sizeof value;
  return value;
}

std::uint64_t round(std::uint64_t sum, std::uint64_t lane) { return std::rotl(sum + lane * prime2, 31) * prime1; }

}  // namespace

std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  std::uint64_t sum = seed + prime5;
  if (bytes.size() >= 32) {
    std::array<std::uint64_t, 4> sums{seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
    while (end - at >= 32) {
      for (std::uint64_t& s : sums) s = round(s, take<std::uint64_t>(at));
    }
    sum = std::rotl(sums[0], 1) + std::rotl(sums[1], 7) + std::rotl(sums[2], 12) + std::rotl(sums[3], 18);
    for (const std::uint64_t s : sums) sum = (sum ^ round(0, s)) * prime1 + prime4;
  }
  sum += bytes.size();
  while (end - at >= 8) sum = std::rotl(sum ^ round(0, take<std::uint64_t>(at)), 27) * prime1 + prime4;
  if (end - at >= 4) sum = std::rotl(sum ^ take<std::uint32_t>(at) * prime1, 23) * prime2 + prime3;
  while (at != end) sum = std::rotl(sum ^ take<unsigned char>(at) * prime5, 11) * prime1;
  sum = (sum ^ sum >> 33) * prime2;
  sum = (sum ^ sum >> 29) * prime3;
  return sum ^ sum >> 32;
}

std::string hex(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[value >> shift & 15];
  return text;
}

}  // namespace gradus::io
