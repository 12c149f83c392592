// Reading and writing the numbers of NumPy arrays.
#include "io/npy.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <gradus/io/numpy.hpp>

#include "io/half.hpp"
#include "io/stream.hpp"
#include "io/tail.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::io {

// How numbers of one dtype become elements of y from `first` on, in either byte order.
struct NpyFormat {
  std::string_view name;  // without the byte order
  DType dtype;
  std::uint64_t bytes;
  void (*read)(const unsigned char* from, std::int64_t count, bool swap, Tensor& y, std::int64_t first);
};

namespace {

constexpr std::size_t most_header_bytes = 1 << 16;

Shape reversed(const Shape& shape) {
  Shape result;
  for (int axis = shape.size(); axis-- > 0;) result.push_back(shape[axis]);
  return result;
}

template <class In>
std::int64_t widened(In number) {
  return number;
}

template <class Number>
Number same(Number number) {
  return number;
}

template <class In, class Out, Out as(In)>
void convert(const unsigned char* from, std::int64_t count, bool swap, Tensor& y, std::int64_t first) {
  Out* to = detail::data<Out>(y) + first;
  for (std::int64_t i = 0; i < count; ++i) {
    unsigned char bytes[sizeof(In)];
    std::memcpy(bytes, from + i * static_cast<std::int64_t>(sizeof(In)), sizeof(In));
    if (swap) std::reverse(bytes, bytes + sizeof(In));
    to[i] = as(std::bit_cast<In>(bytes));
  }
}

constexpr NpyFormat formats[] = {
    {"f4", f32, 4, convert<float, float, same>},
    {"f8", f64, 8, convert<double, double, same>},
    {"i8", i64, 8, convert<std::int64_t, std::int64_t, same>},
    {"b1", boolean, 1, convert<unsigned char, unsigned char, same>},
    {"f2", f32, 2, convert<std::uint16_t, float, from_half>},
    {"i1", i64, 1, convert<std::int8_t, std::int64_t, widened>},
    {"u1", i64, 1, convert<std::uint8_t, std::int64_t, widened>},
    {"i2", i64, 2, convert<std::int16_t, std::int64_t, widened>},
    {"u2", i64, 2, convert<std::uint16_t, std::int64_t, widened>},
    {"i4", i64, 4, convert<std::int32_t, std::int64_t, widened>},
    {"u4", i64, 4, convert<std::uint32_t, std::int64_t, widened>},
};

// Null for a dtype that no tensor can hold.
const NpyFormat* find_format(const std::string& descr) {
  if (descr.empty() || std::string_view("<>|=").find(descr[0]) == std::string_view::npos) return nullptr;
  const auto* at = std::ranges::find(formats, std::string_view(descr).substr(1), &NpyFormat::name);
  return at == std::end(formats) ? nullptr : at;
}

}  // namespace

NpyReader::NpyReader(const FileErrors& errors, std::string what, std::optional<std::uint64_t> size, ReadBytes read)
    : errors_(errors), what_(std::move(what)), size_(size), read_(std::move(read)), header_(read_header()) {
  format_ = find_format(header_.descr);
  swap_ = format_ && header_.descr[0] == '>';
}

bool NpyReader::can_read() const { return format_ && header_.shape.size() <= max_dims; }

bool NpyReader::changes_dtype() const {
  return format_ && static_cast<std::uint64_t>(size_of(format_->dtype)) != format_->bytes;
}

std::uint64_t NpyReader::numbers_bytes() const { return size_ ? *size_ - std::min(*size_, header_bytes_) : 0; }

NpyHeader NpyReader::read_header() {
  unsigned char head[12];
  take(head, 10);
  if (std::memcmp(head, npy_magic.data(), npy_magic.size()) != 0) refuse("not a NumPy array");
  const int version = head[6];
  if (version < 1 || version > 3) refuse("an unknown version of the format", std::to_string(version), "1, 2 or 3");
  if (version > 1) take(head + 10, 2);
  std::uint32_t length = 0;
  for (int i = version == 1 ? 9 : 11; i >= 8; --i) length = length << 8 | head[i];
  if (length > most_header_bytes) refuse("a header of more than 64 KiB", std::to_string(length));
  std::string text(length, '\0');
  take(text.data(), text.size());
  header_bytes_ = taken_;
  const auto header = parse_npy_header(text);
  if (!header) refuse("not a header of a NumPy array", formatted("{:?}", text.substr(0, 80)));
  return *header;
}

// An axis of 0 counts as 1 in what must not overflow, as for tensors in memory.
std::uint64_t NpyReader::count_numbers() {
  std::uint64_t count = 1;
  std::uint64_t room = sizeof(double);
  for (const std::uint64_t axis : header_.shape) {
    if (__builtin_mul_overflow(room, std::max<std::uint64_t>(axis, 1), &room) || room >> 47) refuse("too large");
    count *= axis;
  }
  return count;
}

