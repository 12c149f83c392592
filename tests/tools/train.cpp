// gradus train, as a user runs it.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include <cmath>

#include "run.hpp"

using namespace gradus;
using support::accuracy_in, support::cells, support::contains, support::Program, support::read, support::write;

namespace {

// Two clouds that a line divides, in units far from 0 and 1.
std::string clouds(int n) {
  std::string csv = "height,weight,kind\n";
  for (int i = 0; i < n; ++i) {
    const double side = i % 2 ? 1 : -1, u = std::sin(12.9 * i), v = std::cos(78.2 * i);
    csv += std::to_string(1700 + 100 * (2 * side + u)) + ',' + std::to_string(0.07 + 0.01 * (side + v)) + ',' +
           (side > 0 ? "cat\n" : "dog\n");
  }
  return csv;
}

}  // namespace

TEST_CASE("train: the embedded digits, with nothing asked for") {
  const Program gradus;
  const auto run = gradus("train --save m.safetensors --log run.csv");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK(run.err.empty());
  CHECK(accuracy_in(run.out) >= 97);
  CHECK_PARTS(run.out, "digits", "cnn", "adamw:lr=1e-3", "epoch 12/12", "m.safetensors", "run.csv", " of 359)");
  CHECK(!contains(run.out, "\r"));  // not a terminal
  CHECK(!contains(run.out, "\x1b"));

  const auto log = cells(read(gradus.file("run.csv")));
  REQUIRE(log.size() == 13);
  CHECK(log[0] ==
        std::vector<std::string>{"epoch", "step", "loss", "train_accuracy", "test_accuracy", "seconds", "lr"});
  CHECK(log[12][0] == "12");
  CHECK(log[12][1] == "540");  // 12 epochs of 45 batches
  CHECK(std::stod(log[12][2]) < std::stod(log[1][2]));
  CHECK(100 * std::stod(log[12][4]) == doctest::Approx(accuracy_in(run.out)).epsilon(1e-4));
  CHECK(log[12][6] == "0.001");

  auto words = io::metadata(gradus.file("m.safetensors"));
  CHECK(words["data"] == "digits");
  CHECK(words["net"] == "cnn");
  CHECK(words["seed"] == "1");
  CHECK(words["classes"] == "10");
  CHECK(!words["gradus"].empty());
}

TEST_CASE("train: a saved model is the trained one") {
  const Program gradus;
  const auto run = gradus("train --net mlp:32 --epochs 3 --save m.safetensors");
  REQUIRE(run.code == 0);
  const StateDict state = io::load(gradus.file("m.safetensors"));
  nn::Sequential net{nn::Linear(64, 32), nn::ReLU(), nn::Linear(32, 10)};
  StateDict layers;  // behind the standardisation, "0."
  for (const auto& [name, tensor] : state) {
    if (name.starts_with("1.")) layers.emplace_back(name.substr(2), tensor);
  }
  net.load_state_dict(layers);
  const auto test = data::digits().test;
  const Tensor x = (test.x - *find(state, "0.mean")) / *find(state, "0.deviation");
  CHECK(100 * accuracy(net, x, test.y) == doctest::Approx(accuracy_in(run.out)).epsilon(1e-4));
}

TEST_CASE("train: the same seed gives the same numbers") {
  const auto log = [](const std::string& seed) {
    const Program gradus;
    REQUIRE(gradus("train --net cnn --epochs 2 --log l.csv --seed " + seed).code == 0);
    auto rows = cells(read(gradus.file("l.csv")));
    for (auto& row : rows) row[5] = "";  // seconds
    return rows;
  };
  const auto first = log("7");
  CHECK(first == log("7"));
  CHECK(first != log("8"));
}

TEST_CASE("train: every net and optimizer learns something") {
  const Program gradus;
  for (const char* what :
       {"--net lenet --opt adam:lr=3e-3", "--net mlp:64,32", "--net mlp --opt sgd:lr=0.1,momentum=0.9,nesterov",
        "--net mlp --opt nadam", "--net mlp --opt radam", "--net mlp --opt adamax", "--net mlp --opt adagrad",
        "--net mlp --opt adadelta", "--net mlp --opt rmsprop:lr=1e-3,centered=true", "--net mlp --opt asgd:lr=0.1",
        "--net mlp --opt adam:betas=0.8/0.99", "--net mlp --opt lion:lr=1e-3", "--net mlp --opt rprop --batch 0",
        "--net mlp --opt lbfgs:line_search_fn=strong_wolfe --batch 0", "--net mlp --schedule cosine",
        "--net mlp --schedule onecycle", "--net mlp --schedule linear"}) {
    const auto run = gradus(std::string("train --quiet --epochs 5 ") + what);
    INFO(what, ": ", run.out, run.err);
    CHECK(run.code == 0);
    CHECK(accuracy_in(run.out) > 70);
  }
}

TEST_CASE("train: a CSV file") {
  const Program gradus;
  write(gradus.file("pets.csv"), clouds(200));
  const auto run = gradus("train --data pets.csv --label kind --epochs 20 --save pets.safetensors");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "pets.csv: 160 training and 40 test examples of 2 classes", "mlp:128");
  CHECK(accuracy_in(run.out) >= 95);
  CHECK(io::metadata(gradus.file("pets.safetensors"))["class_names"] == "dog\ncat");
}

