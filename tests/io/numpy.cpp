// NumPy's files: arrays in every form that NumPy writes, archives, and what is refused.
#include <gradus/io/io.hpp>

#ifdef GRADUS_HAVE_ZLIB
#include <zlib.h>
#endif

#include <cmath>
#include <cstring>
#include <random>

#include "support.hpp"

using namespace gradus;
using support::TempDir, support::write;

namespace {

using Numbers = std::vector<double>;

// An array of this version, header and numbers.
std::string npy(const std::string& header, const std::string& numbers, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  const auto length = static_cast<unsigned>(header.size());
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += static_cast<char>(length >> 8 * i & 255);
  return bytes + header + numbers;
}

std::string described(const std::string& descr, const std::string& shape, const std::string& numbers,
                      const char* fortran = "False") {
  return npy("{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }", numbers);
}

Tensor loaded(const std::string& bytes) {
  const TempDir dir;
  return io::load_npy(write(dir / "a.npy", bytes));
}

std::string refused(const std::string& bytes) {
  const TempDir dir;
  const std::string said = support::message([&] { (void)io::load_npy(write(dir / "a.npy", bytes)); });
  CHECK(support::contains(said, "load_npy: "));
  CHECK(support::contains(said, "/a.npy: "));
  return said;
}

const StateDict arrays() {
  return {{"w", tensor({{1, 2, 3}, {4, 5, 6}}, f64)},
          {"b", tensor({0.1, -1e30, INFINITY})},
          {"n", scalar(7, i64)},
          {"mask", tensor({1, 0, 1}, boolean)},
          {"none", zeros({2, 0, 3})},
          {"t", eye(3).t()}};
}

void check_equal(const StateDict& got, const StateDict& want) {
  CHECK(got.size() == want.size());
  for (const auto& [name, x] : want) {
    CAPTURE(name);
    const Tensor* y = find(got, name);
    REQUIRE(y);
    CHECK(y->dtype() == x.dtype());
    CHECK(y->shape() == x.shape());
    CHECK(y->to_vector() == x.to_vector());
  }
}

}  // namespace

TEST_CASE("npy: every dtype, in both byte orders") {
  const auto numbers = [](const std::string& descr, const std::string& bytes, std::size_t width) {
    return loaded(described(descr, "(" + std::to_string(bytes.size() / width) + ",)", bytes)).to_vector();
  };
  CHECK(numbers("<f4", std::string("\0\0\xc0\x3f", 4), 4) == Numbers{1.5});
  CHECK(numbers(">f4", std::string("\x3f\xc0\0\0", 4), 4) == Numbers{1.5});
  CHECK(numbers(">f8", std::string("\xc0\x04\0\0\0\0\0\0", 8), 8) == Numbers{-2.5});
  CHECK(numbers("<f2", std::string("\x00\x3c\x00\xc0", 4), 2) == Numbers{1, -2});
  CHECK(numbers(">f2", std::string("\x3c\x00\xc0\x00", 4), 2) == Numbers{1, -2});
  CHECK(numbers("|i1", "\x7f\x80", 1) == Numbers{127, -128});
  CHECK(numbers("|u1", "\x7f\x80", 1) == Numbers{127, 128});
  CHECK(numbers("<i2", "\x01\x02\xfe\xff", 2) == Numbers{513, -2});
  CHECK(numbers(">u2", "\x02\x01\xff\xfe", 2) == Numbers{513, 65534});
  CHECK(numbers(">i4", "\xff\xff\xff\xfe", 4) == Numbers{-2});
  CHECK(numbers("<u4", "\xfe\xff\xff\xff", 4) == Numbers{4294967294});
  CHECK(numbers(">i8", std::string("\0\0\0\0\0\0\1\2", 8), 8) == Numbers{258});
  CHECK(numbers("|b1", std::string("\1\0", 2), 1) == Numbers{1, 0});
  CHECK(loaded(described("|u1", "(1,)", "\1")).dtype() == i64);
  CHECK(loaded(described("|b1", "(1,)", "\1")).dtype() == boolean);
}

