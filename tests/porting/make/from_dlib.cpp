// Numbers of dlib: its solvers and losses. Prints JSON.
#include <dlib/dnn.h>

#include <cstdio>
#include <vector>

using namespace dlib;

const float start[] = {1, -2, 0.5F};
const std::vector<std::vector<float>> gradients{
    {0.5F, -1, 1e-7F}, {0.25F, 2, 1e-7F}, {-1, 0.5F, 1e-3F}, {0.75F, -0.25F, 0}};

// What a solver asks of a layer.
struct Weights {
  resizable_tensor numbers;
  const tensor& get_layer_params() const { return numbers; }
  tensor& get_layer_params() { return numbers; }
};

template <class Solver>
void path(const char* name, Solver solver, const char* end) {
  Weights w;
  w.numbers.set_size(1, 3);
  std::copy(start, start + 3, w.numbers.host());
  std::printf("\"%s\": {\"start\": [1, -2, 0.5], \"gradients\": [", name);
  for (std::size_t i = 0; i < gradients.size(); ++i)
    std::printf("%s[%.9g, %.9g, %.9g]", i ? ", " : "", gradients[i][0], gradients[i][1], gradients[i][2]);
  std::printf("], \"path\": [");
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    resizable_tensor g;
    g.set_size(1, 3);
    std::copy(gradients[i].begin(), gradients[i].end(), g.host());
    const tensor& step = solver(0.1F, w, g);
    for (long k = 0; k < 3; ++k) w.numbers.host()[k] += step.host()[k];
    const float* p = w.numbers.host();
    std::printf("%s[%.9g, %.9g, %.9g]", i ? ", " : "", p[0], p[1], p[2]);
  }
  std::printf("]}%s\n", end);
}

int main() {
  std::printf("{\"library\": \"dlib\", \"version\": \"19.24\", \"rows\": {");
  path("sgd", sgd(), ",");
  path("adam", adam(), ",");
  using Net = loss_mean_squared<fc<1, input<matrix<float>>>>;
  Net net;
  matrix<float> x(1, 1);
  x = 1;
  net(x);
  layer<1>(net).layer_details().get_weights() = 3;
  layer<1>(net).layer_details().get_biases() = 0;
  std::vector<matrix<float>> all{x};
  std::vector<float> labels{1};
  const double value = net.compute_loss(all.begin(), all.end(), labels.begin());
  net.compute_parameter_gradients(all.begin(), all.end(), labels.begin());
  std::printf("\"mean_squared\": {\"input\": [3], \"target\": [1], \"value\": %.9g, \"gradient\": [%.9g]}", value,
              layer<1>(net).get_parameter_gradient().host()[0]);
  std::printf("}}\n");
}
