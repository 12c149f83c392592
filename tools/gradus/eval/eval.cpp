// gradus eval: how good a trained network's answers are.
#include <fmt/format.h>
#include <gradus/gradus.hpp>

#include <nlohmann/json.hpp>

#include "cli/print.hpp"
#include "cli/terminal.hpp"
#include "eval/tables.hpp"
#include "predict/input.hpp"
#include "step/text.hpp"
#include "train/saved.hpp"

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

struct EvalOptions : InputOptions {
  std::string model;
  bool json = false;
};

void check(const EvalOptions& o) {
  if (o.labels.empty()) return;
  const bool idx = is_file(o.data) && !o.data.ends_with(".csv") && !o.data.ends_with(".npz");
  if (!idx) throw Stop(usage, fmt::format("--labels is for images in an IDX file, and DATA is {}", o.data));
}

// What was evaluated, for the first line.
std::string what(const EvalOptions& o, std::int64_t examples) {
  std::string part = o.part.empty() || o.part == "all" ? "" : o.part + " part, ";
  if (!is_file(o.data) && o.part.empty()) part = "test part, ";
  return fmt::format("{}: {}{} examples", o.data, part, examples);
}

Json json_of(const ClassScores& s) {
  return {{"precision", s.precision}, {"recall", s.recall}, {"f1", s.f1}, {"support", s.support}};
}

Json json_of(const Tensor& confusion) {
  const auto counts = confusion.to_vector<std::int64_t>();
  const auto classes = static_cast<std::size_t>(confusion.size(0));
  Json rows = Json::array();
  for (std::size_t i = 0; i < counts.size(); i += classes) {
    const auto row = counts.begin() + static_cast<std::ptrdiff_t>(i);
    rows.push_back(std::vector<std::int64_t>(row, row + static_cast<std::ptrdiff_t>(classes)));
  }
  return rows;
}

void classification(const EvalOptions& o, const train::Model& model, const data::Dataset& data) {
  const Tensor scores = model.answers(data.x);
  const double loss = cross_entropy(scores, data.y).item();
  const Tensor confusion = confusion_matrix(data.y, argmax(scores, 1), model.about.classes);
  const ClassificationReport report = classification_report(confusion);
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < model.about.classes; ++c) names.push_back(model.about.class_name(c));
  if (!o.json) {
    const auto right = std::llround(report.accuracy * static_cast<double>(data.size()));
    print("{}\nloss      {:.4g}\naccuracy  {:.2f} % ({} of {})\n\n{}\n{}", what(o, data.size()), loss,
          100 * report.accuracy, right, data.size(), scores_table(report, names),
          confusion_table(confusion, names, terminal_width()));
    return;
  }
  Json classes = Json::array(), no_precision = Json::array(), no_recall = Json::array();
  for (std::size_t c = 0; c < names.size(); ++c) {
    Json one{{"name", names[c]}};
    one.update(json_of(report.classes[c]));
    classes.push_back(one);
    if (report.classes[c].taken == 0) no_precision.push_back(names[c]);
    if (report.classes[c].support == 0) no_recall.push_back(names[c]);
  }
  const Json result{{"examples", data.size()},
                    {"loss", loss},
                    {"accuracy", report.accuracy},
                    {"classes", classes},
                    {"macro", json_of(report.macro)},
                    {"weighted", json_of(report.weighted)},
                    {"zero_division", {{"precision", no_precision}, {"recall", no_recall}}},
                    {"confusion", json_of(confusion)}};
  print("{}\n", result.dump(2));
}

void regression(const EvalOptions& o, const train::Model& model, const data::Dataset& data) {
  const RegressionReport r = regression_report(data.y, model.answers(data.x));
  if (o.json) {
    const Json result{{"examples", data.size()}, {"mse", r.mse}, {"rmse", r.rmse}, {"mae", r.mae}, {"r2", r.r2}};
    print("{}\n", result.dump(2));
    return;
  }
  print("{}, answers {}\nmse   {:.6g}\nrmse  {:.6g}\nmae   {:.6g}\nR2    {:.4f}\n", what(o, data.size()),
        clean(model.about.answer_name()), r.mse, r.rmse, r.mae, r.r2);
}

Exit run(const EvalOptions& o) {
  check(o);
  const train::Model model = load_saved(o.model);
  const data::Dataset data = read_input(model, o, true);
  model.about.task == train::Task::regress ? regression(o, model, data) : classification(o, model, data);
  return success;
}

constexpr const char* footer = R"(Examples:
  gradus train --data iris.csv --save iris.safetensors
  gradus eval iris.safetensors new.csv
  gradus eval iris.safetensors iris.csv --part test
  gradus eval m.safetensors images-idx3-ubyte --labels labels-idx1-ubyte

DATA is a CSV file with the label's column, - for one from standard input, an
.npz file with x and y, images in an IDX file, or digits, mnist or fashion.
Class numbers are those of the training file. gradus predict --help says how
columns are found. All examples of a file are evaluated; --part test takes the
fifth that gradus train sets aside.

Precision, recall and F1 are scikit-learn's. A share of nothing, 0/0, counts as
0 and has a mark. The means are over the classes that occur. R2 of targets that
are all the same is 1 if all answers are right, and otherwise 0.
)";

}  // namespace

void add_eval(CommandLine& program) {
  auto options = std::make_shared<EvalOptions>();
  EvalOptions& o = *options;
  Command& command = program.add("eval", "measure a trained network on examples with answers");
  command.runs([options] { return run(*options); });
  command.footer(footer);
  o.data.clear();
  command.text("MODEL", o.model, "", "a file that gradus train --save wrote");
  command.text("DATA", o.data, "", "examples with answers: a file, -, or a set by name");
  command.choice("--part", o.part, {"all", "train", "test"}, "of the examples [all of a file, test of a set]");
  command.flag("--json", o.json, "print the results as JSON");
  command.text("--label", o.label, "COLUMN", "CSV: the label, by name or number [as in training]");
  command.text("--labels", o.labels, "FILE", "the classes of IDX images, an IDX file");
  command.choice("--missing", o.missing, {"drop", "mean"}, "CSV: leave out or fill missing cells");
  add_input_options(command, o);
}

}  // namespace gradus::tool
