// Losses of class labels, and of probabilities for each class.
#include "ops/losses.hpp"

namespace gradus {

using namespace detail;

namespace {

// -log softmax(x)[label] of every row of x (N, C), in one pass there and one back.
struct CrossEntropy {
  static constexpr auto name = "cross_entropy", rule = "dx = g (softmax(x) - y), y the labels as rows of 0 and 1";
  static constexpr Saves saves{in0 | in1};
  void fields(auto&) const {}
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
         {.wrong = "class labels are integers",
          .got = std::string(gradus::name(t.dtype())) + " of shape " + to_string(t.shape()),
          .expected = "i64 of shape " + to_string(expected),
          .advice = "convert them: target.to(i64)"},
         input);
  if (t.shape() != expected)
    fail(name,
         {.wrong = "the labels do not fit the input",
          .got = "input " + to_string(shape) + ", target " + to_string(t.shape()),
          .expected = to_string(expected) + ": the input's shape without its classes",
          .advice = t.shape() == shape ? "rows of 0 and 1 are probabilities: cross_entropy(input, target.to(f32))"
                    : t.numel() == expected.numel() ? "reshape it: target.reshape(…)"
                                                    : "one label for each row of the input"},
         input);
  const std::int64_t classes = shape[class_axis(shape)];
  Labels r;
  r.at = dense(t);
  const std::int64_t n = t.numel(), *label = detail::data<std::int64_t>(r.at);
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (label[i] == ignore_index && ignore_index != no_index) continue;
    ++kept;
    if (label[i] < 0 || label[i] >= classes)
      fail(
          name,
          {.wrong = "a label is out of range",
           .got = element("target", t.shape(), i) + " is " + std::to_string(label[i]),
           .expected = classes ? "0 to " + std::to_string(classes - 1) + ", for " + std::to_string(classes) + " classes"
                               : "none: the input has no classes",
           .advice = label[i] == classes ? "labels start at 0"
                     : label[i] < 0      ? "targets that should not count: .ignore_index = " + std::to_string(label[i])
                                         : ""},
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

Tensor beside_classes(const Tensor& weight, const Tensor& input) {
  Shape shape;
  for (int i = 0; i < input.dim(); ++i) shape.push_back(i == class_axis(input.shape()) ? weight.numel() : 1);
  return reshape(weight.detach(), shape);
}

// The losses of all targets, reduced: those that are ignored count nowhere.
Tensor finish(Tensor y, const Labels& l, Reduction reduction) {
  if (l.ignored.defined()) y = masked_fill(y, l.ignored, 0);
  if (reduction == Reduction::none) return y;
  if (reduction == Reduction::mean && l.total == static_cast<double>(y.numel())) return mean(y);
  return sum(y) * (1 / (reduction == Reduction::mean ? l.total : reduction == Reduction::sum ? 1 : rows(y)));
}

// Minus the log-probabilities at the labels, weighted.
Tensor picked(const Tensor& logp, const Labels& l) {
  const int axis = class_axis(logp.shape());
  const Tensor y = -squeeze(gather(logp, axis, l.at), axis);
  return l.weight.defined() ? y * l.weight : y;
}

void check_classes(const char* name, const Arg& input, const Arg& target, const Tensor& weight, Reduction reduction) {
  check_floating(name, input);
  check_defined(target, name, target.where);
  if (input.tensor().dim() == 0)
    fail(name,
         {.wrong = "the input has no classes",
          .got = to_string(input.tensor().shape()),
          .expected = "(C), (N, C) or (N, C, …)"},
         input);
  check_mean(name, input, reduction);
  if (!weight.defined()) return;
  check_same_dtype(name, input, Arg(weight, input.where));
  const Shape& shape = input.tensor().shape();
  if (weight.shape() != Shape{shape[class_axis(shape)]})
    fail(name,
         {.wrong = "the class weights do not fit",
          .got = to_string(weight.shape()) + ", input " + to_string(shape),
          .expected = to_string(Shape{shape[class_axis(shape)]}) + ", one for each class"},
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
  if (!(eps >= 0 && eps <= 1))
    fail(name, {.wrong = "label_smoothing is not a share", .got = number_text(eps), .expected = "0 to 1"}, input);
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
      const Tensor all = options.weight.defined() ? logp * beside_classes(options.weight, logp) : logp;
      y = y * (1 - eps) - sum(all, axis) * (eps / static_cast<double>(x.size(axis)));
    }
    return finish(y, labels, options.reduction);
  }
  check_same_dtype(name, input, target);
  if (options.ignore_index != no_index)
    fail(name,
         {.wrong = "ignore_index is for class labels, and these targets are probabilities",
          .got = std::to_string(options.ignore_index)},
         input);
  Tensor y = -t;
  if (eps > 0) y = y * (1 - eps) - eps / static_cast<double>(x.size(axis));
  if (options.weight.defined()) y = y * beside_classes(options.weight, x);
  return finish(sum(log_softmax(x, axis) * y, axis), options.reduction);
}

}  // namespace gradus
