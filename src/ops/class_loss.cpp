// Losses of class labels, and of probabilities for each class.
#include "ops/losses.hpp"

namespace gradus {

using namespace detail;

namespace {

// -log softmax(x)[label] of every row of x (N, C): one fused pass forward, one backward.
struct CrossEntropy : Plain {
  static constexpr auto name = "cross_entropy", inputs = "x label",
                        formula = "y[n] = -p[n, label[n]], p = log_softmax(x, axis 1)",
                        rule = "dx[n, c] = g[n] (p[n, c] - (1 where c = label[n], else 0)), p = softmax(x, axis 1)";
  static constexpr Saves saves{in0 | in1};
  Tensor forward(Fwd&, Ins in) const {
    const Tensor x = dense(in[0]), at = dense(in[1]);
    Tensor y = empty({x.size(0)}, x.dtype());
    visit_floating(x.dtype(), [&]<class T>() {
      kernels::table<T>().cross_entropy(x.size(0), x.size(1), detail::data<T>(x), detail::data<std::int64_t>(at),
                                        detail::data<T>(y));
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor& x = v.in(0);
    v.give(0, (softmax(x, 1) - one_hot(v.in(1), x.size(1), x.dtype())) * unsqueeze(v.g, 1));
  }
  void fast(Vjp& v) const {
    const Tensor x = dense(v.in(0)), at = dense(v.in(1)), g = dense(v.g);
    Tensor dx = empty(x.shape(), x.dtype());
    visit_floating(x.dtype(), [&]<class T>() {
      kernels::table<T>().cross_entropy_vjp(x.size(0), x.size(1), detail::data<T>(x), detail::data<std::int64_t>(at),
                                            detail::data<T>(g), detail::data<T>(dx));
    });
    v.give(0, std::move(dx));
  }
};

constexpr const OpTable* rows_of_classes[] = {&op_table<CrossEntropy>};

// ---- class labels ----

int class_axis(const Shape& input) { return input.size() == 1 ? 0 : 1; }

Shape without_classes(Shape shape) {
  shape.erase(class_axis(shape));
  return shape;
}

// What labels say, checked.
struct Labels {
  Tensor at;         // each target's class, along the class axis of the input; 0 where it is ignored
  Tensor ignored;    // bool; undefined where none is
  Tensor weight;     // of each target's class; undefined where all are 1
  double total = 0;  // the weights that count
};

Labels read_labels(const char* name, const Arg& input, const Arg& target, const Tensor& weight,
                   std::int64_t ignore_index) {
  const Shape &shape = input.tensor().shape(), expected = without_classes(shape);
  const Tensor t = target.tensor();
  if (t.dtype() != i64)
    fail(name,
         {.wrong = "class labels must be integers",
          .got = formatted("{} of shape {}", gradus::name(t.dtype()), to_string(t.shape())),
          .expected = formatted("i64 of shape {}", to_string(expected)),
          .advice = "convert the labels: target.to(i64)"},
         input);
  if (t.shape() != expected) {
    std::string advice = "give one label for each row of the input";
    if (t.shape() == shape) {
      advice = formatted("rows of 0 and 1 are probabilities: convert them with target.to({})",
                         gradus::name(input.tensor().dtype()));
    } else if (t.numel() == expected.numel()) {
      advice = "reshape the labels: target.reshape(…)";
    }
    fail(name,
         {.wrong = "the labels have the wrong shape",
          .got = formatted("input {}, target {}", to_string(shape), to_string(t.shape())),
          .expected = formatted("target {}: the input's shape without its classes", to_string(expected)),
          .advice = advice},
         input);
  }
  const std::int64_t classes = shape[class_axis(shape)];
  Labels r;
  r.at = dense(t);
  const std::int64_t n = t.numel(), *label = detail::data<std::int64_t>(r.at);
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (label[i] == ignore_index && ignore_index != no_index) continue;
    ++kept;
    if (label[i] >= 0 && label[i] < classes) continue;
    std::string advice;
    if (label[i] == classes) advice = "labels start at 0";
    if (label[i] < 0) advice = formatted("to leave such targets out: .ignore_index = {}", label[i]);
    fail(name,
         {.wrong = "a label is out of range",
          .got = formatted("{} = {}", element("target", t.shape(), i), label[i]),
          .expected = classes ? formatted("0 to {}, for {} classes", classes - 1, classes)
                              : std::string("an input with at least one class"),
          .advice = advice},
         input);
  }
  r.total = static_cast<double>(kept);
  if (kept < n) {
    r.ignored = eq(r.at, static_cast<double>(ignore_index));
    r.at = masked_fill(r.at, r.ignored, 0);
  }
  if (weight.defined()) {
    r.weight = reshape(index_select(weight.detach(), 0, reshape(r.at, {n})), t.shape());
    const Tensor counted = kept < n ? masked_fill(r.weight, r.ignored, 0) : r.weight;
    r.total = to(counted, f64).sum().item();
  }
  r.at = unsqueeze(r.at, class_axis(shape));
  return r;
}

Tensor along_classes(const Tensor& weight, const Tensor& input) {
  Shape shape;
  for (int i = 0; i < input.dim(); ++i) shape.push_back(i == class_axis(input.shape()) ? weight.numel() : 1);
  return reshape(weight.detach(), shape);
}

// The losses of all targets, reduced: those that are ignored count nowhere.
Tensor finish(Tensor y, const Labels& l, Reduction reduction) {
  if (l.ignored.defined()) y = masked_fill(y, l.ignored, 0);
  if (reduction == Reduction::none) return y;
  if (reduction == Reduction::mean && l.total == static_cast<double>(y.numel())) return mean(y);
  if (reduction == Reduction::sum) return sum(y);
  return sum(y) * (1 / (reduction == Reduction::mean ? l.total : rows(y)));
}

// Minus the log-probabilities at the labels, weighted.
Tensor picked(const Tensor& logp, const Labels& l) {
  const int axis = class_axis(logp.shape());
  const Tensor y = -squeeze(gather(logp, axis, l.at), axis);
  return l.weight.defined() ? chain_mul(l.weight, y) : y;  // a class of weight 0 does not count, whatever its loss
}

void check_classes(const char* name, const Arg& input, const Arg& target, const Tensor& weight, Reduction reduction) {
  check_floating(name, input);
  check_defined(target, name, target.where);
  if (input.tensor().dim() == 0)
    fail(name,
         {.wrong = "the input has no axis of classes",
          .got = "shape " + to_string(input.tensor().shape()),
          .expected = "(C), (N, C) or (N, C, …)"},
         input);
  check_mean(name, input, reduction);
  if (!weight.defined()) return;
  check_same_dtype(name, input, Arg(weight, input.where));
  const Shape& shape = input.tensor().shape();
  if (weight.shape() != Shape{shape[class_axis(shape)]})
    fail(name,
         {.wrong = "the class weights have the wrong shape",
          .got = formatted("weight {}, input {}", to_string(weight.shape()), to_string(shape)),
          .expected = formatted("weight {}: one for each class", to_string(Shape{shape[class_axis(shape)]}))},
         input);
}

}  // namespace

Rows detail::class_loss_rows() { return rows_of_classes; }

Tensor nll_loss(Arg input, Arg target, const NllOptions& options) {
  check_classes("nll_loss", input, target, options.weight, options.reduction);
  const At at(input);
  const Labels labels = read_labels("nll_loss", input, target, options.weight, options.ignore_index);
  return finish(picked(input, labels), labels, options.reduction);
}

Tensor cross_entropy(Arg input, Arg target, const CrossEntropyOptions& options) {
  const char* name = "cross_entropy";
  check_classes(name, input, target, options.weight, options.reduction);
  const double eps = options.label_smoothing;
  if (!(eps >= 0 && eps <= 1)) refuse_number(name, "label_smoothing", eps, "0 to 1", input);
  const At at(input);
  const Tensor &x = input, &t = target;
  const int axis = class_axis(x.shape());
  if (!is_floating(t.dtype()) || t.shape() != x.shape()) {
    const Labels labels = read_labels(name, input, target, options.weight, options.ignore_index);
    if (eps == 0 && !labels.weight.defined() && x.dim() == 2 && x.numel() > 0)
      return finish(apply(CrossEntropy{}, x, squeeze(labels.at, 1)), labels, options.reduction);
    const Tensor logp = log_softmax(x, axis);
    Tensor y = picked(logp, labels);
    if (eps > 0) {
      const Tensor all = options.weight.defined() ? logp * along_classes(options.weight, logp) : logp;
      y = y * (1 - eps) - sum(all, axis) * (eps / static_cast<double>(x.size(axis)));
    }
    return finish(y, labels, options.reduction);
  }
  check_same_dtype(name, input, target);
  if (options.ignore_index != no_index)
    fail(name,
         {.wrong = "ignore_index needs class labels, but the targets are probabilities",
          .got = formatted("ignore_index = {}", options.ignore_index)},
         input);
  check_probabilities(name, "target", target, "for class labels: target.to(i64), without the axis of classes");
  Tensor y = -t;
  if (eps > 0) y = y * (1 - eps) - eps / static_cast<double>(x.size(axis));
  if (options.weight.defined()) y = y * along_classes(options.weight, x);
  return finish(sum(chain_mul(y, log_softmax(x, axis)), axis), options.reduction);  // 0 log 0 is 0
}

}  // namespace gradus
