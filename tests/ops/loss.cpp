// Losses: by hand and by definition, every reduction, kinks, far arguments, labels, gradients, errors.
#include <cmath>
#include <functional>
#include <limits>

#include "ops/walks.hpp"

using namespace gradus;
using support::check_walks;
using support::names;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor labels(const std::vector<std::int64_t>& t) { return from_data(t, {static_cast<std::int64_t>(t.size())}); }

// The gradient of sum(f(x)).
Tensor slope(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  Tensor leaf = x.clone().requires_grad_();
  Tape tape;
  return tape.gradient(sum(f(leaf)), {leaf})[0];
}

}  // namespace

TEST_CASE("mse, l1, huber, smooth l1: by hand, every reduction") {
  const Tensor x = tensor({1, 2, 3, 6}, f64), t = tensor({1, 0, 3.5, 2}, f64);  // differences 0, 2, -0.5, 4
  CHECK(mse_loss(x, t).item() == doctest::Approx(20.25 / 4));
  CHECK(equal(mse_loss(x, t, Reduction::none), tensor({0, 4, 0.25, 16}, f64)));
  CHECK(mse_loss(x, t, Reduction::sum).item() == 20.25);
  CHECK(mse_loss(reshape(x, {2, 2}), reshape(t, {2, 2}), Reduction::batch_mean).item() == doctest::Approx(10.125));
  CHECK(equal(l1_loss(x, t, Reduction::none), tensor({0, 2, 0.5, 4}, f64)));
  CHECK(l1_loss(x, t).item() == doctest::Approx(6.5 / 4));
  CHECK(equal(huber_loss(x, t, 1, Reduction::none), tensor({0, 1.5, 0.125, 3.5}, f64)));
  CHECK(equal(huber_loss(x, t, 2, Reduction::none), tensor({0, 2, 0.125, 6}, f64)));
  CHECK(equal(smooth_l1_loss(x, t, 2, Reduction::none), tensor({0, 1, 0.0625, 3}, f64)));
  CHECK(equal(smooth_l1_loss(x, t, 0, Reduction::none), l1_loss(x, t, Reduction::none)));
  CHECK(mse_loss(scalar(3), scalar(1)).item() == 4);
  CHECK(mse_loss(zeros({0}), zeros({0}), Reduction::sum).item() == 0);
  CHECK(mse_loss(zeros({0}), zeros({0}), Reduction::none).numel() == 0);
}

TEST_CASE("mse, l1, huber: derivatives, at kinks and far out") {
  const Tensor x = tensor({-infinity, -2, -1, 0, 0.5, 1, 2, infinity}, f64), zero = zeros({8}, f64);
  CHECK(equal(slope([&](const Tensor& a) { return huber_loss(a, zero, 1, Reduction::sum); }, x),
              tensor({-1, -1, -1, 0, 0.5, 1, 1, 1}, f64)));
  CHECK(equal(slope([&](const Tensor& a) { return l1_loss(a, zero, Reduction::sum); }, x),
              tensor({-1, -1, -1, 0, 1, 1, 1, 1}, f64)));
  {
    Tensor a = zeros({1}, f64).requires_grad_();
    Tape tape;  // the second derivative at 0 is that of d²/2
    const auto g = tape.gradient(huber_loss(a, zeros({1}, f64)), {a}, {.record = true});
    CHECK(tape.gradient(sum(g[0]), {a})[0].item() == 1);
  }
  manual_seed(1);
  const Tensor p = randn({3, 2}, f64), q = randn({3, 2}, f64);
  for (const Reduction r : {Reduction::mean, Reduction::sum, Reduction::none, Reduction::batch_mean}) {
    check_walks([=](const auto& in) { return mse_loss(in[0], in[1], r); }, {p, q});
    check_walks([=](const auto& in) { return huber_loss(in[0], in[1], 0.7, r); }, {p, q});
    check_walks([=](const auto& in) { return smooth_l1_loss(in[0], in[1], 0.7, r); }, {p, q});
  }
}