TEST_CASE("train: what is not known is named, with the nearest") {
  const Program gradus;
  const auto refused = [&gradus](const std::string& arguments, std::initializer_list<const char*> parts) {
    const auto run = gradus(arguments);
    INFO(arguments, ": ", run.err);
    CHECK(run.code == 2);
    CHECK(run.out.empty());
    for (const char* part : parts) CHECK(contains(run.err, part));
  };
  refused("train --net lenett", {"--net lenett: unknown; did you mean lenet?"});
  refused("train --net resnet50", {"--net resnet50: unknown; there is mlp, lenet, cnn"});
  refused("train --net mlp:12,x", {"'x' is no width"});
  refused("train --net lenet:5", {"lenet has nothing to choose"});
  refused("train --opt adamv", {"--opt adamv: unknown; did you mean adam?"});
  refused("train --opt adamw:lrr=1", {"option 'lrr' of adamw is unknown; did you mean lr?"});
  refused("train --opt adamw:lr=fast", {"lr must be a number, not 'fast'"});
  refused("train --opt adamw:lr=-1", {"--opt adamw:lr=-1", "lr"});
  refused("train --opt adamw:betas=1", {"betas must be two numbers, as in 0.9/0.999"});
  refused("train --opt sgd:nesterov=maybe", {"nesterov must be true or false"});
  refused("train --opt sgd:nesterov", {"nesterov needs a momentum"});
  refused("train --schedule cosin", {"did you mean cosine?"});
  refused("train --data mnits", {"--data mnits: unknown; did you mean mnist?"});
  refused("train --epoch 3", {"--epoch: unknown; did you mean --epochs?"});
  refused("train --epochs 0", {"--epochs: a whole number from 1 on is expected, not '0'"});
  refused("train --epochs -3", {"--epochs: a whole number"});
  refused("train --batch 1e3", {"--batch: a whole number"});
  refused("train --seed x", {"--seed: a whole number"});
  refused("train --batch 5000", {"--batch 5000: digits has 1438 training examples"});
  refused("train --label a", {"--label is for --data FILE.csv"});
  refused("train --data-dir x", {"--data-dir is for"});
  refused("train 5", {"5: an argument too many"});
  refused("trian", {"trian: unknown; did you mean train?"});
}

TEST_CASE("train: what cannot be read or written") {
  const Program gradus;
  write(gradus.file("ragged.csv"), "a,b,c\n1,2,0\n1,1\n");
  write(gradus.file("word.csv"), "a,b\n1,0\n2,1\nx,0\n");
  write(gradus.file("same.csv"), "1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n");
  write(gradus.file("pets.csv"), clouds(50));
  const auto trouble = [&gradus](const std::string& arguments, std::initializer_list<const char*> parts) {
    const auto run = gradus(arguments);
    INFO(arguments, ": ", run.err);
    CHECK(run.code == 3);
    CHECK(run.out.empty());
    for (const char* part : parts) CHECK(contains(run.err, part));
    CHECK(!contains(run.err, ".cpp"));  // no line of the program itself
  };
  trouble("train --data none.csv", {"none.csv"});
  trouble("train --data mnist --data-dir .", {"train-images", "./tools/get-data mnist"});
  trouble("train --data ragged.csv", {"ragged.csv", "line 3"});
  trouble("train --data word.csv", {"word.csv", "line 4", "\"a\""});
  trouble("train --data same.csv", {"same.csv: one class among 6 examples", "--label"});
  trouble("train --data pets.csv --label sort", {"no column \"sort\""});
  trouble("train --save none/m.safetensors", {"--save none/m.safetensors: none: No such file"});
  trouble("train --save .", {"is a directory"});
  trouble("train --log none/l.csv", {"--log none/l.csv: No such file"});
  const auto run = gradus("train --data pets.csv --net cnn");
  CHECK(run.code == 2);
  CHECK(contains(run.err, "--net cnn: needs images"));
  CHECK(contains(run.err, "try --net mlp"));
}

TEST_CASE("train: a loss that is lost ends the run with advice, and saves nothing") {
  const Program gradus;
  const auto run = gradus("train --net mlp --opt sgd:lr=1e8 --save m.safetensors");
  CHECK(run.code == 1);
  CHECK_PARTS(run.err, "the loss became", "epoch 1, step ", "try: a smaller learning rate, --opt sgd:lr=1e+07");
  CHECK(read(gradus.file("m.safetensors")).empty());
}

TEST_CASE("train: Ctrl-C ends the batch and saves") {
  const Program gradus;
  const std::string train = "train --epochs 100000 --log l.csv";
  const std::string soon =  // once the first epoch is in the log
      "rm -f l.csv; (for i in $(seq 1200); do [ \"$(cat l.csv 2>/dev/null | wc -l)\" -lt 2 ] || break; sleep 0.05; "
      "done; kill -INT $$) "
      "2>&- &";
  const auto run = gradus(train + " --save m.safetensors", soon);
  INFO(run.out, run.err);
  CHECK(run.code == 130);
  CHECK_PARTS(run.out, "interrupted in epoch", "m.safetensors, as it was then");
  CHECK(!io::load(gradus.file("m.safetensors")).empty());
  const auto unsaved = gradus(train, soon);
  CHECK(unsaved.code == 130);
  CHECK(contains(unsaved.out, "nothing was saved"));
}

TEST_CASE("gradus: help and version") {
  const Program gradus;
  CHECK(gradus("--version").out.starts_with("gradus 0."));
  const auto help = gradus("train --help");
  CHECK(help.code == 0);
  CHECK_PARTS(help.out, "--data SET", "[digits]", "--epochs N", "[12]", "adamw", "weight_decay=0.01", "Examples:");
  for (std::istringstream lines(help.out); !lines.eof();) {
    std::string line;
    std::getline(lines, line);
    CHECK(line.size() <= 81);  // bytes; … takes three
  }
  CHECK(gradus("").code == 2);
  CHECK(contains(gradus("").err, "usage: gradus"));
}
#endif
