// Lesson 19: a clinic. Ten sick programs: find the fault. See 19_clinic.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

Tensor leaf(const Tensor& value) { return value.clone().requires_grad_(); }

// A training in which one thing is done wrongly: `clear` zeroes the gradient before each step.
std::vector<double> bowl(double rate, bool clear) {
  Tensor x = leaf(scalar(1, f64));
  std::vector<double> places;
  for (int i = 0; i < 40; ++i) {
    if (clear) x.zero_grad();
    Tape tape;
    tape.backward(square(x) / 2);
    x.add_(x.grad(), -rate);
    places.push_back(x.item());
  }
  return places;
}
// Three steps of program 1 for `gradus diff`: the sick one clears the gradient only once, before the first.
void trace_three(const char* file, bool cured) {
  const study::Trace trace(file, study::TraceOptions{});
  Tensor x = leaf(scalar(1, f64)).set_name("x");
  optim::SGD opt({x}, {.lr = 0.1});
  for (int i = 0; i < 3; ++i) {
    if (cured || i == 0) opt.zero_grad();
    Tape tape;
    tape.backward((square(x) / 2).set_name("loss"));
    opt.step();
  }
}
// Places at the steps 0, `every`, 2 `every` …
void show(const char* what, const std::vector<double>& places, std::size_t every) {
  std::printf("%s", what);
  for (std::size_t i = 0; i < places.size() && i < 8 * every; i += every) std::printf(" %.2g", places[i]);
  std::printf("\n");
}
const std::vector<std::string> three = {"zero_grad() is missing", "the rate is too large",
                                        "the sign of the step is wrong"};
void three_bowls(Lesson& lesson) {
  const std::vector<double> sick = bowl(0.1, false), cured = bowl(0.1, true);
  show("\nProgram 1, x²/2 with rate 0.1. Every 5 steps x is", sick, 5);
  lesson.choose("It swings without end.", three, 0, "gradients of all steps pile up: momentum 1, lesson 4.");
  lesson.check_true("cured: |x| < 0.02 after 40 steps", std::abs(cured.back()) < 0.02);
  lesson.gap();
  Plot picture(0, 39, -1, 1, 61, 11);
  picture.curve([](double) { return 0; }, '.');
  for (std::size_t i = 0; i < sick.size(); ++i) {
    picture.point(static_cast<double>(i), sick[i], 'o');
    picture.point(static_cast<double>(i), cured[i], '*');
  }
  picture.print("           program 1: x at each step, o = sick, * = cured");
  trace_three("lesson_19_sick.jsonl", false);
  trace_three("lesson_19_cured.jsonl", true);
  show("Program 2, x²/2. Every step x is", bowl(2.2, true), 1);
  lesson.choose("It jumps from side to side, farther each time.", three, 1, "1 - αλ is -1.2: lesson 3.");
  show("Program 3, x²/2 with rate 0.1. Every 5 steps x is", bowl(-0.1, true), 5);
  lesson.choose("It grows steadily, always on the same side.", three, 2, "each step multiplies by 1.1: uphill.");
}

void broadcast(Lesson& lesson) {
  const Tensor predicted = tensor({{1}, {2}, {3}, {4}}, f64), target = tensor({1, 2, 3, 4}, f64);
  const Tensor off = predicted - target;
  std::printf("Program 4: predictions (4, 1) and targets (4) are equal, and the mean squared error is %.2f.\n",
              mean(square(off)).item());
  lesson.ask("How many numbers has their difference, predicted - target?", static_cast<double>(off.numel()),
             "(4, 1) and (4) broadcast to (4, 4).");
  lesson.check("cured, targets of shape (4, 1): the error", 0, mean(square(predicted - target.unsqueeze(1))).item());
}

// Two hidden units on XOR, from these weights: their weights after training, and the loss.
const Tensor x4 = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, f64), y4 = tensor({{0}, {1}, {1}, {0}}, f64);
struct Xor {
  Tensor w1, b1, w2;
  double loss = 0, gradient = 0;
};
Xor train_xor(const Tensor& start, double bias, const std::function<Tensor(const Tensor&)>& squash) {
  Xor n{leaf(start), leaf(full({2}, bias, f64)), leaf(tensor({{1}, {1}}, f64))};
  optim::SGD opt({n.w1, n.b1, n.w2}, {.lr = 0.1});
  for (int i = 0; i < 500; ++i) {
    opt.zero_grad();
    Tape tape;
    const Tensor loss = mse_loss(matmul(squash(matmul(x4, n.w1) + n.b1), n.w2), y4);
    tape.backward(loss);
    opt.step();
    n.loss = loss.item(), n.gradient = norm(n.w1.grad()).item();
  }
  return n;
}