TEST_CASE("mse_loss is one node, on the user's line") {
  const Tensor w = ones({3}).requires_grad_();
  Tape tape;
  const int line = __LINE__ + 1;
  mse_loss(w, zeros({3}));
  CHECK(names(tape) == "mse_loss");
  for (int i = 0; i < tape.size(); ++i) CHECK(static_cast<int>(tape[i].where().line()) == line);
}

// ---- probabilities ----

TEST_CASE("bce: by definition, cut off at -100, weights") {
  const Tensor p = tensor({0.2, 0.7, 0, 1, 0, 1}, f64), t = tensor({0, 1, 0, 1, 1, 0}, f64);
  CHECK(allclose(bce_loss(p, t, {.reduction = Reduction::none}),
                 tensor({-std::log(0.8), -std::log(0.7), 0, 0, 100, 100}, f64), 1e-12));
  CHECK(allclose(bce_loss(p.to(f32), t.to(f32), {.reduction = Reduction::none}).to(f64),
                 bce_loss(p, t, {.reduction = Reduction::none}), 1e-6));
  for (const double g : slope([&](const Tensor& x) { return bce_loss(x, t); }, p).to_vector()) CHECK(std::isfinite(g));
  manual_seed(2);
  const Tensor x = rand({4, 3}, f64) * 0.9 + 0.05, y = rand({4, 3}, f64), w = rand({3}, f64);
  CHECK(allclose(bce_loss(x, y, {.weight = w, .reduction = Reduction::none}),
                 -w * (y * log(x) + (1.0 - y) * log(1.0 - x)), 1e-12));
  check_walks([&](const auto& in) { return bce_loss(in[0], in[1], {.weight = w}); }, {x, y});
}

TEST_CASE("bce_with_logits: the same from logits, stable far out, pos_weight") {
  manual_seed(3);
  const Tensor x = randn({4, 3}, f64), t = rand({4, 3}, f64), w = rand({3}, f64), pw = rand({4, 1}, f64) + 1;
  CHECK(allclose(bce_with_logits_loss(x, t), bce_loss(sigmoid(x), t), 1e-12));
  CHECK(allclose(bce_with_logits_loss(x, t, {.weight = w, .pos_weight = pw, .reduction = Reduction::none}),
                 -w * (pw * t * log(sigmoid(x)) + (1.0 - t) * log(sigmoid(-x))), 1e-12));
  check_walks([&](const auto& in) { return bce_with_logits_loss(in[0], in[1], {.weight = w, .pos_weight = pw}); },
              {x, t});
  for (const DType dtype : {f32, f64}) {
    const Tensor far = tensor({-1000, 1000, -1000, 1000, -16, 16, 0}, dtype), y = tensor({0, 1, 1, 0, 0, 1, 1}, dtype);
    const Tensor tiny =
        tensor({0, 0, 1000, 1000, std::log1p(std::exp(-16)), std::log1p(std::exp(-16)), std::log(2)}, dtype);
    CHECK(allclose(bce_with_logits_loss(far, y, {.reduction = Reduction::none}), tiny, 1e-6, 0));
    const double s = 1 / (1 + std::exp(16));
    CHECK(
        allclose(slope([&](const Tensor& a) { return bce_with_logits_loss(a, y, {.reduction = Reduction::sum}); }, far),
                 tensor({0, 0, -1, 1, s, -s, -0.5}, dtype), 1e-5, 0));
  }
}

