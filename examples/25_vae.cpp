// A variational autoencoder (Kingma and Welling, 2014): two numbers for a digit, and a picture of the digits that lie
// between them, written as a PNG.
//
//   example_25_vae digits.png
#include <gradus/gradus.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

using namespace gradus;

struct Vae : nn::Module<Vae> {
  struct Result {
    Tensor y, mean, log_variance;
  };

  nn::Sequential encoder{nn::Linear(64, 128), nn::ReLU(), nn::Linear(128, 4)};
  nn::Sequential decoder{nn::Linear(2, 128), nn::ReLU(), nn::Linear(128, 64)};

  Result forward(Arg x) const {
    const auto parts = split(encoder(x), 2, 1);
    const Tensor noise = randn(parts[0].shape());
    return {decoder(parts[0] + exp(parts[1] / 2) * noise), parts[0], parts[1]};  // y: logits of pixels
  }
  void fields(auto& v) {
    v("encoder", encoder);
    v("decoder", decoder);
  }
};

// For each example, the pixels' cross-entropy and the divergence from N(0, 1).
Tensor loss(const Vae& vae, const Tensor& x) {
  const auto [y, mean, log_variance] = vae(x);
  const Tensor pixels = bce_with_logits_loss(y, x, {.reduction = Reduction::sum});
  const Tensor divergence = -0.5 * sum(1 + log_variance - square(mean) - exp(log_variance));
  return (pixels + divergence) / x.size(0);
}

int main(int count, char** arguments) {
  manual_seed(1);
  const auto [train, test] = data::digits();
  Vae vae;
  optim::Adam opt(vae, {.lr = 2e-3});
  const double before = loss(vae, test.x).item();
  for (int epoch = 0; epoch < 40; ++epoch) {
    for (auto [x, y] : data::batches(train, {.size = 64, .shuffle = true})) {
      Tape tape;
      tape.backward(loss(vae, x));
      opt.step();
      opt.zero_grad();
    }
  }
  std::printf("the loss is below 0.65 of what it was: %s\n", loss(vae, test.x).item() < 0.65 * before ? "yes" : "no");

  // Twelve by twelve places of the plane of codes, from -2 to 2.
  const Tensor line = linspace(-2, 2, 12), one = ones({12});
  const Tensor codes = stack({einsum("i,j->ij", {one, line}), einsum("i,j->ij", {line, one})}, 2).reshape({144, 2});
  const Tensor pictures = sigmoid(vae.decoder(codes)).reshape({144, 1, 8, 8});
  const Tensor grid = io::make_grid(1 - pictures, {.columns = 12, .padding = 1, .pad_value = 1});
  const std::string file =
      count > 1 ? arguments[1] : (std::filesystem::temp_directory_path() / "gradus_vae.png").string();
  io::save_image(grid, file);
  std::printf("a picture of %s pixels, %s\n", to_string(grid.shape()).c_str(),
              std::filesystem::file_size(file) > 1000 ? "written" : "empty");
  if (count == 1) std::filesystem::remove(file);
}

// Prints:
// the loss is below 0.65 of what it was: yes
// a picture of (1, 109, 109) pixels, written
