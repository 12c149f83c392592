// Writing the program, in the order in which a person would: data, network, optimizer, loop, file.
#include "train/emit.hpp"

#include <fmt/format.h>
#include <gradus/gradus.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <vector>

#include "cli/optimizers.hpp"
#include "train/plan.hpp"

namespace gradus::tool {
namespace {

// The length of a character of UTF-8 at the start of the text; 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool too_long = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool no_character = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return too_long || no_character ? 0 : length;
}

// For a comment: one line that ends where it seems to.
std::string in_comment(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\\' || static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return line;
}

// "{1, 8, 8}"
std::string braces(const Shape& shape) { return fmt::format("{{{}}}", fmt::join(shape, ", ")); }

constexpr std::size_t most_columns = 110;

// Parts with commas between them, in lines that are not too long.
std::string filled(const std::vector<std::string>& parts, std::size_t indent) {
  std::string text, line;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part = parts[i] + (i + 1 < parts.size() ? "," : "");
    if (!line.empty() && indent + line.size() + 1 + part.size() > most_columns) {
      text += std::string(indent, ' ') + line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + part;
  }
  return text + std::string(indent, ' ') + line;
}

// "f(a, {fields});", with the fields in lines of their own if there is no room.
std::string call(const std::string& start, const std::vector<std::string>& fields) {
  if (fields.empty()) return start + ");";
  const std::string line = fmt::format("{}, {{{}}});", start, fmt::join(fields, ", "));
  return line.size() <= most_columns ? line : fmt::format("{}, {{\n{}}});", start, filled(fields, 6));
}

class Program {
 public:
  Program(const TrainOptions& o, const Task& task, const MakeOptimizer& optimizer, const std::string& type)
      : o_(o), task_(task), optimizer_(optimizer), type_(type) {
    input_ = task.train.shape();
  }

  std::string text() {
    head();
    data();
    network();
    optimizer();
    loop();
    end();
    return text_;
  }

 private:
  template <class... T>
  void add(fmt::format_string<T...> format, T&&... values) {
    text_ += fmt::format(format, std::forward<T>(values)...) + '\n';
  }

  void head() {
    add("// Trains {} on {}: what gradus train did, as a program.", in_comment(o_.net), in_comment(task_.name));
    const std::string file = file_name();
    add("// Build it: c++ -std=c++20 -O2 {}.cpp $(pkg-config --cflags --libs gradus) -o {}", file, file);
    add("#include <gradus/gradus.hpp>\n");
    add("#include <cstdio>\n");
    add("using namespace gradus;\n");
    add("int main() {{");
  }

  // Without a folder and the ending, if a shell takes it as it is.
  std::string file_name() const {
    const std::string name = std::filesystem::path(o_.emit).stem().string();
    const auto is_plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.'; };
    const bool plain = o_.emit.ends_with(".cpp") && !name.empty() && std::ranges::all_of(name, is_plain);
    return plain ? name : "main";
  }

  void data() {
    if (o_.data == "digits") {
      add("  auto [train, test] = data::digits();");
    } else if (!is_file(o_.data)) {
      add("  auto [train, test] = data::{}({});", o_.data, o_.directory.empty() ? "" : literal(o_.directory));
    } else if (task_.encoding.features.empty()) {
      add("  const StateDict arrays = io::load_npz({});", literal(o_.data));
      add("  const data::Dataset all{{find(arrays, \"x\")->to(f32), find(arrays, \"y\")->to({})}};",
          task_.regression ? "f32" : "i64");
      add("  auto [train, test] = data::split(all, 0.2, 1);  // a fifth is held out");
    } else {
      add("{}", call("  const data::Table table = data::csv(" + literal(o_.data), csv_fields()));
      add("  auto [train, test] = data::split(table, 0.2, 1);  // a fifth is held out");
    }
    if (is_file(o_.data) && !task_.encoding.features.empty()) return;
    Shape shape = input_;
    shape.insert(0, -1);
    for (const char* part : {"train", "test"}) add("  {0}.x = {0}.x.reshape({1});", part, braces(shape));
  }

  std::vector<std::string> csv_fields() const {
    const data::CsvOptions csv = csv_options(o_);
    std::vector<std::string> list;
    if (!csv.label.empty()) list.push_back(".label = " + literal(csv.label));
    if (csv.header != data::Header::detect)
      list.push_back(fmt::format(".header = data::Header::{}", csv.header == data::Header::yes ? "yes" : "no"));
    if (csv.separator != ',') list.push_back(".separator = " + character(csv.separator));
    if (task_.regression) list.emplace_back(".classes = false");
    if (csv.decimal) list.push_back(".decimal = " + character(csv.decimal));
    if (csv.missing != data::Missing::refuse)
      list.push_back(fmt::format(".missing = data::Missing::{}", csv.missing == data::Missing::drop ? "drop" : "mean"));
    if (csv.categories != data::Categories::refuse) {
      list.push_back(fmt::format(".categories = data::Categories::{}",
                                 csv.categories == data::Categories::index ? "index" : "one_hot"));
    }
    return list;
  }

  static std::string character(char c) {
    const std::string text = literal(std::string_view(&c, 1));
    const std::string inside = text.substr(1, text.size() - 2);
    return c == '\'' ? "'\\''" : "'" + (c == '"' ? "\"" : inside) + "'";
  }

