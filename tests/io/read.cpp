// Files of tensors whose kind is found by content; tensors one at a time.
#include <gradus/io/io.hpp>

#include "io/safetensors_bytes.hpp"
#include "support.hpp"

using namespace gradus;
using namespace safetensors_bytes;
using support::TempDir, support::write;

TEST_CASE("read: the kind is found by content, whatever the name") {
  const TempDir dir;
  const StateDict state{{"w", tensor({{1, 2}, {3, 4}})}, {"n", scalar(7, i64)}};
  io::save(dir / "a.npz", state, {{"k", "v"}});
  io::save_npz(dir / "b.npy", state);
  io::save_npy(dir / "c.safetensors", state[0].second);
  io::save_npz(dir / "none", {});
  const io::Contents a = io::read(dir / "a.npz");
  CHECK(a.kind == io::Kind::safetensors);
  CHECK(a.metadata == io::Metadata{{"k", "v"}});
  CHECK(a.state.size() == 2);
  CHECK(a.notes.empty());
  const io::Contents b = io::read(dir / "b.npy", {.only = "w"});
  CHECK(b.kind == io::Kind::npz);
  CHECK(b.state.size() == 1);
  const io::Contents c = io::read(dir / "c.safetensors");
  CHECK(c.kind == io::Kind::npy);
  CHECK(c.state[0].first == "x");
  CHECK(c.state[0].second.to_vector() == state[0].second.to_vector());
  CHECK(io::read(dir / "none").kind == io::Kind::npz);
  CHECK_SAYS(io::read(dir / "a.npz", {.only = "q"}), "no tensor has a name like \"q\"");
  CHECK_SAYS(io::read(dir / "b.npy", {.rename = {{"w", "n"}}}), "two tensors get the name \"n\"");
}

TEST_CASE("read: other kinds are named") {
  const TempDir dir;
  const auto says = [&](const std::string& bytes, const std::string& part) {
    CHECK_SAYS(io::read(write(dir / "f", bytes)), "read: ", "/f: ", part, "read.cpp:");
    CHECK_SAYS(io::scan(dir / "f", [](const auto&, const auto&) {}), "scan: ", part);
  };
  says("GGUF\3\0\0\0", "is a GGUF file");
  says("\x89HDF\r\n\x1a\n1234567890", "is an HDF5 file");
  says(std::string("\x80\x02}q\0", 5), "a Python pickle");
  says("\x1f\x8b\x08", "compressed by gzip");
  says("{\"ev\":\"header\",\"format\":\"gradus-trace\"}", "is a trace");
  says("", "is no file of tensors that is known here");
  says("hello, this is a text", "is no file of tensors that is known here");
}

TEST_CASE("read: dtypes that change on the way are said") {
  const TempDir dir;
  write(dir / "m", file_of("{\"a\":" + entry("F16", "[2]", 0, 4) + ",\"b\":" + entry("F16", "[]", 4, 6) +
                               ",\"c\":" + entry("U8", "[1]", 6, 7) + ",\"d\":" + entry("BOOL", "[1]", 7, 8) + "}",
                           std::string("\0\x3c\0\x3c\0\x3c\7\1", 8)));
  CHECK(io::read(dir / "m").notes ==
        std::vector<std::string>{"2 tensors of F16 became f32", "1 tensor of U8 became i64"});
}

TEST_CASE("scan: all tensors in the file's order, those of foreign dtypes undefined") {
  const TempDir dir;
  const std::string axes = "[1,1,1,1,1,1,1,1,1]";
  write(dir / "m", file_of("{\"__metadata__\":{\"k\":\"v\"},\"z\":" + entry("F8_E5M2", "[3]", 4, 7) +
                               ",\"a\":" + entry("F32", "[1,1]", 0, 4) + ",\"deep\":" + entry("BOOL", axes, 7, 8) + "}",
                           std::string("\0\0\x80\x3f", 4) + "123\1"));
  std::vector<std::string> seen;
  const io::Contents file = io::scan(dir / "m", [&](const io::TensorInfo& info, const Tensor& x) {
    seen.push_back(info.name + ' ' + info.dtype + ' ' + std::to_string(info.shape.size()) + ' ' +
                   std::to_string(info.bytes) + (x.defined() ? " read" : ""));
  });
  CHECK(seen == std::vector<std::string>{"z F8_E5M2 1 3", "a F32 2 4 read", "deep BOOL 9 1"});
  CHECK(file.metadata.at("k") == "v");
  CHECK(file.state.empty());

  io::save_npz(dir / "z", {{"a", scalar(1)}, {"b", scalar(2, f64)}});
  seen.clear();
  (void)io::scan(dir / "z",
                 [&](const io::TensorInfo& info, const Tensor&) { seen.push_back(info.name + ' ' + info.dtype); },
                 {.only = "b"});
  CHECK(seen == std::vector<std::string>{"b <f8"});
  std::string bytes = support::read(dir / "z");
  bytes.replace(bytes.rfind("'<f8'"), 5, "'|S8'");  // as scipy.sparse.save_npz has one
  write(dir / "s", bytes);
  int undefined = 0;
  (void)io::scan(dir / "s", [&](const io::TensorInfo&, const Tensor& x) { undefined += !x.defined(); });
  CHECK(undefined == 1);
  CHECK_SAYS(io::load_npz(dir / "s"), "array \"b\": dtype \"|S8\" cannot be read", "{.only = ");
  CHECK(io::load_npz(dir / "s", {.only = "a"}).size() == 1);
}
