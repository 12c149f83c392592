// Reading IDX files.
#include "data/idx.hpp"

#include <gradus/data/readers.hpp>

#include <algorithm>
#include <array>
#include <bit>

#include "io/stream.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

std::uint64_t width(IdxType type) {
  constexpr std::uint64_t widths[] = {1, 1, 0, 2, 4, 4, 8};  // of the types from 0x08 to 0x0e
  const auto i = static_cast<std::size_t>(type) - 0x08;      // below that it wraps to what is too large
  return i < std::size(widths) ? widths[i] : 0;
}

// The bytes of a Number in the file, most significant first.
template <class Number>
Number big_endian(const unsigned char* p) {
  std::array<unsigned char, sizeof(Number)> bytes;
  std::reverse_copy(p, p + sizeof(Number), bytes.begin());
  return std::bit_cast<Number>(bytes);
}

template <class Number>
Tensor decoded(const IdxFile& from, Loc where) {
  using T = std::conditional_t<std::is_floating_point_v<Number>, Number, std::int64_t>;
  Tensor y = detail::make(from.shape, detail::dtype_of<T>(), "idx", where);
  T* to = detail::data<T>(y);
  for (std::size_t i = 0; i < from.bytes.size(); i += sizeof(Number)) *to++ = big_endian<Number>(&from.bytes[i]);
  return y;
}

}  // namespace

IdxFile read_idx(io::Stream& in) {
  unsigned char head[4 + 4 * max_dims];
  const auto take = [&](unsigned char* to, std::size_t n) {
    if (in.read(to, n) != n) in.fail({.wrong = "is truncated within its header"});
  };
  take(head, 4);
  IdxFile idx{.type = IdxType{head[2]}, .shape = {}, .bytes = {}};
  const std::uint64_t element = width(idx.type);
  if (head[0] || head[1] || !element) {
    in.fail({.wrong = "is not an IDX file",
             .got = formatted("{:02x} {:02x} {:02x} {:02x}", head[0], head[1], head[2], head[3]),
             .expected = "00 00, a type of 08 09 0b 0c 0d or 0e, the number of axes"});
  }
  const std::size_t axes = head[3];
  if (axes > max_dims) in.fail({.wrong = "too many axes", .got = std::to_string(axes), .expected = "at most 8"});
  take(head + 4, 4 * axes);
  std::uint64_t claimed = element, room = sizeof(double);  // room: in memory, with 1 for an axis of 0
  for (std::size_t i = 0; i < axes; ++i) {
    const auto size = big_endian<std::uint32_t>(head + 4 + 4 * i);
    idx.shape.push_back(size);
    claimed *= size;
    if (__builtin_mul_overflow(room, std::max(size, 1u), &room) || room >> 47) {
      in.fail({.wrong = "claims an impossible size", .got = to_string(idx.shape) + " …"});
    }
  }

  const auto disagree = [&](const char* wrong, std::string got) {
    in.fail({.wrong = wrong,
             .got = std::move(got),
             .expected = formatted("{} bytes for {}", claimed, to_string(idx.shape))});
  };
  const std::uint64_t before = 4 + 4 * axes;
  if (in.size() && claimed > *in.size() - std::min(*in.size(), before)) {
    disagree("is truncated, or its header claims too much", formatted("a file of {} bytes", *in.size()));
  }
  idx.bytes.reserve(static_cast<std::size_t>(std::min(claimed, in.believable())));  // usual files need no growth
  while (idx.bytes.size() < claimed) {
    const std::size_t have = idx.bytes.size(), left = static_cast<std::size_t>(claimed) - have;
    const std::size_t step = in.size() ? left : std::min(left, std::max<std::size_t>(have, 1 << 16));
    idx.bytes.resize(have + step);
    const std::size_t came = in.read(idx.bytes.data() + have, step);
    if (came < step) disagree("is truncated, or its header claims too much", formatted("{} bytes", have + came));
  }
  unsigned char more;
  if (in.read(&more, 1) != 0) disagree("has bytes after its numbers", "more");
  return idx;
}

Tensor idx(const std::string& path, Loc where) {
  io::Stream file(path, "idx", where);
  const IdxFile from = read_idx(file);
  if (from.type == IdxType::u8) return decoded<std::uint8_t>(from, where);
  if (from.type == IdxType::i8) return decoded<std::int8_t>(from, where);
  if (from.type == IdxType::i16) return decoded<std::int16_t>(from, where);
  if (from.type == IdxType::i32) return decoded<std::int32_t>(from, where);
  if (from.type == IdxType::f32) return decoded<float>(from, where);
  return decoded<double>(from, where);
}

}  // namespace gradus::data
