// Reading and writing ZIP archives (PKWARE's APPNOTE 6.3).
#include "io/zip.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "io/crc32.hpp"
#include "tensor/format.hpp"

#ifdef GRADUS_HAVE_ZLIB
#include <zlib.h>
#endif

namespace gradus::io {
namespace {

constexpr std::uint32_t local_magic = 0x04034b50, central_magic = 0x02014b50, end_magic = 0x06054b50;
constexpr std::uint32_t end64_magic = 0x06064b50, locator64_magic = 0x07064b50;
constexpr std::uint64_t in_zip64 = 0xffffffff;  // a size that stands in the ZIP64 field
constexpr std::size_t local_bytes = 30, central_bytes = 46, end_bytes = 22, end64_bytes = 56, locator64_bytes = 20;
constexpr std::uint64_t most_members = 1'000'000;

// Little-endian numbers in a piece of the file.
class Fields {
 public:
  Fields(const InputFile& file, std::uint64_t begin, std::size_t bytes) : bytes_(bytes, '\0') {
    if (begin > file.size() || bytes > file.size() - begin) file.fail({.wrong = "is a damaged ZIP archive"});
    file.read(begin, bytes_.data(), bytes);
  }
  explicit Fields(std::string bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t number(std::size_t at, std::size_t width) const {
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes_[at + i]);
    return value;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string little_endian(std::uint64_t value, std::size_t width) {
  std::string bytes;
  for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> 8 * i & 255);
  return bytes;
}

struct Directory {
  std::uint64_t members = 0, bytes = 0, begin = 0;
};

// The end record stands in the last 64 KiB, before a comment.
Directory find_directory(const InputFile& file) {
  constexpr std::uint64_t most_comment = 0xffff;
  const std::uint64_t tail = std::min(file.size(), end_bytes + most_comment);
  const Fields last(file, file.size() - tail, static_cast<std::size_t>(tail));
  const auto at = last.bytes().rfind(little_endian(end_magic, 4));
  if (tail < end_bytes || at == std::string::npos || tail - at < end_bytes) {
    file.fail({.wrong = "is not a ZIP archive, or it is truncated"});
  }
  Directory directory{last.number(at + 10, 2), last.number(at + 12, 4), last.number(at + 16, 4)};
  const std::uint64_t end = file.size() - tail + at;
  if (end < locator64_bytes) return directory;
  const Fields locator(file, end - locator64_bytes, locator64_bytes);
  if (locator.number(0, 4) != locator64_magic) return directory;
  const Fields end64(file, locator.number(8, 8), end64_bytes);
  if (end64.number(0, 4) != end64_magic) file.fail({.wrong = "is a damaged ZIP archive"});
  return {end64.number(32, 8), end64.number(40, 8), end64.number(48, 8)};
}

// Sizes and the place, where the ordinary fields are full: in this order, and only those that are.
void read_zip64(const Fields& fields, std::size_t begin, std::size_t bytes, ZipMember& member, const InputFile& file) {
  const std::size_t end = begin + bytes;
  std::uint64_t* wanted[] = {&member.size, &member.packed, &member.header};
  for (std::size_t at = begin; at + 4 <= end;) {
    const auto kind = fields.number(at, 2);
    const auto length = static_cast<std::size_t>(fields.number(at + 2, 2));
    at += 4;
    if (length > end - at) file.fail({.wrong = "is a damaged ZIP archive"});
    std::size_t used = 0;
    for (std::uint64_t* number : wanted) {
      if (kind != 1 || *number != in_zip64 || used + 8 > length) continue;
      *number = fields.number(at + used, 8);
      used += 8;
    }
    at += length;
  }
}

}  // namespace

std::vector<ZipMember> zip_members(const InputFile& file) {
  const Directory directory = find_directory(file);
  if (directory.members > most_members || directory.members * central_bytes > directory.bytes ||
      directory.bytes > file.size()) {
    file.fail({.wrong = "is a damaged ZIP archive"});
  }
  const Fields fields(file, directory.begin, static_cast<std::size_t>(directory.bytes));
  std::vector<ZipMember> members;
  std::unordered_set<std::string> names;
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    const auto left = fields.bytes().size() - at;
    if (left < central_bytes || fields.number(at, 4) != central_magic) file.fail({.wrong = "is a damaged ZIP archive"});
    const auto name_bytes = static_cast<std::size_t>(fields.number(at + 28, 2));
    const auto extra_bytes = static_cast<std::size_t>(fields.number(at + 30, 2));
    const auto comment_bytes = static_cast<std::size_t>(fields.number(at + 32, 2));
    if (left - central_bytes < name_bytes + extra_bytes + comment_bytes)
      file.fail({.wrong = "is a damaged ZIP archive"});
    ZipMember member{.name = fields.bytes().substr(at + central_bytes, name_bytes)};
    const auto method = fields.number(at + 10, 2);
    const bool encrypted = fields.number(at + 8, 2) & 1;
    if (encrypted || (method != 0 && method != 8)) {
      file.fail(
          {.wrong = formatted("member {:?} is {}", member.name, encrypted ? "encrypted" : "compressed in another way"),
           .expected = "stored or deflated members"});
    }
    member.deflated = method == 8;
    member.checksum = static_cast<std::uint32_t>(fields.number(at + 16, 4));
    member.packed = fields.number(at + 20, 4);
    member.size = fields.number(at + 24, 4);
    member.header = fields.number(at + 42, 4);
    read_zip64(fields, at + central_bytes + name_bytes, extra_bytes, member, file);
    if (!names.insert(member.name).second)
      file.fail({.wrong = formatted("two members have the name {:?}", member.name)});
    members.push_back(std::move(member));
    at += central_bytes + name_bytes + extra_bytes + comment_bytes;
  }
  return members;
}

#ifdef GRADUS_HAVE_ZLIB

struct ZipReader::Inflater {
  explicit Inflater(const InputFile& file) {
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) file.fail({.wrong = "out of memory for zlib"});
  }
  ~Inflater() { inflateEnd(&z); }

