// IDX files: every type, compressed or not, and what is refused.
#include <gradus/data/readers.hpp>

#ifdef GRADUS_HAVE_ZLIB
#include <zlib.h>
#endif

#include <chrono>
#include <random>

#include "support.hpp"

using namespace gradus;
using support::TempDir, support::write;

namespace {

using Numbers = std::vector<double>;

std::string big_endian(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}

std::string idx_bytes(int type, const std::vector<std::uint32_t>& sizes, const std::string& payload) {
  std::string s{0, 0, static_cast<char>(type), static_cast<char>(sizes.size())};
  for (std::uint32_t size : sizes) s += big_endian(size);
  return s + payload;
}

const std::string small = idx_bytes(0x08, {2, 3}, std::string("\x00\x01\x02\x7f\x80\xff", 6));

#ifdef GRADUS_HAVE_ZLIB
std::string gzipped(const std::string& bytes) {
  std::string out(bytes.size() + 1000, '\0');
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
#endif

}  // namespace

TEST_CASE("idx: every type of number") {
  const TempDir dir;
  const auto numbers = [&](int type, const std::vector<std::uint32_t>& sizes, const std::string& payload) {
    return data::idx(write(dir / "a", idx_bytes(type, sizes, payload)));
  };
  const Tensor u8 = data::idx(write(dir / "a", small));
  CHECK(u8.dtype() == i64);
  CHECK(u8.shape() == Shape{2, 3});
  CHECK(u8.to_vector() == Numbers{0, 1, 2, 127, 128, 255});
  CHECK(numbers(0x09, {3}, "\x7f\x80\xff").to_vector() == Numbers{127, -128, -1});
  CHECK(numbers(0x0b, {2}, std::string("\x01\x02\xff\xfe", 4)).to_vector() == Numbers{258, -2});
  CHECK(numbers(0x0c, {2}, std::string("\0\1\0\0\xff\xff\xff\xff", 8)).to_vector() == Numbers{65536, -1});
  const Tensor real = numbers(0x0d, {1, 1}, std::string("\x3f\xc0\0\0", 4));
  CHECK(real.dtype() == f32);
  CHECK(real.item() == 1.5);
  const Tensor twice = numbers(0x0e, {1}, std::string("\xc0\x04\0\0\0\0\0\0", 8));
  CHECK(twice.dtype() == f64);
  CHECK(twice.item() == -2.5);
}

TEST_CASE("idx: no axes, empty axes, eight axes") {
  const TempDir dir;
  CHECK(data::idx(write(dir / "a", idx_bytes(0x08, {}, "\x07"))).item() == 7);
  CHECK(data::idx(write(dir / "a", idx_bytes(0x08, {4, 0, 2}, ""))).shape() == Shape{4, 0, 2});
  CHECK(data::idx(write(dir / "a", idx_bytes(0x08, {1, 1, 1, 1, 1, 1, 1, 1}, "\x07"))).dim() == 8);
}

TEST_CASE("idx: what it refuses") {
  const TempDir dir;
  const auto refused = [&](const std::string& bytes) {
    return support::message([&] { (void)data::idx(write(dir / "bad.idx", bytes)); });
  };
  CHECK_SAYS(data::idx(dir / "none"), "idx: " + dir.str() + "/none: cannot be opened: No such file", "idx.cpp:");
  CHECK_SAYS(data::idx(dir.str()), ": is a folder");
  CHECK(support::contains(refused(""), "bad.idx: is truncated within its header"));
  CHECK(support::contains(refused("PK\3\4...."), "bad.idx: is not an IDX file\n  got:      50 4b 03 04"));
  CHECK(support::contains(refused(idx_bytes(0x0a, {1}, "x")), "is not an IDX file"));
  CHECK(support::contains(refused(idx_bytes(0x08, {1, 1, 1, 1, 1, 1, 1, 1, 1}, "x")), "too many axes"));
  CHECK(support::contains(refused(idx_bytes(0x08, {2, 3}, "12345")), "is truncated, or its header claims too much"));
  CHECK(support::contains(refused(idx_bytes(0x08, {2, 3}, "12345")), "got:      a file of 17 bytes"));
  CHECK(support::contains(refused(idx_bytes(0x08, {2, 3}, "12345")), "expected: 6 bytes for (2, 3)"));
  CHECK(support::contains(refused(small + "x"), "has bytes after its numbers"));
  CHECK(support::contains(refused(idx_bytes(0x08, {60000, 60000}, "12345")), "3600000000 bytes for (60000, 60000)"));
  CHECK(support::contains(refused(idx_bytes(0x0e, {~0u, ~0u, ~0u, ~0u}, "1")), "claims an impossible size"));
  CHECK(support::contains(refused(idx_bytes(0x08, {0, ~0u, ~0u, ~0u}, "")), "claims an impossible size"));
}

TEST_CASE("idx: cut off anywhere, it is refused") {
  const TempDir dir;
  for (std::size_t n = 0; n < small.size(); ++n) {
    CAPTURE(n);
    CHECK_SAYS(data::idx(write(dir / "cut", small.substr(0, n))), "is truncated");
  }
}

#ifdef GRADUS_HAVE_ZLIB

TEST_CASE("idx: compressed files are known by their content") {
  const TempDir dir;
  const auto plain = data::idx(write(dir / "a", small));
  CHECK(data::idx(write(dir / "b", gzipped(small))).to_vector() == plain.to_vector());
  const std::string first = small.substr(0, 9), second = small.substr(9);
  CHECK(data::idx(write(dir / "c", gzipped(first) + gzipped(second))).to_vector() == plain.to_vector());
  const std::string zeros = idx_bytes(0x08, {1000, 1000}, std::string(1'000'000, '\0'));
  CHECK(data::idx(write(dir / "d", gzipped(zeros))).numel() == 1'000'000);
}

TEST_CASE("idx: zeros after compressed data are padding") {
  const TempDir dir;
  for (const std::size_t zeros : {1u, 2u, 511u, 200'000u}) {
    CHECK(data::idx(write(dir / "a", gzipped(small) + std::string(zeros, '\0'))).numel() == 6);
  }
  CHECK_SAYS(data::idx(write(dir / "a", gzipped(small) + std::string(5, '\0') + "x")), "truncated");
}

TEST_CASE("idx: data that unpacks to far more than its size is refused") {
  const TempDir dir;
  constexpr std::uint32_t size = 70 << 20;
  const std::string zeros = gzipped(idx_bytes(0x08, {size}, std::string(size, '\0')));
  CHECK_SAYS(data::idx(write(dir / "a", zeros)), "unpacks to more than 100 times its size", "gunzip it first");
}

TEST_CASE("idx: damaged compressed files") {
  const TempDir dir;
  const std::string packed = gzipped(small);
  for (std::size_t n = 2; n < packed.size(); ++n) {
    CAPTURE(n);
    CHECK_SAYS(data::idx(write(dir / "cut", packed.substr(0, n))), "truncated");
  }
  std::string broken = packed;
  broken[packed.size() - 6] ^= 1;  // of the check sum
  CHECK_SAYS(data::idx(write(dir / "a", broken)), "the compressed data is damaged", "incorrect data check");
  CHECK_SAYS(data::idx(write(dir / "a", packed + "rest")), "the compressed data is damaged");
  CHECK_SAYS(data::idx(write(dir / "a", gzipped(small + "x"))), "has bytes after its numbers");
  CHECK_SAYS(data::idx(write(dir / "a", gzipped(idx_bytes(0x08, {100, 100}, "123")))),
             "is truncated, or its header claims too much", "3 bytes", "10000 bytes for (100, 100)");
  // More than deflate can hold in so few bytes: refused before anything is unpacked.
  CHECK_SAYS(data::idx(write(dir / "a", gzipped(idx_bytes(0x08, {~0u, 100}, "123")))), "its header claims too much",
             "bytes for");
}

#else

TEST_CASE("idx: compressed files need zlib") {
  const TempDir dir;
  CHECK_SAYS(data::idx(write(dir / "a", "\x1f\x8b\x08")), "was built without zlib", "gunzip it, or install zlib1g-dev");
}

#endif

TEST_CASE("idx: bytes changed at random are read or refused") {
  const TempDir dir;
  std::mt19937 random(1);
  int read = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes = small;
#ifdef GRADUS_HAVE_ZLIB
    if (i % 2) bytes = gzipped(small);
#endif
    for (auto n = 1 + random() % 3; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 4));
    write(dir / "fuzz", bytes);
    try {
      (void)data::idx(dir / "fuzz");
      ++read;
    } catch (const Error&) {}
  }
  CHECK(read > 100);
}
