// What many tests need: the text of an error, a directory that goes away, the bytes of a file.
#pragma once

#include <doctest/doctest.h>

#include <unistd.h>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>

#include <gradus/error.hpp>

namespace support {

// what() of the gradus::Error that f throws; anything else escapes.
template <class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const gradus::Error& e) { return e.what(); }
  return "nothing was thrown";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// CHECK_SAYS(f(), "part", "part"): the call throws an Error whose text has every part.
#define CHECK_SAYS(call, ...) CHECK_PARTS(support::message([&] { (void)(call); }), __VA_ARGS__)
#define CHECK_PARTS(text, ...)                                                                                         \
  for (const std::string said_ = (text); const std::string& part_ : std::initializer_list<std::string>{__VA_ARGS__}) { \
    INFO(said_);                                                                                                       \
    INFO("should contain: ", part_);                                                                                   \
    CHECK(support::contains(said_, part_));                                                                            \
  }                                                                                                                    \
  static_assert(true)

class TempDir {
 public:
  TempDir() {
    static std::atomic<int> count{0};
    // In memory where that can be had: some tests write tens of thousands of files.
    const std::filesystem::path memory = "/dev/shm";
    path_ = (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) /
            ("gradus-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string str() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline std::string write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace support
