// gradus export: a network that gradus train saved, as an ONNX file.
#include <fmt/format.h>

#include <filesystem>

#include <gradus/gradus.hpp>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"
#include "cli/spec.hpp"
#include "train/nets.hpp"

namespace gradus::tool {
namespace {

struct ExportOptions {
  std::string model, output;
  bool proba = false;
};

// What gradus train saves beside the tensors.
class Saved {
 public:
  explicit Saved(std::string path) : path_(std::move(path)), metadata_(read([&] { return io::metadata(path_); })) {}

  const std::string& text(const char* key) const {
    const auto at = metadata_.find(key);
    if (at == metadata_.end())
      throw Stop(file_trouble,
                 fmt::format("{}: does not say '{}' in its metadata\n  expected: a file that gradus train --save wrote",
                             path_, key));
    return at->second;
  }
  // "(1, 8, 8)"
  Shape shape(const char* key) const {
    std::string numbers;
    for (const char c : text(key))
      if (c != '(' && c != ')' && c != ' ') numbers += c;
    Shape shape;
    for (const std::string& part : split_at_commas(numbers)) {
      const auto size = to_integer(part);
      if (part.empty()) continue;
      if (!size || *size < 1 || shape.size() == max_dims - 1) refuse(key);
      shape.push_back(*size);
    }
    return shape;
  }
  std::int64_t count(const char* key) const {
    const auto n = to_integer(text(key));
    if (!n || *n < 0) refuse(key);
    return *n;
  }
  nn::Sequential net() const {
    const StateDict state = read([&] { return io::load(path_); });
    const Tensor* mean = find(state, "0.mean");
    const bool regression = text("task") == "regress";
    const Shape input = shape("input");
    const NetSpec spec = parse_net(text("net"));
    if (spec.for_images != (input.size() == 3)) refuse("input");
    nn::Sequential net(nn::Standardize(mean ? mean->shape() : Shape()),
                       spec.make(input, regression ? 1 : count("classes")));
    if (regression) net.push_back(nn::Unstandardize(Shape()));
    read([&] { net.load_state_dict(state); });
    return net;
  }
  const io::Metadata& metadata() const { return metadata_; }

 private:
  [[noreturn]] void refuse(const char* key) const {
    throw Stop(file_trouble,
               fmt::format("{}: its metadata says {} = '{}', which no network has", path_, key, text(key)));
  }
  // Errors of a file end the program as such.
  template <class F>
  static auto read(const F& f) -> decltype(f()) {
    try {
      return f();
    } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
  }

  std::string path_;
  io::Metadata metadata_;
};

Exit run(ExportOptions o) {
  if (o.output.empty()) o.output = std::filesystem::path(o.model).replace_extension(".onnx").string();
  refuse_same_file({{"MODEL", o.model}, {"-o", o.output}});
  check_output({"-o", o.output});
  const Saved saved(o.model);
  nn::Sequential net = saved.net();
  if (o.proba && saved.text("task") == "regress")
    throw Stop(usage, fmt::format("--proba: {} answers with a number, not with classes", o.model));
  if (o.proba) net.push_back(nn::Softmax(1));
  Shape example = saved.shape("input");
  example.insert(0, 1);
  const char* output = saved.text("task") == "regress" ? "y" : o.proba ? "probabilities" : "scores";
  const io::OnnxReport report =
      io::save_onnx(net, zeros(example), o.output, {.outputs = {output}, .metadata = saved.metadata()});
  print(
      "{}: {} nodes, {} numbers; input x (N{}), output {}\n", o.output, report.nodes, report.parameters,
      [&] {
        std::string rest;
        for (int i = 1; i < example.size(); ++i) rest += fmt::format(", {}", example[i]);
        return rest;
      }(),
      output);
  return success;
}

constexpr const char* examples = R"(Examples:
  gradus train --data iris.csv --save iris.safetensors
  gradus export iris.safetensors -o iris.onnx --proba

The file is ONNX opset 17. Its batch N may have any size; scaling of the input is part of it.
)";

}  // namespace

void add_export(CommandLine& program) {
  auto options = std::make_shared<ExportOptions>();
  Command& command = program.add("export", "write a trained network as an ONNX file");
  command.runs([options] { return run(*options); });
  command.footer(examples);
  command.text("MODEL", options->model, "", "a file that gradus train --save wrote");
  command.text("-o,--output", options->output, "FILE", "write here [the model's name with .onnx]");
  command.flag("--proba", options->proba, "give probabilities instead of scores");
}

}  // namespace gradus::tool