TEST_CASE("npy: Fortran order, scalars, empty axes, versions and spellings") {
  const Tensor f = loaded(described("|u1", "(2, 3)", "\1\4\2\5\3\6", "True"));
  CHECK(f.shape() == Shape{2, 3});
  CHECK(f.is_contiguous());
  CHECK(f.to_vector() == Numbers{1, 2, 3, 4, 5, 6});
  CHECK(loaded(described("|u1", "(2,)", "\1\2", "True")).to_vector() == Numbers{1, 2});
  CHECK(loaded(described("|u1", "()", "\7")).item() == 7);
  CHECK(loaded(described("|u1", "(3, 0, 2)", "")).shape() == Shape{3, 0, 2});
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }    \n";
  for (const int version : {1, 2, 3}) CHECK(loaded(npy(header, "\5", version)).item() == 5);
  CHECK(loaded(npy("{\"shape\":(1L,),\"fortran_order\":False,\"descr\":\"|u1\"}", "\5")).item() == 5);
}

TEST_CASE("npy: what is refused") {
  CHECK_PARTS(refused(""), "truncated in the header");
  CHECK_PARTS(refused(std::string("\x93NUMPX\1\0\0\0", 10)), "not a NumPy array");
  CHECK_PARTS(refused(npy("{}", "", 4)), "an unknown version", "got:      4", "1, 2 or 3");
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "{'descr': '<f4', 'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': [('a', '<f4'), 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"})
    CHECK_PARTS(refused(npy(header, "1234")), "not a header of a NumPy array");
  CHECK_PARTS(refused(described("|O", "(1,)", "1234")), "dtype \"|O\" cannot be read", "objects are never read");
  CHECK_PARTS(refused(npy("{'descr': [('a', '<f4', (2,))], 'fortran_order': False, 'shape': (1,)}", "12345678")),
              "dtype \"[('a', '<f4', (2,))]\" cannot be read", "each field as an array of its own");
  for (const char* descr : {"<u8", "<c8", "<U3", "|S3", "<M8", "f4", "", "x"})
    CHECK_PARTS(refused(described(descr, "(1,)", "12345678")), "cannot be read");
  CHECK_PARTS(refused(described("<f4", "(2,)", "1234")), "the shape and the bytes disagree", "4 bytes of numbers", "8");
  CHECK_PARTS(refused(described("<f4", "(1,)", "12345")), "the shape and the bytes disagree");
  CHECK_PARTS(refused(described("<f4", "(1,1,1,1,1,1,1,1,1)", "1234")), "more than 8 axes");
  CHECK_PARTS(refused(described("<f4", "(4294967296, 4294967296)", "")), "too large");
  CHECK_PARTS(refused(described("<f4", "(1000000000,)", "1234")), "the shape and the bytes disagree");
  CHECK_PARTS(refused(described("|b1", "(1,)", "\2")), "a bool is neither 0 nor 1");
}

