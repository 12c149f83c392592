// Reading and writing safetensors files.
#include <gradus/io/safetensors.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "io/file.hpp"
#include "io/half.hpp"
#include "io/safetensors_header.hpp"
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
  const char* name;
  DType dtype;          // here
  std::uint64_t bytes;  // of a number in the file
  Read read = nullptr;  // null: the numbers are stored as they are here
};
constexpr Format formats[] = {
    {"F32", f32, 4},
    {"F64", f64, 8},
    {"I64", i64, 8},
    {"BOOL", boolean, 1},
    {"F16", f32, 2, read_converted<std::uint16_t, float, from_half>},
    {"BF16", f32, 2, read_converted<std::uint16_t, float, from_brain>},
    {"I8", i64, 1, widen<std::int8_t>},
    {"U8", i64, 1, widen<std::uint8_t>},
    {"I16", i64, 2, widen<std::int16_t>},
    {"U16", i64, 2, widen<std::uint16_t>},
    {"I32", i64, 4, widen<std::int32_t>},
    {"U32", i64, 4, widen<std::uint32_t>},
};

// What to do about the format's other dtypes, by how their names begin.
constexpr std::pair<std::string_view, const char*> advices[] = {
    {"U64", "store it as I64, if all numbers are below 2^63: in PyTorch x.to(torch.int64)"},
    {"F8", "store it as F32 or BF16: in PyTorch x.float()"},
    {"F6", "store it as F32 or BF16"},
    {"F4", "store it as F32 or BF16"},
    {"C64", "store its real and imaginary parts as F32: in PyTorch torch.view_as_real(x)"},
};

[[noreturn]] void refuse(const InputFile& file, const Entry& e, std::string why, std::string got,
                         std::string advice = {}) {
  file.fail({.wrong = formatted("tensor {:?}: {}", e.name, why), .got = std::move(got), .advice = std::move(advice)});
}

const Format& format_of(const Entry& e, const InputFile& file) {
  for (const Format& f : formats)
    if (e.dtype == f.name) return f;
  std::string advice = "store it as F32, F64, I64 or BOOL";
  for (const auto& [start, text] : advices)
    if (e.dtype.starts_with(start)) advice = text;
  refuse(file, e, formatted("dtype {} cannot be read", e.dtype), {},
         advice + "; or read the other tensors: {.only = …}");
}

// The entry's shape, if it needs the bytes that the entry has. As for tensors in memory, an axis of 0 counts as 1 in
// what must not overflow.
Shape shape_of(const Entry& e, const Format& f, const InputFile& file) {
  const std::string got = formatted("{} ({}) at {} to {}", e.dtype, fmt::join(e.shape, ", "), e.begin, e.end);
  if (e.shape.size() > max_dims) refuse(file, e, "more than 8 axes", got);
  constexpr std::uint64_t most = std::uint64_t{1} << 47;
  std::uint64_t room = static_cast<std::uint64_t>(size_of(f.dtype)), bytes = f.bytes;
  Shape shape;
  for (std::uint64_t size : e.shape) {
    if (__builtin_mul_overflow(room, std::max<std::uint64_t>(size, 1), &room) || room > most) {
      refuse(file, e, "too large", got);
    }
    bytes *= size;
    shape.push_back(static_cast<std::int64_t>(size));
  }
  if (e.end < e.begin || e.end - e.begin != bytes) refuse(file, e, formatted("its shape needs {} bytes", bytes), got);
  return shape;
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
    at = e->end;
  }
  const std::uint64_t present = file.size() - header.data;
  if (at != present) {
    file.fail({.wrong = at > present ? "is truncated" : "has bytes that belong to no tensor",
               .got = formatted("{} bytes of data", present),
               .expected = formatted("{} by the header", at)});
  }
}

// The header, in which every byte of the data has its tensor, and the tensors to be read have a known dtype.
SafetensorsHeader checked_header(const InputFile& file, const std::string& only) {
  SafetensorsHeader header = read_header(file);
  for (Entry& e : header.entries) {
    e.wanted = ::fnmatch(only.c_str(), e.name.c_str(), 0) == 0;
    if (e.wanted) shape_of(e, format_of(e, file), file);
  }
  check_layout(header, file);
  return header;
}

Tensor read_tensor(const Entry& e, const SafetensorsHeader& header, const InputFile& file, Loc where) {
  const Format& f = format_of(e, file);
  Tensor y = detail::make(shape_of(e, f, file), f.dtype, "load", where);
  if (f.read) {
    f.read(e, header, file, y);
    return y;
  }
  const auto bytes = static_cast<std::size_t>(e.end - e.begin);
  spare_tail(y.impl()->data, bytes);
  file.read(header.data + e.begin, y.impl()->data, bytes);
  if (f.dtype == boolean) {
    const auto* p = detail::data<unsigned char>(y);
    if (std::any_of(p, p + bytes, [](unsigned char b) { return b > 1; })) {
      refuse(file, e, "a bool is neither 0 nor 1", {});
    }
  }
  return y;
}

