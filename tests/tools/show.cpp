// gradus show, as a user runs it.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include <nlohmann/json.hpp>

#include "io/safetensors_bytes.hpp"
#include "run.hpp"

using namespace gradus;
using namespace safetensors_bytes;
using support::contains, support::Program, support::write;
using Json = nlohmann::json;

namespace {

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

}  // namespace

TEST_CASE("show: a small file is one table") {
  const Program gradus;
  io::save(gradus.file("m.safetensors"), {{"fc.weight", tensor({{3, -4}, {0, 1}})}, {"fc.bias", tensor({0.5, 0.25})}},
           {{"net", "mlp:8"}});
  const auto run = gradus("show m.safetensors");
  CHECK(run.code == 0);
  CHECK(run.err.empty());
  CHECK(run.out ==
        "m.safetensors: safetensors, 192 bytes, 2 tensors, 6 numbers\n"
        "\n"
        "tensor     dtype  shape    min  max   mean    std   norm  zeros\n"
        "fc.bias    F32    (2)     0.25  0.5  0.375  0.125  0.559      0\n"
        "fc.weight  F32    (2, 2)    -4    3      0   2.55  5.099      1\n"
        "\n"
        "metadata\n"
        "  net  mlp:8\n");
}

TEST_CASE("show: wide files keep within 80 columns") {
  const Program gradus;
  io::save(gradus.file("m"),
           {{"encoder.layers.0.self_attn.in_proj_weight", full({192, 64}, -1.2345e-5)},
            {"odd", tensor({NAN, INFINITY, 2})},
            {"none", zeros({0, 3})},
            {"all", tensor({NAN})}},
           {{"long", std::string(500, 'x')}});
  const auto run = gradus("show m");
  INFO(run.out);
  CHECK(run.code == 0);
  CHECK(longest_line(run.out) <= 82);  // the sign for "cut" has three bytes
  CHECK_PARTS(run.out, "encoder.layers.0.self_attn.in_proj_weight", "F32    (192, 64)\n", "-1.234e-05",
              "    1 NaN and 1 infinite, left out of the other numbers\n", "xxx…\n");
  const auto one = gradus("show m --only odd");
  CHECK(contains(one.out, "1 tensor, 3 numbers"));
  CHECK_FALSE(contains(one.out, "encoder"));
  const auto none = gradus("show m --only q*");
  CHECK(none.code == 2);
  CHECK_PARTS(none.err, "--only: no tensor of m has a name like 'q*'");
}

TEST_CASE("show: JSON has all the numbers") {
  const Program gradus;
  io::save(gradus.file("m"), {{"a", tensor({1, 2, 3, 4}, f64)}, {"b", tensor({NAN, INFINITY, 0})}}, {{"k", "v"}});
  const auto run = gradus("show m --json");
  CHECK(run.code == 0);
  const Json json = Json::parse(run.out);
  CHECK(json["kind"] == "safetensors");
  CHECK(json["metadata"]["k"] == "v");
  const Json& a = json["tensors"][0];
  CHECK(a["name"] == "a");
  CHECK(a["dtype"] == "F64");
  CHECK(a["shape"] == Json{4});
  CHECK(a["bytes"] == 32);
  CHECK(a["mean"] == 2.5);
  CHECK(a["std"].get<double>() == doctest::Approx(std::sqrt(1.25)));
  CHECK(a["norm"].get<double>() == doctest::Approx(std::sqrt(30.0)));
  const Json& b = json["tensors"][1];
  CHECK(b["nan"] == 1);
  CHECK(b["inf"] == 1);
  CHECK(b["zeros"] == 1);
  CHECK(b["max"] == 0);
}

TEST_CASE("show: statistics of large and far numbers") {
  const Program gradus;
  std::vector<double> far(5000, 1e9);
  for (std::size_t i = 0; i < far.size(); i += 2) far[i] += 1;
  io::save(gradus.file("m"), {{"far", from_data(far, {5000})}, {"large", tensor({3e300, 4e300}, f64)}});
  const Json tensors = Json::parse(gradus("show m --json").out)["tensors"];
  CHECK(tensors[0]["std"].get<double>() == doctest::Approx(0.5).epsilon(1e-12));
  CHECK(tensors[0]["mean"].get<double>() == 1e9 + 0.5);
  CHECK(tensors[1]["norm"].get<double>() == doctest::Approx(5e300));
}

