// Parsing a safetensors header: JSON of exactly the format's grammar.
#include "io/safetensors_header.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_set>

#include "io/json.hpp"
#include "tensor/format.hpp"

namespace gradus::io {
namespace {

// Accepts exactly what the format allows, piece by piece as the JSON parser reads it; no tree is built.
class Grammar {
 public:
  Grammar(SafetensorsHeader& to, bool lenient) : header_(to), lenient_(lenient) {}
  const std::string& complaint() const { return complaint_; }
  bool null_metadata() const { return null_metadata_; }

  bool start_object(std::size_t) {
    if (at_ == At::start) return go(At::names);
    if (at_ != At::value) return refuse("unexpected object");
    if (name_ == "__metadata__") return go(At::metadata);
    if (header_.entries.size() == most_tensors) return refuse("more than a million tensors");
    header_.entries.push_back({.name = name_, .dtype = {}, .shape = {}});
    fields_.clear();
    return go(At::entry);
  }

  bool key(Json::string_t& key) {
    if (key.size() > most_name_bytes) return refuse("a name of more than 4096 bytes");
    if (key.find('\0') != std::string::npos) return refuse("a name with a zero byte");
    if (at_ == At::names) {
      name_ = key;
      if (!names_.insert(key).second) return refuse("duplicate name");
      return go(At::value);
    }
    if (at_ == At::metadata) {
      key_ = key;
      return header_.metadata.emplace(key, "").second || refuse("duplicate key of __metadata__");
    }
    if (at_ != At::entry) return refuse("a field without its value");
    if (key != "dtype" && key != "shape" && key != "data_offsets") return refuse(formatted("unknown field {:?}", key));
    if (fields_.find(key + ' ') != std::string::npos) return refuse(formatted("duplicate field {:?}", key));
    fields_ += key + ' ';
    if (key == "dtype") return go(At::dtype);
    return go(key == "shape" ? At::shape : At::offsets);
  }

  bool string(Json::string_t& text) {
    if (at_ == At::metadata) {
      header_.metadata[key_] = text;
      return true;
    }
    if (at_ != At::dtype) return refuse("unexpected string");
    entry().dtype = text;
    return go(At::entry);
  }

  bool start_array(std::size_t) {
    if (at_ == At::shape) return go(At::sizes);
    if (at_ == At::offsets) return go(At::begin);
    return refuse("unexpected list");
  }

  bool number_unsigned(Json::number_unsigned_t number) {
    if (at_ == At::sizes) {
      entry().shape.push_back(number);
      return entry().shape.size() <= max_axes || refuse("more than 64 axes");
    }
    if (at_ == At::begin) {
      entry().begin = number;
      return go(At::end);
    }
    if (at_ != At::end) return refuse("unexpected number");
    entry().end = number;
    return go(At::offsets_done);
  }

  bool end_array() {
    return at_ == At::sizes || at_ == At::offsets_done ? go(At::entry) : refuse("data_offsets must be two numbers");
  }

  bool end_object() {
    if (at_ == At::names) return go(At::done);
    if (at_ == At::entry && fields_.size() != std::strlen("dtype shape data_offsets ")) {
      return refuse("dtype, shape or data_offsets is missing");
    }
    return go(At::names);
  }

  bool number_integer(Json::number_integer_t) { return refuse("negative number"); }
  bool number_float(Json::number_float_t, const Json::string_t& text) {
    return refuse("not a whole number of 64 bits: " + text);
  }
  bool boolean(bool) { return refuse("unexpected true or false"); }
  bool null() {
    null_metadata_ = at_ == At::value && name_ == "__metadata__";
    return null_metadata_ && lenient_ ? go(At::names) : refuse("unexpected null");
  }
  bool binary(Json::binary_t&) { return refuse("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
    name_.clear();
    return refuse(formatted("not JSON at byte {} of it", position));
  }

 private:
  enum class At { start, names, value, entry, dtype, shape, sizes, offsets, begin, end, offsets_done, metadata, done };
  static constexpr std::size_t max_axes = 64;

  Entry& entry() { return header_.entries.back(); }
  bool go(At next) {
    at_ = next;
    return true;
  }
  bool refuse(const std::string& why) {
    complaint_ = name_.empty() ? why : formatted("{:?}: {}", name_, why);
    return false;
  }

  SafetensorsHeader& header_;
  bool lenient_;
  bool null_metadata_ = false;
  At at_ = At::start;
  std::string name_, key_, fields_, complaint_;  // fields_: the entry's so far, each followed by a blank
  std::unordered_set<std::string> names_;
};

constexpr const char* try_lenient = "{.lenient = true} reads the file all the same";

// What stands around the braces. The format knows spaces at the end; some writers put in other things.
struct Padding {
  bool before = false;  // white space
  bool zeros = false;   // at the end
  bool after = false;   // white space other than spaces, at the end

  bool any() const { return before || zeros || after; }
  std::string text() const {
    if (before) return "its header begins with white space";
    return zeros ? "its header is padded with zero bytes" : "its header ends in white space other than spaces";
  }
};

// Takes the padding away.
Padding unpad(std::string& text) {
  constexpr std::string_view whites = " \t\r\n", ends("\0 \t\r\n", 5);
  Padding found;
  const std::size_t end = text.find_last_not_of(ends) + 1;
  const std::string_view tail = std::string_view(text).substr(end);
  found.zeros = tail.find('\0') != tail.npos;
  found.after = tail.find_first_of("\t\r\n") != tail.npos;
  text.resize(end);
  const std::size_t begin = std::min(text.find_first_not_of(whites), text.size());
  found.before = begin > 0;
  text.erase(0, begin);
  return found;
}

}  // namespace

SafetensorsHeader read_header(const InputFile& file, bool lenient) {
  const auto refuse = [&](std::string why, std::string got = {}, std::string advice = {}) {
    file.fail(
        {.wrong = "is not a safetensors file: " + std::move(why), .got = std::move(got), .advice = std::move(advice)});
  };
  unsigned char head[8];
  if (file.size() < sizeof head + 2) refuse("too short", formatted("{} bytes", file.size()));
  file.read(0, head, sizeof head);
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | head[i];
  if (length < 2 || length > file.size() - sizeof head || length > most_header_bytes) {
    refuse("the length of its header is impossible",
           formatted("a header of {} bytes in a file of {}", length, file.size()));
  }

  std::string text(static_cast<std::size_t>(length), '\0');
  file.read(sizeof head, text.data(), text.size());
  const Padding padding = unpad(text);
  if (text.empty() || text.front() != '{' || text.back() != '}')
    refuse("its header does not begin with { and end with }");
  if (text.find('\0') != std::string::npos) refuse("a zero byte in its header");  // where the JSON parser would stop
  if (padding.any() && !lenient) refuse(padding.text(), {}, try_lenient);

  SafetensorsHeader header;
  header.data = sizeof head + length;
  Grammar grammar(header, lenient);
  if (!Json::sax_parse(std::string_view(text), &grammar)) {
    refuse("its header is malformed", grammar.complaint(), grammar.null_metadata() ? try_lenient : "");
  }
  if (padding.any()) header.notes.push_back(padding.text() + ", which the format does not allow");
  if (grammar.null_metadata()) header.notes.emplace_back("its __metadata__ is null, which the format does not allow");
  return header;
}

}  // namespace gradus::io