TEST_CASE("kl_div: by definition; a target of 0 counts 0") {
  manual_seed(4);
  const Tensor x = log_softmax(randn({3, 4}, f64), 1), t = softmax(randn({3, 4}, f64), 1);
  CHECK(allclose(kl_div(x, t, {.reduction = Reduction::none}), t * (log(t) - x), 1e-12));
  CHECK(allclose(kl_div(x, log(t), {.log_target = true}), kl_div(x, t), 1e-12));
  CHECK(kl_div(x, t, {.reduction = Reduction::batch_mean}).item() ==
        doctest::Approx(kl_div(x, t, {.reduction = Reduction::sum}).item() / 3));
  CHECK(equal(kl_div(tensor({-infinity, 0}), tensor({0, 1}), {.reduction = Reduction::none}), zeros({2})));
  check_walks([](const auto& in) { return kl_div(in[0], in[1]); }, {x, t});
  check_walks([](const auto& in) { return kl_div(in[0], in[1], {.log_target = true}); }, {x, t});
}

// ---- class labels ----

TEST_CASE("cross_entropy: by hand, and its gradient is softmax(x) - y") {
  const Tensor x = tensor({{1, 2, 3}, {0, 0, 0}}, f64);
  const double z = std::log(std::exp(1) + std::exp(2) + std::exp(3));
  const Tensor each = tensor({z - 3, std::log(3)}, f64);
  CHECK(allclose(cross_entropy(x, labels({2, 0}), {.reduction = Reduction::none}), each, 1e-12));
  CHECK(allclose(cross_entropy(x, labels({2, 0})), mean(each), 1e-12));
  CHECK(allclose(cross_entropy(x, labels({2, 0}), {.reduction = Reduction::sum}), sum(each), 1e-12));
  CHECK(allclose(cross_entropy(select(x, 0, 0), scalar(2, i64)), select(each, 0, 0), 1e-12));
  CHECK(allclose(slope(
                     [](const Tensor& a) {
                       return cross_entropy(a, labels({2, 0}), {.reduction = Reduction::sum});
                     },
                     x),
                 softmax(x, 1) - one_hot(labels({2, 0}), 3, f64), 1e-12, 1e-15));
  CHECK(allclose(cross_entropy(x * 1e4, labels({2, 0}), {.reduction = Reduction::none}), tensor({0, std::log(3)}, f64),
                 1e-12));
}

TEST_CASE("cross_entropy: smoothing, weights, ignored labels and further axes, by definition") {
  manual_seed(5);
  const Tensor x = randn({3, 4, 2}, f64), w = rand({4}, f64) + 0.5, t = reshape(labels({0, 3, 1, 2, 2, 1}), {3, 2});
  const Tensor logp = log_softmax(x, 1);
  for (const double eps : {0.0, 0.2})
    for (const bool weighted : {false, true})
      for (const std::int64_t ignore : {no_index, std::int64_t{1}})
        for (const Reduction r : {Reduction::mean, Reduction::sum, Reduction::none, Reduction::batch_mean}) {
          const CrossEntropyOptions o{
              .weight = weighted ? w : Tensor(), .ignore_index = ignore, .label_smoothing = eps, .reduction = r};
          Tensor expected = zeros({3, 2}, f64);
          double total = 0;
          for (std::int64_t n = 0; n < 3; ++n)
            for (std::int64_t d = 0; d < 2; ++d) {
              const auto c = static_cast<std::int64_t>(t.at({n, d}));
              if (c == ignore) continue;
              double loss = -(1 - eps) * (weighted ? w.at({c}) : 1) * logp.at({n, c, d});
              for (std::int64_t k = 0; k < 4; ++k) loss -= eps / 4 * (weighted ? w.at({k}) : 1) * logp.at({n, k, d});
              expected.set({n, d}, loss);
              total += weighted ? w.at({c}) : 1;
            }
          if (r == Reduction::mean) expected = sum(expected) * (1 / total);
          if (r == Reduction::batch_mean) expected = sum(expected) * (1. / 3);
          if (r == Reduction::sum) expected = sum(expected);
          CHECK(allclose(cross_entropy(x, t, o), expected, 1e-12, 1e-14));
          if (eps == 0)
            CHECK(allclose(nll_loss(logp, t, {o.weight, o.ignore_index, o.reduction}), expected, 1e-12, 1e-14));
          check_walks([&](const auto& in) { return cross_entropy(in[0], in[1], o); }, {x, t});
        }
}

