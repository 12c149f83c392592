// Reading the tensors of a safetensors file: dtypes, sizes and places.
#include "io/safetensors_reader.hpp"

#include <algorithm>
#include <bit>

#include "io/half.hpp"
#include "io/names.hpp"
#include "io/tail.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::io {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the numbers in the file are little-endian and are copied as they are");

// Reads numbers of another type into y, a piece at a time.
template <class In, class Out, Out convert(In)>
void read_converted(const Entry& e, const SafetensorsHeader& header, const InputFile& file, Tensor& y) {
  std::vector<In> piece(std::min<std::uint64_t>(1 << 18, (e.end - e.begin) / sizeof(In)));
  Out* to = detail::data<Out>(y);
  for (std::uint64_t begin = e.begin; begin < e.end;) {
    const auto bytes = std::min<std::uint64_t>(piece.size() * sizeof(In), e.end - begin);
    file.read(header.data + begin, piece.data(), static_cast<std::size_t>(bytes));
    to = std::transform(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(bytes / sizeof(In)), to, convert);
    begin += bytes;
  }
}

template <class In>
std::int64_t widened(In number) {
  return number;
}

using Read = void (*)(const Entry& e, const SafetensorsHeader& header, const InputFile& file, Tensor& y);
template <class In>
constexpr Read widen = read_converted<In, std::int64_t, widened<In>>;

struct Format {
  std::string_view name;
  DType dtype;          // here
  std::uint64_t bits;   // of a number in the file
  Read read = nullptr;  // null: the numbers are stored as they are here
};
constexpr Format formats[] = {
    {"F32", f32, 32},
    {"F64", f64, 64},
    {"I64", i64, 64},
    {"BOOL", boolean, 8},
    {"F16", f32, 16, read_converted<std::uint16_t, float, from_half>},
    {"BF16", f32, 16, read_converted<std::uint16_t, float, from_brain>},
    {"I8", i64, 8, widen<std::int8_t>},
    {"U8", i64, 8, widen<std::uint8_t>},
    {"I16", i64, 16, widen<std::int16_t>},
    {"U16", i64, 16, widen<std::uint16_t>},
    {"I32", i64, 32, widen<std::int32_t>},
    {"U32", i64, 32, widen<std::uint32_t>},
};

// The format's other dtypes, by how their names begin: their size, and what to do about them.
struct Foreign {
  std::string_view start;
  std::uint64_t bits;
  const char* advice;
};
constexpr Foreign foreign[] = {
    {"U64", 64, "store it as I64, if all numbers are below 2^63: in PyTorch x.to(torch.int64)"},
    {"F8", 8, "store it as F32 or BF16: in PyTorch x.float()"},
    {"F6", 6, "store it as F32 or BF16"},
    {"F4", 4, "store it as F32 or BF16"},
    {"C64", 64, "store its real and imaginary parts as F32: in PyTorch torch.view_as_real(x)"},
};

const Format* find_format(const Entry& e) {
  const auto* at = std::ranges::find(formats, e.dtype, &Format::name);
  return at == std::end(formats) ? nullptr : at;
}

const Foreign* find_foreign(const Entry& e) {
  const auto* at = std::ranges::find_if(foreign, [&](const Foreign& f) { return e.dtype.starts_with(f.start); });
  return at == std::end(foreign) ? nullptr : at;
}

[[noreturn]] void refuse(const InputFile& file, const Entry& e, std::string why, std::string got,
                         std::string advice = {}) {
  file.fail({.wrong = formatted("tensor {:?}: {}", e.name, why), .got = std::move(got), .advice = std::move(advice)});
}

std::string described(const Entry& e) {
  return formatted("{} ({}) at {} to {}", e.dtype, fmt::join(e.shape, ", "), e.begin, e.end);
}

void check_readable(const Entry& e, const InputFile& file) {
  if (!find_format(e)) {
    const Foreign* known = find_foreign(e);
    const std::string advice = known ? known->advice : "store it as F32, F64, I64 or BOOL";
    refuse(file, e, formatted("dtype {} cannot be read", e.dtype), {},
           advice + "; or read the other tensors: {.only = …}");
  }
  if (e.shape.size() > max_dims) refuse(file, e, "more than 8 axes", described(e));
}

