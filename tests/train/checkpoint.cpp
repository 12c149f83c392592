// Checkpointer: which files there are, what it refuses, and that nothing is half loaded.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include <gradus/gradus.hpp>
#include <gradus/io/io.hpp>

#include "support.hpp"
#include "train/checksum.hpp"

using namespace gradus;
using support::read, support::TempDir, support::write;
using train::Checkpointer;

namespace {

struct Setup {
  std::int64_t hidden = 4, size = 8;
  double weight_decay = 0.01, first = 0;
  std::int64_t T_max = 10;
};

struct Run {
  explicit Run(const TempDir& dir, const Setup& s = {}, train::CheckpointOptions o = {})
      : net((manual_seed(1), nn::Sequential(nn::Linear(3, s.hidden), nn::Tanh(), nn::Linear(s.hidden, 2)))),
        opt(net, {.lr = 0.1, .weight_decay = s.weight_decay}),
        schedule(opt, optim::CosineAnnealingLR{.T_max = s.T_max}),
        batches(data::batches(examples(s), {.size = s.size, .shuffle = true})),
        checkpoint(net, opt, schedule, batches, with(std::move(o), dir)) {}

  static train::CheckpointOptions with(train::CheckpointOptions o, const TempDir& dir) {
    o.dir = dir.str();
    return o;
  }
  static data::Dataset examples(const Setup& s) {
    Tensor x = arange(0, 60).reshape({20, 3}) / 60;
    x.set({0, 0}, s.first);
    return {x, arange(20) - 2 * floor_half(arange(20))};
  }
  static Tensor floor_half(const Tensor& n) {
    Tensor half = zeros_like(n);
    for (std::int64_t i = 0; i < n.numel(); ++i) half.set({i}, i / 2);
    return half;
  }

  void train(std::int64_t until) {
    while (checkpoint.count() < until) {
      for (auto [x, y] : batches) {
        opt.zero_grad();
        Tape tape;
        tape.backward(cross_entropy(net(x), y));
        opt.step();
        schedule.step();
        checkpoint.step();
        if (checkpoint.count() == until) return;
      }
    }
  }

  nn::Sequential net;
  optim::AdamW opt;
  optim::Scheduler schedule;
  data::Batches batches;
  Checkpointer checkpoint;
};

std::vector<std::string> files(const TempDir& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir.str()))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::string name_of(std::int64_t step) { return "step-00000000" + std::to_string(step) + ".safetensors"; }

}  // namespace

TEST_CASE("checkpoint: each so many steps, and the newest stay") {
  const TempDir dir;
  Run run(dir, {}, {.every = 2, .keep = 2});
  CHECK_FALSE(run.checkpoint.resume());
  run.train(1);
  CHECK(files(dir).empty());
  run.train(9);
  CHECK(files(dir) == std::vector{name_of(6), name_of(8)});
  run.checkpoint.save();
  CHECK(files(dir) == std::vector{name_of(8), name_of(9)});
  const auto words = io::metadata(dir / name_of(9));
  CHECK(words.at("gradus.checkpoint") == "1");
  const StateDict saved = io::load(dir / name_of(9));
  CHECK(equal(*find(saved, "net.0.weight"), run.net.state_dict()[0].second));
  CHECK(find(saved, "opt.2.bias.exp_avg_sq"));
  CHECK(find(saved, "checkpoint.step")->item<std::int64_t>() == 9);
}

TEST_CASE("checkpoint: the best one") {
  const TempDir dir;
  Run run(dir, {}, {.every = 0, .keep = 1});
  run.train(1);
  CHECK(run.checkpoint.best(3));
  CHECK_FALSE(run.checkpoint.best(3));
  CHECK_FALSE(run.checkpoint.best(std::nan("")));
  const std::string before = read(dir / "best.safetensors");
  run.train(2);
  CHECK_FALSE(run.checkpoint.best(4));
  CHECK(read(dir / "best.safetensors") == before);
  CHECK(run.checkpoint.best(-1));
  CHECK(read(dir / "best.safetensors") != before);
  CHECK(run.checkpoint.best_value() == -1);
  run.checkpoint.save();
  CHECK(files(dir) == std::vector<std::string>{"best.safetensors", name_of(2)});
  Run again(dir);
  CHECK(again.checkpoint.resume().step == 2);
  CHECK(again.checkpoint.best_value() == -1);
  const TempDir other;
  Run score(other, {}, {.maximize = true});
  CHECK(score.checkpoint.best(0.5));
  CHECK_FALSE(score.checkpoint.best(0.4));
  CHECK(score.checkpoint.best(0.6));
}

