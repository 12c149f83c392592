// gradus convert, as a user runs it. tests/numpy converts files of NumPy.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include "io/safetensors_bytes.hpp"
#include "run.hpp"

using namespace gradus;
using namespace safetensors_bytes;
using support::contains, support::Program, support::read, support::write;

namespace {

const StateDict state() {
  return {{"module.w", tensor({{1, 2}, {3, 4}}, f64)}, {"module.n", scalar(5, i64)}, {"ok", tensor({1, 0}, boolean)}};
}

}  // namespace

TEST_CASE("convert: there and back, the same bytes") {
  const Program gradus;
  io::save(gradus.file("a.safetensors"), state());
  const auto there = gradus("convert a.safetensors b.npz");
  CHECK(there.code == 0);
  CHECK(there.out == "b.npz: 3 tensors\n");
  CHECK(gradus("convert b.npz c.safetensors").code == 0);
  CHECK(read(gradus.file("a.safetensors")) == read(gradus.file("c.safetensors")));
  CHECK(gradus("convert c.safetensors w.npy --only '*.w'").code == 0);
  CHECK(io::load_npy(gradus.file("w.npy")).to_vector() == std::vector<double>{1, 2, 3, 4});
  CHECK(gradus("convert w.npy d.npz").code == 0);
  CHECK(io::load_npz(gradus.file("d.npz"))[0].first == "x");
}

TEST_CASE("convert: some tensors, under other names") {
  const Program gradus;
  io::save(gradus.file("a.safetensors"), state());
  CHECK(gradus("convert a.safetensors b.npz --only 'module.*' --rename module.= --rename ok=").code == 0);
  const StateDict b = io::load_npz(gradus.file("b.npz"));
  CHECK(b.size() == 2);
  CHECK(find(b, "w"));
  const auto none = gradus("convert a.safetensors c.npz --only q");
  CHECK(none.code == 3);
  CHECK_PARTS(none.err, "no tensor has a name like \"q\"");
  const auto twice = gradus("convert a.safetensors c.npz --rename module.w=ok");
  CHECK(twice.code == 3);
  CHECK_PARTS(twice.err, "two tensors get the name \"ok\"");
  CHECK(gradus("convert a.safetensors c.npz --rename nothing").code == 2);
  CHECK_FALSE(std::filesystem::exists(gradus.file("c.npz")));
}

TEST_CASE("convert: what cannot cross is said, or an error") {
  const Program gradus;
  io::save(gradus.file("a.safetensors"), state(), {{"epoch", "3"}, {"net", "mlp"}});
  CHECK_PARTS(gradus("convert a.safetensors b.npz").out,
              "note: .npz has no place for metadata; left behind: \"epoch\", \"net\"\n");
  CHECK(gradus("convert a.safetensors c.safetensors").out == "c.safetensors: 3 tensors\n");
  CHECK(io::metadata(gradus.file("c.safetensors")).at("epoch") == "3");
  write(gradus.file("half"), file_of("{\"h\":" + entry("BF16", "[1]", 0, 2) + "}", "12"));
  CHECK_PARTS(gradus("convert half h.npz").out, "note: 1 tensor of BF16 became f32\n");
  write(gradus.file("f8"), file_of("{\"q\":" + entry("F8_E4M3", "[1]", 0, 1) + "}", "1"));
  const auto f8 = gradus("convert f8 h.npz");
  CHECK(f8.code == 3);
  CHECK_PARTS(f8.err, "tensor \"q\": dtype F8_E4M3 cannot be read", "x.float()");
  CHECK(io::load_npz(gradus.file("h.npz")).size() == 1);  // the old one is still there
  write(gradus.file("nul"), file_of("{\"h\":" + entry("BOOL", "[1]", 0, 1) + "}" + std::string(3, '\0'), "\1"));
  CHECK(gradus("convert nul n.npz").code == 3);
  CHECK_PARTS(gradus("convert nul n.npz --lenient").out, "note: its header is padded with zero bytes");
}

TEST_CASE("convert: names that cannot be, and files that would be lost") {
  const Program gradus;
  io::save(gradus.file("a.safetensors"), state());
  const std::string before = read(gradus.file("a.safetensors"));
  CHECK(gradus("convert a.safetensors b.txt").code == 2);
  CHECK(gradus("convert a.safetensors ./a.safetensors").code == 2);
  CHECK(gradus("convert a.safetensors no/such/b.npz").code == 3);
  const auto many = gradus("convert a.safetensors b.npy");
  CHECK(many.code == 2);
  CHECK_PARTS(many.err, "a .npy file holds one array", "has 3", "--only");
  CHECK(gradus("convert a.safetensors").code == 2);
  CHECK(gradus("convert none b.npz").code == 3);
  write(gradus.file("t"), "{\"ev\":\"header\"}");
  CHECK_PARTS(gradus("convert t b.npz").err, "is a trace");
  CHECK(read(gradus.file("a.safetensors")) == before);
  CHECK_FALSE(std::filesystem::exists(gradus.file("b.npz")));
}
#endif
