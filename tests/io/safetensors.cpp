// safetensors files: what comes back, the bytes, and what is refused.
#include <gradus/io/safetensors.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <random>

#include "io/safetensors_bytes.hpp"
#include "support.hpp"
#include "tensor/impl.hpp"

using namespace gradus;
using namespace safetensors_bytes;
using support::TempDir, support::write;

namespace {

using Numbers = std::vector<double>;

// The error for a file of these bytes; it must name the file.
std::string refused(const std::string& bytes) {
  const TempDir dir;
  const std::string said = support::message([&] { (void)io::load(write(dir / "bad.safetensors", bytes)); });
  CHECK(support::contains(said, "load: "));
  CHECK(support::contains(said, "/bad.safetensors: "));
  return said;
}

StateDict loaded(const std::string& bytes) {
  const TempDir dir;
  return io::load(write(dir / "good.safetensors", bytes));
}

const std::string small = file_of(
    R"({"__metadata__":{"k":"v"},"a":)" + entry("F32", "[2]", 0, 8) + R"(,"b":)" + entry("BOOL", "[2,1]", 8, 10) + "}",
    std::string("\0\0\0\0\0\0\x80\x3f\1\0", 10));

}  // namespace

TEST_CASE("state dict: find") {
  const StateDict state{{"a", scalar(1)}, {"b", scalar(2)}};
  REQUIRE(find(state, "b"));
  CHECK(find(state, "b")->item() == 2);
  CHECK_FALSE(find(state, "c"));
}

TEST_CASE("safetensors: what was saved comes back") {
  const TempDir dir;
  const Tensor table = tensor({{1, 2, 3}, {4, 5, 6}}, f64);
  const StateDict state{
      {"f32", tensor({0.1, -1e30, NAN, INFINITY, -0.0})},
      {"f64", table},
      {"i64", tensor({-9007199254740992.0, 5}, i64)},
      {"bool", tensor({1, 0, 1}, boolean)},
      {"scalar", scalar(7.5)},
      {"empty", zeros({3, 0, 2}, i64)},
      {"transposed", detail::view(table, {3, 2}, {1, 3})},
      {"expanded", detail::view(table, {2, 2}, {0, 1}, 3)},
      {"ein \"Name\"\n\xc3\xa4\xe2\x82\xac", scalar(1)},
      {"", scalar(2)},
      {"eight", ones({1, 1, 1, 1, 1, 1, 1, 2})},
  };
  const std::map<std::string, std::string> words{{"epoch", "3"}, {"\xc3\xb6", "a \"quoted\" \\ word"}};
  io::save(dir / "m", state, words);
  const StateDict back = io::load(dir / "m");
  CHECK(back.size() == state.size());
  for (const auto& [name, tensor] : state) {
    CAPTURE(name);
    const Tensor* x = find(back, name);
    REQUIRE(x);
    CHECK(x->dtype() == tensor.dtype());
    CHECK(x->shape() == tensor.shape());
    const auto a = x->to_vector(), b = tensor.to_vector();
    CHECK((a.empty() ||
           std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0));  // NaN and the sign of zero too
  }
  CHECK(io::metadata(dir / "m") == words);
}

TEST_CASE("safetensors: nothing at all is a file too") {
  const TempDir dir;
  io::save(dir / "m", {});
  CHECK(support::read(dir / "m") == file_of("{}      "));
  CHECK(io::load(dir / "m").empty());
  CHECK(io::metadata(dir / "m").empty());
}

TEST_CASE("safetensors: the bytes, and that they are the same in whatever order") {
  const TempDir dir;
  const StateDict state{{"w", tensor({1, 0}, boolean)}, {"b", scalar(2)}, {"a", scalar(1)}, {"n", scalar(3, i64)}};
  io::save(dir / "m", state, {{"k", "v"}});
  std::string header = R"({"__metadata__":{"k":"v"},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                       R"("a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},)"
                       R"("b":{"dtype":"F32","shape":[],"data_offsets":[12,16]},)"
                       R"("w":{"dtype":"BOOL","shape":[2],"data_offsets":[16,18]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  CHECK(support::read(dir / "m") == file_of(header, std::string("\3\0\0\0\0\0\0\0"
                                                                "\0\0\x80\x3f"
                                                                "\0\0\0\x40"
                                                                "\1\0",
                                                                18)));
  io::save(dir / "r", {state.rbegin(), state.rend()}, {{"k", "v"}});
  CHECK(support::read(dir / "r") == support::read(dir / "m"));
}

