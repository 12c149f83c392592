// Optimizers of other libraries: which options go the same way. examples/porting.md is the table.
#include "porting/numbers.hpp"

using namespace gradus;
using namespace porting;

namespace {

constexpr double exact = 1e-9, single = 2e-6;  // libraries that compute in f64, in f32

// examples/porting.md shows it.
struct FannRpropOptions {
  double lr = 1;  // has no meaning there
  double first = 0.1, shorter = 0.5, longer = 1.2, shortest = 0, longest = 50;
};
struct FannRprop : optim::Optimizer<FannRpropOptions> {
  using Optimizer::Optimizer;
  void init(optim::State& s, const Tensor& p, const FannRpropOptions& o) override {
    s.add("slope", zeros_like(p));
    s.add("step", full(p.shape(), o.first, p.dtype()));
  }
  void update(Tensor& p, const Tensor& g, optim::State& s, const FannRpropOptions& o) override {
    const Tensor turned = s[0] * g > 0;  // slope is -g
    s[1] = clamp(where(turned, s[1] * o.shorter, s[1] * o.longer), o.shortest, o.longest);
    s[0] = where(turned, 0, -g);
    p.add_(where(s[0] < 0, -s[1], s[1]));  // up at a turn, too
  }
};

}  // namespace

TEST_CASE("PyTorch: the same names with the same options go the same way") {
  using namespace optim;
  check_path("pytorch", "sgd", optimizer<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01}), exact);
  check_path("pytorch", "nesterov", optimizer<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}), exact);
  check_path("pytorch", "adam", optimizer<Adam>(AdamOptions{.lr = 0.1}), exact);
  check_path("pytorch", "adamw", optimizer<AdamW>(AdamWOptions{.lr = 0.1}), exact);
  check_path("pytorch", "adamax", optimizer<Adamax>(AdamaxOptions{.lr = 0.1}), exact);
  check_path("pytorch", "nadam", optimizer<NAdam>(NAdamOptions{.lr = 0.1}), exact);
  check_path("pytorch", "radam", optimizer<RAdam>(RAdamOptions{.lr = 0.1}), exact);
  check_path("pytorch", "rmsprop", optimizer<RMSprop>(RMSpropOptions{.lr = 0.1, .momentum = 0.9, .centered = true}),
             exact);
  check_path("pytorch", "adagrad", optimizer<Adagrad>(AdagradOptions{.lr = 0.1}), exact);
  check_path("pytorch", "adadelta", optimizer<Adadelta>(AdadeltaOptions{}), exact);
  check_path("pytorch", "rprop", optimizer<Rprop>(RpropOptions{}), exact);
}

TEST_CASE("TensorFlow.js and Keras: optimizers") {
  using namespace optim;
  check_path("tfjs", "sgd", optimizer<SGD>(SGDOptions{.lr = 0.1}), single);
  check_path("tfjs", "momentum", optimizer<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9}), single);
  check_path("tfjs", "nesterov", optimizer<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}), single);
  check_path("tfjs", "adam", optimizer<Adam>(AdamOptions{.lr = 0.1, .eps = 1e-7}), single);
  check_path("tfjs", "adamax", optimizer<Adamax>(AdamaxOptions{.lr = 0.1, .eps = 1e-7}), 2e-5);
  check_path("tfjs", "adagrad",
             optimizer<Adagrad>(
                 AdagradOptions{.lr = 0.1, .initial_accumulator_value = 0.1, .eps = 1e-7, .eps_inside_root = true}),
             single);
  RMSpropOptions rms{.lr = 0.1, .alpha = 0.9, .eps = 1e-7, .eps_inside_root = true};
  check_path("tfjs", "rmsprop", optimizer<RMSprop>(rms), single);
  rms.momentum = 0.5;
  check_path("tfjs", "rmsprop_momentum", optimizer<RMSprop>(rms), single);
  rms.momentum = 0;
  rms.centered = true;
  check_path("tfjs", "rmsprop_centered", optimizer<RMSprop>(rms), 1e-5);  // there eps is subtracted, …
  const Json& small = row("tfjs", "rmsprop_centered_small").at("path")[0];
  CHECK(small[0].is_null());  // … which makes NaN of a small gradient
  CHECK(small[2].is_number());
  check_path("tfjs", "adadelta", optimizer<SGD>(SGDOptions{.lr = 0.1}), single);
}

TEST_CASE("scikit-learn: optimizers") {
  using namespace optim;
  check_path("scikit-learn", "sgd", optimizer<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}), exact);
  check_path("scikit-learn", "sgd_plain", optimizer<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9}), exact);
  check_path("scikit-learn", "adam", optimizer<Adam>(AdamOptions{.lr = 0.1, .eps_before_correction = true}), exact);
}

TEST_CASE("dlib: solvers") {
  using namespace optim;
  check_path("dlib", "sgd", optimizer<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 5e-4}), single);
  check_path("dlib", "adam",
             optimizer<Adam>(AdamOptions{.lr = 0.1, .weight_decay = 5e-4, .eps_before_correction = true}), single);
}

TEST_CASE("FANN: RPROP is an optimizer of its own") {
  Tensor w = scalar(0, f64).requires_grad_(), b = scalar(0, f64).requires_grad_();
  FannRprop opt({w, b});
  for (const double want : row("fann", "rprop").at("path")) {
    Tape tape;
    tape.backward(square(w + b - 1));  // one neuron, one example: x = 1, the target 1
    opt.step();
    opt.zero_grad();
    CHECK(w.item() == doctest::Approx(want).epsilon(1e-5));
  }
}

TEST_CASE("the options that other libraries need change the path") {
  using namespace optim;
  const auto first_step = [](auto opt, Tensor p) {
    p.set_grad(scalar(1e-7, f64));
    opt.step();
    return -p.item();
  };
  const auto of = [&]<class Opt>(auto options) {
    Tensor p = scalar(0, f64).requires_grad_();
    return first_step(Opt({p}, options), p);
  };
  CHECK(of.operator()<RMSprop>(RMSpropOptions{.lr = 1, .alpha = 0.9, .eps = 1e-7}) ==
        doctest::Approx(0.7597).epsilon(1e-3));
  CHECK(of.operator()<RMSprop>(RMSpropOptions{.lr = 1, .alpha = 0.9, .eps = 1e-7, .eps_inside_root = true}) ==
        doctest::Approx(3.1623e-4).epsilon(1e-3));
  CHECK(of.operator()<Adagrad>(AdagradOptions{.lr = 1, .eps = 1e-7}) == doctest::Approx(0.5));
  CHECK(of.operator()<Adagrad>(AdagradOptions{.lr = 1, .eps = 1e-7, .eps_inside_root = true}) ==
        doctest::Approx(3.1623e-4).epsilon(1e-3));
  CHECK(of.operator()<Adam>(AdamOptions{.lr = 1, .eps = 1e-8}) == doctest::Approx(1 / 1.1));
  CHECK(of.operator()<Adam>(AdamOptions{.lr = 1, .eps = 1e-8, .eps_before_correction = true}) ==
        doctest::Approx(1 / (1 + 0.1 / std::sqrt(1e-3))).epsilon(1e-6));
  CHECK(of.operator()<AdamW>(AdamWOptions{.lr = 1, .eps = 1e-8, .eps_before_correction = true}) ==
        doctest::Approx(1 / (1 + 0.1 / std::sqrt(1e-3))).epsilon(1e-6));
}
