// Reading and writing NumPy arrays (numpy.lib.format, versions 1 to 3).
#include "io/npy.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include <gradus/io/numpy.hpp>

#include "io/half.hpp"
#include "io/stream.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"
#include "tensor/number.hpp"

namespace gradus::io {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t most_header_bytes = 1 << 16;

// The Python literal of a header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  // Nothing if the text is not such a literal.
  std::optional<Header> parse() {
    Header header;
    std::string seen;
    if (!take('{')) return std::nullopt;
    while (!take('}')) {
      std::string key;
      if (!quoted(key) || !take(':') || seen.find(key + ' ') != std::string::npos) return std::nullopt;
      seen += key + ' ';
      bool known = false;
      if (key == "descr") known = quoted(header.descr);
      if (key == "fortran_order") known = boolean(header.fortran_order);
      if (key == "shape") known = tuple(header.shape);
      if (!known) return std::nullopt;
      if (!take(',') && !peek('}')) return std::nullopt;
    }
    skip_blanks();
    const bool complete = seen.size() == std::strlen("descr fortran_order shape ");
    return rest_.empty() && complete ? std::optional(header) : std::nullopt;
  }

 private:
  void skip_blanks() {
    const auto end = std::min(rest_.find_first_not_of(" \t\n"), rest_.size());
    rest_.remove_prefix(end);
  }
  bool peek(char c) {
    skip_blanks();
    return rest_.starts_with(c);
  }
  bool take(char c) {
    if (!peek(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view text) {
    skip_blanks();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool quoted(std::string& to) {
    const bool single = peek('\'');
    if (!single && !peek('"')) return false;
    const auto end = rest_.find(rest_[0], 1);
    if (end == rest_.npos) return false;
    to = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return true;
  }
  bool boolean(bool& to) {
    to = word("True");
    return to || word("False");
  }
  bool tuple(std::vector<std::uint64_t>& to) {
    if (!take('(')) return false;
    while (!take(')')) {
      skip_blanks();
      const auto digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      const auto size = detail::parse_integer(rest_.substr(0, digits));
      if (!size || to.size() == 64) return false;
      to.push_back(static_cast<std::uint64_t>(*size));
      rest_.remove_prefix(digits);
      word("L");  // Python 2
      if (!take(',') && !peek(')')) return false;
    }
    return true;
  }

  std::string_view rest_;
};

Shape reversed(const Shape& shape) {
  Shape result;
  for (int axis = shape.size(); axis-- > 0;) result.push_back(shape[axis]);
  return result;
}

template <class In>
std::int64_t widened(In number) {
  return number;
}

// Numbers of type In at `from`, in either byte order, as they are here.
template <class In, class Out>
void convert(const unsigned char* from, std::int64_t count, bool swap, Out* to, Out (*as)(In)) {
  for (std::int64_t i = 0; i < count; ++i) {
    unsigned char bytes[sizeof(In)];
    std::memcpy(bytes, from + i * static_cast<std::int64_t>(sizeof(In)), sizeof(In));
    if (swap) std::reverse(bytes, bytes + sizeof(In));
    to[i] = as(std::bit_cast<In>(bytes));
  }
}

template <class Number>
Number same(Number number) {
  return number;
}

template <class In, class Out, Out as(In)>
void read_into(const std::vector<unsigned char>& bytes, bool swap, Tensor& y) {
  convert<In, Out>(bytes.data(), y.numel(), swap, detail::data<Out>(y), as);
}

struct Format {
  std::string_view name;  // without the byte order
  DType dtype;
  std::uint64_t bytes;
  void (*read)(const std::vector<unsigned char>& bytes, bool swap, Tensor& y);
};
constexpr Format formats[] = {
    {"f4", f32, 4, read_into<float, float, same>},
    {"f8", f64, 8, read_into<double, double, same>},
    {"i8", i64, 8, read_into<std::int64_t, std::int64_t, same>},
    {"b1", boolean, 1, read_into<unsigned char, unsigned char, same>},
    {"f2", f32, 2, read_into<std::uint16_t, float, from_half>},
    {"i1", i64, 1, read_into<std::int8_t, std::int64_t, widened>},
    {"u1", i64, 1, read_into<std::uint8_t, std::int64_t, widened>},
    {"i2", i64, 2, read_into<std::int16_t, std::int64_t, widened>},
    {"u2", i64, 2, read_into<std::uint16_t, std::int64_t, widened>},
    {"i4", i64, 4, read_into<std::int32_t, std::int64_t, widened>},
    {"u4", i64, 4, read_into<std::uint32_t, std::int64_t, widened>},
};

class NpyReader {
 public:
  NpyReader(const FileErrors& errors, const std::string& what, const ReadBytes& read)
      : errors_(errors), what_(what), read_(read) {}

  Tensor read(std::optional<std::uint64_t> size, Loc where) {
    const Header header = read_header();
    const Format& format = format_of(header.descr);
    Shape shape;
    std::uint64_t count = 1, room = sizeof(double);  // room: in memory, with 1 for an axis of 0
    for (const std::uint64_t axis : header.shape) {
      if (shape.size() == max_dims) refuse("more than 8 axes");
      if (__builtin_mul_overflow(room, std::max<std::uint64_t>(axis, 1), &room) || room >> 47) refuse("too large");
      count *= axis;
      shape.push_back(static_cast<std::int64_t>(axis));
    }
    const std::uint64_t needed = count * format.bytes;
    if (size && *size != taken_ + needed) refuse_size(needed, *size - std::min(*size, taken_));
    const std::vector<unsigned char> bytes = numbers(needed, size.has_value());
    return tensor(bytes, format, header, shape, where);
  }

 private:
  Header read_header() {
    unsigned char head[12];
    take(head, 10);
    if (std::memcmp(head, magic.data(), magic.size()) != 0) refuse("not a NumPy array");
    const int version = head[6];
    if (version < 1 || version > 3) refuse("an unknown version of the format", std::to_string(version), "1, 2 or 3");
    if (version > 1) take(head + 10, 2);
    std::uint32_t length = 0;
    for (int i = version == 1 ? 9 : 11; i >= 8; --i) length = length << 8 | head[i];
    if (length > most_header_bytes) refuse("a header of more than 64 KiB", std::to_string(length));
    std::string text(length, '\0');
    take(text.data(), text.size());
    const auto header = HeaderParser(text).parse();
    if (!header) refuse("not a header of a NumPy array", formatted("{:?}", text.substr(0, 80)));
    return *header;
  }

  const Format& format_of(const std::string& descr) {
    const std::string_view name = std::string_view(descr).substr(std::min<std::size_t>(1, descr.size()));
    const auto format = std::ranges::find(formats, name, &Format::name);
    if (format != std::end(formats) && std::string_view("<>|=").find(descr[0]) != std::string_view::npos) {
      swap_ = descr[0] == '>';
      return *format;
    }
    std::string advice = "in NumPy x.astype('f4'), 'f8', 'i8' or bool";
    if (name.starts_with('O')) advice = "objects are never read: they would run code; " + advice;
    errors_.fail({.wrong = what_ + formatted("dtype {:?} cannot be read", descr), .advice = std::move(advice)});
  }

  // In steps unless the size is known to be right.
  std::vector<unsigned char> numbers(std::uint64_t needed, bool is_known) {
    std::vector<unsigned char> bytes;
    while (bytes.size() < needed) {
      const std::size_t have = bytes.size(), left = static_cast<std::size_t>(needed) - have;
      const std::size_t step = is_known ? left : std::min(left, std::max<std::size_t>(have, 1 << 16));
      bytes.resize(have + step);
      const std::size_t came = read_(bytes.data() + have, step);
      if (came < step) refuse_size(needed, have + came);
    }
    unsigned char more;
    if (!is_known && read_(&more, 1) != 0) refuse_size(needed, needed + 1);
    return bytes;
  }

  Tensor tensor(const std::vector<unsigned char>& bytes, const Format& format, const Header& header, const Shape& shape,
                Loc where) {
    const bool turned = header.fortran_order && shape.size() > 1;
    Tensor y = detail::make(turned ? reversed(shape) : shape, format.dtype, "load_npy", where);
    format.read(bytes, swap_, y);
    if (format.dtype == boolean && std::ranges::any_of(bytes, [](unsigned char b) { return b > 1; })) {
      refuse("a bool is neither 0 nor 1");
    }
    return turned ? detail::dense(detail::view(y, shape, reversed(y.strides()))) : y;
  }

  void take(void* to, std::size_t bytes) {
    if (read_(to, bytes) != bytes) refuse("truncated in the header");
    taken_ += bytes;
  }

  [[noreturn]] void refuse(std::string wrong, std::string got = {}, std::string expected = {}) {
    errors_.fail({.wrong = what_ + wrong, .got = std::move(got), .expected = std::move(expected)});
  }
  [[noreturn]] void refuse_size(std::uint64_t needed, std::uint64_t present) {
    refuse("the shape and the bytes disagree", formatted("{} bytes of numbers", present), formatted("{}", needed));
  }

  const FileErrors& errors_;
  const std::string& what_;
  const ReadBytes& read_;
  std::uint64_t taken_ = 0;
  bool swap_ = false;
};

}  // namespace

Tensor read_npy(const FileErrors& errors, const std::string& what, std::optional<std::uint64_t> size,
                const ReadBytes& read, Loc where) {
  return NpyReader(errors, what, read).read(size, where);
}

std::string npy_header(const Tensor& x) {
  constexpr const char* descr[] = {"<f4", "<f8", "<i8", "|b1"};  // by DType
  std::string shape;
  for (const std::int64_t size : x.shape()) shape += std::to_string(size) + ", ";
  if (x.dim() > 1) shape.resize(shape.size() - 2);
  if (x.dim() == 1) shape.pop_back();
  std::string text = formatted("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                               descr[static_cast<int>(x.dtype())], shape);
  constexpr std::size_t before = 10, alignment = 64;
  const std::size_t whole = (before + text.size() + 1 + alignment - 1) / alignment * alignment;
  text.resize(whole - before - 1, ' ');
  text += '\n';
  std::string header(magic);
  header += {'\1', '\0', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  return header + text;
}

Tensor load_npy(const std::string& path, Loc where) {
  Stream stream(path, "load_npy", where);
  const ReadBytes read = [&](void* to, std::size_t bytes) { return stream.read(to, bytes); };
  return read_npy(stream, "", stream.size(), read, where);
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