TEST_CASE("cross_entropy: probabilities as targets") {
  manual_seed(6);
  const Tensor x = randn({3, 4}, f64), y = softmax(randn({3, 4}, f64), 1), w = rand({4}, f64);
  const Tensor q = w * (y * 0.9 + 0.1 / 4);
  CHECK(allclose(cross_entropy(x, y, {.weight = w, .label_smoothing = 0.1}), mean(-sum(q * log_softmax(x, 1), 1)),
                 1e-12));
  CHECK(allclose(cross_entropy(x, one_hot(labels({1, 0, 3}), 4, f64)), cross_entropy(x, labels({1, 0, 3})), 1e-12));
  check_walks([](const auto& in) { return cross_entropy(in[0], in[1], {.label_smoothing = 0.1}); }, {x, y});
}

TEST_CASE("cross_entropy: ignored labels do not count, whatever stands there") {
  const Tensor x = tensor({{1, 2}, {-infinity, infinity}, {0, 0}}), t = labels({0, -100, 1});
  const CrossEntropyOptions skip{.ignore_index = -100};
  CHECK(cross_entropy(x, t, skip).item() == doctest::Approx((std::log1p(std::exp(1)) + std::log(2)) / 2));
  CHECK(std::isnan(cross_entropy(x, labels({-100, -100, -100}), skip).item()));
  CHECK(nll_loss(tensor({{0, -infinity}, {-3, -1}}), labels({1, 0}), {.ignore_index = 1}).item() == 3);
}

TEST_CASE("cross_entropy: what it records") {
  const Tensor x = zeros({2, 3}).requires_grad_();
  Tape tape;
  cross_entropy(x, labels({0, 1}));
  CHECK(names(tape) == "cross_entropy mean");
}

TEST_CASE("class labels: errors") {
  const Tensor x = zeros({4, 3}), good = labels({0, 1, 2, 0});
  CHECK_SAYS(cross_entropy(x, labels({0, 1, 3, 0})), "cross_entropy: a label is out of range", "target[2] = 3",
             "0 to 2, for 3 classes", "labels start at 0", "loss.cpp:");
  CHECK_SAYS(cross_entropy(x, labels({0, -100, 1, 0})), "target[1] = -100", ".ignore_index = -100");
  CHECK_SAYS(cross_entropy(zeros({2, 3, 2}), reshape(labels({0, 1, 2, 9}), {2, 2})), "target[1, 1] = 9");
  CHECK_SAYS(cross_entropy(zeros({3}), scalar(5, i64)), "target = 5");
  CHECK_SAYS(cross_entropy(x, good.to(f32)), "cross_entropy: class labels must be integers", "f32 of shape (4,)",
             "i64 of shape (4,)", "target.to(i64)");
  CHECK_SAYS(cross_entropy(x, reshape(good, {4, 1})), "the labels have the wrong shape", "input (4, 3), target (4, 1)",
             "(4,)", "reshape");
  CHECK_SAYS(cross_entropy(x, labels({0, 1})), "the labels have the wrong shape", "one label for each row");
  CHECK_SAYS(cross_entropy(x, zeros({4, 3}, i64)), "the labels have the wrong shape", "target.to(f32)");
  CHECK_SAYS(cross_entropy(x, zeros({4, 3}, f64)), "cross_entropy: dtypes differ");
  CHECK_SAYS(cross_entropy(x, x, {.ignore_index = 1}), "ignore_index needs class labels");
  CHECK_SAYS(cross_entropy(x, good, {.label_smoothing = 1.5}), "label_smoothing is out of range", "1.5");
  CHECK_SAYS(cross_entropy(x, good, {.weight = ones({4})}), "cross_entropy: the class weights have the wrong shape",
             "(4,)", "(3,)");
  CHECK_SAYS(cross_entropy(x, x, {.weight = ones({4})}), "cross_entropy: the class weights have the wrong shape");
  CHECK_SAYS(cross_entropy(scalar(1), scalar(0, i64)), "cross_entropy: the input has no axis of classes");
  CHECK_SAYS(cross_entropy(zeros({0, 3}), zeros({0}, i64)), "cross_entropy: an empty batch has no mean", "(0, 3)",
             "Reduction::sum");
  CHECK(cross_entropy(zeros({0, 3}), zeros({0}, i64), {.reduction = Reduction::sum}).item() == 0);
  CHECK_SAYS(nll_loss(x, labels({0, 1, 2, 7})), "nll_loss: a label is out of range", "target[3] = 7");
  CHECK_SAYS(nll_loss(x, x), "nll_loss: class labels must be integers");
  CHECK_SAYS(nll_loss(zeros({4, 3}, i64), good), "nll_loss", "i64");
  // A NaN label, converted, is the smallest integer: it must not pass for "nothing ignored".
  CHECK_SAYS(cross_entropy(x, labels({0, no_index, 1, 0})), "target[1] = -9223372036854775808");
}