// The reference's order: wide dtypes first, so that all lie aligned; names among equals.
std::vector<const std::pair<std::string, Tensor>*> in_file_order(const StateDict& state) {
  constexpr int rank[] = {1, 2, 3, 0};  // of f32, f64, i64, bool
  std::vector<const std::pair<std::string, Tensor>*> order;
  for (const auto& item : state) order.push_back(&item);
  std::ranges::sort(order, [&](const auto* a, const auto* b) {
    const int rank_a = rank[static_cast<int>(a->second.dtype())];
    const int rank_b = rank[static_cast<int>(b->second.dtype())];
    return rank_a != rank_b ? rank_a > rank_b : a->first < b->first;
  });
  return order;
}

void check_names(const FileErrors& file, const StateDict& state) {
  std::vector<std::string_view> names;
  for (const auto& [name, tensor] : state) {
    if (name.size() > most_name_bytes || name.find('\0') != std::string::npos || name == "__metadata__") {
      file.fail({.wrong = "not a name for a tensor",
                 .got = formatted("{:?}", name.substr(0, 80)),
                 .expected = formatted("at most {} bytes, none of them zero; not __metadata__", most_name_bytes)});
    }
    if (!tensor.defined()) file.fail({.wrong = formatted("tensor {:?} is undefined", name)});
    names.push_back(name);
  }
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
    file.fail({.wrong = formatted("two tensors have the name {:?}", *twice)});
  }
}

std::string quoted(const std::string& text, const FileErrors& file) try {
  return nlohmann::json(text).dump();
} catch (const nlohmann::json::type_error&) {
  file.fail({.wrong = "a name or a text of the metadata is not UTF-8", .got = formatted("{:?}", text.substr(0, 80))});
}

std::string shape_text(const Shape& shape) { return formatted("[{}]", fmt::join(shape.begin(), shape.end(), ",")); }

// The length, the entries in the order of the data, and padding so that the data begins aligned.
std::string header_text(const FileErrors& file, const std::vector<const std::pair<std::string, Tensor>*>& order,
                        const Metadata& metadata) {
  std::string header, words;
  for (const auto& [key, text] : metadata) {
    words += (words.empty() ? "" : ",") + quoted(key, file) + ':' + quoted(text, file);
  }
  if (!words.empty()) header = "\"__metadata__\":{" + words + '}';
  std::int64_t begin = 0;
  for (const auto* item : order) {
    const auto& [name, tensor] = *item;
    const std::int64_t end = begin + tensor.numel() * size_of(tensor.dtype());
    const char* dtype = std::ranges::find(formats, tensor.dtype(), &Format::dtype)->name;
    header += formatted("{}{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", header.empty() ? "" : ",",
                        quoted(name, file), dtype, shape_text(tensor.shape()), begin, end);
    begin = end;
  }
  header = '{' + header + '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > most_header_bytes || order.size() > most_tensors) {
    file.fail({.wrong = "too many names for one file",
               .got = formatted("{} names, a header of {} bytes", order.size(), header.size()),
               .expected = formatted("at most {} names and {} bytes", most_tensors, most_header_bytes)});
  }
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header;
}

}  // namespace

void save(const std::string& path, const StateDict& state, const Metadata& metadata, Loc where) {
  const FileErrors errors(path, "save", where);
  check_names(errors, state);
  const auto order = in_file_order(state);
  const std::string header = header_text(errors, order, metadata);
  AtomicFile file(path, "save", where);
  file.write(header.data(), header.size());
  for (const auto* item : order) {
    const Tensor x = detail::dense(item->second);
    file.write(x.impl()->data, static_cast<std::size_t>(x.numel() * size_of(x.dtype())));
  }
  file.commit();
}

void check_save(const std::string& path, const StateDict& state, const Metadata& metadata, Loc where) {
  const FileErrors errors(path, "check_save", where);
  (void)writable_target(errors);
  check_names(errors, state);
  (void)header_text(errors, in_file_order(state), metadata);
}

StateDict load(const std::string& path, const LoadOptions& options, Loc where) {
  const InputFile file(path, "load", where);
  const SafetensorsHeader header = checked_header(file, options.only);
  StateDict state;
  state.reserve(header.entries.size());
  for (const Entry& e : header.entries) {
    if (e.wanted) state.emplace_back(e.name, read_tensor(e, header, file, where));
  }
  if (state.empty() && !header.entries.empty()) {
    file.fail({.wrong = formatted("no tensor has a name like {:?}", options.only),
               .got = formatted("{:?} and {} others", header.entries[0].name, header.entries.size() - 1)});
  }
  return state;
}

Metadata metadata(const std::string& path, Loc where) {
  const InputFile file(path, "metadata", where);
  return checked_header(file, "").metadata;
}

}  // namespace gradus::io