  z_stream z{};
  unsigned char in[1 << 16];
};

std::size_t ZipReader::inflated(void* to, std::size_t bytes) {
  z_stream& z = inflater_->z;
  std::size_t done = 0;
  while (done < bytes) {
    if (z.avail_in == 0) {
      z.next_in = inflater_->in;
      z.avail_in = static_cast<uInt>(stored(inflater_->in, sizeof inflater_->in));
    }
    const auto room = static_cast<uInt>(std::min<std::size_t>(bytes - done, 1u << 30));
    z.next_out = static_cast<unsigned char*>(to) + done;
    z.avail_out = room;
    const int result = inflate(&z, Z_NO_FLUSH);
    done += room - z.avail_out;
    if (result == Z_STREAM_END) return done;
    if (result != Z_OK) file_.fail({.wrong = formatted("member {:?} is damaged", member_.name)});
  }
  return done;
}

#else

struct ZipReader::Inflater {
  explicit Inflater(const InputFile& file) {
    file.fail({.wrong = "has compressed members, and this Gradus was built without zlib"});
  }
};

std::size_t ZipReader::inflated(void*, std::size_t) { return 0; }

#endif

ZipReader::ZipReader(const InputFile& file, const ZipMember& member) : file_(file), member_(member) {
  const Fields local(file, member.header, local_bytes);
  begin_ = member.header + local_bytes + local.number(26, 2) + local.number(28, 2);
  const bool inside = begin_ <= file.size() && member.packed <= file.size() - begin_;
  if (local.number(0, 4) != local_magic || !inside || (!member.deflated && member.packed != member.size)) {
    file.fail({.wrong = formatted("member {:?} is damaged or truncated", member.name)});
  }
  constexpr std::uint64_t always_allowed = 64 << 20, most_to_one = 100;
  if (member.size > always_allowed && member.size / most_to_one > member.packed) {
    file.fail({.wrong = formatted("member {:?} unpacks to more than 100 times its size", member.name)});
  }
  if (member.deflated) inflater_ = std::make_unique<Inflater>(file);
}

ZipReader::~ZipReader() = default;

std::size_t ZipReader::read(void* to, std::size_t bytes) {
  constexpr std::uint64_t piece = 1 << 18;  // is still in the cache when its checksum is computed
  std::size_t done = 0;
  while (done < bytes && given_ < member_.size) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>({piece, bytes - done, member_.size - given_}));
    char* at = static_cast<char*>(to) + done;
    const std::size_t came = inflater_ ? inflated(at, wanted) : stored(at, wanted);
    checksum_ = crc32(checksum_, at, came);
    given_ += came;
    done += came;
    if (came < wanted) break;
  }
  return done;
}

