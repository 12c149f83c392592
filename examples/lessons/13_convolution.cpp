// Lesson 13: convolution and pooling, and their ways back. See 13_convolution.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

double apart(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

// A row of pixels as conv2d wants it: 1 image, 1 channel, height 1.
Tensor row(std::initializer_list<Nested> numbers) { return tensor(numbers, f64).reshape({1, 1, 1, -1}); }

// What g becomes on its way back through f.
std::vector<Tensor> back(const Objective& f, const std::vector<Tensor>& inputs, const Tensor& g) {
  Tape tape;
  for (const Tensor& x : inputs) tape.watch(x);
  return tape.gradient(f(), inputs, {.cotangent = g});
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("13: convolution", argc, argv);
  // Dark on the left, bright on the right, and a filter that subtracts each pixel from its right neighbour but one.
  const double w0 = lesson.input("w0", -1, -5, 5, "the filter's first weight"),
               w1 = lesson.input("w1", 0, -5, 5, "its second"), w2 = lesson.input("w2", 1, -5, 5, "its third");
  const Tensor x = row({0, 0, 0, 1, 1, 1}), w = row({w0, w1, w2});
  const Tensor y = conv2d(x, w);
  std::cout << "pixels  " << x.flatten() << "\nfilter  " << w.flatten() << "\noutput  " << y.flatten() << "\n\n";
  lesson.ask("y(i) = w0 x(i) + w1 x(i+1) + w2 x(i+2). Six pixels, a filter of three: how many outputs?",
             static_cast<double>(y.numel()), "the filter starts at pixel 0, 1, 2 and 3.");
  lesson.check("the output at the edge between dark and bright", w2, y.flatten().at({1}));
  lesson.check("away from the edge: x(0) = x(1) = x(2) = 0", 0, y.flatten().at({0}));

  // The way back. Each weight was used at every place: its gradient is a sum over the places.
  const Tensor g = row({1, 2, 3, 4});  // dL/dy
  const std::vector<Tensor> d = back([&] { return conv2d(x, w); }, {w, x}, g);
  double dw0 = 0;
  for (int i = 0; i < 4; ++i) dw0 += g.flatten().at({i}) * x.flatten().at({i});
  lesson.ask("g is 1, 2, 3, 4. dL/dw0 = Σ g(i) x(i) over the four places. How much?", dw0,
             "x(0) to x(3) are 0, 0, 0, 1: only the last place counts.");
  lesson.check("dL/dw0 by conv2d's rule", dw0, d[0].flatten().at({0}));
  lesson.check("dL/dw, and a convolution of x with g: largest difference", 0, apart(d[0], conv2d(x, g)));
  // Each pixel was used by up to three outputs, with another weight each time: g, padded, with the filter turned round.
  const Tensor turned = flip(w, {3});
  lesson.check("dL/dx, and a convolution of padded g with the turned filter", 0,
               apart(d[1], conv2d(g, turned, {}, {.padding = {0, 2}})));

  {
    const study::Trace trace("lesson_13.jsonl", study::TraceOptions{});
    const Tensor pixels = x.clone().requires_grad_().set_name("x"), filter = w.clone().requires_grad_().set_name("w");
    Tape tape;
    tape.backward(sum(conv2d(pixels, filter) * g));
  }

  // Pooling. The maximum sends all of g to the winner, the average gives each of n a share of 1/n.
  const Tensor p = row({3, 1, 2, 5});
  const Tensor to_max = back([&] { return max_pool2d(p, {1, 2}); }, {p}, row({1, 1}))[0];
  const Tensor to_mean = back([&] { return avg_pool2d(p, {1, 2}); }, {p}, row({1, 1}))[0];
  lesson.gap();
  std::cout << "pooled in pairs: 3 1 | 2 5\nback through the maximum  " << to_max.flatten()
            << "\nback through the average  " << to_mean.flatten() << "\n\n";
  lesson.check("the maximum: all to the 5", 1, to_max.flatten().at({3}));
  lesson.check("nothing to the 2", 0, to_max.flatten().at({2}));
  lesson.check("the average: half to each", 0.5, to_mean.flatten().at({2}));

  // Few weights: 3x3 on an 8x8 image, against a dense layer from 64 pixels to the same 36 outputs.
  const nn::Conv2d conv(1, 1, 3, {.bias = false});
  const nn::Linear dense(64, 36, {.bias = false});
  lesson.ask("A 3x3 filter makes 6x6 outputs of 8x8 pixels, with 9 weights. How many would a dense layer have?",
             static_cast<double>(dense.weight.numel()), "64 pixels times 36 outputs.");
  lesson.check("weights of the dense layer for one of the filter", 256,
               static_cast<double>(dense.weight.numel()) / static_cast<double>(conv.weight.numel()));

  // Descent finds the filter from its outputs alone.
  manual_seed(13);
  const Tensor images = randn({20, 1, 8, 8}, f64), truth = tensor({{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}}, f64);
  const Tensor target = conv2d(images, truth.reshape({1, 1, 3, 3}));
  Tensor found = zeros({1, 1, 3, 3}, f64).requires_grad_().set_name("filter");
  optim::SGD opt({found}, {.lr = 0.2});
  for (int step = 0; step < 200; ++step) {
    opt.zero_grad();
    Tape tape;
    tape.backward(mean(square(conv2d(images, found) - target)));
    opt.step();
  }
  lesson.check("a filter learned from 20 images is the true one", 0, apart(found.reshape({3, 3}), truth), 1e-6);
  return lesson.end();
}
