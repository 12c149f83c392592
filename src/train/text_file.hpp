// A file of lines that grows while a program runs.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <gradus/error.hpp>

namespace gradus::train {

// Lines are written out once a second at least. A write that fails ends the file, and trouble() says why; the program
// goes on.
class TextFile {
 public:
  // The path "" writes nothing. `goes_on`: after what is there. Throws if the file cannot be made.
  TextFile(const std::string& path, std::string_view operation, Loc where, bool goes_on = false);
  ~TextFile() { flush(); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  bool is_open() const { return file_ != nullptr; }
  void write(std::string_view lines, std::chrono::steady_clock::time_point now);
  void flush();
  const std::string& trouble() const { return trouble_; }

 private:
  std::string path_, buffer_, trouble_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
  std::chrono::steady_clock::time_point flushed_{};
};

}  // namespace gradus::train
