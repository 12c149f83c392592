// ZIP archives, as far as .npz files use them: members that are stored or deflated, with ZIP64.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/file.hpp"

namespace gradus::io {

struct ZipMember {
  std::string name;
  bool deflated = false;
  std::uint32_t checksum = 0;
  std::uint64_t packed = 0, size = 0;  // bytes in the archive, and unpacked
  std::uint64_t header = 0;            // where its local header begins
};

// The members of the central directory, in its order. Throws by file.fail unless it is whole and names are unique.
std::vector<ZipMember> zip_members(const InputFile& file);

// The bytes of one member, in order.
class ZipReader {
 public:
  ZipReader(const InputFile& file, const ZipMember& member);
  ~ZipReader();
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;

  std::size_t read(void* to, std::size_t bytes);  // fewer only at the end
  void finish();                                  // throws unless all bytes were read and their checksum is right

 private:
  struct Inflater;
  std::size_t stored(void* to, std::size_t bytes);
  std::size_t inflated(void* to, std::size_t bytes);

  const InputFile& file_;
  const ZipMember& member_;
  std::uint64_t begin_ = 0, taken_ = 0, given_ = 0;
  std::uint32_t checksum_ = 0;
  std::unique_ptr<Inflater> inflater_;
};

// Writes stored members without a date: the same members give the same bytes.
class ZipWriter {
 public:
  explicit ZipWriter(AtomicFile& file) : file_(file) {}

  // The member is `head`, then `bytes` at `data`.
  void add(const std::string& name, const std::string& head, const void* data, std::size_t bytes);
  void finish();

 private:
  void write(const std::string& bytes);

  AtomicFile& file_;
  std::vector<ZipMember> members_;
  std::uint64_t at_ = 0;
};

}  // namespace gradus::io
