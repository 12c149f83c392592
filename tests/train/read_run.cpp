// read_run(): what a monitor wrote comes back, and damaged logs are told apart from good ones.
#include <gradus/gradus.hpp>
#include <gradus/train/read_run.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;
using support::contains, support::TempDir;
using train::parse_run;
using train::run_log::File;

namespace {

const std::string head = R"({"ev":"run","format":"gradus-run","version":1,"seed":18446744073709551615,"batch":4})"
                         "\n";

nn::Sequential small_net() {
  manual_seed(1);
  return nn::Sequential{nn::Linear(4, 8), nn::ReLU(), nn::Linear(8, 3)};
}

void train_some(nn::Sequential& net, optim::OptimizerBase& opt, train::Monitor& mon, int steps) {
  manual_seed(4);
  for (int i = 0; i < steps; ++i) {
    const Tensor x = randn({6, 4});
    const Tensor y = randint(0, 3, {6});
    Tape tape;
    const Tensor out = net(x);
    const Tensor loss = cross_entropy(out, y);
    tape.backward(loss);
    opt.step();
    mon.step(loss, {.output = out, .target = y, .metrics = {{"twice", 2.0 * i}}});
    opt.zero_grad();
  }
}

}  // namespace

TEST_CASE("read_run: what a monitor has written comes back, bit by bit") {
  const TempDir dir;
  nn::Sequential net = small_net();
  optim::AdamW opt(net, {.lr = 1e-2});
  std::vector<train::StepReport> steps;
  {
    train::Monitor mon(net, opt, {.log = dir / "run.jsonl", .epochs = 1, .every = 2, .settings = {{"data", "noise"}}});
    manual_seed(4);
    for (int i = 0; i < 5; ++i) {
      const Tensor x = randn({6, 4});
      const Tensor y = randint(0, 3, {6});
      Tape tape;
      const Tensor out = net(x);
      const Tensor loss = cross_entropy(out, y);
      tape.backward(loss);
      opt.step();
      steps.push_back(mon.step(loss, {.output = out, .target = y, .metrics = {{"mine", 0.1 * i}}}));
      opt.zero_grad();
    }
    mon.end_epoch({{"val_loss", 0.25}});
  }
  const File file = train::read_run(dir / "run.jsonl");
  CHECK(file.broken.empty());
  CHECK(file.unknown == 0);
  CHECK(file.start.net == "Sequential");
  CHECK(file.start.parameters == net.parameter_count());
  CHECK(file.start.optimizer == "AdamW");
  CHECK(file.start.batch == 6);
  REQUIRE(file.start.layers.size() == 3);
  CHECK(file.start.layers[2].details == "8 -> 3");
  REQUIRE(file.start.tensors.size() == 4);
  CHECK(file.start.tensors[0].type == "[8,4]");
  REQUIRE(file.steps.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(file.steps[i].step == steps[i].step);
    CHECK(file.steps[i].loss == steps[i].loss);
    CHECK(file.steps[i].accuracy == steps[i].accuracy);
    CHECK(file.steps[i].batch == steps[i].batch);
    REQUIRE(file.steps[i].metrics);
    CHECK(train::find(*file.steps[i].metrics, "mine") == 0.1 * static_cast<double>(i));
    REQUIRE((file.steps[i].sample != nullptr) == steps[i].sampled);
    if (!steps[i].sampled) continue;
    CHECK(file.steps[i].sample->grad_norm == steps[i].grad_norm);
    REQUIRE(file.steps[i].sample->parameters.size() == 4);
    CHECK(file.names[file.steps[i].sample->parameters[3].name] == "2.bias");
    CHECK(file.steps[i].sample->parameters[3].grad_norm == steps[i].parameters[3].grad_norm);
    REQUIRE(file.steps[i].sample->units.size() == 1);
    CHECK(file.steps[i].sample->units[0].dead == steps[i].units[0].dead);
  }
  REQUIRE(file.epochs.size() == 1);
  CHECK(train::find(file.epochs[0].metrics, "val_loss") == 0.25);
  REQUIRE(file.layers.size() == 1);
  CHECK(contains(file.layers[0].loc.file, "read_run.cpp"));
  REQUIRE(file.end);
  CHECK(file.end->ok);
  CHECK(file.end->steps == 5);
  bool told = false;
  for (const auto& [name, value] : file.start.all_settings()) told |= name == "data" && value == "noise";
  CHECK(told);
}