TEST_CASE("safetensors: files of others") {
  const StateDict state = loaded(small);
  REQUIRE(state.size() == 2);
  CHECK(state[0].first == "a");
  CHECK(state[0].second.to_vector() == Numbers{0, 1});
  CHECK(state[1].second.to_vector() == Numbers{1, 0});
  // The order of the header is kept, whatever that of the data; blanks inside and fields in any order.
  const StateDict mixed = loaded(file_of(R"({ "b" : {"data_offsets":[1, 2], "shape":[ ],"dtype":"BOOL"},)"
                                         "\n\t\"a\":" +
                                             entry("BOOL", "[1]", 0, 1) + "}   ",
                                         std::string("\0\1", 2)));
  CHECK(mixed[0].first == "b");
  CHECK(mixed[0].second.item() == 1);
  // Tensors of no size share a place.
  const StateDict empty =
      loaded(file_of("{\"a\":" + entry("F32", "[0]", 0, 0) + ",\"b\":" + entry("F64", "[2,0]", 0, 0) +
                         ",\"c\":" + entry("BOOL", "[1]", 0, 1) + ",\"d\":" + entry("I64", "[0]", 1, 1) + "}",
                     "\1"));
  CHECK(empty.size() == 4);
  CHECK(empty[1].second.shape() == Shape{2, 0});
  CHECK(loaded(file_of("{\"\\u00e4\":" + entry("BOOL", "[0]", 0, 0) + "}"))[0].first == "\xc3\xa4");
}

TEST_CASE("safetensors: F16 and BF16 become f32") {
  const std::uint16_t half[] = {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8001, 0x7c00, 0xfc00, 0x7e01, 0x8000};
  const StateDict h =
      loaded(file_of("{\"h\":" + entry("F16", "[10]", 0, 20) + "}", {reinterpret_cast<const char*>(half), 20}));
  const auto v = h[0].second.to_vector();
  CHECK(h[0].second.dtype() == f32);
  CHECK(Numbers(v.begin(), v.begin() + 8) == Numbers{1, -2, 65504, 0x1p-14, 0x1p-24, -0x1p-24, INFINITY, -INFINITY});
  CHECK(std::isnan(v[8]));
  CHECK(std::signbit(v[9]));
  const std::uint16_t brain[] = {0x3f80, 0xc040, 0x7f80, 0x0080};
  const StateDict b =
      loaded(file_of("{\"b\":" + entry("BF16", "[2,2]", 0, 8) + "}", {reinterpret_cast<const char*>(brain), 8}));
  CHECK(b[0].second.to_vector() == Numbers{1, -3, INFINITY, 0x1p-126});
}

TEST_CASE("safetensors: other integers become i64") {
  const auto read = [](const char* dtype, const std::string& bytes, std::size_t width) {
    const std::string shape = "[" + std::to_string(bytes.size() / width) + "]";
    const StateDict state = loaded(file_of("{\"n\":" + entry(dtype, shape, 0, bytes.size()) + "}", bytes));
    CHECK(state[0].second.dtype() == i64);
    return state[0].second.to_vector();
  };
  CHECK(read("I8", "\x7f\x80", 1) == Numbers{127, -128});
  CHECK(read("U8", "\x7f\x80", 1) == Numbers{127, 128});
  CHECK(read("I16", "\x01\x02\xfe\xff", 2) == Numbers{513, -2});
  CHECK(read("U16", "\x01\x02\xfe\xff", 2) == Numbers{513, 65534});
  CHECK(read("I32", "\x01\x02\x03\x04\xfe\xff\xff\xff", 4) == Numbers{67305985, -2});
  CHECK(read("U32", "\xfe\xff\xff\xff", 4) == Numbers{4294967294});
  const std::string many(3'000'000, '\2');  // more than one piece
  CHECK(read("I8", many, 1) == Numbers(3'000'000, 2));
}

