// The bytes of a file in order, uncompressed on the way if they begin as gzip does. Pipes and devices are read, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "io/file.hpp"

namespace gradus::io {

class Stream : public FileErrors {
 public:
  // The path "-" is standard input.
  Stream(std::string path, std::string_view operation, Loc where);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The size of a regular file that is not compressed: what may be believed before it has been read.
  std::optional<std::uint64_t> size() const { return size_; }
  // For how many bytes a reader may ask for memory before they have come: the size of the file, of a compressed one 16
  // times that (images of digits unpack to 5 times theirs), of a pipe 1 MiB.
  std::uint64_t believable() const { return believable_; }
  // How many of the bytes were there; fewer only at the end. Throws for compressed data that unpacks to more than 64
  // MiB and more than 100 times its own size.
  std::size_t read(void* to, std::size_t bytes);

 private:
  struct Inflater;
  void start();  // looks at the first bytes
  std::size_t inflated(void* to, std::size_t bytes);
  std::size_t stored(void* to, std::size_t bytes);  // the next bytes as they are in the file
  std::size_t from_system(void* to, std::size_t bytes);

  int file_;
  unsigned char first_[2] = {};  // read to look for gzip's magic, and not yet handed on from first_begin_
  std::size_t first_begin_ = 0, first_end_ = 0;
  std::optional<std::uint64_t> size_;
  std::uint64_t believable_ = 1 << 20;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace gradus::io
