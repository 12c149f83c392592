// Reading in order, and inflating.
#include "io/stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#ifdef GRADUS_HAVE_ZLIB
#include <zlib.h>
#endif

namespace gradus::io {

Stream::Stream(std::string path, std::string_view operation, Loc where)
    : FileErrors(std::move(path), operation, where),
      file_(this->path() == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                : ::open(this->path().c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) fail_because("cannot be opened", errno);
  try {
    start();
  } catch (...) {
    ::close(file_);
    throw;
  }
}

void Stream::start() {
  struct stat about;
  if (::fstat(file_, &about) != 0) fail_because("cannot be opened", errno);
  if (S_ISDIR(about.st_mode)) fail({.wrong = "is a folder", .expected = "a file"});
  first_end_ = from_system(first_, sizeof first_);
  const bool gzip = first_end_ == 2 && first_[0] == 0x1f && first_[1] == 0x8b;
  if (S_ISREG(about.st_mode)) {
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (!gzip) size_ = size;
    believable_ = gzip ? 16 * size : size;
  }
  if (!gzip) return;
#ifdef GRADUS_HAVE_ZLIB
  inflater_ = std::make_unique<Inflater>(*this);
#else
  fail({.wrong = "is compressed, and this Gradus was built without zlib",
        .advice = "gunzip it, or install zlib1g-dev and build Gradus again"});
#endif
}

std::size_t Stream::read(void* to, std::size_t bytes) { return inflater_ ? inflated(to, bytes) : stored(to, bytes); }

std::size_t Stream::stored(void* to, std::size_t bytes) {
  const std::size_t held = std::min(bytes, first_end_ - first_begin_);
  std::memcpy(to, first_ + first_begin_, held);
  first_begin_ += held;
  return held + from_system(static_cast<char*>(to) + held, bytes - held);
}

std::size_t Stream::from_system(void* to, std::size_t bytes) {
  constexpr std::size_t most_at_once = std::size_t{1} << 30;
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n = ::read(file_, static_cast<char*>(to) + done, std::min(bytes - done, most_at_once));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_because("cannot be read", errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

#ifdef GRADUS_HAVE_ZLIB

struct Stream::Inflater {
  explicit Inflater(const Stream& stream) {
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) stream.fail({.wrong = "out of memory for zlib"});
  }
  ~Inflater() { inflateEnd(&z); }

  z_stream z{};
  unsigned char in[1 << 16];
  bool between = false;  // one member of the file has ended and no other begun
  std::uint64_t taken = 0, given = 0;
};

std::size_t Stream::inflated(void* to, std::size_t bytes) {
  auto& [z, in, between, taken, given] = *inflater_;
  std::size_t done = 0;
  while (done < bytes) {
    if (z.avail_in == 0) {
      z.next_in = in;
      z.avail_in = static_cast<uInt>(stored(in, sizeof in));
      taken += z.avail_in;
    }
    if (z.avail_in == 0) {
      if (between) return done;
      fail({.wrong = "the compressed data is truncated"});
    }
    if (between && *z.next_in == 0) {  // tapes and block devices pad with zeros; gzip passes over them, too
      ++z.next_in;
      --z.avail_in;
      continue;
    }
    const auto room = static_cast<uInt>(std::min<std::size_t>(bytes - done, 1u << 30));
    z.next_out = static_cast<unsigned char*>(to) + done;
    z.avail_out = room;
    const int result = inflate(&z, Z_NO_FLUSH);
    done += room - z.avail_out;
    given += room - z.avail_out;
    constexpr std::uint64_t always_allowed = 64 << 20, most_to_one = 100;
    if (given > always_allowed && given / most_to_one > taken) {
      fail({.wrong = "unpacks to more than 100 times its size", .advice = "gunzip it first, if that is right"});
    }
    between = result == Z_STREAM_END;
    if (between) inflateReset(&z);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      fail({.wrong = "the compressed data is damaged", .got = z.msg ? z.msg : "a preset dictionary"});
    }
  }
  return done;
}

#else

struct Stream::Inflater {};

std::size_t Stream::inflated(void*, std::size_t) { return 0; }

#endif

Stream::~Stream() { ::close(file_); }

}  // namespace gradus::io