void two_units(Lesson& lesson) {
  const auto tanh_of = [](const Tensor& s) { return tanh(s); };
  const auto relu_of = [](const Tensor& s) { return relu(s); };
  const Xor same = train_xor(ones({2, 2}, f64), 0, tanh_of);
  std::printf(
      "\nProgram 5, two hidden units for XOR. After 500 steps the loss is %.3f; weights of the units: (%.3f, %.3f) "
      "and (%.3f, %.3f)\n",
      same.loss, same.w1.at({0, 0}), same.w1.at({1, 0}), same.w1.at({0, 1}), same.w1.at({1, 1}));
  const std::vector<std::string> units = {"both units are dead: ReLU below 0 for all data",
                                          "both units started equal, and stay so", "the data is wrong"};
  lesson.choose("It does not learn.", units, 1, "equal units get equal gradients: start with random weights.");
  const double bias = lesson.input("bias", -5, -5, 1, "with which the units of program 6 start");
  const Tensor start = tensor({{1, -1}, {-1, 1}}, f64);
  const Xor dead = train_xor(start, bias, relu_of);
  std::printf("Program 6, the same with ReLU. The loss stays at %.3f; the gradient of the weights is exactly %g.\n",
              dead.loss, dead.gradient);
  lesson.choose("It does not learn.", units, 0, "a bias of -5 puts every sum below 0, where ReLU has the slope 0.");
  lesson.check_true("cured, bias 0: the loss is below 0.001", train_xor(start, 0, relu_of).loss < 1e-3);
}

void losses(Lesson& lesson) {
  const Tensor sure = tensor({{50, 0, 0, 0}}, f64), label = tensor({0}, i64);
  std::printf("\nProgram 7: four classes, the network is certain and right, and the loss is %.4f.\n",
              cross_entropy(softmax(sure, 1), label).item());
  lesson.choose("It should be 0.", {"the rate is too small", "softmax is applied twice", "the label is wrong"}, 1,
                "lesson 6: the floor ln(1 + 3/e).");
  lesson.check("cured: the loss", 0, cross_entropy(sure, label).item(), 1e-9);
  {
    const study::Trace trace("lesson_19.jsonl", study::TraceOptions{});
    const Tensor z = scalar(-800, f64).requires_grad_().set_name("z");
    Tape tape;
    const Tensor p = sigmoid(z).set_name("p"), loss = (-log(p)).set_name("loss");
    tape.backward(loss);
    std::printf("\nProgram 8: loss = -log(sigmoid(z)), and after some time it is %g. (This is the one in the trace.)\n",
                loss.item());
  }
  lesson.choose("What happened?", {"p became 0, and log(0) is not finite", "z became too large", "a division by 0"}, 0,
                "sigmoid(-800) is e^-800.");
  lesson.check("cured, -log_sigmoid(z): the loss", 800, -log_sigmoid(scalar(-800, f64)).item());
}

void cut_off(Lesson& lesson) {
  const Tensor first = leaf(scalar(2, f64)), second = leaf(scalar(3, f64));
  {
    Tape tape;
    tape.backward(second * (first * 1).detach());
  }
  std::printf("\nProgram 9: the second layer learns, the first never changes. Has it a gradient? %s.\n",
              first.grad().defined() ? "Yes" : "No");
  lesson.choose("Why?", {"its rate is 0", "detach() has cut it off the tape", "its weights are too small"}, 1,
                "lesson 16: detach ends the path back.");
}

// A rule with a mistake, as in lesson 2.
struct WrongSquare {
  static constexpr auto name = "wrong_square", rule = "dx = g x      (should be 2 g x)";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return square(in[0]); }
  void vjp(Vjp& v) const { v.give(0, v.g * v.in(0)); }
};

void wrong_rule(Lesson& lesson) {
  const GradcheckResult verdict =
      gradcheck([](const Tensor& x) { return apply(WrongSquare{}, Arg(x)); }, {tensor({3}, f64)});
  std::printf("Program 10 learns, but slowly. gradcheck says %s, and names %.12s.\n", verdict.ok ? "ok" : "not ok",
              verdict.blame.c_str());
  lesson.ask("By what factor is the gradient of program 10 wrong: gradient by the rule / by differences?",
             verdict.inputs[0].analytic / verdict.inputs[0].numeric, "its rule says g x in place of 2 g x.");
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("19: a clinic", argc, argv);
  three_bowls(lesson);
  broadcast(lesson);
  two_units(lesson);
  losses(lesson);
  cut_off(lesson);
  wrong_rule(lesson);
  return lesson.end();
}