TEST_CASE("show: the kind is found by content") {
  const Program gradus;
  io::save_npz(gradus.file("a.safetensors"), {{"w", tensor({1, 2})}, {"n", scalar(3, i64)}});
  io::save_npy(gradus.file("b"), tensor({1, 2}));
  CHECK_PARTS(gradus("show a.safetensors").out, "a.safetensors: npz, ", "2 tensors, 3 numbers", "<f4", "<i8");
  CHECK_PARTS(gradus("show b").out, "b: npy, ", "x       <f4");
  write(gradus.file("foreign"), file_of("  {\"q\":" + entry("F8_E4M3", "[2]", 0, 2) + "}", "12"));
  CHECK_PARTS(gradus("show foreign").out, "note: its header begins with white space", "F8_E4M3",
              "its numbers cannot be read here");
  const auto trace = gradus("show " GRADUS_TEST_DIR "/study/sample.trace.jsonl");
  INFO(trace.out, trace.err);
  CHECK(trace.code == 0);
  CHECK_PARTS(trace.out, ": trace, ", "tapes: ", "operations\n", "  matmul ", "W       f64    (2, 3)");
  CHECK(Json::parse(gradus("show --json " GRADUS_TEST_DIR "/study/sample.trace.jsonl").out)["operations"].contains(
      "matmul"));
}

TEST_CASE("show: names from strangers do not reach the terminal as they are") {
  const Program gradus;
  io::save(gradus.file("m"), {{"\x1b[2Jgone\n", scalar(1)}}, {{"k\x07", "v\x1b[31m"}});
  const auto run = gradus("show m");
  CHECK(run.code == 0);
  CHECK_FALSE(contains(run.out, "\x1b"));
  CHECK_FALSE(contains(run.out, "\x07"));
  CHECK_PARTS(run.out, "gone\\n");
}

TEST_CASE("show: files that are damaged, of another kind, or not there") {
  const Program gradus;
  const auto refused = [&](const std::string& bytes, const std::string& part) {
    write(gradus.file("f"), bytes);
    const auto run = gradus("show f", support::little_memory);
    INFO(run.err);
    CHECK(run.code == 3);
    CHECK(run.out.empty());
    CHECK_PARTS(run.err, "gradus: ", part);
  };
  refused("", "is no file of tensors");
  refused("GGUF1234567890", "is a GGUF file");
  refused("hello, I am a text", "is no");
  refused("\x08\x08\x12\x06gradus", "f: is of no kind that is known here");
  refused("{\"ev\":\"header\"", "is not a Gradus trace");
  refused("{}", "is not a Gradus trace");
  refused(file_of("{\"a\":" + entry("F32", "[17592186044416]", 0, 70368744177664) + "}", "1234"), "is truncated");
  io::save_npz(gradus.file("z"), {{"w", ones({100})}});
  const std::string good = support::read(gradus.file("z"));
  refused(good.substr(0, good.size() / 2), "is not a ZIP archive, or it is truncated");
  CHECK(gradus("show nothing").code == 3);
  CHECK(gradus("show .").code == 3);
  CHECK(gradus("show").code == 2);
}

#ifdef GRADUS_HAVE_PROTOZERO
TEST_CASE("show: an ONNX file") {
  const Program gradus;
  manual_seed(1);
  nn::Sequential net{nn::Linear(3, 2), nn::ReLU(), nn::Linear(2, 2)};
  io::save_onnx(net, zeros({1, 3}), gradus.file("m.onnx"), {.metadata = {{"classes", "2"}}});
  const auto run = gradus("show m.onnx");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "m.onnx: ONNX, ", "4 tensors, 14 numbers", "opset: 17", "IR version: 8", "x  FLOAT (N, 3)",
              "y  FLOAT (N, 2)", "nodes\n  Gemm  2\n  Relu  1\n", "0.weight  FLOAT", "classes  2");
  const Json json = Json::parse(gradus("show m.onnx --json").out);
  CHECK(json["nodes"]["Gemm"] == 2);
  CHECK(json["tensors"][0]["norm"].get<double>() > 0);
  const std::string good = support::read(gradus.file("m.onnx"));
  for (const std::size_t n : {20u, 100u, 200u}) {
    write(gradus.file("cut.onnx"), good.substr(0, n));
    CHECK(gradus("show cut.onnx").code == 3);
  }
}
#endif
#endif
