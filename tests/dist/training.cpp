// DataParallel: N ranks take the step of one; in deterministic mode to the bit. What differs between ranks is named.
#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include <cmath>
#include <sstream>

#include "dist/arithmetic.hpp"
#include "dist/plan.hpp"
#include "dist/ranks.hpp"
#include "support.hpp"

using namespace gradus;

namespace {

// The losses that rank 0 printed, as bits and as numbers.
struct Losses {
  std::string bits;  // and the sums of the weights
  std::vector<double> values = {};
};

[[maybe_unused]] Losses losses(int count, std::vector<std::string> words) {
  words.insert(words.begin(), "train");
  const auto results = ranks::run({.count = count, .words = words, .seconds = 120});
  for (std::size_t r = 0; r < results.size(); ++r) {
    INFO("rank ", r, ":\n", results[r].out, results[r].err);
    REQUIRE(results[r].code == 0);
  }
  Losses all{.bits = results[0].out};
  std::istringstream lines(results[0].out);
  std::string first;
  double value;
  while (lines >> first && first.size() == 16 && lines >> value) all.values.push_back(value);
  return all;
}

[[maybe_unused]] void close(const Losses& a, const Losses& b) {
  REQUIRE(a.values.size() == b.values.size());
  REQUIRE(a.values.size() > 2);
  for (std::size_t i = 0; i < a.values.size(); ++i) CHECK(a.values[i] == doctest::Approx(b.values[i]).epsilon(1e-5));
}

[[maybe_unused]] void all_say(const std::vector<ranks::Result>& results, const std::vector<std::string>& parts,
                              int without = -1) {
  for (std::size_t r = 0; r < results.size(); ++r) {
    INFO("rank ", r, ", code ", results[r].code, ":\n", results[r].err);
    CHECK_FALSE(results[r].late);
    if (static_cast<int>(r) == without) continue;
    CHECK(results[r].code == 1);
    for (const std::string& part : parts) {
      INFO("should contain: ", part);
      CHECK(support::contains(results[r].err, part));
    }
  }
}

}  // namespace

#ifdef GRADUS_HAVE_GLOO

TEST_CASE("the losses are the same bits for 1, 2, 4 and 8 ranks and any size of bucket") {
  const Losses one = losses(1, {"20", "32", "25", "deterministic", "rich"});
  CHECK(one.values.size() == 20);
  CHECK(losses(2, {"20", "32", "25", "deterministic", "rich"}).bits == one.bits);
  CHECK(losses(4, {"20", "32", "0.0002", "deterministic", "rich"}).bits == one.bits);
  CHECK(losses(8, {"20", "32", "0.00001", "deterministic", "rich"}).bits == one.bits);
  CHECK(losses(2, {"20", "32", "0.001", "deterministic", "rich", "global"}).bits == one.bits);
}

TEST_CASE("the last batch may have fewer samples than there are ranks") {
  const Losses one = losses(1, {"8", "33", "25", "deterministic"});  // 101 = 3 · 33 + 2
  CHECK(losses(4, {"8", "33", "25", "deterministic"}).bits == one.bits);
  close(losses(3, {"8", "33", "25"}), losses(1, {"8", "33", "25"}));
}

TEST_CASE("without deterministic mode N ranks agree with one to rounding, and among themselves to the bit") {
  const Losses one = losses(1, {"10", "30", "25"});
  for (const int n : {2, 3, 4}) close(losses(n, {"10", "30", "0.0005"}), one);
}

TEST_CASE("clipping by the global norm sees the gradient of the whole batch") {
  close(losses(3, {"6", "32", "25", "clip"}), losses(1, {"6", "32", "25", "clip"}));
}

TEST_CASE("gradients that are added up without communication count each sample once") {
  close(losses(2, {"6", "32", "25", "accumulate"}), losses(1, {"6", "32", "25", "accumulate"}));
  CHECK(losses(2, {"6", "32", "25", "accumulate", "deterministic"}).bits ==
        losses(1, {"6", "32", "25", "accumulate", "deterministic"}).bits);
}

