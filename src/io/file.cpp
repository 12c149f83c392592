#include "io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gradus::io {
namespace {

constexpr std::size_t most_at_once = std::size_t{1} << 30;  // one system call moves less than 2 GiB

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

InputFile::InputFile(std::string path, std::string_view operation, Loc where)
    : path_(std::move(path)),
      operation_(operation),
      where_(where),
      file_(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  struct stat about;
  const bool opened = file_ >= 0 && ::fstat(file_, &about) == 0;
  if (opened && S_ISREG(about.st_mode)) {
    size_ = static_cast<std::uint64_t>(about.st_size);
    return;
  }
  const std::string reason = opened ? "not a regular file" : std::strerror(errno);
  if (file_ >= 0) ::close(file_);
  fail({.wrong = "cannot be opened: " + reason});
}

InputFile::~InputFile() { ::close(file_); }

void InputFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  auto* p = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t n = ::pread(file_, p, std::min(bytes, most_at_once), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail({.wrong = std::string("cannot be read: ") + std::strerror(errno)});
    if (n == 0) fail({.wrong = "became shorter while it was read"});
    p += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
}

void InputFile::fail(Complaint complaint) const {
  complaint.wrong = path_ + ": " + complaint.wrong;
  throw Error(operation_, std::move(complaint), where_);
}

AtomicFile::AtomicFile(std::string path, std::string_view operation, Loc where)
    : path_(std::move(path)), operation_(operation), where_(where) {
  static std::atomic<unsigned> count{0};
  temporary_ = path_ + ".tmp-" + std::to_string(::getpid()) + '-' + std::to_string(count++);
  file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file_ < 0) fail("cannot be created");
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* from, std::size_t bytes) {
  auto* p = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t n = ::write(file_, p, std::min(bytes, most_at_once));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot be written");
    p += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

// The rename must not reach the disk before the bytes do, nor be forgotten after we have said that it is done.
void AtomicFile::commit() {
  if (::fsync(file_) != 0) fail("cannot be written");
  const int closed = ::close(file_);
  file_ = -1;
  if (closed != 0) fail("cannot be written");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be replaced");
  temporary_.clear();
  const int directory = ::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;  // a directory that may be written but not read
  ::fsync(directory);         // some file systems cannot, and keep the order by themselves
  ::close(directory);
}

void AtomicFile::fail(const char* what) const {
  throw Error(operation_, {.wrong = path_ + ": " + what + ": " + std::strerror(errno)}, where_);
}

}  // namespace gradus::io
