// Opening, reading and replacing files.
#include "io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <gradus/io/writable.hpp>

#include "io/orphans.hpp"
#include "tensor/format.hpp"

namespace gradus::io {
namespace {

int open_file(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }

constexpr std::size_t most_at_once = std::size_t{1} << 30;  // one system call moves less than 2 GiB

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// What a link says, or "" for anything but a link.
std::string link_text(const std::string& path) {
  char text[4096];
  const ssize_t size = ::readlink(path.c_str(), text, sizeof text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "";
}

// The path behind links, which need not exist: a write through a link without a target makes the target.
std::string behind_links(const FileErrors& errors) {
  constexpr int most_links = 40;  // as many as the system follows
  std::string path = errors.path();
  for (int i = 0; i < most_links; ++i) {
    const std::string text = link_text(path);
    if (text.empty()) return path;
    path = text.front() == '/' ? text : folder_of(path) + '/' + text;
  }
  errors.fail_because("cannot be written", ELOOP);
}

}  // namespace

SystemCalls system_calls{open_file, ::write, ::fsync, ::close, ::rename, ::unlink};

void FileErrors::fail(Complaint complaint) const {
  const bool printable = path_.find('\0') == std::string::npos;
  complaint.wrong = (printable ? path_ : formatted("{:?}", path_)) + ": " + complaint.wrong;
  throw Error(operation_, std::move(complaint), where_);
}

void FileErrors::fail_because(std::string_view what, int error) const {
  fail({.wrong = std::string(what) + ": " + std::strerror(error)});
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

InputFile::InputFile(std::string path, std::string_view operation, Loc where)
    : FileErrors(std::move(path), operation, where),
      file_(::open(this->path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  if (file_ < 0) fail_because("cannot be opened", errno);
  struct stat about;
  const int error = ::fstat(file_, &about) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(about.st_mode)) {
    size_ = static_cast<std::uint64_t>(about.st_size);
    return;
  }
  ::close(file_);
  if (error != 0) fail_because("cannot be opened", error);
  fail({.wrong = std::string("is ") + kind_of(about.st_mode), .expected = "a regular file"});
}

InputFile::~InputFile() { ::close(file_); }

void InputFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  auto* p = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t n = ::pread(file_, p, std::min(bytes, most_at_once), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_because("cannot be read", errno);
    if (n == 0) fail({.wrong = "became shorter while it was read"});
    p += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
}

Target writable_target(const FileErrors& errors) {
  if (errors.path().empty()) errors.fail({.wrong = "the path is empty"});
  if (errors.path().find('\0') != std::string::npos) errors.fail({.wrong = "the path has a zero byte"});
  Target target{.path = behind_links(errors), .folder = {}};
  target.folder = folder_of(target.path);
  struct stat about;
  if (::stat(target.path.c_str(), &about) == 0) {
    if (!S_ISREG(about.st_mode)) {
      errors.fail({.wrong = std::string("is ") + kind_of(about.st_mode), .expected = "a regular file, or a new name"});
    }
    if (::access(target.path.c_str(), W_OK) != 0) errors.fail_because("cannot be written", errno);
    target.exists = true;
    target.mode = about.st_mode & 07777;
    target.owner = about.st_uid;
    target.group = about.st_gid;
  } else if (errno != ENOENT) {
    errors.fail_because("cannot be written", errno);
  } else if (target.path.back() == '/') {
    errors.fail({.wrong = "is a folder's name", .expected = "a file's name"});
  }
  if (::access(target.folder.c_str(), W_OK | X_OK) != 0) {
    errors.fail_because("cannot be written in folder " + target.folder, errno);
  }
  return target;
}

void check_writable(const std::string& path, Loc where) {
  (void)writable_target(FileErrors(path, "check_writable", where));
}

// The temporary name is short, so that a long file name fits, and new: an interrupted run may have left its own, which
// is removed here.
AtomicFile::AtomicFile(std::string path, std::string_view operation, Loc where)
    : FileErrors(std::move(path), operation, where), target_(writable_target(*this)) {
  static std::atomic<unsigned> count{0};
  constexpr int most_leftovers = 1'000'000;
  for (int i = 0; i < most_leftovers; ++i) {
    temporary_ = formatted("{}/{}{}-{}{}", target_.folder, temporary_begin, ::getpid(), count++, temporary_end);
    file_ = system_calls.open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ >= 0 || errno != EEXIST) break;
  }
  if (file_ < 0) {
    temporary_.clear();
    fail_because("cannot be created", errno);
  }
  hold_temporary(file_);
  remove_orphans(target_.folder, temporary_, file_);
  if (!target_.exists) return;
  // Only root may give a file away. The mode comes second: a new owner would clear some of its bits.
  [[maybe_unused]] const int kept = ::fchown(file_, target_.owner, target_.group);
  ::fchmod(file_, target_.mode);
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) system_calls.close(file_);
  if (!temporary_.empty()) system_calls.unlink(temporary_.c_str());
}

void AtomicFile::write(const void* from, std::size_t bytes) {
  auto* p = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t n = system_calls.write(file_, p, std::min(bytes, most_at_once));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_because("cannot be written", errno);
    p += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

// The rename must not reach the disk before the bytes do, nor be forgotten after commit has returned.
void AtomicFile::commit() {
  if (system_calls.fsync(file_) != 0) fail_because("cannot be written", errno);
  const int closed = system_calls.close(file_);
  file_ = -1;
  if (closed != 0) fail_because("cannot be written", errno);
  if (system_calls.rename(temporary_.c_str(), target_.path.c_str()) != 0) fail_because("cannot be replaced", errno);
  temporary_.clear();
  const int folder = system_calls.open(target_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (folder < 0 && errno == EACCES) return;  // a folder that may be written but not read
  if (folder < 0) fail_because("may be lost if the power fails", errno);
  const int error = system_calls.fsync(folder) == 0 ? 0 : errno;
  system_calls.close(folder);
  const bool no_such_call = error == EINVAL || error == ENOTSUP;
  if (error != 0 && !no_such_call) fail_because("may be lost if the power fails", error);
}

}  // namespace gradus::io
