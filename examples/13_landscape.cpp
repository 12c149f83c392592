// The loss landscape of a network with the path of its training, and an optimizer of your own on a known surface.
// With a file name as argument it writes the first picture there: example_13_landscape path.html
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct SignOptions {
  double lr = 1e-3;
};
struct SignDescent : optim::Optimizer<SignOptions> {
  using Optimizer::Optimizer;
  void update(Tensor& p, const Tensor& g, optim::State&, const SignOptions& o) override { p.add_(sign(g), -o.lr); }
};

int main(int argc, char** argv) {
  manual_seed(1);
  const auto [train, test] = data::digits();
  const Tensor x = slice(train.x, 0, {0, 200}), y = slice(train.y, 0, {0, 200});
  nn::Sequential net{nn::Linear(64, 16), nn::Tanh(), nn::Linear(16, 10)};
  const auto loss = [&] { return cross_entropy(net(x), y); };

  optim::SGD opt(net, {.lr = 0.1, .momentum = 0.8});
  std::vector<Tensor> way{study::snapshot(net)};
  for (int step = 0; step < 60; ++step) {
    opt.zero_grad();
    Tape tape;
    tape.backward(loss());
    opt.step();
    way.push_back(study::snapshot(net));
  }
  const study::Landscape landscape = study::slice(net, loss, {.points = 25, .trajectory = way});
  for (const std::string& fact : landscape.facts) std::printf("%s\n", fact.c_str());
  std::printf("sharpness: largest curvature %.3g\n", largest_eigenvalue(loss, net.parameters()).value);
  if (argc > 1) landscape.save(argv[1]);

  const study::Surface s = study::surface("himmelblau");
  const auto mine = [](const std::vector<Tensor>& p) { return optim::AnyOptimizer(SignDescent(p, {.lr = 0.05})); };
  const study::Path path = study::descend(s, "sign descent", mine, {.steps = 100, .until = study::condition("f<0.1")});
  std::printf("%s: %s\n", path.name.c_str(), path.outcome().c_str());
}

// Prints:
//   variance explained * % + * %
//   a random walk has 60.8 % + 15.2 %
//   loss here 0.*
//   sharpness: largest curvature *
//   sign descent: f<0.1 after * steps