  void network() {
    add("\n  manual_seed({});", o_.seed);
    const std::int64_t outputs = task_.regression ? 1 : task_.classes;
    std::vector<std::string> layers;
    for (const auto& layer : train::plan_net(o_.net, input_, outputs, Loc::current())) layers.push_back(layer.code);
    const std::string line = fmt::format("{}", fmt::join(layers, ", "));
    if (line.size() < 80)
      add("  const nn::Sequential body{{{}}};", line);
    else
      add("  const nn::Sequential body{{\n{}}};", filled(layers, 6));
    add("  nn::Sequential net{{nn::Standardize::of(train.x{}), body{}}};", task_.image ? ", {}" : "",
        task_.regression ? ", nn::Unstandardize::of(train.y, {})" : "");
    if (is_scaled())
      add("  const double variance = var(train.y, {{}}, false, 0).item();  // losses are in units of it");
  }

  bool is_scaled() const { return task_.regression && var(task_.train.y, {}, false, 0).item() > 0; }

  void optimizer() {
    add("  optim::{} opt(net, {{{}}});", type_, optimizer_.options);
    const std::string size = o_.batch == 32 ? "" : fmt::format(".size = {}, ", o_.batch);
    add("\n  const data::Batches batches = data::batches(train, {{{}.shuffle = true}});", size);
    add("  constexpr int epochs = {};", o_.epochs);
    if (const std::string schedule = schedule_text(); !schedule.empty())
      add("  optim::Scheduler schedule(opt, optim::{});", schedule);
  }

  std::string schedule_text() const {
    if (o_.schedule == "constant") return "";
    if (o_.schedule == "cosine") return "CosineAnnealingLR{.T_max = epochs * batches.size()}";
    if (o_.schedule == "linear") return "PolynomialLR{.total_iters = epochs * batches.size()}";
    if (o_.schedule == "onecycle") return "OneCycleLR{.max_lr = opt.lr(), .total_steps = epochs * batches.size()}";
    throw Stop(usage, fmt::format("--emit: the schedule {} cannot be written as a program yet", o_.schedule));
  }

  std::string loss_text() const {
    if (!task_.regression) return "cross_entropy(net(x), y)";
    return std::string("mse_loss(net(x).reshape({-1}), y)") + (is_scaled() ? " / variance" : "");
  }

  void loop() {
    add("\n  for (int epoch = 1; epoch <= epochs; ++epoch) {{");
    add("    double sum = 0;");
    add("    for (const auto& [x, y] : batches) {{");
    if (optimizer_.step == StepCall::loss) {
      add("      const double loss = opt.step([&] {{ return {}; }});", loss_text());
    } else if (optimizer_.step == StepCall::closure) {
      add("      const double loss = opt.step([&] {{");
      add("        opt.zero_grad();");
      add("        Tape tape;");
      add("        const Tensor mean = {};", loss_text());
      add("        tape.backward(mean);");
      add("        return mean.item();");
      add("      }});");
    } else {
      add("      Tape tape;");
      add("      const Tensor loss = {};", loss_text());
      add("      tape.backward(loss);");
      add("      opt.step();");
      add("      opt.zero_grad();");
    }
    if (!schedule_text().empty()) add("      schedule.step();");
    add("      sum += {} * y.numel();", optimizer_.step == StepCall::plain ? "loss.item()" : "loss");
    add("    }}");
    add("    std::printf(\"epoch %2d/%d  loss %.4f\\n\", epoch, epochs, sum / train.size());");
    add("  }}");
  }

  void end() {
    if (type_ == "ScheduleFreeAdamW") add("\n  opt.eval();  // the parameters become what was learned");
    if (task_.regression) {
      add("\n  const nn::Evaluating evaluating(net);");
      add("  const RegressionReport report = regression_report(test.y, net(test.x).reshape({{-1}}));");
      add("  std::printf(\"test rmse %.4g (R2 %.3f)\\n\", report.rmse, report.r2);");
    } else {
      add("  std::printf(\"test accuracy %.2f %%\\n\", 100 * accuracy(net, test));");
    }
    if (!o_.save.empty()) save();
    add("}}");
  }

  // What gradus predict needs is saved beside the weights.
  void save() {
    std::vector<std::string> fields{".net = " + literal(o_.net), ".input = " + braces(input_)};
    if (task_.regression) fields.emplace_back(".task = train::Task::regress");
    if (!task_.regression) fields.push_back(fmt::format(".classes = {}", task_.classes));
    if (!task_.encoding.features.empty()) fields.emplace_back(".encoding = table");
    const data::CsvOptions csv = csv_options(o_);
    if (csv.separator != ',') fields.push_back(".separator = " + character(csv.separator));
    if (csv.decimal) fields.push_back(".decimal = " + character(csv.decimal));
    add("{}", call(fmt::format("  train::save_model({}, net", literal(o_.save)), fields));
  }

  const TrainOptions& o_;
  const Task& task_;
  const MakeOptimizer& optimizer_;
  const std::string& type_;
  Shape input_;
  std::string text_;
};

}  // namespace

std::string emit(const TrainOptions& options, const Task& task, const MakeOptimizer& optimizer,
                 const std::string& optimizer_type) {
  return Program(options, task, optimizer, optimizer_type).text();
}

std::string literal(std::string_view text) {
  std::string code = "\"";
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    const std::size_t length = c < 0x80 ? 1 : utf8_length(text);
    if (c == '\n') {
      code += "\\n";
    } else if (c == '\t') {
      code += "\\t";
    } else if (c == '"' || c == '\\') {
      code += '\\';
      code += static_cast<char>(c);
    } else if (c < ' ' || c == 127 || length == 0) {
      code += fmt::format("\\{:03o}", c);  // three digits at most, so that no digit behind them joins
    } else {
      code += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return code + '"';
}

}  // namespace gradus::tool
