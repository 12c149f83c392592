// PGM and PPM files, in both of their forms: a header of words, then numbers as bytes or as words.
#include "io/pnm.hpp"

#include <charconv>

#include "tensor/format.hpp"

namespace gradus::io {
namespace {

constexpr std::int64_t largest_side = 1 << 24;

class Words {
 public:
  Words(std::string_view bytes, const FileErrors& errors) : rest_(bytes), errors_(errors) {}

  // The next number, up to `most`.
  std::int64_t number(const char* what, std::int64_t least, std::int64_t most) {
    skip();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < least || value > most)
      errors_.fail({.wrong = formatted("{} is damaged", what),
                    .got = rest_.empty() ? "the end of the file" : formatted("{:?}", rest_.substr(0, 12)),
                    .expected = formatted("a number from {} to {}", least, most)});
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  // What is behind the one white space after the header.
  std::string_view bytes() {
    if (!rest_.empty()) rest_.remove_prefix(1);
    return rest_;
  }
  std::size_t left() const { return rest_.size(); }

 private:
  void skip() {  // white space, and comments to the end of their line
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '#')
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      else if (c != ' ' && (c < '\t' || c > '\r'))
        return;
      else
        rest_.remove_prefix(1);
    }
  }
  std::string_view rest_;
  const FileErrors& errors_;
};

}  // namespace

Tensor read_pnm(std::string_view bytes, const FileErrors& errors, Loc where) {
  const bool is_text = bytes[1] == '2' || bytes[1] == '3';
  const std::int64_t channels = bytes[1] == '3' || bytes[1] == '6' ? 3 : 1;
  Words words(bytes.substr(2), errors);
  const std::int64_t width = words.number("the width", 1, largest_side);
  const std::int64_t height = words.number("the height", 1, largest_side);
  const std::int64_t most = words.number("the largest value", 1, 65535);
  const std::int64_t count = width * height * channels, size = most > 255 ? 2 : 1;
  // A number as text has a digit and a space before it.
  const std::string_view data = is_text ? std::string_view() : words.bytes();
  const auto there =
      static_cast<std::int64_t>(is_text ? words.left() / 2 : data.size() / static_cast<std::size_t>(size));
  if (there < count)
    errors.fail({.wrong = "there are fewer pixels than the header says",
                 .got = formatted("at most {} numbers", there),
                 .expected = formatted("{} by {}, {} channels: {} numbers", width, height, channels, count)});
  std::vector<float> all(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t value = 0;
    if (is_text) {
      value = words.number("a pixel", 0, most);
    } else {
      for (std::int64_t k = 0; k < size; ++k)
        value = value << 8 | static_cast<unsigned char>(data[static_cast<std::size_t>(i * size + k)]);
      if (value > most)
        errors.fail({.wrong = "a pixel is larger than the largest value that the header allows",
                     .got = formatted("{}", value),
                     .expected = formatted("at most {}", most)});
    }
    const std::int64_t pixel = i / channels, channel = i % channels;
    all[static_cast<std::size_t>(channel * width * height + pixel)] =
        static_cast<float>(static_cast<double>(value) / static_cast<double>(most));
  }
  return from_data(std::span<const float>(all), {channels, height, width}, where);
}

}  // namespace gradus::io
