// gradus train --emit: the program that it writes compiles, and trains to the same bits.
#if defined GRADUS_TOOL && defined GRADUS_COMPILE
#include <gradus/gradus.hpp>

#include <cmath>
#include <nlohmann/json.hpp>

#include "run.hpp"

using namespace gradus;
using support::contains, support::Program, support::read, support::write;

namespace {

// What a run says last: "test accuracy 96.10 %".
std::string verdict(const std::string& out) {
  const auto at = out.rfind("test ");
  const std::string line = out.substr(at, out.find('\n', at) - at);
  return line.substr(0, line.find(" ("));
}

// "loss 0.1234" of each epoch.
std::vector<std::string> losses(const std::string& out) {
  std::vector<std::string> list;
  std::istringstream words(out);
  for (std::string word; words >> word;)
    if (word == "loss" && words >> word) list.push_back(word);
  return list;
}

bool same(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const Tensor* other = find(b, name);
    if (!other || !equal(tensor, *other)) return false;
  }
  return true;
}

// Several command lines, so that one compilation is enough: each program becomes a function of one.
struct Emitted {
  Program gradus;
  std::string code = "#include <gradus/gradus.hpp>\n#include <cstdio>\nusing namespace gradus;\n", calls;
  std::vector<std::string> outputs;

  // Trains by the tool, which saves i.st; the program saves there too, so i.st becomes i.tool.
  void add(const std::string& arguments) {
    const std::string i = std::to_string(outputs.size());
    const auto run = gradus("train --save " + i + ".st --emit " + i + ".cpp " + arguments);
    REQUIRE_MESSAGE(run.code == 0, arguments, ": ", run.err);
    CHECK_PARTS(run.out, "code  " + i + ".cpp");
    std::filesystem::rename(gradus.file(i + ".st"), gradus.file(i + ".tool"));
    std::string program = read(gradus.file(i + ".cpp"));
    CHECK(program.starts_with("// Trains "));
    program.replace(program.find("int main()"), 10, "static void run_" + i + "()");
    code += program;
    calls += "  run_" + i + "();\n  std::puts(\"--\");\n";
    outputs.push_back(run.out);
  }

  // Compiles all, runs them, and compares each with what the tool said and saved.
  void check() {
    write(gradus.file("all.cpp"), code + "int main() {\n" + calls + "}\n");
    gradus("--version", "sh '" GRADUS_COMPILE "' all.cpp all >compiled 2>&1 || touch failed;");
    REQUIRE_MESSAGE(!std::filesystem::exists(gradus.file("failed")), read(gradus.file("compiled")));
    CHECK(read(gradus.file("compiled")).empty());  // no warning
    gradus("--version", "./all >printed;");
    std::istringstream printed(read(gradus.file("printed")));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      std::string text;
      for (std::string line; std::getline(printed, line) && line != "--";) text += line + '\n';
      INFO(i, "\n", outputs[i], "\n", text);
      CHECK(losses(text) == losses(outputs[i]));
      CHECK(!losses(text).empty());
      CHECK(verdict(text) == verdict(outputs[i]));
      const std::string name = gradus.file(std::to_string(i));
      CHECK(same(io::load(name + ".st"), io::load(name + ".tool")));
      auto one = io::metadata(name + ".st"), other = io::metadata(name + ".tool");
      for (const char* key : {"data", "opt", "schedule", "batch", "seed", "steps"}) other.erase(key);  // for people
      CHECK(one == other);
    }
  }
};

// Houses with a fraction among the prices, a missing cell and words.
std::string houses() {
  std::string csv = "rooms;area;the \"colour\"\\;price\n";
  for (int i = 0; i < 60; ++i) {
    csv += std::to_string(1 + i % 5) + ';' + (i % 17 == 3 ? "" : std::to_string(20 + i * 37 % 100)) +
           (i % 3 ? ";red;" : ";blue;") + std::to_string(10 * i) + ",5\n";
  }
  return csv;
}

}  // namespace

TEST_CASE("emit: the program trains to the same bits") {
  Emitted all;
  all.add("--net mlp:16 --epochs 2");
  all.add("--net cnn --epochs 1 --batch 100 --seed 9 --opt sgd:lr=0.05,momentum=0.9,nesterov --schedule cosine");
  all.add("--net mlp:8,6 --epochs 2 --opt adamw:lr=3e-3,betas=0.8/0.99,amsgrad --schedule onecycle");
  all.add("--net mlp:5 --epochs 2 --opt schedule_free:lr=1e-2");
  all.add("--net mlp:4 --epochs 2 --batch 0 --opt lbfgs:line_search_fn=strong_wolfe,max_iter=3");
  // Names with all that a literal must escape.
  write(all.gradus.file("a \"b\"\\n.csv"), houses());
  all.add(
      "--data 'a \"b\"\\n.csv' --separator ';' --decimal comma --missing mean --categories one_hot --epochs 2 "
      "--net mlp:8 --schedule linear");
  std::string pets = "a,k,b\n";
  for (int i = 0; i < 40; ++i) pets += std::to_string(i) + (i % 3 ? ",dog," : ",cat,") + std::to_string(i % 7) + '\n';
  write(all.gradus.file("pets.csv"), pets);
  all.add("--data pets.csv --label k --epochs 2 --net mlp:3 --opt newton_cg --batch 0");
  io::save_npz(all.gradus.file("t.npz"), {{"x", randn({60, 2, 8, 8})}, {"y", argmax(randn({60, 3}), 1)}});
  all.add("--data t.npz --net lenet --epochs 1 --opt adam");
  all.check();
}

TEST_CASE("emit: MNIST-like IDX files, and where the program may be written") {
  const Program gradus;
  const auto big = [](std::uint32_t n) {
    return std::string{char(n >> 24), char(n >> 16 & 255), char(n >> 8 & 255), char(n & 255)};
  };
  for (const auto& [part, n] : {std::pair<std::string, std::uint32_t>{"train", 40}, {"t10k", 20}}) {
    std::string images = std::string{0, 0, 8, 3} + big(n) + big(28) + big(28),
                labels = std::string{0, 0, 8, 1} + big(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      for (int p = 0; p < 784; ++p) images += static_cast<char>(i % 2 ? p % 200 : p % 7);
      labels += static_cast<char>(i % 2);
    }
    write(gradus.file(part + "-images-idx3-ubyte"), images);
    write(gradus.file(part + "-labels-idx1-ubyte"), labels);
  }
  const auto run = gradus("train --data mnist --data-dir . --net lenet --epochs 1 --batch 10 --emit m.cpp");
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(read(gradus.file("m.cpp")), "auto [train, test] = data::mnist(\".\");", "nn::Conv2d(1, 6, 5)",
              "optim::AdamW opt(net, {.lr = 0.001});", ".size = 10", "accuracy(net, test)");
  CHECK(!contains(read(gradus.file("m.cpp")), "save_model"));
  CHECK(gradus("train --emit none/m.cpp").code == 3);
  CHECK(gradus("train --epochs 1 --net mlp:2 --emit m.st --save m.st").code == 2);
}
#endif
