#include "data/idx.hpp"

#include <fmt/format.h>
#include <gradus/data/readers.hpp>

#include <algorithm>
#include <bit>

#include "io/stream.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

std::uint64_t width(IdxType type) {
  switch (type) {
    case IdxType::u8:
    case IdxType::i8:
      return 1;
    case IdxType::i16:
      return 2;
    case IdxType::i32:
    case IdxType::f32:
      return 4;
    case IdxType::f64:
      return 8;
  }
  return 0;
}

template <class Bits>
Bits big_endian(const unsigned char* p) {
  Bits bits = 0;
  for (std::size_t i = 0; i < sizeof(Bits); ++i) bits = static_cast<Bits>(bits << 8 | p[i]);
  return bits;
}

// Number is how the file means the bits; T what they become.
template <class Bits, class Number, class T>
void decode(const std::vector<unsigned char>& bytes, T* y) {
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(Bits)) {
    *y++ = static_cast<T>(std::bit_cast<Number>(big_endian<Bits>(&bytes[i])));
  }
}

}  // namespace

IdxFile read_idx(const io::InputFile& file) {
  io::Stream in(file);
  unsigned char head[4 + 4 * max_dims];
  const auto take = [&](unsigned char* to, std::size_t n) {
    if (in.read(to, n) != n) file.fail({.wrong = "is truncated within its header"});
  };
  take(head, 4);
  IdxFile idx{.type = IdxType{head[2]}, .shape = {}, .bytes = {}};
  const std::uint64_t element = width(idx.type);
  if (head[0] || head[1] || !element) {
    file.fail({.wrong = "is not an IDX file",
               .got = fmt::format("{:02x} {:02x} {:02x} {:02x}", head[0], head[1], head[2], head[3]),
               .expected = "00 00, a type of 08 09 0b 0c 0d or 0e, the number of axes"});
  }
  const std::size_t axes = head[3];
  if (axes > max_dims) file.fail({.wrong = "too many axes", .got = std::to_string(axes), .expected = "at most 8"});
  take(head + 4, 4 * axes);
  std::uint64_t claimed = element,
                room = sizeof(double);  // room counts an axis of 0 as 1: no later product may overflow
  for (std::size_t i = 0; i < axes; ++i) {
    const auto size = big_endian<std::uint32_t>(head + 4 + 4 * i);
    idx.shape.push_back(size);
    claimed *= size;
    if (__builtin_mul_overflow(room, std::max(size, 1u), &room) || room >> 47) {
      file.fail({.wrong = "claims an impossible size", .got = to_string(idx.shape) + " …"});
    }
  }

  const auto disagree = [&](const char* wrong, std::string got) {
    file.fail({.wrong = wrong,
               .got = std::move(got),
               .expected = fmt::format("{} bytes for {}", claimed, to_string(idx.shape))});
  };
  const std::uint64_t before = 4 + 4 * axes;
  if (claimed > in.most() - std::min(in.most(), before)) {
    disagree("is truncated, or its header lies", fmt::format("a file of {} bytes", file.size()));
  }
  while (idx.bytes.size() < claimed) {
    const std::size_t have = idx.bytes.size(), left = static_cast<std::size_t>(claimed) - have;
    const std::size_t step = in.compressed() ? std::min(left, std::max<std::size_t>(have, 1 << 16)) : left;
    idx.bytes.resize(have + step);
    const std::size_t came = in.read(idx.bytes.data() + have, step);
    if (came < step) disagree("is truncated, or its header lies", fmt::format("{} bytes", have + came));
  }
  unsigned char more;
  if (in.read(&more, 1) != 0) disagree("has bytes behind its numbers", "more");
  return idx;
}

Tensor idx(const std::string& path, Loc where) {
  const io::InputFile file(path, "idx", where);
  const IdxFile from = read_idx(file);
  const DType dtype = from.type == IdxType::f32 ? f32 : from.type == IdxType::f64 ? f64 : i64;
  Tensor y = detail::make(from.shape, dtype, "idx", where);
  auto* numbers = y.impl()->as<std::int64_t>();
  switch (from.type) {
    case IdxType::u8:
      decode<std::uint8_t, std::uint8_t>(from.bytes, numbers);
      break;
    case IdxType::i8:
      decode<std::uint8_t, std::int8_t>(from.bytes, numbers);
      break;
    case IdxType::i16:
      decode<std::uint16_t, std::int16_t>(from.bytes, numbers);
      break;
    case IdxType::i32:
      decode<std::uint32_t, std::int32_t>(from.bytes, numbers);
      break;
    case IdxType::f32:
      decode<std::uint32_t, float>(from.bytes, y.impl()->as<float>());
      break;
    case IdxType::f64:
      decode<std::uint64_t, double>(from.bytes, y.impl()->as<double>());
      break;
  }
  return y;
}

}  // namespace gradus::data