TEST_CASE("gradients of bf16 with feedback train as those of f32, and all ranks have the same weights") {
  const Losses exact = losses(2, {"30", "32", "25"});
  const Losses rounded = losses(3, {"30", "32", "0.0005", "bf16"});
  REQUIRE(rounded.values.size() == exact.values.size());
  CHECK(rounded.values[5] != exact.values[5]);
  for (std::size_t i = 0; i < exact.values.size(); ++i)
    CHECK(rounded.values[i] == doctest::Approx(exact.values[i]).epsilon(0.05));
}

TEST_CASE("local SGD: averages after each step are those of one process, after each tenth it still learns") {
  const auto loss_of = [](int count, const char* each) {
    const auto results = ranks::run({.count = count, .words = {"local_sgd", each}});
    for (const auto& r : results) {
      INFO(r.out, r.err);
      REQUIRE(r.code == 0);
    }
    return std::stod(results[0].out);
  };
  const double one = loss_of(1, "1");
  CHECK(loss_of(3, "1") == doctest::Approx(one).epsilon(1e-5));
  const double seldom = loss_of(3, "10");
  CHECK(seldom != one);
  CHECK(seldom < 1.05);
}

TEST_CASE("another network on one rank is named with the parameter, on all ranks") {
  all_say(ranks::run({.count = 3, .words = {"other_net", "width"}}),
          {"rank 1 has another network", "fc1.weight (17, 6) f32", "rank 0: parameter fc1.weight (16, 6) f32",
           "training_cases.cpp:"});
  all_say(ranks::run({.count = 2, .words = {"other_net", "dtype"}}), {"rank 1", "fc1.weight (16, 6) f64"});
}

TEST_CASE("other batches on one rank are an error on all, and so is another number of them") {
  all_say(ranks::run({.count = 3, .words = {"other_batches", "seed"}}), {"different batches", "rank 1", "seed"});
  const auto count = ranks::run({.count = 3, .words = {"other_batches", "count"}});
  all_say(count, {"rank 1 has ended before the others", "step 3"}, 1);
}

TEST_CASE("an exception on one rank in the middle of a step ends all, soon and with its rank") {
  const auto results = ranks::run({.count = 3, .words = {"other_batches", "throw"}});
  all_say(results, {"rank 1 has failed"}, 1);
  CHECK(support::contains(results[1].err, "a bad sample"));
  for (std::size_t r = 0; r < results.size(); ++r) {
    INFO("rank ", r, ":\n", results[r].err);
    CHECK(results[r].seconds < 15);
  }
}

TEST_CASE("SyncBatchNorm takes the statistics of the whole batch, also from shares of unequal sizes") {
  for (const int n : {2, 3})
    for (const auto& r : ranks::run({.count = n, .words = {"sync_norm"}})) {
      INFO(r.out, r.err);
      CHECK(r.code == 0);
    }
}

TEST_CASE("a parameter without gradient counts as 0 there, is named, and has none if no rank has one") {
  const auto results = ranks::run({.count = 3, .words = {"branches"}});
  for (const auto& r : results) {
    INFO(r.err);
    CHECK(r.code == 0);
    CHECK(support::contains(r.out, "1 1 0\n"));
  }
  CHECK(support::contains(results[1].out, "rank 0: b.weight b.bias c.weight c.bias\n"));
  CHECK(support::contains(results[1].out, "rank 2: a.weight a.bias c.weight c.bias\n"));
}

#endif

namespace {

struct Planned : nn::Module<Planned> {
  nn::Linear fc1{3, 4};
  nn::BatchNorm1d norm{4};
  nn::Linear fc2{4, 2};
  void fields(auto& v) {
    v("fc1", fc1);
    v("again", fc1);
    v("norm", norm);
    v("fc2", fc2);
  }
};

struct Small : nn::Module<Small> {
  nn::Linear fc{3, 2};
  Tensor forward(const Tensor& x) const { return fc(x); }
  void fields(auto& v) { v("fc", fc); }
};

}  // namespace