TEST_CASE("npy: what was saved comes back, in NumPy's own bytes") {
  const TempDir dir;
  for (const auto& [name, x] : arrays()) {
    io::save_npy(dir / name, x);
    check_equal({{name, io::load_npy(dir / name)}}, {{name, x}});
  }
  io::save_npy(dir / "v", tensor({1.5, 2}));
  const std::string bytes = support::read(dir / "v");
  CHECK(bytes.size() == 128 + 8);
  CHECK(bytes.substr(0, 10) == std::string("\x93NUMPY\1\0\x76\0", 10));
  CHECK(bytes.substr(10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   "));
  CHECK(bytes[127] == '\n');
  CHECK_SAYS(io::save_npy(dir / "u", Tensor{}), "save_npy: ", "the tensor is undefined");
}

TEST_CASE("npz: what was saved comes back, the same bytes in whatever order") {
  const TempDir dir;
  const StateDict state = arrays();
  io::save_npz(dir / "a.npz", state);
  check_equal(io::load_npz(dir / "a.npz"), state);
  io::save_npz(dir / "b.npz", {state.rbegin(), state.rend()});
  CHECK(support::read(dir / "a.npz") == support::read(dir / "b.npz"));
  CHECK(io::load_npz(dir / "a.npz", {.only = "[wb]"}).size() == 2);
  CHECK_SAYS(io::load_npz(dir / "a.npz", {.only = "x*"}), "no array has a name like \"x*\"", "\"b\" and 5 others");
  io::save_npz(dir / "none.npz", {});
  CHECK(io::load_npz(dir / "none.npz").empty());
  StateDict many;
  for (int i = 0; i < 70'000; ++i) many.emplace_back(std::to_string(i), scalar(i));  // more than 16 bits count
  io::save_npz(dir / "many.npz", many);
  check_equal({io::load_npz(dir / "many.npz", {.only = "69999"})}, {{"69999", scalar(69'999)}});
}

TEST_CASE("npz: names that end with .npy, and members that do not") {
  const TempDir dir;
  io::save_npz(dir / "a.npz", {{"w", scalar(1)}, {"w.npy", scalar(2)}});  // NumPy itself reads the first one twice
  check_equal(io::load_npz(dir / "a.npz"), {{"w", scalar(1)}, {"w.npy", scalar(2)}});
  std::string bytes = support::read(dir / "a.npz");
  for (std::size_t at = 0; (at = bytes.find("w.npy.npy", at)) != bytes.npos; ++at) bytes.replace(at, 9, "w/bare/xy");
  write(dir / "bare.npz", bytes);
  CHECK(find(io::load_npz(dir / "bare.npz"), "w/bare/xy")->item() == 2);
  bytes = support::read(dir / "a.npz");
  for (std::size_t at = 0; (at = bytes.find("w.npy.npy", at)) != bytes.npos; ++at) bytes[at + 8] = 'x';
  bytes.replace(bytes.find("\x93NUMPY", bytes.find("w.npy.npx")), 1, "x");
  CHECK_SAYS(io::load_npz(write(dir / "odd.npz", bytes)), "member \"w.npy.npx\" is not an array", "{.only = ");
  CHECK(io::load_npz(dir / "odd.npz", {.only = "w"})[0].second.item() == 1);
}

TEST_CASE("npz: what is refused, and what is then still there") {
  const TempDir dir;
  io::save_npz(dir / "a.npz", {{"w", tensor({1, 2, 3})}});
  const std::string good = support::read(dir / "a.npz");
  const auto says = [&](const std::string& bytes, const std::string& part) {
    CHECK_SAYS(io::load_npz(write(dir / "bad.npz", bytes)), "load_npz: ", "/bad.npz: ", part);
  };
  for (std::size_t n = 0; n < good.size(); ++n) says(good.substr(0, n), "");
  says("", "is not a ZIP archive, or it is truncated");
  std::string broken = good;
  broken[good.find("\x40\x40")] ^= 1;  // a number: 3
  says(broken, "member \"w.npy\" is damaged: its checksum is wrong");
  CHECK_SAYS(io::save_npz(dir / "a.npz", {{"w", scalar(1)}, {"w", scalar(2)}}), "two tensors have the name \"w\"");
  CHECK_SAYS(io::save_npz(dir / "a.npz", {{"w", Tensor{}}}), "tensor \"w\" is undefined");
  CHECK_SAYS(io::save_npz(dir / "a.npz", {{"", scalar(1)}}), "not a name for an array");
  CHECK(support::read(dir / "a.npz") == good);
}

TEST_CASE("npz: bytes changed at random are read or refused") {
  const TempDir dir;
  io::save_npz(dir / "a.npz", {{"w", tensor({1, 2, 3})}, {"n", scalar(1, i64)}});
  const std::string good = support::read(dir / "a.npz");
  std::mt19937 random(1);
  int read = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes = good;
    for (auto n = 1 + random() % 3; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    write(dir / "fuzz", bytes);
    try {
      (void)io::load_npz(dir / "fuzz");
      ++read;
    } catch (const Error&) {}
  }
  CHECK(read > 100);  // changes of fields that do not matter
}