Tensor NpyReader::read(Loc where) {
  if (!format_) refuse_dtype();
  if (header_.shape.size() > max_dims) refuse("more than 8 axes");
  const std::uint64_t count = count_numbers();
  const std::uint64_t needed = count * format_->bytes;
  if (size_ && *size_ != taken_ + needed) refuse_size(needed, *size_ - std::min(*size_, taken_));
  std::vector<unsigned char> bytes;
  if (!size_) bytes = gather(needed);

  Shape shape;
  for (const std::uint64_t axis : header_.shape) shape.push_back(static_cast<std::int64_t>(axis));
  const bool turned = header_.fortran_order && shape.size() > 1;
  Tensor y = detail::make(turned ? reversed(shape) : shape, format_->dtype, "load_npy", where);
  if (!size_) {
    format_->read(bytes.data(), y.numel(), swap_, y, 0);
  } else if (!changes_dtype() && !swap_) {
    spare_tail(y.impl()->data, static_cast<std::size_t>(needed));
    take(y.impl()->data, static_cast<std::size_t>(needed));
  } else {
    constexpr std::uint64_t piece = 1 << 15;  // numbers
    bytes.resize(static_cast<std::size_t>(std::min(piece, count) * format_->bytes));
    for (std::uint64_t first = 0; first < count; first += piece) {
      const std::uint64_t n = std::min(piece, count - first);
      take(bytes.data(), static_cast<std::size_t>(n * format_->bytes));
      format_->read(bytes.data(), static_cast<std::int64_t>(n), swap_, y, static_cast<std::int64_t>(first));
    }
  }
  if (format_->dtype == boolean) {
    const auto* p = detail::data<unsigned char>(y);
    if (std::any_of(p, p + y.numel(), [](unsigned char b) { return b > 1; })) refuse("a bool is neither 0 nor 1");
  }
  has_read_ = true;
  return turned ? detail::dense(detail::view(y, shape, reversed(y.strides()))) : y;
}

// From a pipe: in steps, so that a header that lies costs no memory.
std::vector<unsigned char> NpyReader::gather(std::uint64_t needed) {
  std::vector<unsigned char> bytes;
  while (bytes.size() < needed) {
    const std::size_t have = bytes.size();
    const std::size_t step = std::min(static_cast<std::size_t>(needed) - have, std::max<std::size_t>(have, 1 << 16));
    bytes.resize(have + step);
    const std::size_t came = read_(bytes.data() + have, step);
    if (came < step) refuse_size(needed, have + came);
  }
  unsigned char more;
  if (read_(&more, 1) != 0) refuse_size(needed, needed + 1);
  return bytes;
}

void NpyReader::take(void* to, std::size_t bytes) {
  if (read_(to, bytes) != bytes) refuse(header_bytes_ ? "truncated" : "truncated in the header");
  taken_ += bytes;
}

void NpyReader::refuse(std::string wrong, std::string got, std::string expected) const {
  errors_.fail({.wrong = what_ + wrong, .got = std::move(got), .expected = std::move(expected)});
}

void NpyReader::refuse_size(std::uint64_t needed, std::uint64_t present) const {
  refuse("the shape and the bytes disagree", formatted("{} bytes of numbers", present), formatted("{}", needed));
}

void NpyReader::refuse_dtype() const {
  std::string advice = "in NumPy x.astype('f4'), 'f8', 'i8' or bool";
  if (std::string_view(header_.descr).substr(0, 2).ends_with('O')) {
    advice = "objects are never read: they would run code; " + advice;
  }
  if (header_.descr.starts_with('[')) advice = "save each field as an array of its own: x['name']";
  if (!what_.empty()) advice += "; or read the other arrays: {.only = …}";
  errors_.fail({.wrong = what_ + formatted("dtype {:?} cannot be read", header_.descr), .advice = std::move(advice)});
}

Tensor load_npy(const std::string& path, Loc where) {
  Stream stream(path, "load_npy", where);
  const ReadBytes read = [&](void* to, std::size_t bytes) { return stream.read(to, bytes); };
  return NpyReader(stream, "", stream.size(), read).read(where);
}

void save_npy(const std::string& path, const Tensor& x, Loc where) {
  if (!x.defined()) FileErrors(path, "save_npy", where).fail({.wrong = "the tensor is undefined"});
  const Tensor numbers = detail::dense(x);
  const std::string header = npy_header(numbers);
  AtomicFile file(path, "save_npy", where);
  file.write(header.data(), header.size());
  file.write(numbers.impl()->data, static_cast<std::size_t>(numbers.numel() * size_of(numbers.dtype())));
  file.commit();
}

}  // namespace gradus::io
