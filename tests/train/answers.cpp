// Monitor::add_answers(): the confusion matrix and the worst examples in a run log.
#include <gradus/gradus.hpp>
#include <gradus/train/read_run.hpp>

#include <cmath>

#include "io/base64.hpp"
#include "io/png.hpp"
#include "support.hpp"

using namespace gradus;
using support::contains, support::TempDir;
using train::run_log::File;

namespace {

Tensor ids(std::vector<std::int64_t> all) { return from_data(all, {std::ssize(all)}); }
Tensor f64s(const std::vector<double>& all, Shape shape = {}) {
  return from_data(all, shape.empty() ? Shape{std::ssize(all)} : shape);
}

// What a log has of these answers.
File logged(const train::Answers& answers) {
  const TempDir dir;
  nn::Linear net(2, 2);
  optim::SGD opt(net, {.lr = 0.1});
  {
    train::Monitor mon(net, opt, {.log = dir / "run.jsonl"});
    mon.step(1.0);
    mon.add_answers(answers);
  }
  const File file = train::read_run(dir / "run.jsonl");
  CHECK(file.broken.empty());
  return file;
}

const Tensor scores = f64s({2, 0, 0, 0, 3, 0, 0, 0, 1, 5, 0, 0}, {4, 3});

}  // namespace

TEST_CASE("answers: counts of each class, and the examples with the highest loss first") {
  const Tensor truth = ids({0, 1, 2, 2});
  const File file = logged({.output = scores, .target = truth, .input = randn({4, 2}), .classes = {"cat", "dog"}});
  REQUIRE(file.confusion);
  CHECK(file.confusion->step == 1);
  CHECK(file.confusion->classes == std::vector<std::string>{"cat", "dog", "2"});
  CHECK(file.confusion->counts == std::vector<std::vector<std::int64_t>>{{1, 0, 0}, {0, 1, 0}, {1, 0, 1}});
  REQUIRE(file.worst.size() == 4);
  CHECK(file.worst[0].index == 3);
  CHECK(file.worst[0].truth == "2");
  CHECK(file.worst[0].guess == "cat");
  const double sum = std::exp(5.0) + 2;
  CHECK(std::abs(file.worst[0].loss - std::log(sum)) <= 1e-6 * std::log(sum));
  CHECK(std::abs(file.worst[0].sure - std::exp(5.0) / sum) <= 1e-6);
  CHECK(file.worst[0].numbers.size() == 2);
  CHECK(file.worst[0].picture.empty());
  for (std::size_t i = 1; i < 4; ++i) CHECK(file.worst[i].loss <= file.worst[i - 1].loss);
  CHECK(file.worst[3].index == 1);
}

TEST_CASE("answers: NaN is the highest loss, and only so many are kept") {
  Tensor some = scores.clone();
  some.set({1, 0}, NAN);
  const File file = logged({.output = some, .target = ids({0, 1, 2, 2}), .worst = 2});
  REQUIRE(file.worst.size() == 2);
  CHECK(file.worst[0].index == 1);
  CHECK(std::isnan(file.worst[0].loss));
  CHECK(file.worst[1].index == 3);
}

TEST_CASE("answers: an image is a PNG of its pixels, from its smallest number to its largest") {
  const Tensor images = f64s({-1, 0, 1, 0.5, -1, -1}, {1, 1, 2, 3});
  const File file = logged({.output = scores[0].reshape({1, 3}), .target = ids({0}), .input = images});
  REQUIRE(file.worst.size() == 1);
  const std::string pixels{'\0', char(128), char(255), char(191), '\0', '\0'};
  CHECK(file.worst[0].picture == io::base64(io::png(3, 2, 1, pixels)));
  CHECK(file.worst[0].numbers.empty());
  // Three channels are red, green and blue; a large one is thinned to at most 64 pixels.
  const Tensor colour = f64s({0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1}, {1, 3, 2, 2});
  const File other = logged({.output = scores[0].reshape({1, 3}), .target = ids({0}), .input = colour});
  const char full = char(255);
  CHECK(other.worst.at(0).picture == io::base64(io::png(2, 2, 3, {0, 0, 0, full, 0, 0, 0, full, 0, 0, full, full})));
  const File large = logged({.output = scores[0].reshape({1, 3}), .target = ids({0}), .input = zeros({1, 200, 100})});
  CHECK(large.worst.at(0).picture == io::base64(io::png(25, 50, 1, std::string(25 * 50, '\0'))));
}

TEST_CASE("answers: a regression has numbers and no classes") {
  const File file = logged({.output = f64s({1, 2, 3}, {3, 1}), .target = f64s({1.5, 2, 0})});
  CHECK(!file.confusion);
  REQUIRE(file.worst.size() == 3);
  CHECK(file.worst[0].index == 2);
  CHECK(file.worst[0].loss == 9);
  CHECK(file.worst[0].truth == "0");
  CHECK(file.worst[0].guess == "3");
  CHECK(std::isnan(file.worst[0].sure));
}

TEST_CASE("answers: of more than 200 classes there is no matrix") {
  const Tensor truth = ids({7});
  CHECK(logged({.output = zeros({1, 200}), .target = truth}).confusion);
  const File file = logged({.output = zeros({1, 201}), .target = truth});
  CHECK(!file.confusion);
  CHECK(file.worst.size() == 1);
}

TEST_CASE("answers: what does not fit is refused at the caller's line, and nothing is written") {
  nn::Linear net(2, 2);
  optim::SGD opt(net, {.lr = 0.1});
  train::Monitor mon(net, opt);
  const Tensor truth = ids({0, 1, 2, 2});
  CHECK_SAYS(mon.add_answers({}), "Monitor", "undefined", "answers.cpp");
  CHECK_SAYS(mon.add_answers({.output = scores, .target = ids({0, 1})}), "do not fit", "(4, 3)", "(2,)");
  CHECK_SAYS(mon.add_answers({.output = scores, .target = truth, .input = zeros({3, 2})}), "do not fit", "(3, 2)");
  CHECK_SAYS(mon.add_answers({.output = scores, .target = f64s({0, 1, 2, 2})}), "output (N) or (N, 1)");
  CHECK_SAYS(mon.add_answers({.output = scores, .target = truth + 1}), "3");
  mon.add_answers({.output = scores, .target = truth});  // without a log: nothing happens
}
