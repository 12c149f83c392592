// XXH64, and what of a tensor goes into it.
#include "train/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::train {
namespace {

using Word = std::uint64_t;

constexpr Word p1 = 0x9E3779B185EBCA87, p2 = 0xC2B2AE3D27D4EB4F, p3 = 0x165667B19E3779F9, p4 = 0x85EBCA77C2B2AE63,
               p5 = 0x27D4EB2F165667C5;

template <class T>
T read(const unsigned char* from) {
  T n;
  std::memcpy(&n, from, sizeof n);
  return n;
}

Word round(Word lane, Word word) { return std::rotl(lane + word * p2, 31) * p1; }
Word merge(Word h, Word lane) { return (h ^ round(0, lane)) * p1 + p4; }

}  // namespace

std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t seed) {
  const auto* p = static_cast<const unsigned char*>(bytes);
  const unsigned char* const end = p + size;
  Word h = seed + p5;
  if (size >= 32) {
    Word a = seed + p1 + p2, b = seed + p2, c = seed, d = seed - p1;
    for (; end - p >= 32; p += 32) {
      a = round(a, read<Word>(p));
      b = round(b, read<Word>(p + 8));
      c = round(c, read<Word>(p + 16));
      d = round(d, read<Word>(p + 24));
    }
    h = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
    for (const Word lane : {a, b, c, d}) h = merge(h, lane);
  }
  h += size;
  for (; end - p >= 8; p += 8) h = std::rotl(h ^ round(0, read<Word>(p)), 27) * p1 + p4;
  if (end - p >= 4) {
    h = std::rotl(h ^ read<std::uint32_t>(p) * p1, 23) * p2 + p3;
    p += 4;
  }
  for (; p < end; ++p) h = std::rotl(h ^ *p * p5, 11) * p1;
  h = (h ^ h >> 33) * p2;
  h = (h ^ h >> 29) * p3;
  return h ^ h >> 32;
}

std::uint64_t checksum(const Tensor& x, std::uint64_t seed) {
  const std::string form = formatted("{} {}", name(x.dtype()), to_string(x.shape()));
  const Tensor numbers = gradus::detail::dense(x.detach());
  return checksum(numbers.impl()->data, static_cast<std::size_t>(x.numel() * size_of(x.dtype())),
                  checksum(form.data(), form.size(), seed));
}

std::uint64_t checksum(const StateDict& state, std::uint64_t seed) {
  std::vector<const std::pair<std::string, Tensor>*> order;
  for (const auto& item : state) order.push_back(&item);
  std::ranges::sort(order, {}, [](const auto* item) -> const std::string& { return item->first; });
  for (const auto* item : order) seed = checksum(item->second, checksum(item->first.data(), item->first.size(), seed));
  return seed;
}

std::string hexadecimal(std::uint64_t n) { return formatted("{:016x}", n); }

}  // namespace gradus::train