// ---- margins ----

TEST_CASE("hinge losses: by hand, the gradient passes at the kink") {
  const Tensor x = tensor({2, 1, 0.5, -1}, f64), t = tensor({1, 1, -1, -1}, f64);
  CHECK(equal(hinge_loss(x, t, Reduction::none), tensor({0, 0, 1.5, 0}, f64)));
  CHECK(equal(slope([&](const Tensor& a) { return hinge_loss(a, t, Reduction::sum); }, x), tensor({0, -1, 1, 1}, f64)));
  CHECK(equal(hinge_embedding_loss(x, t, 0.75, Reduction::none), tensor({2, 1, 0.25, 1.75}, f64)));
  check_walks([&](const auto& in) { return hinge_embedding_loss(in[0], t); }, {tensor({2, 1, 0.4, -0.3}, f64)});
}

TEST_CASE("cosine_embedding and triplet losses: by definition, with gradients") {
  manual_seed(7);
  const Tensor a = randn({4, 3}, f64), b = randn({4, 3}, f64), c = randn({4, 3}, f64), t = tensor({1, -1, 1, -1}, f64);
  const Tensor cosine = sum(a * b, 1) / sqrt(sum(a * a, 1) * sum(b * b, 1));
  const Tensor expected = where(t > 0.0, 1.0 - cosine, relu(cosine + 0.9));
  CHECK(allclose(cosine_embedding_loss(a, b, t, -0.9, Reduction::none), expected, 1e-11));
  check_walks([&](const auto& in) { return cosine_embedding_loss(in[0], in[1], t, -0.9); }, {a, b});

  const auto distance = [](const Tensor& u, const Tensor& v, double p) {
    return pow(sum(pow(abs(u - v + 1e-6), p), 1), 1 / p);
  };
  for (const double p : {1., 2., 3.}) {
    const Tensor near = distance(a, b, p), far = distance(a, c, p);
    CHECK(allclose(triplet_margin_loss(a, b, c, {.margin = 2, .p = p, .reduction = Reduction::none}),
                   relu(near - far + 2), 1e-11));
    CHECK(allclose(triplet_margin_loss(a, b, c, {.margin = 2, .p = p, .swap = true, .reduction = Reduction::none}),
                   relu(near - minimum(far, distance(b, c, p)) + 2), 1e-11));
    check_walks(
        [&](const auto& in) { return triplet_margin_loss(in[0], in[1], in[2], {.margin = 5, .p = p, .swap = true}); },
        {a, b, c});
  }
}

