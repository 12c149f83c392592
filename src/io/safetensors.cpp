// Reading and writing safetensors files.
#include <gradus/io/safetensors.hpp>

#include <algorithm>

#include "io/json.hpp"
#include "io/safetensors_reader.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::io {
namespace {

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
  return Json(text).dump();
} catch (const Json::type_error&) {
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
    header += formatted("{}{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", header.empty() ? "" : ",",
                        quoted(name, file), safetensors_dtype(tensor.dtype()), shape_text(tensor.shape()), begin, end);
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
  return SafetensorsReader(file, options, false).read_wanted(options, where);
}

Metadata metadata(const std::string& path, Loc where) {
  const InputFile file(path, "metadata", where);
  return SafetensorsReader(file, {.only = ""}, false).header().metadata;
}

}  // namespace gradus::io