TEST_CASE("safetensors: only the tensors whose names match") {
  const TempDir dir;
  io::save(dir / "m", {{"encoder.w", scalar(1)}, {"encoder.b", scalar(2)}, {"head.w", scalar(3)}});
  const StateDict encoder = io::load(dir / "m", {.only = "encoder.*"});
  CHECK(encoder.size() == 2);
  CHECK(find(encoder, "encoder.b")->item() == 2);
  CHECK_SAYS(io::load(dir / "m", {.only = "decoder.*"}), "no tensor has a name like \"decoder.*\"", "and 2 others");
  // The dtype of a tensor that is not read does not matter; its place in the file does.
  const std::string bytes = file_of("{\"a\":" + entry("F32", "[]", 0, 4) + ",\"b\":" + entry("U64", "[]", 4, 12) + "}",
                                    std::string("\0\0\x80\x3f", 4) + "12345678");
  write(dir / "u", bytes);
  CHECK_SAYS(io::load(dir / "u"), "dtype U64", "{.only = ");
  CHECK(io::load(dir / "u", {.only = "a"})[0].second.item() == 1);
  write(dir / "u", bytes + "9");
  CHECK_SAYS(io::load(dir / "u", {.only = "a"}), "belong to no tensor");
}

TEST_CASE("safetensors: a file whose frame is wrong") {
  CHECK_PARTS(refused(""), "is not a safetensors file: too short", "0 bytes");
  CHECK_PARTS(refused(file_of("{")), "too short");
  CHECK_PARTS(refused(std::string("\1\0\0\0\0\0\0\0{}", 10)), "the length of its header is impossible");
  CHECK_PARTS(refused(std::string("\3\0\0\0\0\0\0\0{}", 10)), "a header of 3 bytes in a file of 10");
  CHECK_PARTS(refused(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)), "the length of its header is impossible");
  CHECK_PARTS(refused(file_of("[]")), "does not begin with { and end with }");
  CHECK_PARTS(refused(file_of("    ")), "does not begin with { and end with }");
  CHECK_PARTS(refused(file_of(std::string("{}\0{}", 5))), "a zero byte in its header");
  CHECK_PARTS(refused(file_of("\xef\xbb\xbf{}")), "does not begin with { and end with }");
}