TEST_CASE("checkpoint: a damaged file is passed over, and returned") {
  const TempDir dir;
  Run(dir, {}, {.every = 1}).train(3);
  const std::string whole = read(dir / name_of(3));
  const auto again = [&](const std::string& bytes) {
    write(dir / name_of(3), bytes);
    Run run(dir);
    return run.checkpoint.resume();
  };
  CHECK(again(whole).step == 3);
  CHECK(again(whole).damaged.empty());
  std::string flipped = whole;
  flipped[flipped.size() - 9] = static_cast<char>(flipped[flipped.size() - 9] ^ 1);
  std::string words = whole;
  words.replace(words.find("0.01"), 4, "0.02");
  for (const auto& [bytes, why] : {std::pair{whole.substr(0, whole.size() - 100), "truncated"},
                                   {std::string(), ""},
                                   {std::string(whole.size(), '\0'), ""},
                                   {flipped, "its checksum is wrong"},
                                   {words, "its checksum is wrong"},
                                   {whole + "x", "belong to no tensor"}}) {
    const train::Resumed resumed = again(bytes);
    CHECK(resumed.step == 2);
    CHECK(resumed.file == dir / name_of(2));
    REQUIRE(resumed.damaged.size() == 1);
    INFO(resumed.damaged[0]);
    CHECK(support::contains(resumed.damaged[0], name_of(3)));
    CHECK(support::contains(resumed.damaged[0], why));
  }
  for (std::int64_t step : {1, 2}) write(dir / name_of(step), "");
  Run run(dir);
  CHECK_SAYS(run.checkpoint.resume(), "resume: ", "no checkpoint can be used", name_of(1), name_of(2), name_of(3),
             "another folder", "checkpoint.cpp:");
}

TEST_CASE("checkpoint: gone on from an older one, the newer damaged one is written anew") {
  const TempDir dir;
  Run(dir, {}, {.every = 1, .keep = 2}).train(3);
  write(dir / name_of(3), "");
  Run run(dir, {}, {.every = 1, .keep = 2});
  CHECK(run.checkpoint.resume().step == 2);
  run.checkpoint.save();  // 3 must not count as the newest, and 2 stay
  CHECK(files(dir) == std::vector{name_of(2), name_of(3)});
  run.train(4);
  CHECK(files(dir) == std::vector{name_of(3), name_of(4)});
  Run again(dir);
  CHECK(again.checkpoint.resume().damaged.empty());
}

TEST_CASE("checkpoint: a training that differs is refused, and nothing is half loaded") {
  const TempDir dir;
  Run(dir, {}, {.every = 1}).train(3);
  const auto refused = [&](const Setup& setup, std::initializer_list<std::string> parts) {
    Run run(dir, setup);
    const std::string net = to_string(run.net.state_dict()[0].second);
    const std::uint64_t counter = default_generator().counter();
    const std::string said = support::message([&] { run.checkpoint.resume(); });
    INFO(said);
    for (const std::string& part : parts) CHECK(support::contains(said, part));
    CHECK(to_string(run.net.state_dict()[0].second) == net);
    CHECK(run.opt.state_dict().empty());
    CHECK(run.opt.lr() == 0.1);
    CHECK(run.schedule.count() == 0);
    CHECK(run.batches.position() == 0);
    CHECK(run.checkpoint.count() == 0);
    CHECK(default_generator().counter() == counter);
  };
  refused({.hidden = 5}, {"load_state_dict", "shape", "0.weight", "(4, 3)", "(5, 3)", "checkpoint.cpp:"});
  refused({.weight_decay = 0.5}, {"resume: ", "was saved by another training", "got:      opt.weight_decay 0.5",
                                  "expected: opt.weight_decay 0.01"});
  refused({.size = 5}, {"batches.size 5", "batches.size 8"});
  refused({.first = 1e-7}, {"batches.checksum"});
  refused({.T_max = 20}, {"the schedule gives another learning rate at step 3"});
}

TEST_CASE("checkpoint: another kind of optimizer, of net, other parts, other words") {
  const TempDir dir;
  nn::Linear net(2, 2);
  optim::SGD opt(net, {.lr = 0.1});
  {
    Checkpointer checkpoint(net, opt, {.dir = dir.str(), .every = 1});
    checkpoint.must_match("augmentation", "flip");
    checkpoint.step();
  }
  const auto refused = [&](train::Part n, train::Part o, const std::string& word,
                           std::initializer_list<std::string> parts, bool more = false) {
    Checkpointer checkpoint(n, o, {.dir = dir.str()});
    double number = 0;
    if (!word.empty()) checkpoint.must_match("augmentation", word);
    if (more) checkpoint.add("number", number);
    const std::string said = support::message([&] { checkpoint.resume(); });
    INFO(said);
    for (const std::string& part : parts) CHECK(support::contains(said, part));
  };
  optim::Adam adam(net, {.lr = 0.1});
  nn::Sequential sequential(nn::Linear(2, 2));
  optim::SGD of_sequential(sequential, {.lr = 0.1});
  refused(net, adam, "flip", {"opt Adam", "opt SGD"});
  refused(sequential, of_sequential, "flip", {"net Sequential", "net Linear"});
  refused(net, opt, "none at all", {"got:      augmentation none at all", "expected: augmentation flip"});
  refused(net, opt, "", {"augmentation none", "augmentation flip"});
  refused(net, opt, "flip", {"got:      number number", "expected: number none"}, true);
  nn::Linear wide(2, 2);
  wide.to(f64);
  optim::SGD of_wide(wide, {.lr = 0.1});
  refused(wide, of_wide, "flip", {"'weight' has another dtype", "f64", "f32"});
}