std::size_t ZipReader::stored(void* to, std::size_t bytes) {
  bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, member_.packed - taken_));
  file_.read(begin_ + taken_, to, bytes);
  taken_ += bytes;
  return bytes;
}

void ZipReader::finish() {
  if (given_ == member_.size && checksum_ == member_.checksum) return;
  file_.fail({.wrong = formatted("member {:?} is damaged: its checksum is wrong", member_.name)});
}

namespace {

// The fields that a local header and one of the directory share, from "version needed" to the length of the name.
std::string common_fields(const ZipMember& m, bool zip64) {
  constexpr std::uint64_t plain_version = 20, zip64_version = 45, no_method = 0;
  constexpr std::uint64_t utf8_flag = 0x800;
  const bool is_ascii = std::ranges::none_of(m.name, [](char c) { return static_cast<unsigned char>(c) > 127; });
  constexpr std::uint64_t no_time = 0, first_day = 0x21;  // 1980-01-01
  const std::uint64_t size = zip64 ? in_zip64 : m.size;
  return little_endian(zip64 ? zip64_version : plain_version, 2) + little_endian(is_ascii ? 0 : utf8_flag, 2) +
         little_endian(no_method, 2) + little_endian(no_time, 2) + little_endian(first_day, 2) +
         little_endian(m.checksum, 4) + little_endian(size, 4) + little_endian(size, 4) +
         little_endian(m.name.size(), 2);
}

std::string zip64_field(std::initializer_list<std::uint64_t> numbers) {
  std::string field = little_endian(1, 2) + little_endian(8 * numbers.size(), 2);
  for (const std::uint64_t number : numbers) field += little_endian(number, 8);
  return field;
}

}  // namespace

void ZipWriter::add(const std::string& name, const std::string& head, const void* data, std::size_t bytes) {
  ZipMember m{.name = name, .packed = head.size() + bytes, .size = head.size() + bytes, .header = at_};
  m.checksum = crc32(crc32(0, head.data(), head.size()), data, bytes);
  const bool zip64 = m.size >= in_zip64;
  const std::string extra = zip64 ? zip64_field({m.size, m.size}) : "";
  write(little_endian(local_magic, 4) + common_fields(m, zip64) + little_endian(extra.size(), 2) + name + extra + head);
  file_.write(data, bytes);
  at_ += bytes;
  members_.push_back(std::move(m));
}

void ZipWriter::finish() {
  const std::uint64_t begin = at_;
  for (const ZipMember& m : members_) {
    const bool zip64 = m.size >= in_zip64 || m.header >= in_zip64;
    const std::string extra = zip64 ? zip64_field({m.size, m.size, m.header}) : "";
    constexpr std::uint64_t made_by = 45;
    write(little_endian(central_magic, 4) + little_endian(made_by, 2) + common_fields(m, zip64) +
          little_endian(extra.size(), 2) + std::string(10, '\0') + little_endian(zip64 ? in_zip64 : m.header, 4) +
          m.name + extra);
  }
  const std::uint64_t bytes = at_ - begin, count = members_.size(), most_count = 0xffff;
  if (count >= most_count || bytes >= in_zip64 || begin >= in_zip64) {
    const std::uint64_t end64 = at_;
    write(little_endian(end64_magic, 4) + little_endian(end64_bytes - 12, 8) + little_endian(45, 2) +
          little_endian(45, 2) + std::string(8, '\0') + little_endian(count, 8) + little_endian(count, 8) +
          little_endian(bytes, 8) + little_endian(begin, 8));
    write(little_endian(locator64_magic, 4) + std::string(4, '\0') + little_endian(end64, 8) + little_endian(1, 4));
  }
  write(little_endian(end_magic, 4) + std::string(4, '\0') + little_endian(std::min(count, most_count), 2) +
        little_endian(std::min(count, most_count), 2) + little_endian(std::min(bytes, in_zip64), 4) +
        little_endian(std::min(begin, in_zip64), 4) + std::string(2, '\0'));
}

void ZipWriter::write(const std::string& bytes) {
  file_.write(bytes.data(), bytes.size());
  at_ += bytes.size();
}

}  // namespace gradus::io
