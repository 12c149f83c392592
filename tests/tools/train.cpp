// gradus train, as a user runs it.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>
#include <gradus/io/io.hpp>

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
  CHECK(io::metadata(gradus.file("pets.safetensors"))["class_names"] == R"(["cat","dog"])");
}

// Houses: two numbers, a category and a missing cell; the price is a sum.
std::string houses(int n) {
  std::string csv = "rooms,area,colour,price\n";
  for (int i = 0; i < n; ++i) {
    const int rooms = 1 + i % 5, area = 20 + i * 37 % 100;
    const bool red = i % 3 == 0;
    csv += std::to_string(rooms) + ',' + (i % 17 == 3 ? "" : std::to_string(area)) + (red ? ",red," : ",blue,") +
           std::to_string(1000 * rooms + 50 * area + (red ? 5000 : 0)) + (i == 0 ? ".5\n" : "\n");
  }
  return csv;
}

TEST_CASE("train: numbers to be predicted") {
  const Program gradus;
  write(gradus.file("houses.csv"), houses(400));
  const auto run =
      gradus("train --data houses.csv --missing mean --categories one_hot --epochs 60 --save h.st --log l.csv");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "houses.csv: 320 training and 80 test examples for regression", "test rmse ", "(R2 0.9");
  CHECK(cells(read(gradus.file("l.csv")))[0][3] == "train_rmse");
  auto words = io::metadata(gradus.file("h.st"));
  CHECK(words["task"] == "regress");
  CHECK(words["categories"] == "one_hot");
  CHECK(contains(words["features"], R"({"name":"colour","words":["blue","red"]})"));
  // The saved network answers in the unit of the price, from the columns as they are in the file.
  const auto t = data::csv(gradus.file("houses.csv"),
                           {.classes = false, .missing = data::Missing::mean, .categories = data::Categories::one_hot});
  nn::Sequential net(nn::Standardize(Shape{4}), nn::Sequential(nn::Linear(4, 128), nn::ReLU(), nn::Linear(128, 1)),
                     nn::Unstandardize(Shape{}));
  net.load_state_dict(io::load(gradus.file("h.st")));
  CHECK(std::sqrt(square(net(t.x).reshape({-1}) - t.y).mean().item()) < 1000);
}

TEST_CASE("train: which task a label column asks for") {
  const Program gradus;
  std::string whole = "x,y\n";
  for (int i = 0; i < 40; ++i) whole += std::to_string(i) + ',' + std::to_string(i % 2 ? 5 : 0) + '\n';
  write(gradus.file("whole.csv"), whole);
  CHECK(contains(gradus("train --data whole.csv --epochs 1").out, "of 6 classes"));
  CHECK(contains(gradus("train --data whole.csv --epochs 1 --task regress").out, "for regression"));
  write(gradus.file("price.csv"), whole + "41,0.5\n");
  CHECK(contains(gradus("train --data price.csv --epochs 1").out, "for regression"));
  const auto refused = gradus("train --data price.csv --epochs 1 --task classify");
  CHECK(refused.code == 3);
  CHECK_PARTS(refused.err, "line 42, column \"y\": a fraction is not a class", "--task regress");
  write(gradus.file("words.csv"), clouds(40));
  CHECK_PARTS(gradus("train --data words.csv --task regress").err, "not a number");
}

TEST_CASE("train: advice for CSV files is in the words of the command line") {
  const Program gradus;
  const auto says = [&](const std::string& text, std::initializer_list<const char*> parts) {
    write(gradus.file("t.csv"), text);
    const auto run = gradus("train --data t.csv");
    INFO(run.err);
    CHECK(run.code == 3);
    CHECK(!contains(run.err, "{."));
    for (const char* part : parts) CHECK(contains(run.err, part));
  };
  says("a,k\n,0\n1,1\n", {"an empty cell", "--missing drop leaves", "--missing mean fills"});
  says("a,b,k\n1,red,0\n", {"not a number", "--categories one_hot"});
  says("1,2,kind\n1,2,0\n", {"--header yes or --header no"});
  says("a\n1\n", {"--separator CHARACTER"});
}

