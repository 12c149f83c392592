// Losses: all but one are composed of other operations. Targets, weights and labels are constants as a rule, and then
// only what depends on the input is recorded.
#include <cmath>

#include "ops/losses.hpp"
#include "tensor/number.hpp"

namespace gradus {

using namespace detail;

namespace {

void check_pair(const char* name, const Arg& input, const Arg& target, Reduction reduction) {
  check_floating(name, input);
  check_same_dtype(name, input, target);
  const Shape &si = input.tensor().shape(), &st = target.tensor().shape();
  if (si != st)
    fail(name,
         {.wrong = "input and target have different shapes: broadcasting would give a wrong loss",
          .got = formatted("input {}, target {}", to_string(si), to_string(st)),
          .expected = "equal shapes",
          .advice = si.numel() == st.numel() ? "reshape the target: target.reshape(input.shape())"
                                             : "give one target for each element of the input"},
         input);
  check_mean(name, input, reduction);
}

// The mean of squares is an operation of its own: in a small network three nodes instead of one cost time.
struct MseLoss {
  double scale = 1;  // 1 / n
  static constexpr auto name = "mse_loss", inputs = "input target", formula = "y = scale sum((input - target)²)",
                        rule = "dinput = 2 scale g (input - target)   dtarget = -2 scale g (input - target)";
  static constexpr Saves saves{in0 | in1};
  void fields(auto& v) const { v("scale", scale); }
  Tensor forward(Fwd& f, Ins in) const {
    Tensor d = map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.sub; });
    return visit_floating(d.dtype(), [&]<class T>() {
      const auto& k = kernels::table<T>();
      T* x = detail::data<T>(d);
      T total = 0;
      k.square(d.numel(), x, 1, x);
      k.sum(1, d.numel(), 1, x, &total);
      Tensor y = empty({}, d.dtype());
      *detail::data<T>(y) = static_cast<T>(static_cast<double>(total) * scale);
      return y;
    });
  }
  void vjp(Vjp& v) const {
    const Tensor d = (v.in(0) - v.in(1)) * (2 * scale) * v.g;
    if (v.wants(0)) v.give(0, d);
    if (v.wants(1)) v.give(1, -d);
  }
  void fast(Vjp& v) const {
    Tensor d = map2(name, Loc(), v.in(0), v.in(1), [](auto& k) { return k.sub; });
    scale_strided(*d.impl(), 2 * scale * v.g.item());
    if (v.wants(1)) v.give(1, -d);
    if (v.wants(0)) v.give(0, std::move(d));
  }
};

// max(log p, -100)
Tensor cut_log(const Tensor& p) { return clamp(log(clamp(p, 1e-45, infinity)), -100, infinity); }

// An operation for the sake of its rule, which stays finite at 0 and 1.
struct BceLoss : Plain {
  static constexpr auto
      name = "bce_loss",
      inputs = "x t", formula = "y = -t max(ln x, -100) - (1 - t) max(ln(1 - x), -100)",
      rule = "dx = g (x - t) / ((x + e) (1 - x + e)), e = 1e-12   dt = g (max(ln(1 - x), -100) - max(ln x, -100))";
  static constexpr Saves saves{in0 | in1, in0};
  Tensor forward(Fwd&, Ins in) const {
    const Tensor &x = in[0], &t = in[1];
    return cut_log(x) * -t + cut_log(-x + 1) * (t - 1);
  }
  void vjp(Vjp& v) const {
    constexpr double e = 1e-12;
    const Tensor& x = v.in(0);
    if (v.wants(0)) v.give(0, v.g * (x - v.in(1)) / ((x + e) * (-x + 1 + e)));
    if (v.wants(1)) v.give(1, v.g * (cut_log(-x + 1) - cut_log(x)));
  }
};

constexpr const OpTable* rows_of_losses[] = {&op_table<MseLoss>, &op_table<BceLoss>};

void check_signs(const char* name, const Arg& target) {
  check_numbers(name, "target", target, "1 or -1", "convert labels of 0 and 1: 2 * target - 1",
                [](double t) { return t == 1 || t == -1; });
}

}  // namespace

Rows detail::loss_rows() { return rows_of_losses; }

// ---- regression ----

Tensor mse_loss(Arg input, Arg target, Reduction reduction) {
  check_pair("mse_loss", input, target, reduction);
  if (reduction == Reduction::mean)
    return apply(MseLoss{1.0 / static_cast<double>(input.tensor().numel())}, input, target);
  const At at(input);
  return finish(square(input - target), reduction);
}

Tensor l1_loss(Arg input, Arg target, Reduction reduction) {
  check_pair("l1_loss", input, target, reduction);
  const At at(input);
  return finish(abs(input - target), reduction);
}

Tensor huber_loss(Arg input, Arg target, double delta, Reduction reduction) {
  check_pair("huber_loss", input, target, reduction);
  if (!(delta > 0))
    refuse_number("huber_loss", "delta", delta, "a number above 0; infinity for half the squares", input);
  const At at(input);
  const Tensor d = input - target, c = clamp(d, -delta, delta);
  return finish(c * (d - c * 0.5), reduction);  // d²/2 where c = d, delta (|d| - delta/2) beyond
}

Tensor smooth_l1_loss(Arg input, Arg target, double beta, Reduction reduction) {
  check_pair("smooth_l1_loss", input, target, reduction);
  if (!(beta >= 0 && beta < infinity))
    refuse_number("smooth_l1_loss", "beta", beta, "a finite number of 0 or more", input);
  const At at(input);
  return beta == 0 ? l1_loss(input, target, reduction) : huber_loss(input, target, beta, reduction) * (1 / beta);
}

// ---- of probabilities ----

