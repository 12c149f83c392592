// Writing lines, and what becomes of them when the disk is full.
#include "train/text_file.hpp"

#include <cerrno>
#include <cstring>

namespace gradus::train {

TextFile::TextFile(const std::string& path, std::string_view operation, Loc where, bool goes_on) : path_(path) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), goes_on ? "ab" : "wb"));
  if (file_) return;
  throw Error(operation,
              {.wrong = "a file cannot be written",
               .got = path + ": " + std::strerror(errno),
               .expected = "the name of a file in a folder that is there"},
              where);
}

void TextFile::write(std::string_view lines, std::chrono::steady_clock::time_point now) {
  using namespace std::chrono_literals;
  if (!file_) return;
  buffer_ += lines;
  if (now - flushed_ < 500ms && buffer_.size() < 65536) return;
  flushed_ = now;
  flush();
}

void TextFile::flush() {
  if (!file_ || buffer_.empty()) return;
  const bool whole = std::fwrite(buffer_.data(), 1, buffer_.size(), file_.get()) == buffer_.size();
  buffer_.clear();
  if (whole && std::fflush(file_.get()) == 0) return;
  trouble_ = path_ + ": " + std::strerror(errno) + "; it ends there";
  file_.reset();
}

}  // namespace gradus::train