TEST_CASE("train: tables from a pipe, and compressed ones") {
  const Program gradus;
  write(gradus.file("pets.csv"), clouds(100));
  for (const char* name : {"-", "/dev/stdin"}) {
    const auto run = gradus("train --quiet --epochs 20 --data " + std::string(name), "cat pets.csv |");
    INFO(name, run.err);
    CHECK(run.code == 0);
    CHECK(accuracy_in(run.out) >= 90);
  }
  if (gradus("train --quiet --epochs 1 --data pets.csv.gz", "gzip -k pets.csv;").code != 0)
    CHECK(contains(gradus("train --data pets.csv.gz").err, "zlib"));
}

TEST_CASE("train: a NumPy archive") {
  const Program gradus;
  manual_seed(1);
  const Tensor x = randn({400, 3}, f64);
  const Tensor line = select(x, 1, 0);
  io::save_npz(gradus.file("classes.npz"), {{"x", x}, {"y", (line > 0).to(i64)}});
  const auto classes = gradus("train --data classes.npz --epochs 60 --quiet");
  CHECK(classes.code == 0);
  CHECK(accuracy_in(classes.out) >= 90);
  io::save_npz(gradus.file("numbers.npz"), {{"x", x}, {"y", line}});
  CHECK(contains(gradus("train --data numbers.npz --epochs 1").out, "for regression"));
  io::save_npz(gradus.file("images.npz"),
               {{"x", expand(select(x, 1, 1).reshape({400, 1, 1}), {400, 8, 8}).clone()}, {"y", (line > 0).to(i64)}});
  CHECK(gradus("train --data images.npz --net cnn --epochs 1").code == 0);
  io::save_npz(gradus.file("none.npz"), {{"x", x}});
  const auto none = gradus("train --data none.npz");
  CHECK(none.code == 3);
  CHECK_PARTS(none.err, "none.npz: array y is missing");
  CHECK_PARTS(gradus("train --data classes.npz --label 1").err, "--label is for --data FILE.csv");
}

TEST_CASE("train: a decimal comma") {
  const Program gradus;
  std::string text = "x;k\n";
  for (int i = 0; i < 50; ++i) text += std::to_string(i % 2) + ",5;" + (i % 2 ? "a\n" : "b\n");
  write(gradus.file("t.csv"), text);
  CHECK(accuracy_in(gradus("train --data t.csv --separator ';' --decimal comma --quiet --epochs 30").out) == 100);
}

TEST_CASE("train: files of one name are refused before anything is opened") {
  const Program gradus;
  write(gradus.file("pets.csv"), clouds(50));
  std::filesystem::create_symlink("pets.csv", gradus.file("link.csv"));
  for (const char* line : {"--log pets.csv", "--save pets.csv", "--log ./pets.csv", "--log link.csv", "--save link.csv",
                           "--log new.csv --save new.csv", "--log new.csv --save ./new.csv"}) {
    const auto run = gradus("train --data pets.csv --epochs 1 --quiet " + std::string(line));
    INFO(line, ": ", run.err);
    CHECK(run.code == 2);
    CHECK_PARTS(run.err, "are one file; give them different names");
    CHECK(read(gradus.file("pets.csv")) == clouds(50));
    CHECK(!std::filesystem::exists(gradus.file("new.csv")));
  }
  CHECK(gradus("train --data pets.csv --epochs 1 --quiet --log a.csv --save b.st").code == 0);
}

