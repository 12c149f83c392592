// gradus export, as a user runs it. tests/onnx runs exported files.
#if defined GRADUS_TOOL && defined GRADUS_HAVE_PROTOZERO
#include <gradus/gradus.hpp>

#include "run.hpp"

using namespace gradus;
using support::contains, support::Program, support::read, support::write;

TEST_CASE("export: a saved network, with its scaling, its class names and its own name") {
  const Program gradus;
  std::string csv = "height,weight,kind\n";
  for (int i = 0; i < 40; ++i) csv += std::to_string(i) + ',' + std::to_string(i % 7) + (i < 20 ? ",dog\n" : ",cat\n");
  write(gradus.file("pets.csv"), csv);
  REQUIRE(gradus("train --data pets.csv --net mlp:5 --epochs 2 --save pets.safetensors").code == 0);
  const auto run = gradus("export pets.safetensors");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK(run.err.empty());
  CHECK_PARTS(run.out, "pets.onnx: ", "input x (N, 2), output scores");
  const std::string file = read(gradus.file("pets.onnx"));
  for (const char* text :
       {"0.mean", "0.deviation", "1.0.weight", "1.2.bias", "scores", "class_names", "\"cat\"", "Gemm"})
    CHECK_MESSAGE(contains(file, text), text);

  CHECK(gradus("export pets.safetensors --proba -o p.onnx").code == 0);
  CHECK(contains(read(gradus.file("p.onnx")), "Softmax"));
  CHECK(contains(read(gradus.file("p.onnx")), "probabilities"));
}

TEST_CASE("export: a network of images, and one that answers with a number") {
  const Program gradus;
  REQUIRE(gradus("train --net cnn --epochs 1 --save m.safetensors").code == 0);
  const auto images = gradus("export m.safetensors -o digits.onnx");
  CHECK(images.code == 0);
  CHECK_PARTS(images.out, "input x (N, 1, 8, 8), output scores");
  CHECK(contains(read(gradus.file("digits.onnx")), "BatchNormalization"));

  std::string csv = "x,y\n";
  for (int i = 0; i < 40; ++i) csv += std::to_string(i) + ',' + std::to_string(0.5 * i) + '\n';
  write(gradus.file("line.csv"), csv);
  REQUIRE(gradus("train --data line.csv --task regress --epochs 1 --save line.safetensors").code == 0);
  const auto number = gradus("export line.safetensors");
  CHECK(number.code == 0);
  CHECK_PARTS(number.out, "input x (N, 1), output y");
  const auto refused = gradus("export line.safetensors --proba");
  CHECK(refused.code == 2);
  CHECK_PARTS(refused.err, "--proba", "answers with a number");
}

TEST_CASE("export: files that are not saved networks are refused, and nothing is written") {
  const Program gradus;
  CHECK(gradus("export none.safetensors").code == 3);
  io::save(gradus.file("plain.safetensors"), {{"w", ones({2})}});
  const auto plain = gradus("export plain.safetensors");
  CHECK(plain.code == 3);
  CHECK_PARTS(plain.err, "plain.safetensors: does not say", "gradus train --save");
  io::save(gradus.file("odd.safetensors"), {{"0.mean", ones({2})}},
           {{"net", "mlp:3"}, {"input", "(2, x)"}, {"classes", "2"}, {"task", "classify"}});
  const auto odd = gradus("export odd.safetensors");
  CHECK(odd.code == 3);
  CHECK_PARTS(odd.err, "input = '(2, x)'");
  CHECK(gradus("export plain.safetensors -o plain.safetensors").code == 2);
  CHECK(gradus("export").code == 2);
  for (const char* name : {"plain.onnx", "odd.onnx", "none.onnx"}) CHECK(!std::filesystem::exists(gradus.file(name)));
}
#endif