TEST_CASE("safetensors: a header that is more or less than the format's") {
  const std::string good = entry("F32", "[]", 0, 4);
  const auto says = [](const std::string& header, const std::string& part) {
    CHECK_PARTS(refused(file_of(header, "1234")), "is not a safetensors file: its header is malformed", part);
  };
  says("{\"a\":" + good + ",\"a\":" + good + "}", "\"a\": duplicate name");
  says("{\"a\":" + good + ",\"\\u0061\":" + good + "}", "\"a\": duplicate name");
  says(R"({"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}})", "duplicate field \"dtype\"");
  says(R"({"__metadata__":{"k":"1","k":"2"}})", "duplicate key of __metadata__");
  says(R"({"__metadata__":{},"__metadata__":{}})", "duplicate name");
  says(R"({"__metadata__":null})", "null");
  says(R"({"__metadata__":{"k":1}})", "unexpected number");
  says(R"({"__metadata__":{"k":{}}})", "unexpected object");
  says(R"({"__metadata__":{"k":[]}})", "unexpected list");
  says(R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"more":1}})", "\"a\": unknown field \"more\"");
  says(R"({"a":{"dtype":"F32","shape":[]}})", "\"a\": dtype, shape or data_offsets is missing");
  says(R"({"a":{}})", "is missing");
  says(R"({"a":[]})", "unexpected list");
  says(R"({"a":"F32"})", "unexpected string");
  says(R"({"a":4})", "unexpected number");
  says(R"({"a":true})", "true or false");
  says(R"({"a":{"dtype":4,"shape":[],"data_offsets":[0,4]}})", "unexpected number");
  says(R"({"a":{"dtype":["F32"],"shape":[],"data_offsets":[0,4]}})", "unexpected list");
  says(R"({"a":{"dtype":"F32","shape":4,"data_offsets":[0,4]}})", "unexpected number");
  says(R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", "unexpected list");
  says(R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", "unexpected string");
  says(R"({"a":{"dtype":"F32","shape":{},"data_offsets":[0,4]}})", "unexpected object");
  for (const char* offsets : {"[]", "[0]"})
    says(R"({"a":{"dtype":"F32","shape":[],"data_offsets":)" + std::string(offsets) + "}}", "must be two numbers");
  says(R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,4]}})", "unexpected number");
  says("{\"a\":" + good + ",}", "not JSON at byte");
  says("{\"a\":" + good + "}}", "not JSON at byte");
  says("{\"a\":" + good + "} {}", "not JSON at byte");
  says("{/**/\"a\":" + good + "}", "not JSON at byte");
  says("{\"\\ud800\":" + good + "}", "not JSON at byte");
  says("{\"\xff\":" + good + "}", "not JSON at byte");
  says("{\"a\nb\":" + good + "}", "not JSON at byte");
  says("{\"a\\u0000b\":" + good + "}", "a name with a zero byte");
  says("{\"" + std::string(4097, 'n') + "\":" + good + "}", "a name of more than 4096 bytes");
  says("{\"a\":" + entry("F32", "[" + std::string(200'000, '[') + "]", 0, 4) + "}", "unexpected list");
}

TEST_CASE("safetensors: numbers that are not whole numbers of 64 bits") {
  for (const char* size : {"-1", "-0", "1.0", "1e0", "1E2", "18446744073709551616", "99999999999999999999999"}) {
    CAPTURE(size);
    CHECK_PARTS(refused(file_of("{\"a\":" + entry("F32", "[" + std::string(size) + "]", 0, 4) + "}", "1234")),
                "\"a\": ", size[0] == '-' ? "negative number" : std::string("not a whole number of 64 bits: ") + size);
  }
  CHECK_PARTS(refused(file_of("{\"a\":" + entry("F32", "[01]", 0, 4) + "}", "1234")), "not JSON");
  CHECK_PARTS(refused(file_of("{\"a\":" + entry("F32", "[+1]", 0, 4) + "}", "1234")), "not JSON");
}

TEST_CASE("safetensors: shapes and places that do not fit") {
  const auto says = [](const std::string& entry, const std::string& part) {
    CHECK_PARTS(refused(file_of("{\"a\":" + entry + "}", "1234")), "tensor \"a\": ", part);
  };
  says(entry("F32", "[2]", 0, 4), "its shape needs 8 bytes\n  got:      F32 (2) at 0 to 4");
  says(entry("F32", "[]", 4, 0), "its shape needs 4 bytes");
  says(entry("F32", "[]", 1, 5), "there is a gap before its bytes");
  says(entry("F32", "[1,1,1,1,1,1,1,1,1]", 0, 4), "more than 8 axes");
  says(entry("F32", "[18446744073709551615]", 0, 4), "too large");
  says(entry("F32", "[4294967296,4294967296]", 0, 4), "too large");  // the product wraps to 0
  says(entry("F32", "[4611686018427387905]", 0, 4), "too large");    // in bytes it wraps to 4
  says(entry("F32", "[0,18446744073709551615,3]", 0, 0), "too large");
  says(entry("F32", "[4294967296,4294967296,0]", 0, 0), "too large");
  for (const char* dtype : {"F6_E2M3", "F8_E8M0", "f32", ""})
    says(entry(dtype, "[]", 0, 4), "dtype " + std::string(dtype) + " cannot be read");
  says(entry("U64", "[]", 0, 8),
       "dtype U64 cannot be read\n  try:      store it as I64, if all numbers are below 2^63");
  says(entry("C64", "[]", 0, 8), "store its real and imaginary parts as F32");
  says(entry("F8_E4M3", "[]", 0, 1), "store it as F32 or BF16");
  says(entry("F4", "[]", 0, 1), "store it as F32 or BF16");
  std::string axes = "1";
  for (int i = 0; i < 64; ++i) axes += ",1";
  CHECK_PARTS(refused(file_of("{\"a\":" + entry("F32", "[" + axes + "]", 0, 4) + "}", "1234")),
              "\"a\": more than 64 axes");
  CHECK_PARTS(refused(file_of("{\"a\":" + entry("BOOL", "[2]", 0, 2) + "}", "\1\2")),
              "tensor \"a\": a bool is neither 0 nor 1");
}

TEST_CASE("safetensors: every byte belongs to one tensor") {
  const auto two = [](std::size_t begin, std::size_t end, const std::string& data) {
    return refused(file_of("{\"a\":" + entry("F32", "[2]", 0, 8) +
                               ",\"b\":" + entry("BOOL", "[" + std::to_string(end - begin) + "]", begin, end) + "}",
                           data));
  };
  CHECK_PARTS(two(7, 9, "123456789"), "tensor \"b\": its bytes overlap those of the one before", "7 to 9, after 8");
  CHECK_PARTS(two(9, 10, "1234567890"), "tensor \"b\": there is a gap before its bytes", "9 to 10, after 8");
  CHECK_PARTS(two(8, 9, "1234567890"), "has bytes that belong to no tensor", "10 bytes of data", "9 by the header");
  CHECK_PARTS(two(8, 9, "12345678"), "is truncated", "8 bytes of data", "9 by the header");
  const auto same = entry("F32", "[]", 0, 4);
  CHECK_PARTS(refused(file_of("{\"a\":" + same + ",\"b\":" + same + "}", "1234")), "overlap");
  CHECK_PARTS(refused(file_of("{}", "1")), "has bytes that belong to no tensor");
  // A claim of 64 TiB is refused for what the file has, before memory is asked for.
  CHECK_PARTS(refused(file_of("{\"a\":" + entry("F32", "[17592186044416]", 0, 70368744177664) + "}", "1234")),
              "is truncated");
}

TEST_CASE("safetensors: cut off anywhere, it is refused") {
  CHECK(loaded(small).size() == 2);
  for (std::size_t n = 0; n < small.size(); ++n) {
    CAPTURE(n);
    CHECK(support::contains(refused(small.substr(0, n)), n < 10                  ? "too short"
                                                         : n < small.size() - 10 ? "header"
                                                                                 : "truncated"));
  }
}

TEST_CASE("safetensors: bytes changed at random are read or refused") {
  const TempDir dir;
  std::mt19937 random(1);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = small;
    for (auto n = 1 + random() % 3; n > 0; --n)
      bytes[random() % bytes.size()] = random() % 2 ? "{}[],:\"0189 \\"[random() % 13] : static_cast<char>(random());
    if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 4));
    write(dir / "fuzz", bytes);
    try {
      (void)io::load(dir / "fuzz");
      ++read;
    } catch (const Error&) {}
  }
  CHECK(read > 100);
}