TEST_CASE("read_run: a hash tells batches apart by their targets and their order") {
  const TempDir dir;
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 1e-2});
  {
    train::Monitor mon(net, opt, {.log = dir / "run.jsonl"});
    for (const std::vector<std::int64_t>& y : {std::vector<std::int64_t>{0, 1, 2}, {0, 1, 2}, {1, 0, 2}})
      mon.step(1.0, {.target = from_data(y, {3})});
    mon.step(1.0);
  }
  const File file = train::read_run(dir / "run.jsonl");
  REQUIRE(file.steps.size() == 4);
  CHECK(file.steps[0].batch != 0);
  CHECK(file.steps[0].batch == file.steps[1].batch);
  CHECK(file.steps[0].batch != file.steps[2].batch);
  CHECK(file.steps[3].batch == 0);
}

TEST_CASE("read_run: numbers that JSON cannot write, a large seed, events of later versions") {
  const File file = parse_run(head + R"({"ev":"step","step":1,"loss":"nan","lr":"inf"})"
                                     "\n"
                                     R"({"ev":"step","step":2,"loss":"-inf","new":[1]})"
                                     "\n"
                                     R"({"ev":"weather","sun":true})"
                                     "\n"
                                     R"({"ev":"end","steps":2,"epochs":0,"seconds":1})"
                                     "\n",
                              "here");
  CHECK(file.start.seed == 18446744073709551615u);
  REQUIRE(file.steps.size() == 2);
  CHECK(std::isnan(file.steps[0].loss));
  CHECK(file.steps[0].lr == HUGE_VAL);
  CHECK(file.steps[1].loss == -HUGE_VAL);
  CHECK(std::isnan(file.steps[1].accuracy));
  CHECK(file.unknown == 1);
  CHECK(file.broken.empty());
  REQUIRE(file.remarks().size() == 1);
  CHECK_PARTS(file.remarks()[0], "1 line", "does not know");
}

TEST_CASE("read_run: what comes before a damaged line is good") {
  const std::string good = R"({"ev":"step","step":1,"loss":0.5})"
                           "\n";
  const std::pair<std::string, const char*> damaged[] = {
      {"not JSON", "is not JSON"},
      {"[1]", "not a JSON object"},
      {"{}", "'ev' is missing"},
      {R"({"ev":"step","step":1.5,"loss":1})", "'step' is not an integer"},
      {R"({"ev":"step","step":1e300,"loss":1})", "'step' is not an integer"},
      {R"({"ev":"step","step":2,"loss":"much"})", "'loss' is not a number"},
      {R"({"ev":"step","step":2})", "'loss' is missing"},
      {R"({"ev":"step","step":2,"loss":1,"metrics":3})", "'metrics' is not an object"},
      {R"({"ev":"step","step":2,"loss":1,"sample":[]})", "not an object"},
      {R"({"ev":"confusion","classes":["a","b"],"counts":[[1,2]]})", "not one row for each class"},
      {R"({"ev":"confusion","classes":["a"],"counts":[[1,2]]})", "not one number for each class"},
      {R"({"ev":"diagnosis"})", "'code' is missing"},
      {"{\"ev\":\"text\",\"name\":" + std::string(300, '[') + std::string(300, ']') + "}", "nested too deeply"},
  };
  for (const auto& [line, why] : damaged) {
    INFO(line);
    const File file = parse_run(head + good + line + "\n" + good, "here");
    CHECK(file.steps.size() == 1);
    CHECK(file.last_line == 2);
    CHECK_PARTS(file.broken, "line 3 cannot be read", why);
  }
  const File cut = parse_run(head + good + good.substr(0, 20), "here");
  CHECK(cut.steps.size() == 1);
  CHECK(cut.broken == "line 3 is cut off");
}

