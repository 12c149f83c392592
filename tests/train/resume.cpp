// A training that was stopped at any step goes on to the same bits.
#include "support.hpp"
#include "train/trainings.hpp"

using namespace gradus;
using support::TempDir;
using trainings::Kind;
using trainings::Training;

namespace {

constexpr std::int64_t steps = 42;

bool same_bits(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const Tensor* other = find(b, name);
    if (!other || !equal(tensor, *other)) return false;
  }
  return true;
}

// What is left of a run when it is over.
struct End {
  explicit End(const Training& t)
      : losses(t.losses), epochs(t.epochs), random(default_generator().counter()), best(t.checkpoint.best_value()) {
    for (const auto& [name, tensor] : t.net.state_dict()) net.emplace_back(name, tensor.clone());
    opt = t.opt.base().state_dict();
  }
  std::vector<double> losses, epochs;
  std::uint64_t random;
  std::optional<double> best;
  StateDict net, opt;
};

// The same steps, stopped after `stop` of them; what the last run has done.
End stopped(const Kind& kind, std::int64_t stop, std::int64_t every, std::int64_t& resumed_at) {
  const TempDir dir;
  Training(kind, dir.str(), every).run(stop);
  Training again(kind, dir.str(), every);
  manual_seed(12345);  // where the generator was is in the checkpoint
  const train::Resumed resumed = again.checkpoint.resume();
  resumed_at = resumed.step;
  if (!resumed) manual_seed(5), (void)kind.net();  // from the start: as the constructor has left it
  again.run(steps);
  return End(again);
}

bool is_tail(const std::vector<double>& part, const std::vector<double>& whole) {
  return part.size() <= whole.size() && std::equal(part.rbegin(), part.rend(), whole.rbegin());
}

}  // namespace

TEST_CASE("resume: stopped at 20 random steps, all optimizers end with the same bits") {
  Generator random(2026);
  const std::vector<Kind> kinds = trainings::kinds();
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    const Kind& kind = kinds[k];
    INFO(kind.name);
    const TempDir dir;
    Training whole(kind, dir.str(), 0);
    whole.run(steps);
    const End unbroken(whole);
    int equal_runs = 0;
    const int stops = (k < 6 ? 20 : 4) * GRADUS_TEST_SCALE;
    for (int i = 0; i < stops; ++i) {
      const auto stop = static_cast<std::int64_t>(1 + random.draw(7919) % 40);
      const std::int64_t every = 1 + i % 4;
      std::int64_t at = 0;
      const End end = stopped(kind, stop, every, at);
      INFO("stopped after step ", stop, ", gone on from ", at);
      CHECK(at == stop / every * every);
      CHECK(static_cast<std::int64_t>(end.losses.size()) == steps - at);
      CHECK(is_tail(end.losses, unbroken.losses));
      CHECK(is_tail(end.epochs, unbroken.epochs));
      CHECK(end.random == unbroken.random);
      CHECK(end.best == unbroken.best);
      CHECK(same_bits(end.opt, unbroken.opt));
      const bool same = same_bits(end.net, unbroken.net);
      CHECK(same);
      equal_runs += same;
    }
    MESSAGE(kind.name, ": ", equal_runs, " of ", stops, " continued runs end with the bits of an unbroken one");
  }
}

TEST_CASE("resume: twice in one epoch, and at its end") {
  const Kind kind = trainings::kinds()[1];  // 5 batches in an epoch
  const TempDir whole_dir, dir;
  Training whole(kind, whole_dir.str(), 0);
  whole.run(steps);
  const End unbroken(whole);
  for (const std::int64_t until : {1, 2, 4, 5, 6, 10, 15, 42}) {
    Training part(kind, dir.str(), 1);
    const std::int64_t from = part.checkpoint.resume().step;
    CHECK(part.checkpoint.count() == from);
    part.run(until);
    if (until < steps) continue;
    const End end(part);
    CHECK(is_tail(end.losses, unbroken.losses));
    CHECK(same_bits(end.net, unbroken.net));
  }
}

TEST_CASE("resume: frozen parameters and evaluation mode are kept") {
  const TempDir dir;
  nn::Sequential net = trainings::batch_norm();
  optim::SGD opt(net, {.lr = 0.1});
  const auto freeze = [](nn::Sequential& n) {
    n.named_parameters()[0].value.requires_grad_(false);
    std::vector<bool> modes = n.training_modes();
    modes[2] = false;  // the batch normalisation
    n.set_training_modes(modes);
  };
  {
    train::Checkpointer checkpoint(net, opt, {.dir = dir.str()});
    freeze(net);
    checkpoint.step();
    const nn::Evaluating evaluating(net);  // a measurement changes no mode
    checkpoint.save();
  }
  nn::Sequential fresh = trainings::batch_norm();
  optim::SGD fresh_opt(fresh, {.lr = 0.1});
  train::Checkpointer checkpoint(fresh, fresh_opt, {.dir = dir.str()});
  REQUIRE(checkpoint.resume());
  CHECK(fresh.training_modes() == net.training_modes());
  CHECK(fresh.training_modes()[0]);
  CHECK_FALSE(fresh.training_modes()[2]);
  CHECK_FALSE(fresh.named_parameters()[0].value.requires_grad());
  CHECK(fresh.named_parameters()[1].value.requires_grad());
}

TEST_CASE("resume: optimizers of parts of a net, several of each") {
  const TempDir dir;
  const auto make = [&](const auto& use) {
    manual_seed(3);
    nn::Linear a(3, 3), b(3, 3);
    optim::Adam first(a.named_parameters("a"), {.lr = 0.01}), second(b, {.lr = 0.02});
    first.add_group(b.named_parameters("b")).lr = 0.5;
    Generator noise(9);
    train::Checkpointer checkpoint(a, first, {.dir = dir.str(), .every = 1});
    checkpoint.add("critic", b);
    checkpoint.add("critic_opt", second);
    checkpoint.add("noise", noise);
    use(checkpoint, a, b, first, second, noise);
  };
  StateDict expected;
  const auto step = [](nn::Linear& a, nn::Linear& b, auto& first, auto& second, Generator& noise) {
    first.zero_grad();
    Tape tape;
    tape.backward(square(b(a(randn({2, 3})))).sum() + static_cast<double>(noise.draw(3)));
    first.step();
    second.step();
  };
  make([&](auto& checkpoint, auto& a, auto& b, auto& first, auto& second, auto& noise) {
    for (int i = 0; i < 4; ++i) {
      step(a, b, first, second, noise);
      if (i == 1) first.set_lr(0.25, 1);
      if (i < 2) checkpoint.step();
    }
    for (const auto& [name, tensor] : b.state_dict()) expected.emplace_back(name, tensor.clone());
  });
  make([&](auto& checkpoint, auto& a, auto& b, auto& first, auto& second, auto& noise) {
    CHECK(checkpoint.resume().step == 2);
    CHECK(first.lr(0) == 0.01);
    CHECK(first.lr(1) == 0.25);
    CHECK(noise.counter() == 6);
    for (int i = 2; i < 4; ++i) step(a, b, first, second, noise);
    CHECK(same_bits(expected, b.state_dict()));
  });
}