TEST_CASE("the plan has each parameter once, from the last to the first, then the buffers, then the loss") {
  Planned net;
  net.fc1.bias.requires_grad_(false);
  const dist::Plan plan = dist::make_plan(net, 0.00008, "", Loc::current());  // 20 numbers of f32 in a bucket
  REQUIRE(plan.parameters == 6);
  REQUIRE(plan.items.size() == 9);
  CHECK(plan.items[8].name == "norm.num_batches_tracked");
  CHECK(plan.items[1].bucket == -1);  // frozen
  REQUIRE(plan.buckets.size() == 5);
  CHECK(plan.buckets[0].items == std::vector<int>{5, 4, 3, 2});  // 2 + 8 + 4 + 4
  CHECK(plan.buckets[1].items == std::vector<int>{0});
  CHECK(plan.buckets[2].items == std::vector<int>{6, 7});
  CHECK(plan.buckets[3].dtype == f64);
  CHECK(plan.buckets[4].count == 9);
}

TEST_CASE("a group of one takes the step of a plain loop, to the bit") {
  manual_seed(1);
  Small net;
  dist::Group group({.rank = 0, .size = 1});
  dist::DataParallel sync(net, group);
  const data::Dataset d{randn({7, 3}), randint(0, 2, {7})};
  const double loss = sync.backward(d, [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); });
  const Tensor g = net.fc.weight.grad();
  net.zero_grad();
  Tape tape;
  const Tensor l = cross_entropy(net(d.x), d.y);
  tape.backward(l);
  CHECK(loss == l.item());
  CHECK(equal(g, net.fc.weight.grad()));
  CHECK(support::contains(sync.to_string(), "1 rank: the gradient is the mean over the samples of all ranks"));
}