TEST_CASE("checkpoint: a folder belongs to one training") {
  const TempDir dir;
  Run(dir, {}, {.every = 1}).train(2);
  Run other(dir, {}, {.every = 1});
  CHECK_SAYS(other.checkpoint.step(), "has checkpoints of a training already", "call resume() first",
             "checkpoint.cpp:");
  CHECK_SAYS(other.checkpoint.save(), "has checkpoints of a training already");
  CHECK_SAYS(other.checkpoint.best(1), "has checkpoints of a training already");
  CHECK(files(dir) == std::vector{name_of(1), name_of(2)});
  CHECK(other.checkpoint.resume().step == 2);
  CHECK_SAYS(other.checkpoint.resume(), "the training has begun");
  double number = 0;
  CHECK_SAYS(other.checkpoint.add("number", number), "the training has begun", "before resume()");
}

TEST_CASE("checkpoint: files of other names are left alone") {
  const TempDir dir;
  for (const char* name : {"step-1.safetensors", "step-x.safetensors", "step-.safetensors", "notes.txt",
                           "step-000000009.safetensors.bak", "step--00000001.safetensors"})
    write(dir / name, "mine");
  Run run(dir, {}, {.every = 1, .keep = 1});
  CHECK_FALSE(run.checkpoint.resume());
  run.train(3);
  CHECK(files(dir).size() == 7);
}

TEST_CASE("checkpoint: arguments that make no sense") {
  const TempDir dir;
  nn::Linear net(2, 2);
  nn::Linear critic(2, 2);
  optim::SGD opt(net, {.lr = 0.1});
  CHECK_SAYS(Checkpointer(net, opt, {}), "dir is empty", "checkpoint.cpp:");
  CHECK_SAYS(Checkpointer(net, opt, {.dir = dir.str(), .every = -1}), "every is negative", "-1");
  CHECK_SAYS(Checkpointer(net, opt, {.dir = dir.str(), .keep = 0}), "keep is less than 1");
  CHECK_SAYS(Checkpointer(net, critic, {.dir = dir.str()}), "needs a name of its own", "\"net\", Linear",
             "add(\"critic\", critic)");
  Checkpointer checkpoint(net, opt, {.dir = dir.str()});
  for (const char* name : {"net", "", "checkpoint", "a.b"})
    CHECK_SAYS(checkpoint.add(name, critic), "needs a name of its own");
}

TEST_CASE("checkpoint: a folder is made; one that cannot be written is known at once") {
  const TempDir dir;
  nn::Linear net(2, 2);
  optim::SGD opt(net, {.lr = 0.1});
  Checkpointer(net, opt, {.dir = dir / "a/b"}).save();
  CHECK(std::filesystem::exists(dir / "a/b/step-000000000.safetensors"));
  write(dir / "file", "");
  CHECK_SAYS(Checkpointer(net, opt, {.dir = dir / "file"}), "/file", "checkpoint.cpp:");
  if (::geteuid() == 0) return;
  REQUIRE(::chmod(dir.str().c_str(), 0555) == 0);
  CHECK_SAYS(Checkpointer(net, opt, {.dir = dir.str()}), "cannot be written in folder");
  CHECK_SAYS(Checkpointer(net, opt, {.dir = dir / "new"}), "cannot be made: Permission denied");
  ::chmod(dir.str().c_str(), 0755);
}

TEST_CASE("checksum: XXH64, by xxhsum's own values") {
  const auto of = [](const std::string& text) { return train::hexadecimal(train::checksum(text.data(), text.size())); };
  CHECK(of("") == "ef46db3751d8e999");
  CHECK(of("a") == "d24ec4f1a98c6e5b");
  CHECK(of("abc") == "44bc2cf5ad770999");
  CHECK(of("Nobody inspects the spammish repetition") == "fbcea83c8a378bf1");
  CHECK(train::checksum(zeros({2, 3})) != train::checksum(zeros({3, 2})));
  CHECK(train::checksum(zeros({2})) != train::checksum(zeros({1}, f64)));
  const StateDict a{{"x", ones({2})}, {"y", zeros({2})}}, b{{"y", zeros({2})}, {"x", ones({2})}};
  CHECK(train::checksum(a) == train::checksum(b));
  CHECK(train::checksum(a) != train::checksum(StateDict{{"y", ones({2})}, {"x", zeros({2})}}));
}