TEST_CASE("safetensors: what is not saved, and what is then still there") {
  const TempDir dir;
  io::save(dir / "m", {{"a", scalar(1)}});
  const std::string before = support::read(dir / "m");
  const auto says = [&](const StateDict& state, const std::string& part) {
    CHECK_SAYS(io::save(dir / "m", state), "save: " + dir.str() + "/m: ", part, "safetensors.cpp:");
    CHECK(support::read(dir / "m") == before);
  };
  says({{"a", scalar(1)}, {"b", Tensor{}}}, "tensor \"b\" is undefined");
  says({{"a", scalar(1)}, {"b", scalar(1)}, {"a", scalar(2)}}, "two tensors have the name \"a\"");
  says({{"__metadata__", scalar(1)}}, "not a name for a tensor");
  says({{std::string("a\0b", 3), scalar(1)}}, "not a name for a tensor");
  says({{std::string(5000, 'n'), scalar(1)}}, "not a name for a tensor");
  says({{"\xff", scalar(1)}}, "is not UTF-8");
  CHECK_SAYS(io::save(dir / "m", {}, {{"k", "\xff"}}), "is not UTF-8");
  CHECK(support::read(dir / "m") == before);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.str()), {}) == 1);  // nothing is left lying about
}

TEST_CASE("safetensors: a disk that is full leaves the old file") {
  const TempDir dir;
  io::save(dir / "m", {{"a", scalar(1)}});
  rlimit before;
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small_files{4096, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small_files) == 0);
  const std::string said = support::message([&] { io::save(dir / "m", {{"a", zeros({5000})}}); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK_PARTS(said, "save: " + dir.str() + "/m: cannot be written: File too large");
  CHECK(io::load(dir / "m")[0].second.item() == 1);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.str()), {}) == 1);
}

TEST_CASE("safetensors: files that cannot be opened or written") {
  const TempDir dir;
  CHECK_SAYS(io::load(dir / "none"), "load: " + dir.str() + "/none: cannot be opened: No such file or directory",
             "safetensors.cpp:");
  CHECK_SAYS(io::load(dir.str()), ": is a folder", "expected: a regular file");
  CHECK_SAYS(io::metadata(dir / "none"), "metadata: ", "No such file");
  CHECK_SAYS(io::save(dir / "no/such/m", {}), "save: " + dir.str() + "/no/such/m: cannot be written in folder ",
             "No such file");
  std::filesystem::create_directory(dir / "taken");
  write(dir / "taken/x", "");
  CHECK_SAYS(io::save(dir / "taken", {}), "/taken: is a folder", "a regular file, or a new name");
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK_SAYS(io::load(dir / "pipe"), "is a pipe");  // and does not wait for a writer
  CHECK(std::distance(std::filesystem::directory_iterator(dir.str()), {}) == 2);
}

TEST_CASE("safetensors: a name without a directory is one in the current directory") {
  const TempDir dir;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.str());
  io::save("here.safetensors", {{"a", scalar(4)}});
  CHECK(io::load("here.safetensors")[0].second.item() == 4);
  std::filesystem::current_path(before);
}