TEST_CASE("losses: errors") {
  const Tensor x = zeros({4, 1}), t = zeros({4});
  using Loss = Tensor (*)(const Tensor&, const Tensor&);
  const std::pair<std::string, Loss> all[] = {
      {"mse_loss", [](const Tensor& a, const Tensor& b) { return mse_loss(a, b); }},
      {"l1_loss", [](const Tensor& a, const Tensor& b) { return l1_loss(a, b); }},
      {"huber_loss", [](const Tensor& a, const Tensor& b) { return huber_loss(a, b); }},
      {"smooth_l1_loss", [](const Tensor& a, const Tensor& b) { return smooth_l1_loss(a, b); }},
      {"bce_loss", [](const Tensor& a, const Tensor& b) { return bce_loss(a, b); }},
      {"bce_with_logits_loss", [](const Tensor& a, const Tensor& b) { return bce_with_logits_loss(a, b); }},
      {"kl_div", [](const Tensor& a, const Tensor& b) { return kl_div(a, b); }},
      {"hinge_loss", [](const Tensor& a, const Tensor& b) { return hinge_loss(a, b); }},
      {"hinge_embedding_loss", [](const Tensor& a, const Tensor& b) { return hinge_embedding_loss(a, b); }},
      {"triplet_margin_loss", [](const Tensor& a, const Tensor& b) { return triplet_margin_loss(a, b, a); }},
  };
  for (const auto& [name, loss] : all) {
    INFO(name);
    CHECK_SAYS(loss(x, t), name + ": input and target have different shapes", "input (4, 1), target (4,)",
               "equal shapes", "target.reshape(", "loss.cpp:");
    CHECK_SAYS(loss(x, zeros({3})), "one target for each element");
    CHECK_SAYS(loss(x, x.to(i64)), name + ": dtypes differ", "f32 and i64", "x.to(f32)");
    CHECK_SAYS(loss(zeros({0, 2}), zeros({0, 2})), name + ": an empty batch has no mean");
    CHECK_SAYS(loss(x, Tensor()), name + ": the tensor is undefined");
  }
  const Tensor half = full({4}, 0.5);
  CHECK_SAYS(mse_loss(t.to(i64), t.to(i64)), "mse_loss", "i64", "f32 or f64");
  CHECK_SAYS(huber_loss(t, t, 0), "huber_loss: delta is out of range");
  CHECK_SAYS(smooth_l1_loss(t, t, -1), "smooth_l1_loss: beta is out of range");
  CHECK_SAYS(bce_loss(tensor({0.5, 1.5, 0, 0}), t), "bce_loss: input has an element out of range", "input[1] = 1.5",
             "0 to 1", "bce_with_logits_loss");
  CHECK_SAYS(bce_loss(tensor({0.5, std::nan(""), 0, 0}), t), "input[1] = nan");
  CHECK_SAYS(bce_loss(half, t, {.weight = ones({2, 4})}),
             "bce_loss: weight has more elements than the input along some axis", "(2, 4)");
  CHECK_SAYS(bce_loss(half, t, {.weight = ones({3})}), "bce_loss: the shapes do not broadcast");
  CHECK_SAYS(bce_loss(half, t, {.pos_weight = ones({4})}), "pos_weight needs logits");
  CHECK_SAYS(hinge_loss(t, tensor({1, 0, 1, -1})), "hinge_loss: target has an element out of range", "target[1] = 0",
             "1 or -1", "2 * target - 1");
  CHECK_SAYS(hinge_embedding_loss(t, half), "hinge_embedding_loss", "target[0] = 0.5");
  CHECK_SAYS(cosine_embedding_loss(x, x, ones({3})), "cosine_embedding_loss: the target needs one element for each row",
             "(4, 1), target (3,)", "(N, D), target (N)");
  CHECK_SAYS(triplet_margin_loss(x, x, x, {.p = 0}), "triplet_margin_loss: p is out of range");
}

TEST_CASE("bce_loss: the gradient at 0 and 1 is finite, and 0 where the target agrees") {
  const Tensor x = tensor({0, 1, 0, 1}, f64).requires_grad_();
  Tape tape;
  tape.backward(bce_loss(x, tensor({0, 1, 1, 0}, f64), {.reduction = Reduction::sum}));
  CHECK(allclose(x.grad(), tensor({0, 0, -1e12, 1e12}, f64), 1e-9, 1e-9));
}
