// Deep Q-learning (Mnih et al., 2015): a network learns to balance a pole on a cart from rewards alone.
#include <gradus/gradus.hpp>

#include <cmath>
#include <cstdio>
#include <random>

using namespace gradus;

// The cart and the pole of Barto, Sutton and Anderson (1983), a step of 1/50 s.
struct CartPole {
  double x = 0, dx = 0, angle = 0, turning = 0;

  bool step(bool right) {  // false: it has fallen, or left the track
    const double c = std::cos(angle), s = std::sin(angle), force = right ? 10 : -10;
    const double push = (force + 0.05 * turning * turning * s) / 1.1;
    const double ddangle = (9.8 * s - c * push) / (0.5 * (4.0 / 3 - 0.1 * c * c / 1.1));
    const double ddx = push - 0.05 * ddangle * c / 1.1;
    x += 0.02 * dx, dx += 0.02 * ddx, angle += 0.02 * turning, turning += 0.02 * ddangle;
    return std::abs(x) < 2.4 && std::abs(angle) < 0.21;
  }
  Tensor state() const { return tensor({{x, dx, angle, turning}}); }
};

// The last transitions, as rows of tensors.
struct Memory {
  static constexpr std::int64_t room = 10000;
  Tensor state = zeros({room, 4}), next = zeros({room, 4}), action = zeros({room, 1}, i64), alive = zeros({room, 1});
  std::int64_t count = 0;

  void add(const Tensor& s, bool a, const Tensor& n, bool on) {
    const std::int64_t i = count++ % room;
    slice(state, 0, {i, i + 1}).copy_(s);
    slice(next, 0, {i, i + 1}).copy_(n);
    action.set({i, 0}, a);
    alive.set({i, 0}, on);
  }
};

int main() {
  manual_seed(3);
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(0, 1);
  nn::Sequential q{nn::Linear(4, 64), nn::ReLU(), nn::Linear(64, 64), nn::ReLU(), nn::Linear(64, 2)};
  nn::Sequential target = q;  // a copy, with weights of its own
  optim::Adam opt(q, {.lr = 5e-4});
  Memory memory;
  double first = 0, last = 0, explore = 1;
  const int episodes = 250;
  for (int episode = 0; episode < episodes; ++episode) {
    CartPole cart{.angle = 0.1 * uniform(random) - 0.05};
    int steps = 0;
    for (bool on = true; on && steps < 200; ++steps) {
      const Tensor state = cart.state();
      const bool right = uniform(random) < explore ? uniform(random) < 0.5 : argmax(q(state)).item<bool>();
      on = cart.step(right);
      memory.add(state, right, cart.state(), on);
      explore = std::max(0.02, explore * 0.9995);
      if (memory.count < 1000) continue;

      const Tensor i = randint(0, std::min(memory.count, Memory::room), {32});
      const auto of = [&](const Tensor& all) { return index_select(all, 0, i); };
      const Tensor best = max(target(of(memory.next)), 1, true);
      const Tensor wanted = 1 + 0.98 * of(memory.alive) * best;  // a reward of 1 for each step
      Tape tape;
      tape.backward(huber_loss(gather(q(of(memory.state)), 1, of(memory.action)), wanted));
      optim::clip_grad_norm(q.parameters(), 10);
      opt.step();
      opt.zero_grad();
      if (memory.count % 500 == 0) target = q;
    }
    (episode < 20 ? first : last) += episode < 20 || episode >= episodes - 50 ? steps : 0;
  }
  std::printf("at first it stands for less than 40 steps: %s\n", first / 20 < 40 ? "yes" : "no");
  std::printf("at the end for more than 100: %s\n", last / 50 > 100 ? "yes" : "no");
}

// Prints:
// at first it stands for less than 40 steps: yes
// at the end for more than 100: yes
