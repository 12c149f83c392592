// The bytes of a file in order, uncompressed on the way if they begin as gzip does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "io/file.hpp"

namespace gradus::io {

class Stream {
 public:
  explicit Stream(const InputFile& file);
  ~Stream();

  bool compressed() const { return inflater_ != nullptr; }
  // As many bytes as there can be: deflate packs no more than 1032 into one.
  std::uint64_t most() const;
  // How many of the bytes asked for were there; fewer only at the end.
  std::size_t read(void* to, std::size_t bytes);

 private:
  struct Inflater;
  std::size_t stored(void* to, std::size_t bytes);  // the next bytes as they are in the file

  const InputFile& file_;
  std::uint64_t at_ = 0;  // in the file
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace gradus::io
