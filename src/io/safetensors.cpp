#include <gradus/io/safetensors.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "io/file.hpp"
#include "io/safetensors_header.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::io {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the numbers in the file are little-endian, and copied as they are");

// How numbers lie in the file, and what they become here.
enum class Stored { same, half, brain };
struct Format {
  const char* name;
  DType dtype;
  std::uint64_t bytes;  // in the file
  Stored stored = Stored::same;
};
constexpr Format formats[] = {{"F32", f32, 4},
                              {"F64", f64, 8},
                              {"I64", i64, 8},
                              {"BOOL", boolean, 1},
                              {"F16", f32, 2, Stored::half},
                              {"BF16", f32, 2, Stored::brain}};

float from_half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023u;
  if (exponent == 0) {  // zero and the subnormal: fraction 2^-24
    const float size = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -size : size;
  }
  const std::uint32_t widened = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

float from_brain(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

[[noreturn]] void refuse(const InputFile& file, const Entry& e, std::string why, std::string got,
                         std::string advice = {}) {
  file.fail({.wrong = formatted("tensor {:?}: {}", e.name, why), .got = std::move(got), .advice = std::move(advice)});
}

const Format& format_of(const Entry& e, const InputFile& file) {
  for (const Format& f : formats)
    if (e.dtype == f.name) return f;
  refuse(file, e, "Gradus has no such dtype", formatted("{:?}", e.dtype),
         "save it as F32, F64, I64, BOOL, F16 or BF16");
}

// Does the entry's room hold its shape? As for tensors in memory, an axis of 0 counts as 1 in what must not overflow.
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
      refuse(file, *e, e->begin < at ? "overlaps the one before it" : "a gap before it",
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

SafetensorsHeader checked_header(const InputFile& file) {
  SafetensorsHeader header = read_header(file);
  for (const Entry& e : header.entries) shape_of(e, format_of(e, file), file);
  check_layout(header, file);
  return header;
}

Tensor read_tensor(const Entry& e, const SafetensorsHeader& header, const InputFile& file, Loc where) {
  const Format& f = format_of(e, file);
  Tensor y = detail::make(shape_of(e, f, file), f.dtype, "load", where);
  const auto bytes = static_cast<std::size_t>(e.end - e.begin);
  if (f.stored == Stored::same) {
    file.read(header.data + e.begin, y.impl()->data, bytes);
    if (f.dtype != boolean) return y;
    const auto* p = detail::data<unsigned char>(y);
    if (std::any_of(p, p + bytes, [](unsigned char b) { return b > 1; })) {
      refuse(file, e, "a bool that is neither 0 nor 1", {});
    }
    return y;
  }
  std::vector<std::uint16_t> halves(bytes / 2);
  file.read(header.data + e.begin, halves.data(), bytes);
  std::ranges::transform(halves, detail::data<float>(y), f.stored == Stored::half ? from_half : from_brain);
  return y;
}

// The reference's order: wide dtypes first, so that all lie aligned; names among equals.
std::vector<const std::pair<std::string, Tensor>*> in_file_order(const StateDict& state) {
  constexpr int rank[] = {1, 2, 3, 0};  // of f32, f64, i64, bool
  std::vector<const std::pair<std::string, Tensor>*> order;
  for (const auto& item : state) order.push_back(&item);
  std::ranges::sort(order, [&](const auto* a, const auto* b) {
    const int ra = rank[static_cast<int>(a->second.dtype())], rb = rank[static_cast<int>(b->second.dtype())];
    return ra != rb ? ra > rb : a->first < b->first;
  });
  return order;
}

void check(const std::string& path, const StateDict& state, Loc where) {
  std::vector<std::string_view> names;
  for (const auto& [name, tensor] : state) {
    if (name.size() > most_name_bytes || name.find('\0') != std::string::npos || name == "__metadata__") {
      throw Error("save", {.wrong = path + ": not a name for a tensor", .got = formatted("{:?}", name.substr(0, 80))},
                  where);
    }
    if (!tensor.defined()) throw Error("save", {.wrong = formatted("{}: tensor {:?} is undefined", path, name)}, where);
    names.push_back(name);
  }
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
    throw Error("save", {.wrong = formatted("{}: two tensors have the name {:?}", path, *twice)}, where);
  }
}

std::string quoted(const std::string& text, const std::string& path, Loc where) try {
  return nlohmann::json(text).dump();
} catch (const nlohmann::json::type_error&) {
  throw Error("save", {.wrong = path + ": a name or a word of the metadata is not UTF-8"}, where);
}

std::string shape_text(const Shape& shape) { return formatted("[{}]", fmt::join(shape.begin(), shape.end(), ",")); }

}  // namespace

void save(const std::string& path, const StateDict& state, const std::map<std::string, std::string>& metadata,
          Loc where) {
  check(path, state, where);
  const auto order = in_file_order(state);
  std::string header, words;
  for (const auto& [key, text] : metadata) {
    words += (words.empty() ? "" : ",") + quoted(key, path, where) + ':' + quoted(text, path, where);
  }
  if (!words.empty()) header = "\"__metadata__\":{" + words + '}';
  std::int64_t at = 0;
  for (const auto* item : order) {
    const auto& [name, tensor] = *item;
    const std::int64_t end = at + tensor.numel() * size_of(tensor.dtype());
    const char* dtype = std::ranges::find(formats, tensor.dtype(), &Format::dtype)->name;
    header += formatted("{}{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", header.empty() ? "" : ",",
                        quoted(name, path, where), dtype, shape_text(tensor.shape()), at, end);
    at = end;
  }
  header = '{' + header + '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');  // the data begins aligned
  if (header.size() > most_header_bytes || order.size() > most_tensors) {
    throw Error("save", {.wrong = path + ": too many names for one file"}, where);
  }

  AtomicFile file(path, "save", where);
  const std::uint64_t length = header.size();
  file.write(&length, sizeof length);
  file.write(header.data(), header.size());
  for (const auto* item : order) {
    const Tensor x = detail::dense(item->second);
    file.write(x.impl()->data, static_cast<std::size_t>(x.numel() * size_of(x.dtype())));
  }
  file.commit();
}

StateDict load(const std::string& path, Loc where) {
  const InputFile file(path, "load", where);
  const SafetensorsHeader header = checked_header(file);
  StateDict state;
  state.reserve(header.entries.size());
  for (const Entry& e : header.entries) state.emplace_back(e.name, read_tensor(e, header, file, where));
  return state;
}

std::map<std::string, std::string> metadata(const std::string& path, Loc where) {
  const InputFile file(path, "metadata", where);
  return checked_header(file).metadata;
}

}  // namespace gradus::io
