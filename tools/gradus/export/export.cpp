// gradus export: a network that gradus train saved, as an ONNX file.
#include <fmt/format.h>

#include <filesystem>

#include <gradus/gradus.hpp>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"
#include "train/saved.hpp"

namespace gradus::tool {
namespace {

struct ExportOptions {
  std::string model, output;
  bool proba = false;
};

Exit run(ExportOptions o) {
  if (o.output.empty()) o.output = std::filesystem::path(o.model).replace_extension(".onnx").string();
  refuse_same_file({{"MODEL", o.model}, {"-o", o.output}});
  check_output({"-o", o.output});
  train::Model model = load_saved(o.model);
  const bool regression = model.about.task == train::Task::regress;
  if (o.proba && regression)
    throw Stop(usage, fmt::format("--proba: {} answers with a number, not with classes", o.model));
  if (o.proba) model.net.push_back(nn::Softmax(1));
  Shape example = model.about.input;
  example.insert(0, 1);
  const char* classes = o.proba ? "probabilities" : "scores";
  const char* output = regression ? "y" : classes;
  const io::OnnxReport report = io::save_onnx(model.net, zeros(example), o.output,
                                              {.outputs = {output}, .metadata = train::metadata(model.about)});
  std::string rest;
  for (int i = 1; i < example.size(); ++i) rest += fmt::format(", {}", example[i]);
  print("{}: {} nodes, {} numbers; input x (N{}), output {}\n", o.output, report.nodes, report.parameters, rest,
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
