// The header of a NumPy array: parsing the Python literal, and writing one.
#include "io/npy_header.hpp"

#include <algorithm>
#include <cstring>

#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::io {
namespace {

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  std::optional<NpyHeader> parse() {
    NpyHeader header;
    std::string seen;
    if (!take('{')) return std::nullopt;
    while (!take('}')) {
      std::string key;
      if (!quoted(key) || !take(':') || seen.find(key + ' ') != std::string::npos) return std::nullopt;
      seen += key + ' ';
      bool known = false;
      if (key == "descr") known = quoted(header.descr) || list(header.descr);
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
  // The dtype of a structured array, as it stands: [('x', '<f4'), ('y', '<i8', (2,))]. Brackets in names are rare
  // enough.
  bool list(std::string& to) {
    if (!peek('[')) return false;
    int depth = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '[') ++depth;
      if (rest_[i] == ']') --depth;
      if (depth > 0) continue;
      to = rest_.substr(0, i + 1);
      rest_.remove_prefix(i + 1);
      return true;
    }
    return false;
  }
  bool boolean(bool& to) {
    to = word("True");
    return to || word("False");
  }
  bool tuple(std::vector<std::uint64_t>& to) {
    constexpr std::size_t most_axes = 64;
    if (!take('(')) return false;
    while (!take(')')) {
      skip_blanks();
      const auto digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      const auto size = detail::parse_integer(rest_.substr(0, digits));
      if (!size || to.size() == most_axes) return false;
      to.push_back(static_cast<std::uint64_t>(*size));
      rest_.remove_prefix(digits);
      word("L");  // Python 2
      if (!take(',') && !peek(')')) return false;
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<NpyHeader> parse_npy_header(std::string_view text) { return HeaderParser(text).parse(); }

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
  std::string header(npy_magic);
  header += {'\1', '\0', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace gradus::io
