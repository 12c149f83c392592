// save_onnx: what is in the file, and what is refused. tests/onnx runs the files.
#include <doctest/doctest.h>

#include <gradus/gradus.hpp>
#include <gradus/io/onnx.hpp>

#include <algorithm>
#include <filesystem>

#include "io/onnx/step.hpp"
#include "support.hpp"

using namespace gradus;
using support::contains;

#ifdef GRADUS_HAVE_PROTOZERO

namespace {

// The bytes of a network's file. Names and types of nodes are text in it.
template <class Net>
std::string exported(Net&& net, const Tensor& example, const io::OnnxOptions& options = {}) {
  const support::TempDir folder;
  io::save_onnx(net, example, folder / "net.onnx", options);
  return support::read(folder / "net.onnx");
}

template <class Net>
std::string refusal(Net&& net, const Tensor& example, const io::OnnxOptions& options = {}) {
  const support::TempDir folder;
  const std::string text = support::message([&] { io::save_onnx(net, example, folder / "net.onnx", options); });
  CHECK_FALSE(std::filesystem::exists(folder / "net.onnx"));
  return text;
}

struct Doubled {  // an operation without a recipe
  static constexpr auto name = "doubled", rule = "dx = 2 g";
  static constexpr Saves saves{};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * 2; }
  void vjp(Vjp& v) const { v.give(0, v.g * 2); }
};

struct Relu6 {  // the name of a built-in operation, and a recipe
  static constexpr auto name = "relu", rule = "dx = g where 0 < x < 6";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return clamp(in[0], 0, 6); }
  void vjp(Vjp& v) const { v.give(0, where(v.in(0) > 0, v.g, 0)); }
  void onnx(io::OnnxRecipe& r) const {
    CHECK(r.inputs() == 1);
    CHECK(r.shape(0) == Shape{-1, 3});
    r.give(r.node("Clip", {r.in(0), r.number(0), r.number(6)}));
  }
};

struct Net : nn::Module<Net> {
  nn::Linear fc1{3, 4};
  nn::BatchNorm1d norm{4};
  nn::Dropout drop{0.5};
  nn::Linear fc2{4, 2};
  Tensor forward(const Tensor& x) const { return fc2(drop(relu(norm(fc1(x))))); }
  void fields(auto& v) { v("fc1", fc1), v("norm", norm), v("drop", drop), v("fc2", fc2); }
};

struct Outer : nn::Module<Outer> {
  nn::LSTM lstm{3, 4, {.batch_first = true}};
  Tensor forward(const Tensor& x) const { return lstm(x).h; }
  void fields(auto& v) { v("lstm", lstm); }
};

}  // namespace

TEST_CASE("Every operation has an ONNX recipe, but for those that only rules use or that ONNX has no node for") {
  const std::string only_in_rules[] = {"conv2d_weight", "avg_pool2d_input", "adaptive_avg_pool2d_input",
                                       "chain_mul",     "chain_div",        "atan2",
                                       "lgamma",        "polygamma",        "cumprod",
                                       "cholesky",      "solve_triangular", "solve",
                                       "inverse"};
  for (const auto* op : operations()) {
    INFO(std::string(op->name));
    const bool excepted = std::ranges::find(only_in_rules, std::string(op->name)) != std::end(only_in_rules);
    CHECK((io::onnx::recipe_of(*op) != nullptr) == !excepted);
  }
}

TEST_CASE("The file has the parameters' names, the options' names and an open batch") {
  const Net net;
  const std::string file =
      exported(net, zeros({5, 3}), {.inputs = {"pixels"}, .outputs = {"scores"}, .metadata = {{"author", "someone"}}});
  for (const char* text :
       {"fc1.weight", "fc1.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "fc2.weight",
        "BatchNormalization", "Gemm", "Relu", "pixels", "scores", "author", "someone", "gradus"})
    CHECK_MESSAGE(contains(file, text), text);
  CHECK_FALSE(contains(file, "Dropout"));
  CHECK_FALSE(contains(file, "num_batches_tracked"));
}

TEST_CASE("Recurrent modules become nodes of their names, whatever module they are in") {
  CHECK(contains(exported(nn::LSTM(3, 4), zeros({5, 2, 3}), {.batch_axis = 1}), "LSTM"));
  CHECK(
      contains(exported(nn::GRU(3, 4, {.num_layers = 2, .batch_first = true, .bidirectional = true}), zeros({2, 5, 3})),
               "linear_before_reset"));
  CHECK(contains(exported(nn::RNN(3, 4), zeros({5, 2, 3}), {.batch_axis = 1}), "RNN"));
  Outer outer;
  CHECK(contains(exported(outer, zeros({2, 5, 3})), "lstm/LSTM"));
  outer(zeros({2, 5, 3}));  // named by its parent
  CHECK(contains(exported(outer.lstm, zeros({2, 5, 3})), "LSTM"));
}

