#include "io/stream.hpp"

#include <algorithm>

#ifdef GRADUS_HAVE_ZLIB
#include <zlib.h>
#endif

namespace gradus::io {
namespace {

bool is_gzip(const InputFile& file) {
  unsigned char magic[2] = {};
  if (file.size() >= sizeof magic) file.read(0, magic, sizeof magic);
  return magic[0] == 0x1f && magic[1] == 0x8b;
}

}  // namespace

#ifdef GRADUS_HAVE_ZLIB

struct Stream::Inflater {
  explicit Inflater(const InputFile& file) {
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) file.fail({.wrong = "out of memory for zlib"});
  }
  ~Inflater() { inflateEnd(&z); }

  z_stream z{};
  unsigned char in[1 << 16];
  bool between = false;  // one member of the file has ended and no other begun
};

Stream::Stream(const InputFile& file)
    : file_(file), inflater_(is_gzip(file) ? std::make_unique<Inflater>(file) : nullptr) {}

std::size_t Stream::read(void* to, std::size_t bytes) {
  if (!inflater_) return stored(to, bytes);
  auto& [z, in, between] = *inflater_;
  std::size_t done = 0;
  while (done < bytes) {
    if (z.avail_in == 0) {
      z.next_in = in;
      z.avail_in = static_cast<uInt>(stored(in, sizeof in));
    }
    if (z.avail_in == 0) {
      if (between) return done;
      file_.fail({.wrong = "the compressed data is truncated"});
    }
    const auto room = static_cast<uInt>(std::min<std::size_t>(bytes - done, 1u << 30));
    z.next_out = static_cast<unsigned char*>(to) + done;
    z.avail_out = room;
    const int result = inflate(&z, Z_NO_FLUSH);
    done += room - z.avail_out;
    between = result == Z_STREAM_END;
    if (between) inflateReset(&z);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      file_.fail({.wrong = "the compressed data is damaged", .got = z.msg ? z.msg : "a preset dictionary"});
    }
  }
  return done;
}

#else

struct Stream::Inflater {};

Stream::Stream(const InputFile& file) : file_(file) {
  if (is_gzip(file)) {
    file.fail({.wrong = "is compressed, and this Gradus was built without zlib",
               .advice = "gunzip it, or install zlib1g-dev and build Gradus again"});
  }
}

std::size_t Stream::read(void* to, std::size_t bytes) { return stored(to, bytes); }

#endif

std::size_t Stream::stored(void* to, std::size_t bytes) {
  bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, file_.size() - at_));
  file_.read(at_, to, bytes);
  at_ += bytes;
  return bytes;
}

Stream::~Stream() = default;

std::uint64_t Stream::most() const { return compressed() ? file_.size() * 1032 : file_.size(); }

}  // namespace gradus::io
