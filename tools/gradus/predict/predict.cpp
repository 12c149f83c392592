// gradus predict: what a trained network answers to new examples, as CSV.
#include <fmt/format.h>
#include <gradus/gradus.hpp>

#include <optional>

#include "cli/output.hpp"
#include "cli/print.hpp"
#include "io/file.hpp"
#include "predict/input.hpp"
#include "train/saved.hpp"

namespace gradus::tool {
namespace {

struct PredictOptions : InputOptions {
  std::string model, output = "-";
  bool proba = false;
};

// As RFC 4180 has it; blanks at the ends count only between quotes.
std::string cell(const std::string& text) {
  const bool plain = text.find_first_of(",\"\n\r") == text.npos;
  const bool blank = !text.empty() && (text.find_first_of(" \t") == 0 || text.find_last_of(" \t") == text.size() - 1);
  if (plain && !blank && !text.empty()) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

// Standard output, or a file that appears when it is complete.
class Output {
 public:
  explicit Output(const std::string& path) {
    if (path != "-") file_.emplace(path, "predict", Loc::current());
  }
  void add(const std::string& line) {
    text_ += line;
    if (text_.size() > (1 << 16)) flush();
  }
  void finish() {
    flush();
    if (file_) file_->commit();
  }

 private:
  void flush() {
    if (file_)
      file_->write(text_.data(), text_.size());
    else
      write_out(text_);
    text_.clear();
  }
  std::optional<io::AtomicFile> file_;
  std::string text_;
};

// The header, and what the cells of one example say.
struct Answers {
  std::vector<std::string> columns;
  std::function<std::string(std::size_t row)> line;
};

Answers probabilities(const train::Model& model, const Tensor& x) {
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < model.about.classes; ++c) names.push_back(cell(model.about.class_name(c)));
  return {names, [p = model.probabilities(x).to_vector<float>(), width = names.size()](std::size_t row) {
            const auto begin = p.begin() + static_cast<std::ptrdiff_t>(row * width);
            return fmt::format("{}", fmt::join(begin, begin + static_cast<std::ptrdiff_t>(width), ","));
          }};
}

Answers classes_or_numbers(const train::Model& model, const Tensor& x) {
  const std::string name = cell(model.about.answer_name());
  const Tensor y = model.predict(x);
  if (model.about.task == train::Task::regress) {
    return {{name}, [y = y.to_vector<float>()](std::size_t row) { return fmt::format("{}", y[row]); }};
  }
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < model.about.classes; ++c) names.push_back(cell(model.about.class_name(c)));
  return {{name}, [y = y.to_vector<std::int64_t>(), names](std::size_t row) {
            return names[static_cast<std::size_t>(y[row])];
          }};
}

Exit run(const PredictOptions& o) {
  const auto named = [](const std::string& path) { return path == "-" ? std::string() : path; };
  refuse_same_file(
      {{"MODEL", o.model}, {"DATA", is_file(o.data) ? named(o.data) : std::string()}, {"-o", named(o.output)}});
  if (o.output != "-") check_output({"-o", o.output});
  const train::Model model = load_saved(o.model);
  if (o.proba && model.about.task == train::Task::regress)
    throw Stop(usage, fmt::format("--proba: {} answers with a number, not with classes", o.model));
  const data::Dataset data = read_input(model, o, false);
  const Answers answers = o.proba ? probabilities(model, data.x) : classes_or_numbers(model, data.x);
  try {
    Output output(o.output);
    output.add(fmt::format("{}\n", fmt::join(answers.columns, ",")));
    for (std::int64_t row = 0; row < data.size(); ++row) output.add(answers.line(static_cast<std::size_t>(row)) + '\n');
    output.finish();
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
  if (o.output != "-") print("{}: {} answers\n", o.output, data.size());
  return success;
}

constexpr const char* footer = R"(Examples:
  gradus train --data iris.csv --save iris.safetensors
  gradus predict iris.safetensors new.csv -o answers.csv
  zcat new.csv.gz | gradus predict iris.safetensors - --proba

DATA is a CSV file, - for one from standard input, an .npz file with array x,
an .npy or IDX file, or digits, mnist or fashion, whose test part is taken. The
answers come as CSV, a line for each example, in its order.

CSV files with a header: columns are found by the names that the training file
had, in any order; further columns, such as the label, are not read. Without a
header, in DATA or in the training file, columns are taken by their places.
A column that is missing, a word that the training file did not have and a cell
that is no number are errors with line and column. A missing cell is one too,
unless training or this command said --missing mean: then it is the mean of the
training file's column or, in a column of words, the empty word.
IDX files of whole numbers are pixels, divided by 255.
)";

}  // namespace

void add_predict(CommandLine& program) {
  auto options = std::make_shared<PredictOptions>();
  PredictOptions& o = *options;
  Command& command = program.add("predict", "let a trained network answer to new examples");
  command.runs([options] { return run(*options); });
  command.footer(footer);
  o.data.clear();
  command.text("MODEL", o.model, "", "a file that gradus train --save wrote");
  command.text("DATA", o.data, "", "examples: a file, -, or a set by name");
  command.text("-o,--output", o.output, "FILE", "write here; -: standard output");
  command.flag("--proba", o.proba, "write probabilities, a column for each class");
  command.choice("--missing", o.missing, {"mean"}, "CSV: fill missing cells [as in training]");
  add_input_options(command, o);
}

}  // namespace gradus::tool