TEST_CASE("The same network gives the same bytes, and nothing else changes") {
  Net net;
  net.train();
  const Tensor x = randn({5, 3}), mean = net.norm.running_mean.clone();
  const std::uint64_t drawn = default_generator().counter();
  const nn::LSTM lstm(2, 2);
  const std::uint64_t counter = default_generator().counter();
  const std::string file = exported(net, x);
  exported(lstm, zeros({2, 2, 2}), {.batch_axis = 1});
  CHECK(file == exported(net, zeros({1, 3})));
  CHECK(net.is_training());
  CHECK(net.norm.is_training());
  CHECK(equal(net.norm.running_mean, mean));
  CHECK(default_generator().counter() == counter);
  CHECK(counter > drawn);
}

TEST_CASE("Exporting under a live tape records nothing on it") {
  const nn::Linear net(3, 2);
  Tape tape;
  const Tensor y = net(zeros({1, 3}));
  const int size = tape.size();
  exported(net, zeros({1, 3}));
  CHECK(tape.size() == size);
  tape.backward(y.sum());
  CHECK(net.weight.grad().defined());
}

TEST_CASE("f64 is converted, and the report says so") {
  const support::TempDir folder;
  const nn::Linear net(3, 2, {.dtype = f64});
  const io::OnnxReport report = io::save_onnx(net, zeros({1, 3}, f64), folder / "net.onnx");
  CHECK(report.parameters == 8);
  CHECK(report.nodes == 1);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0] == "2 tensors of f64 are f32 in the file");
}

TEST_CASE("An operation without a recipe is named, with its line and the way to give one") {
  const auto net = [](const Tensor& x) { return apply(Doubled{}, x); };
  const std::string line = "onnx.cpp:" + std::to_string(__LINE__ - 1);
  CHECK_PARTS(refusal(net, ones({2, 3})), "save_onnx: the operation 'doubled' has no ONNX recipe",
              "onnx(io::OnnxRecipe& r)", line);
}

TEST_CASE("A recipe in the operation's struct is used, even if the operation has a built-in one's name") {
  const std::string file = exported([](const Tensor& x) { return apply(Relu6{}, x); }, ones({2, 3}));
  CHECK(contains(file, "Clip"));
  CHECK_FALSE(contains(file, "Relu"));
}

TEST_CASE("What the file could not compute is refused") {
  nn::BatchNorm1d by_batch(3, {.track_running_stats = false});
  CHECK_PARTS(refusal(by_batch, ones({2, 3})), "batch normalisation by the statistics of the batch",
              "running statistics");
  CHECK_PARTS(refusal([](const Tensor& x) { return where(x > 0, x, x * 0.1); }, randn({4, 3})),
              "a constant depends on the input", "(N, 3)", "onnx.cpp");
  const nn::Embedding words(9, 4);
  const auto hides_padding = [&](const Tensor& ids) { return masked_fill(words(ids), unsqueeze(eq(ids, 0), -1), 0); };
  CHECK_PARTS(refusal(hides_padding, zeros({2, 3}, i64)), "a constant depends on the input");
  CHECK_PARTS(refusal([](const Tensor& x) { return argmax(x, 1); }, randn({4, 3})),
              "output 0 of the network was not recorded", "i64 of shape (");
  CHECK_PARTS(refusal([](const Tensor& x) { return x.size(0) > 2 ? x * 2 : sin(x); }, ones({4, 3})),
              "computes differently for another batch size", "batch_axis = -1");
  const nn::Embedding table(9, 4);
  CHECK_PARTS(refusal(
                  [&](const Tensor& ids) {
                    return table(slice(ids, 0, {0, 1}));
                  },
                  zeros({2, 3}, i64)),
              "a part of input 'x' is used");
}

TEST_CASE("Arguments that do not fit are refused") {
  const nn::Linear net(3, 2);
  CHECK_PARTS(refusal(net, zeros({2, 3}), {.batch_axis = 2}), "an example has no batch axis", "(2, 3)");
  CHECK_PARTS(refusal(net, Tensor()), "an example is an undefined tensor");
  CHECK_PARTS(refusal(net, zeros({2, 3}), {.inputs = {"a", "b"}}), "the names of the inputs do not fit", "a, b");
  CHECK_PARTS(refusal(net, zeros({2, 3}), {.outputs = {"bias"}}), "the names of the outputs do not fit");
  CHECK_SAYS(io::save_onnx(net, zeros({2, 3}), "/nowhere/net.onnx"), "/nowhere/net.onnx");
}

TEST_CASE("With batch_axis = -1 the sizes are the example's") {
  const std::string open = exported(nn::ReLU(), ones({4, 3})),
                    closed = exported(nn::ReLU(), ones({4, 3}), {.batch_axis = -1});
  CHECK(open != closed);
  const auto by_size = [](const Tensor& x) { return x.size(0) > 2 ? x * 2 : sin(x); };
  CHECK(contains(exported(by_size, ones({4, 3}), {.batch_axis = -1}), "Mul"));
}

#else

TEST_CASE("Without protozero save_onnx says what is missing") {
  CHECK_SAYS(io::save_onnx(nn::ReLU(), ones({1, 1}), "net.onnx"), "this build of Gradus cannot write ONNX files",
             "libprotozero-dev");
}

#endif