TEST_CASE("train: what cannot be saved is refused before training") {
  const Program gradus;
  std::string latin = clouds(50);
  latin.replace(latin.rfind("cat"), 3, "k\xe4t");
  write(gradus.file("latin.csv"), latin);
  const auto run = gradus("train --data latin.csv --save m.st");
  CHECK(run.code == 2);
  CHECK(run.out.empty());
  CHECK_PARTS(run.err, "latin.csv is not UTF-8", "iconv -f latin1");
  CHECK(gradus("train --data latin.csv --quiet --epochs 1").code == 0);  // nothing to save
  write(gradus.file("pets\xff.csv"), clouds(50));                        // a file's name may be anything
  CHECK(gradus("train --data pets$(printf '\\377').csv --quiet --epochs 1 --save m.st").code == 0);
  const auto pipe = gradus("train --quiet --epochs 1 --save pipe", "mkfifo pipe;");
  CHECK(pipe.code == 3);
  CHECK_PARTS(pipe.err, "--save pipe: is a pipe");
  CHECK(std::filesystem::is_fifo(gradus.file("pipe")));
  CHECK_PARTS(gradus("train --save $(printf 'n%.0s' $(seq 300))").err, "File name too long");
}

TEST_CASE("train: a model that cannot be written ends with 3 and leaves the old one") {
  const Program gradus;
  CHECK(gradus("train --net mlp:4 --epochs 1 --quiet --save m.st").code == 0);
  const std::string old = read(gradus.file("m.st"));
  const auto run = gradus("train --net mlp:512 --epochs 1 --quiet --save m.st", "ulimit -f 100; trap '' XFSZ;");
  CHECK(run.code == 3);
  CHECK_PARTS(run.err, "--save m.st: cannot be written: File too large");
  CHECK(read(gradus.file("m.st")) == old);
}

TEST_CASE("gradus: results that standard output does not take are an error") {
  const Program gradus;
  for (const char* line : {"--version", "--help", "train --help", "train --net mlp:4 --epochs 1 --save m.st",
                           "train --net mlp:4 --epochs 3 --quiet", "descend rosenbrock --steps 5",
                           "descend rosenbrock --steps 5 --json", "descend --list"}) {
    gradus("--version", "('" GRADUS_TOOL "' " + std::string(line) + " >/dev/full 2>full); echo $? >code;");
    INFO(line, read(gradus.file("full")));
    CHECK(read(gradus.file("code")) == "3\n");
    CHECK(read(gradus.file("full")) == "gradus: standard output cannot be written: No space left on device\n");
  }
  CHECK(!io::load(gradus.file("m.st")).empty());  // the words are lost, the model is not
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
  refused("train --net resnet50", {"--net resnet50: unknown; there are mlp, lenet, cnn"});
  refused("train --net mlp:12,x", {"'x' is not a valid width"});
  refused("train --net lenet:5", {"lenet takes no options"});
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
  refused("train 5", {"5: unexpected argument"});
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
  trouble("train --save none/m.safetensors",
          {"--save none/m.safetensors: cannot be written in folder none/: No such file"});
  trouble("train --save .", {"--save .: is a folder"});
  std::filesystem::create_symlink("loop.csv", gradus.file("loop.csv"));
  trouble("train --data loop.csv", {"loop.csv: cannot be opened: Too many levels of symbolic links"});
  trouble("train --data /tmp", {"/tmp: is a folder"});
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

TEST_CASE("train: a signal ends the batch and saves") {
  const Program gradus;
  const std::string train = "train --epochs 100000 --log l.csv";
  const auto soon = [](const std::string& signal) {  // once the first epoch is in the log
    return "rm -f l.csv; (for i in $(seq 1200); do [ \"$(cat l.csv 2>/dev/null | wc -l)\" -lt 2 ] || break; sleep "
           "0.05; "
           "done; kill -" +
           signal + " $$) 2>&- &";
  };
  for (const auto& [signal, code] : {std::pair{"INT", 130}, {"TERM", 143}, {"HUP", 129}}) {
    std::filesystem::remove(gradus.file("m.safetensors"));
    const auto run = gradus(train + " --save m.safetensors", soon(signal));
    INFO(signal, run.out, run.err);
    CHECK(run.code == code);
    CHECK_PARTS(run.out, "interrupted in epoch", "m.safetensors, as it was then");
    CHECK(!io::load(gradus.file("m.safetensors")).empty());
  }
  const auto unsaved = gradus(train, soon("INT"));
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
