// Files to read and files to write, with errors that name them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gradus/error.hpp>

namespace gradus::io {

// An open regular file. Reads are at a place, and whole: the caller asks only for bytes below size().
class InputFile {
 public:
  InputFile(std::string path, std::string_view operation, Loc where);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;
  // An Error of the reading operation about this file.
  [[noreturn]] void fail(Complaint complaint) const;

 private:
  std::string path_, operation_;
  Loc where_;
  int file_;
  std::uint64_t size_ = 0;
};

// A file that appears under its name only when commit() returns. Until then it is a temporary one beside it, which goes
// away with this object, so that a failure at any time leaves what was there before.
class AtomicFile {
 public:
  AtomicFile(std::string path, std::string_view operation, Loc where);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* from, std::size_t bytes);
  void commit();  // on the disk, then under its name

 private:
  [[noreturn]] void fail(const char* what) const;  // with the system's reason

  std::string path_, temporary_, operation_;
  Loc where_;
  int file_ = -1;
};

}  // namespace gradus::io
