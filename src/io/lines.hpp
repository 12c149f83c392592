// Text of any size, line by line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "io/file.hpp"

namespace gradus::io {

// Fills a buffer with the next bytes; returns how many there were, 0 at the end.
using Source = std::function<std::size_t(char* to, std::size_t room)>;

// The bytes of a file, which must live longer.
inline Source source_of(const InputFile& file) {
  return [&file, offset = std::uint64_t{0}](char* to, std::size_t room) mutable {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(room, file.size() - offset));
    if (bytes > 0) file.read(offset, to, bytes);
    offset += bytes;
    return bytes;
  };
}
inline Source source_of(std::string_view bytes) {
  return [bytes](char* to, std::size_t room) mutable {
    const std::size_t taken = std::min(room, bytes.size());
    bytes.copy(to, taken);
    bytes.remove_prefix(taken);
    return taken;
  };
}

// Splits what a source gives into lines.
class Lines {
 public:
  enum class Next { line, cut, too_long, end };

  explicit Lines(Source source) : source_(std::move(source)) {}

  // The next line without its end, if it has at most `longest` bytes. `cut`: the file ends in the middle of it.
  Next next(std::string& line, std::size_t longest) {
    line.clear();
    for (;;) {
      if (at_ == filled_) {
        block_.resize(block_size);
        filled_ = source_(block_.data(), block_size);
        at_ = 0;
        if (filled_ == 0) return line.empty() ? Next::end : Next::cut;
      }
      const std::string_view rest(block_.data() + at_, filled_ - at_);
      const std::size_t end = rest.find('\n');
      const std::size_t taken = std::min(end, rest.size());
      if (line.size() + taken > longest) return Next::too_long;
      line.append(rest.substr(0, taken));
      at_ += end == rest.npos ? taken : taken + 1;
      if (end != rest.npos) return Next::line;
    }
  }

 private:
  static constexpr std::size_t block_size = 1 << 16;
  Source source_;
  std::string block_;
  std::size_t at_ = 0, filled_ = 0;
};

}  // namespace gradus::io
