// Files to read and files to write, with errors that name them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gradus/error.hpp>

namespace gradus::io {

// The system calls that change what is on the disk. A test puts others in their place, in which each call may fail or
// the power go off.
struct SystemCalls {
  int (*open)(const char* path, int flags, mode_t mode);
  ssize_t (*write)(int file, const void* from, std::size_t bytes);
  int (*fsync)(int file);
  int (*close)(int file);
  int (*rename)(const char* from, const char* to);
  int (*unlink)(const char* path);
};
extern SystemCalls system_calls;

// A file's path and who works on it: what every error about the file says.
class FileErrors {
 public:
  FileErrors(std::string path, std::string_view operation, Loc where)
      : path_(std::move(path)), operation_(operation), where_(where) {}

  const std::string& path() const { return path_; }
  // An Error of the operation about this file.
  [[noreturn]] void fail(Complaint complaint) const;
  [[noreturn]] void fail_because(std::string_view what, int error) const;  // with the system's reason

 private:
  std::string path_, operation_;
  Loc where_;
};

// An open regular file. A read takes bytes from any place, all of them: the caller stays below size().
class InputFile : public FileErrors {
 public:
  InputFile(std::string path, std::string_view operation, Loc where);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::uint64_t size() const { return size_; }
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;

 private:
  int file_;
  std::uint64_t size_ = 0;
};

// Where a write goes: the file that `path` means once links are followed, and what is there now.
struct Target {
  std::string path;
  std::string folder;  // of the file; "." if the path has none
  bool exists = false;
  mode_t mode = 0;  // with owner and group, kept when an existing file is replaced
  uid_t owner = 0;
  gid_t group = 0;
};

// Throws by errors.fail unless a file can be written there.
Target writable_target(const FileErrors& errors);

// A file that appears under its name only when commit() returns. Until then it is a temporary one in the same folder,
// which goes away with this object, so that a failure at any time leaves what was there before.
class AtomicFile : private FileErrors {
 public:
  AtomicFile(std::string path, std::string_view operation, Loc where);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* from, std::size_t bytes);
  void commit();  // on the disk, then under its name

 private:
  Target target_;
  std::string temporary_;
  int file_ = -1;
};

// The kind of what is not a regular file: "a folder", "a pipe", "a device", "a socket".
const char* kind_of(mode_t mode);

}  // namespace gradus::io