TEST_CASE("read_run: what is no run log is refused, with its name and the caller's line") {
  const TempDir dir;
  CHECK_SAYS(train::read_run(dir / "none.jsonl"), "none.jsonl", "read_run.cpp");
  CHECK_SAYS(train::read_run(dir.str()), dir.str(), "read_run.cpp");
  CHECK_SAYS(parse_run("", "empty.jsonl"), "'empty.jsonl' is not a run log", "the file is empty", "read_run.cpp");
  CHECK_SAYS(parse_run("hello\n", "x"), "line 1: it is not JSON");
  CHECK_SAYS(parse_run(head.substr(0, 30), "x"), "line 1 is not that of a run");
  CHECK_SAYS(parse_run(R"({"ev":"trace"})"
                       "\n",
                       "x"),
             "line 1 is not that of a run");
  CHECK_SAYS(parse_run(R"({"ev":"run","format":"gradus-run","version":7})"
                       "\n",
                       "x"),
             "newer version", "version 7", "version 1 or lower");
}

TEST_CASE("read_run: a picture that is not a PNG in base 64 is left out") {
  const File file = parse_run(head + R"({"ev":"worst","step":1,"examples":[{"index":3,"truth":"a","guess":2,"loss":9,)"
                                     R"("picture":"\"><script>"},{"picture":"iVBORw0KGgoAAAA=","numbers":[1,"nan"]}]})"
                                     "\n",
                              "here");
  REQUIRE(file.worst.size() == 2);
  CHECK(file.worst[0].index == 3);
  CHECK(file.worst[0].guess == "2");
  CHECK(file.worst[0].picture.empty());
  CHECK(file.worst[1].picture == "iVBORw0KGgoAAAA=");
  REQUIRE(file.worst[1].numbers.size() == 2);
  CHECK(std::isnan(file.worst[1].numbers[1]));
}

TEST_CASE("monitor: a log that goes on replaces the lines of later steps") {
  const TempDir dir;
  const std::string log = dir / "run.jsonl";
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 1e-2});
  {
    train::Monitor mon(net, opt, {.log = log});
    train_some(net, opt, mon, 3);
    mon.end_epoch();
    train_some(net, opt, mon, 2);
  }
  const File first = train::read_run(log);
  REQUIRE(first.steps.size() == 5);
  // As if a checkpoint of step 4 were loaded: step 5 and the end are written again.
  {
    train::Monitor mon(net, opt, {.log = log, .step_before = 4, .epoch_before = 1});
    train_some(net, opt, mon, 2);
    mon.end_epoch();
  }
  const File file = train::read_run(log);
  CHECK(file.broken.empty());
  REQUIRE(file.steps.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(file.steps[i].step == static_cast<std::int64_t>(i) + 1);
  for (std::size_t i = 0; i < 4; ++i) CHECK(file.steps[i].loss == first.steps[i].loss);
  REQUIRE(file.resumes.size() == 1);
  CHECK(file.resumes[0].step == 4);
  CHECK(file.resumes[0].epoch == 1);
  REQUIRE(file.epochs.size() == 2);
  CHECK(file.epochs[1].step == 6);
  // The mean over all steps of the epoch, also the one that the part before had done.
  const double mean = (file.steps[3].loss + file.steps[4].loss + file.steps[5].loss) / 3;
  CHECK(std::abs(file.epochs[1].loss - mean) <= 1e-12 * mean);
  REQUIRE(file.end);
  CHECK(file.end->steps == 6);
}
