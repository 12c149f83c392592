// Lesson 7: vanishing and exploding gradients, and what initialisation has to do with it. See 07_depth.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

constexpr int layers = 20;
constexpr std::int64_t batch = 128;
std::int64_t width = 64;

enum class Activation { sigmoid, tanh, relu };
using Init = Tensor (*)(Tensor weight);

// Xavier's deviation keeps the size of what passes a linear layer, He's makes up for the half that ReLU throws away,
// and a deviation of 1 does neither.
Tensor xavier(Tensor w) { return nn::init::xavier_normal_(w); }
Tensor he(Tensor w) { return nn::init::kaiming_normal_(w); }
Tensor normal(Tensor w) { return nn::init::normal_(w); }

// The size of the gradient in one network: at x, behind each layer, and at the end, where it is 1.
std::vector<double> sizes(Activation activation, Init init) {
  std::vector<Tensor> values = {randn({batch, width}, f64)};
  std::vector<Tensor> weights;
  for (int i = 0; i < layers; ++i) weights.push_back(init(zeros({width, width}, f64)));
  Tape tape;
  tape.watch(values[0]);
  for (const Tensor& w : weights) {
    const Tensor z = matmul(values.back(), w);
    values.push_back(activation == Activation::sigmoid ? sigmoid(z)
                     : activation == Activation::tanh  ? tanh(z)
                                                       : relu(z));
  }
  // A random direction at the end stands for the loss.
  const Tensor end = randn({batch, width}, f64);
  std::vector<double> all;
  for (const Tensor& g : tape.gradient(values.back(), values, {.cotangent = end}))
    all.push_back(norm(g).item() / norm(end).item());
  return all;
}

// The factor by which one layer changes the size of the gradient on its way back, the mean over layers and networks.
double factor(Activation activation, Init init, int networks = 12) {
  double total = 0;
  for (int k = 0; k < networks; ++k) total += std::log(sizes(activation, init)[0]) / layers;
  return std::exp(total / networks);
}

// Powers of ten, layer by layer.
void draw(Plot& plot, const std::vector<double>& all, char mark) {
  for (std::size_t i = 0; i < all.size(); ++i) plot.point(static_cast<double>(i), std::log10(all[i]), mark);
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("7: vanishing and exploding gradients", argc, argv);
  manual_seed(static_cast<std::uint64_t>(lesson.whole("seed", 7, 0, 1000, "of the random weights")));
  width = lesson.whole("width", 64, 4, 200, "numbers in a layer");
  lesson.ask("Each of 20 layers multiplies the gradient by 0.235. What is left at the first layer?",
             std::pow(0.235, 20), "0.235^20; the logarithm is 20 · log10(0.235) = -12.6.", 0.05);
  const double sigmoid_factor = factor(Activation::sigmoid, xavier);
  lesson.check("sigmoid, Xavier: σ' <= 1/4 shrinks each layer", 0.235, sigmoid_factor, 0.03);
  lesson.check_true("over 20 layers less than a millionth of a millionth is left",
                    std::pow(sigmoid_factor, 20) < 1e-12);
  lesson.check("tanh, Xavier: close to 1", 0.92, factor(Activation::tanh, xavier), 0.03);
  lesson.ask("ReLU lets half of the numbers through. By what factor must the weights grow to make up for it?",
             std::sqrt(2.0), "the variance halves, so the size falls by √½.");
  const double he_factor = factor(Activation::relu, he);
  lesson.check("ReLU, He: kept, since 2/n makes up for the half lost", 1.0, he_factor, 0.03);
  lesson.check("ReLU, Xavier: 1/√2", 0.7071068, factor(Activation::relu, xavier), 0.03);
  const double wild = factor(Activation::relu, normal);
  lesson.check(words("ReLU, N(0, 1): √(%d/2)", static_cast<int>(width)), std::sqrt(static_cast<double>(width) / 2),
               wild, 0.03);
  lesson.check_true("over 20 layers a factor of about 1e15", std::pow(wild, 20) > 1e14 && std::pow(wild, 20) < 1e16);
  lesson.gap();
  Plot picture(0, layers, -15, 15, 61, 13);
  draw(picture, sizes(Activation::relu, normal), 'N');
  draw(picture, sizes(Activation::relu, he), 'h');
  draw(picture, sizes(Activation::relu, xavier), 'x');
  draw(picture, sizes(Activation::sigmoid, xavier), 's');
  picture.print(
      "           the size of the gradient at layer 0 … 20, as a power of ten: the way back goes to the left\n"
      "           ReLU: N = N(0, 1), h = He, x = Xavier.  s = sigmoid, Xavier");
  {  // for the stepper: four sigmoid layers of two units
    const study::Trace trace("lesson_07.jsonl", study::TraceOptions{});
    const Tensor x = tensor({{1, -1}}, f64).requires_grad_().set_name("x"), w = tensor({{1, -1}, {1, 1}}, f64);
    Tape tape;
    Tensor h = x;
    for (int i = 1; i <= 4; ++i) h = sigmoid(matmul(h, w)).set_name("h" + std::to_string(i));
    tape.backward(sum(h).set_name("loss"));
  }
  return lesson.end();
}