namespace {

void check_weight(const char* name, const char* what, const Tensor& weight, const Arg& input) {
  if (!weight.defined()) return;
  check_same_dtype(name, input, Arg(weight, input.where));
  const Shape& shape = input.tensor().shape();
  if (broadcast_shape(shape, weight.shape(), name, input.where) != shape)
    fail(name,
         {.wrong = std::string(what) + " has more elements than the input along some axis",
          .got = formatted("{} {}, input {}", what, to_string(weight.shape()), to_string(shape)),
          .expected = "a shape that broadcasts to " + to_string(shape)},
         input);
}

}  // namespace

Tensor bce_loss(Arg input, Arg target, const BceOptions& options) {
  const char* name = "bce_loss";
  check_pair(name, input, target, options.reduction);
  check_weight(name, "weight", options.weight, input);
  if (options.pos_weight.defined())
    fail(name,
         {.wrong = "pos_weight needs logits", .advice = "call bce_with_logits_loss on the input before the sigmoid"},
         input);
  check_probabilities(name, "input", input, "apply a sigmoid first, or call bce_with_logits_loss");
  check_probabilities(name, "target", target, "convert class numbers to 0 and 1");
  const At at(input);
  Tensor loss = apply(BceLoss{}, input, target);
  if (options.weight.defined()) loss = chain_mul(options.weight, loss);
  return finish(loss, options.reduction);
}

Tensor bce_with_logits_loss(Arg input, Arg target, const BceOptions& options) {
  const char* name = "bce_with_logits_loss";
  check_pair(name, input, target, options.reduction);
  check_weight(name, "weight", options.weight, input);
  check_weight(name, "pos_weight", options.pos_weight, input);
  check_probabilities(name, "target", target, "convert class numbers to 0 and 1");
  const At at(input);
  Tensor yes = -target, no = target - 1;
  if (options.pos_weight.defined()) yes = yes * options.pos_weight;
  if (options.weight.defined()) {
    yes = yes * options.weight;
    no = no * options.weight;
  }
  // 0 times -inf is 0 here: a logit of ±inf is certain, and right where its target says so.
  return finish(chain_mul(yes, log_sigmoid(input)) + chain_mul(no, log_sigmoid(-input)), options.reduction);
}

Tensor kl_div(Arg input, Arg target, const KlDivOptions& options) {
  check_pair("kl_div", input, target, options.reduction);
  if (!options.log_target)
    check_probabilities("kl_div", "target", target, "for log-probabilities set .log_target = true");
  const At at(input);
  const Tensor& t = target;
  const Tensor none = eq(t, options.log_target ? -infinity : 0), safe = masked_fill(t, none, 1);
  const Tensor p = options.log_target ? exp(safe) : safe, log_p = options.log_target ? safe : log(safe);
  return finish(masked_fill(p * (log_p - input), none, 0), options.reduction);
}

// ---- of margins ----

Tensor hinge_loss(Arg input, Arg target, Reduction reduction) {
  check_pair("hinge_loss", input, target, reduction);
  check_signs("hinge_loss", target);
  const At at(input);
  return finish(clamp(input * -target + 1, 0, infinity), reduction);
}

Tensor hinge_embedding_loss(Arg input, Arg target, double margin, Reduction reduction) {
  check_pair("hinge_embedding_loss", input, target, reduction);
  check_finite("hinge_embedding_loss", "margin", margin, input);
  check_signs("hinge_embedding_loss", target);
  const At at(input);
  return finish(where(eq(target, 1), input, clamp(-input + margin, 0, infinity)), reduction);
}

Tensor cosine_embedding_loss(Arg a, Arg b, Arg target, double margin, Reduction reduction) {
  const char* name = "cosine_embedding_loss";
  check_pair(name, a, b, reduction);
  check_same_dtype(name, a, target);
  check_finite(name, "margin", margin, a);
  const Shape& shape = a.tensor().shape();
  if (shape.empty() || target.tensor().shape() != Shape(std::span(shape.begin(), shape.end() - 1)))
    fail(name,
         {.wrong = "the target needs one element for each row of the inputs",
          .got = formatted("a {}, target {}", to_string(shape), to_string(target.tensor().shape())),
          .expected = "a and b (N, D), target (N)"},
         a);
  check_signs(name, target);
  const At at(a);
  const Tensor norms = (sum(square(a), -1) + 1e-12) * (sum(square(b), -1) + 1e-12);
  const Tensor cosine = sum(a * b, -1) / sqrt(norms);
  return finish(where(eq(target, 1), -cosine + 1, clamp(cosine - margin, 0, infinity)), reduction);
}

Tensor triplet_margin_loss(Arg anchor, Arg positive, Arg negative, const TripletOptions& options) {
  const char* name = "triplet_margin_loss";
  check_pair(name, anchor, positive, options.reduction);
  check_pair(name, anchor, negative, options.reduction);
  if (anchor.tensor().dim() == 0)
    fail(name, {.wrong = "the inputs have no axes", .got = "shape ()", .expected = "(N, D) or (D)"}, anchor);
  if (!(options.p > 0)) refuse_number(name, "p", options.p, "a number above 0; infinity for the largest", anchor);
  check_finite(name, "margin", options.margin, anchor);
  check_eps(name, options.eps, anchor);
  const At at(anchor);
  const auto distance = [&](const Tensor& u, const Tensor& v) { return norm(u - v + options.eps, options.p, -1); };
  Tensor away = distance(anchor, negative);
  if (options.swap) away = minimum(away, distance(positive, negative));
  return finish(clamp(distance(anchor, positive) - away + options.margin, 0, infinity), options.reduction);
}

}  // namespace gradus