TEST_CASE("virtual shards give the gradient of the whole batch, add to grad(), and leave it alone after an error") {
  manual_seed(1);
  set_deterministic(true);
  Small net;
  dist::Group group({.rank = 0, .size = 1});
  dist::DataParallel sync(net, group);
  const data::Dataset d{randn({21, 3}), randint(0, 2, {21})};
  const auto loss = [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  sync.backward(d, loss);
  const Tensor once = net.fc.weight.grad().clone();
  sync.backward(d, loss);
  CHECK(allclose(net.fc.weight.grad(), once * 2));
  int calls = 0;
  const auto bad = [&](const Tensor& x, const Tensor& y) {
    if (++calls == 3) throw std::runtime_error("a bad sample");
    return cross_entropy(net(x), y);
  };
  const Tensor before = net.fc.weight.grad().clone();
  CHECK_THROWS_AS(sync.backward(d, bad), std::runtime_error);
  CHECK(equal(net.fc.weight.grad(), before));
  set_deterministic(false);
  net.zero_grad();
  Tape tape;
  tape.backward(cross_entropy(net(d.x), d.y));
  CHECK(allclose(net.fc.weight.grad(), once, 1e-5, 1e-7));
}

TEST_CASE("wrong options and calls are errors that name the caller's line") {
  Small net;
  dist::Group group({.rank = 0, .size = 1});
  CHECK_SAYS(dist::DataParallel(net, group, {.bucket_mb = 0}), "bucket_mb", "training.cpp:");
  CHECK_SAYS(dist::DataParallel(net, group, {.virtual_shards = 6}), "virtual_shards", "1, 2, 4, 8");
  dist::DataParallel sync(net, group);
  CHECK_SAYS(sync.backward(net.fc.bias, 3), "no live tape", "training.cpp:");
  Tape tape;
  const Tensor l = sum(net(ones({1, 3})));
  CHECK_SAYS(sync.backward(l, 0), "number of samples", "x.size(0)");
}

TEST_CASE("SyncBatchNorm: in a group of one it is BatchNorm, with a second derivative; what does not fit is refused") {
  manual_seed(2);
  dist::Group group({.rank = 0, .size = 1});
  dist::SyncBatchNorm sync(3, group);
  nn::BatchNorm2d plain(3);
  const Tensor x = randn({4, 3, 5, 5});
  CHECK(allclose(sync(x), plain(x), 1e-4, 1e-5));
  CHECK(allclose(sync.running_var, plain.running_var, 1e-4, 1e-6));
  CHECK_SAYS(sync(ones({4, 2})), "(N, 3, …)", "training.cpp:");
  dist::SyncBatchNorm small(2, group, {.dtype = f64});
  CHECK(gradcheck([&](const Tensor& t) { return small(t); }, {randn({4, 2}, f64)}));
  set_deterministic(true);
  CHECK_SAYS(sync(x), "deterministic mode", "GroupNorm");
  set_deterministic(false);
}

TEST_CASE("the cost model: sums by hand, the order of the two ways, and a step that hides what it can") {
  const dist::Line line{.alpha = 1e-3, .beta = 1e-6};
  CHECK(dist::sum_seconds(line, dist::SumBy::ring, 1, 1e6) == 0);
  CHECK(dist::sum_seconds(line, dist::SumBy::ring, 4, 1e6) == doctest::Approx(6e-3 + 1.5));
  CHECK(dist::sum_seconds(line, dist::SumBy::halving_doubling, 8, 1e6) == doctest::Approx(6e-3 + 1.75));
  const dist::StepCost step{.compute = 3, .buckets = {1e6, 1e6}};
  // Complete after 2 s and 3 s; each takes 1.002 s by 2 ranks: the second begins at 3.002 s.
  CHECK(dist::step_seconds(step, line, dist::SumBy::ring, 2) == doctest::Approx(3.002 + 1.002));
  CHECK(dist::efficiency(step, line, dist::SumBy::ring, 2) == doctest::Approx(3 / 4.004));
  CHECK(dist::efficiency(step, line, dist::SumBy::ring, 1) == 1);
  CHECK_SAYS(dist::sum_seconds(line, dist::SumBy::ring, 0, 1), "number of ranks", "training.cpp:");
  Small net;
  CHECK(dist::bucket_bytes(net) == std::vector<double>{32, 40});
  dist::Group group({.rank = 0, .size = 1});
  CHECK_SAYS(dist::measure_line(group), "group of one");
}

TEST_CASE("rounding to bf16 is to nearest, ties to even; what is left over is sent later") {
  const float numbers[] = {1.0f, 1.00390625f, 1.01171875f, -3.14159274f, 1e-40f, INFINITY, NAN, 3.4e38f};
  std::uint16_t rounded[8];
  float back[8];
  dist::to_bf16(numbers, rounded, 8);
  dist::from_bf16(rounded, back, 8);
  CHECK(back[0] == 1.0f);
  CHECK(back[1] == 1.0f);       // between 1 and 1 + 1/128: to the even one
  CHECK(back[2] == 1.015625f);  // between 1 + 1/128 and 1 + 2/128
  CHECK(back[3] == -3.140625f);
  CHECK(back[5] == INFINITY);
  CHECK(std::isnan(back[6]));
  CHECK(back[7] == INFINITY);
  const float gradient = 0.1234567f;
  float left = 0;
  double sent = 0;
  for (int i = 0; i < 1000; ++i) {
    std::uint16_t one = 0;
    float value = 0;
    dist::to_bf16_with_feedback(&gradient, &left, &one, 1);
    dist::from_bf16(&one, &value, 1);
    sent += value;
  }
  CHECK(sent == doctest::Approx(123.4567).epsilon(1e-5));  // without feedback: 123.535
}
