// safetensors files that break the format in known ways: refused, unless the caller is lenient, and then said.
#include <gradus/io/io.hpp>

#include "io/safetensors_bytes.hpp"
#include "support.hpp"

using namespace gradus;
using namespace safetensors_bytes;
using support::TempDir, support::write;

namespace {

const std::string one = "{\"a\":" + entry("F32", "[]", 0, 4) + "}";
const std::string number("\0\0\x80\x3f", 4);

// Strict reading refuses the bytes with these words; lenient reading gives the tensor, and one note with them.
void only_lenient(const std::string& bytes, const std::string& words) {
  const TempDir dir;
  const std::string path = write(dir / "m", bytes);
  CHECK_SAYS(io::load(path), "is not a safetensors file: ", words, "try:      {.lenient = true}");
  CHECK_SAYS(io::read(path), words);
  CHECK(io::load(path, {.lenient = true})[0].second.item() == 1);
  const io::Contents file = io::read(path, {.lenient = true});
  CHECK(file.state[0].second.item() == 1);
  REQUIRE(file.notes.size() == 1);
  CHECK_PARTS(file.notes[0], words);
}

}  // namespace

TEST_CASE("lenient: each departure is accepted only then, and said") {
  only_lenient(file_of("  \n\t" + one, number), "begins with white space");
  only_lenient(file_of(one + std::string(5, '\0'), number), "is padded with zero bytes");
  only_lenient(file_of(one + "\r\n\t ", number), "white space other than spaces");
  const TempDir dir;
  const std::string null = write(dir / "m", file_of("{\"__metadata__\":null," + one.substr(1), number));
  CHECK_SAYS(io::load(null), "its header is malformed", "null", "{.lenient = true}");
  const io::Contents file = io::read(null, {.lenient = true});
  CHECK(file.metadata.empty());
  CHECK(file.state.size() == 1);
  CHECK(file.notes == std::vector<std::string>{"its __metadata__ is null, which the format does not allow"});
}

TEST_CASE("lenient: a file without faults has no notes, and nothing else is let pass") {
  const TempDir dir;
  const auto read = [&](const std::string& bytes) { return io::read(write(dir / "m", bytes), {.lenient = true}); };
  CHECK(read(file_of(one + "   ", number)).notes.empty());
  CHECK(read(file_of("{\"__metadata__\":{}," + one.substr(1), number)).notes.empty());
  CHECK_SAYS(read(file_of("\xef\xbb\xbf" + one, number)), "is no file of tensors");
  CHECK_SAYS(read(file_of(std::string(1, '\0') + one, number)), "is no file of tensors");
  CHECK_SAYS(read(file_of("{" + std::string(1, '\0') + one.substr(1), number)), "a zero byte in its header");
  CHECK_SAYS(read(file_of(one + "x", number)), "does not begin with { and end with }");
  CHECK_SAYS(read(file_of("{\"a\":null}", number)), "unexpected null");
  CHECK_SAYS(read(file_of("{\"__metadata__\":{\"k\":null}}")), "unexpected null");
  CHECK_SAYS(read(file_of("{\"__metadata__\":null,\"__metadata__\":null}")), "duplicate name");
  CHECK_SAYS(read(file_of(" " + one, number + "1")), "has bytes that belong to no tensor");
}

TEST_CASE("safetensors: tensors that are not read are checked as well") {
  const TempDir dir;
  const auto read_a = [&](const std::string& other, const std::string& more) {
    const std::string header = "{\"a\":" + entry("F32", "[]", 0, 4) + ",\"b\":" + other + "}";
    return io::load(write(dir / "m", file_of(header, number + more)), {.only = "a"});
  };
  CHECK(read_a(entry("F8_E4M3", "[3]", 4, 7), "123").size() == 1);
  CHECK(read_a(entry("F4", "[6]", 4, 7), "123").size() == 1);
  CHECK(read_a(entry("F6_E2M3", "[4]", 4, 7), "123").size() == 1);
  CHECK(read_a(entry("F99_NEW", "[7]", 4, 5), "1").size() == 1);
  CHECK_SAYS(read_a(entry("F8_E4M3", "[2]", 4, 7), "123"), "tensor \"b\": its shape needs 2 bytes");
  CHECK_SAYS(read_a(entry("F4", "[5]", 4, 7), "123"), "tensor \"b\": its shape needs 20 bits");
  CHECK_SAYS(read_a(entry("F32", "[2]", 4, 7), "123"), "tensor \"b\": its shape needs 8 bytes");
  CHECK_SAYS(read_a(entry("U64", "[0,4294967296,4294967296,4294967296]", 4, 4), ""), "tensor \"b\": too large");
  CHECK_SAYS(read_a(entry("F99_NEW", "[1]", 4, 0), ""), "\"b\": its bytes end before they begin");
}

TEST_CASE("safetensors: renaming") {
  const TempDir dir;
  const std::string path = dir / "m";
  io::save(path, {{"module.a", scalar(1)}, {"module.b", scalar(2)}, {"c", scalar(3)}});
  const StateDict state = io::load(path, {.only = "module.*", .rename = {{"module.", ""}}});
  CHECK(state.size() == 2);
  CHECK(find(state, "b")->item() == 2);
  CHECK(find(io::load(path, {.rename = {{"mod", "x"}, {"module.", ""}, {"", "net."}}}), "xule.a"));  // the first counts
  CHECK(find(io::load(path, {.rename = {{"module.", ""}, {"", "net."}}}), "net.c"));
  CHECK_SAYS(io::load(path, {.rename = {{"module.a", "c"}}}), "two tensors get the name \"c\" by renaming");
  io::save_npz(dir / "z", {{"module.a", scalar(1)}});
  CHECK(io::load_npz(dir / "z", {.rename = {{"module.", "n."}}})[0].first == "n.a");
}