// The entry has as many bytes as its shape needs. As for tensors in memory, an axis of 0 counts as 1 in what must not
// overflow: a product that has become 0 would hide the axes after it.
void check_size(const Entry& e, const InputFile& file) {
  const Format* known = find_format(e);
  const Foreign* other = find_foreign(e);
  if (!known && !other) return;
  constexpr std::uint64_t most = std::uint64_t{1} << 47;
  std::uint64_t room = known ? static_cast<std::uint64_t>(size_of(known->dtype)) : sizeof(double);
  std::uint64_t bits = known ? known->bits : other->bits;  // below 64 room
  for (const std::uint64_t size : e.shape) {
    if (__builtin_mul_overflow(room, std::max<std::uint64_t>(size, 1), &room) || room > most) {
      refuse(file, e, "too large", described(e));
    }
    bits *= size;
  }
  if (e.end < e.begin || bits % 8 != 0 || e.end - e.begin != bits / 8) {
    refuse(file, e, formatted("its shape needs {} {}", bits % 8 ? bits : bits / 8, bits % 8 ? "bits" : "bytes"),
           described(e));
  }
}

// Every byte of the data belongs to exactly one tensor.
void check_layout(const SafetensorsHeader& header, const InputFile& file) {
  std::vector<const Entry*> order;
  for (const Entry& e : header.entries) order.push_back(&e);
  std::ranges::sort(order, {}, [](const Entry* e) { return std::pair(e->begin, e->end); });
  std::uint64_t at = 0;
  for (const Entry* e : order) {
    if (e->begin != at) {
      refuse(file, *e, e->begin < at ? "its bytes overlap those of the one before" : "there is a gap before its bytes",
             formatted("{} to {}, after {}", e->begin, e->end, at));
    }
    if (e->end < e->begin) refuse(file, *e, "its bytes end before they begin", described(*e));
    at = e->end;
  }
  const std::uint64_t present = file.size() - header.data;
  if (at != present) {
    file.fail({.wrong = at > present ? "is truncated" : "has bytes that belong to no tensor",
               .got = formatted("{} bytes of data", present),
               .expected = formatted("{} by the header", at)});
  }
}

Shape shape_of(const Entry& e) {
  Shape shape;
  for (const std::uint64_t size : e.shape) shape.push_back(static_cast<std::int64_t>(size));
  return shape;
}

}  // namespace

SafetensorsReader::SafetensorsReader(const InputFile& file, const LoadOptions& options, bool any_dtype)
    : file_(file), header_(read_header(file, options.lenient)) {
  for (Entry& e : header_.entries) {
    e.wanted = is_wanted(e.name, options);
    if (e.wanted && !any_dtype) check_readable(e, file);
    check_size(e, file);
  }
  check_layout(header_, file);
}

bool SafetensorsReader::can_read(const Entry& e) const { return find_format(e) && e.shape.size() <= max_dims; }

bool SafetensorsReader::changes_dtype(const Entry& e) const {
  const Format* f = find_format(e);
  return f && f->read;
}

Tensor SafetensorsReader::read(const Entry& e, Loc where) const {
  check_readable(e, file_);
  const Format& f = *find_format(e);
  Tensor y = detail::make(shape_of(e), f.dtype, "load", where);
  if (f.read) {
    f.read(e, header_, file_, y);
    return y;
  }
  const auto bytes = static_cast<std::size_t>(e.end - e.begin);
  spare_tail(y.impl()->data, bytes);
  file_.read(header_.data + e.begin, y.impl()->data, bytes);
  if (f.dtype == boolean) {
    const auto* p = detail::data<unsigned char>(y);
    if (std::any_of(p, p + bytes, [](unsigned char b) { return b > 1; })) {
      refuse(file_, e, "a bool is neither 0 nor 1", {});
    }
  }
  return y;
}

StateDict SafetensorsReader::read_wanted(const LoadOptions& options, Loc where) const {
  StateDict state;
  state.reserve(header_.entries.size());
  for (const Entry& e : header_.entries) {
    if (e.wanted) state.emplace_back(e.name, read(e, where));
  }
  const std::size_t count = header_.entries.size();
  check_wanted(state, count, count ? header_.entries[0].name : "", "no tensor", options, file_);
  rename(state, options.rename, file_);
  return state;
}

const char* safetensors_dtype(DType dtype) { return std::ranges::find(formats, dtype, &Format::dtype)->name.data(); }

}  // namespace gradus::io
