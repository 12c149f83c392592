#include "train/data.hpp"

#include <fmt/format.h>
#include <gradus/ops/reduce.hpp>

#include <array>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/nearest.hpp"

namespace gradus::tool {
namespace {

data::Header header(const std::string& text) {
  if (text == "yes") return data::Header::yes;
  return text == "no" ? data::Header::no : data::Header::detect;
}

char separator(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() > 1) throw Stop(usage, fmt::format("--separator {}: one character is expected, or tab", text));
  return text.empty() ? ',' : text.front();
}

data::Table read_csv(const DataOptions& o) {
  try {
    return data::csv(o.data, {.label = o.label, .header = header(o.header), .separator = separator(o.separator)});
  } catch (const Error& e) {  // its advice is for programs
    Complaint complaint = e.complaint();
    if (!complaint.advice.empty()) complaint.advice = "--label COLUMN, --header yes|no, --separator CHARACTER";
    throw Error(e.operation(), complaint, e.where());
  }
}

Task csv_task(const DataOptions& o) {
  const data::Table table = read_csv(o);
  constexpr std::uint64_t seed = 1;  // of the shuffle that sets a fifth aside: the same in every run
  Task task{data::split(table, 0.2, seed), std::filesystem::path(o.data).filename(), {}, table.classes, {}};
  task.classes = static_cast<std::int64_t>(max(table.y).item()) + 1;
  if (task.classes < 2 || task.classes > table.size()) {
    throw Stop(file_trouble,
               fmt::format("{}: {} among {} examples; --label COLUMN names another column as the label", o.data,
                           task.classes < 2 ? "one class" : fmt::format("{} classes", task.classes), table.size()));
  }
  return task;
}

Task images(const DataOptions& o, data::Split split, const Shape& image) {
  return {std::move(split), o.data, 10, {}, image};
}
Task digits(const DataOptions& o) { return images(o, data::digits(), {1, 8, 8}); }
Task mnist(const DataOptions& o) { return images(o, data::mnist(o.directory), {1, 28, 28}); }
Task fashion(const DataOptions& o) { return images(o, data::fashion(o.directory), {1, 28, 28}); }

struct Known {
  const char* name;
  Task (*load)(const DataOptions& options);
};
constexpr Known sets[] = {{"digits", digits}, {"mnist", mnist}, {"fashion", fashion}};

const Known* find(const std::string& name) {
  for (const Known& set : sets)
    if (set.name == name) return &set;
  return nullptr;
}

// An option that would do nothing is a mistake.
void refuse_idle(const DataOptions& o) {
  const std::pair<const char*, const std::string&> of_files[] = {
      {"--label", o.label}, {"--separator", o.separator}, {"--header", o.header}};
  for (const auto& [name, value] : of_files) {
    if (!is_file(o.data) && !value.empty()) throw Stop(usage, fmt::format("{} is for --data FILE.csv", name));
  }
  if (!o.directory.empty() && (is_file(o.data) || o.data == "digits")) {
    throw Stop(usage, "--data-dir is for --data mnist and --data fashion");
  }
}

// A bare word that names no file is a misspelt set.
void refuse_unknown(const std::string& data) {
  if (std::filesystem::exists(data) || data.find_first_of("./") != std::string::npos) return;
  std::vector<std::string> names;
  for (const Known& set : sets) names.emplace_back(set.name);
  names.emplace_back("FILE.csv");
  throw Stop(usage, fmt::format("--data {}: {}", data, unknown(data, names)));
}

}  // namespace

bool is_file(const std::string& data) { return !find(data); }

Task load_task(const DataOptions& o) {
  const Known* set = find(o.data);
  if (!set) refuse_unknown(o.data);
  refuse_idle(o);
  try {
    return set ? set->load(o) : csv_task(o);
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
}

}  // namespace gradus::tool
