// Loading a file of weights into a module by name, and the report of what fits.
#include <gradus/nn/load_into.hpp>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <gradus/io/read.hpp>

#include "io/names.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::nn {
namespace {

using Names = std::vector<std::string>;

// Lines for people, in which long lists end after a few.
class Lines {
 public:
  template <class T, class Line>
  void list(const std::vector<T>& items, const Line& line) {
    constexpr std::size_t most = 12;
    for (std::size_t i = 0; i < items.size() && i < most; ++i) lines_.push_back(line(items[i]));
    if (items.size() > most) lines_.push_back(formatted("            … and {} more", items.size() - most));
  }
  void add(std::string line) { lines_.push_back(std::move(line)); }
  std::string joined(const char* between) const { return formatted("{}", fmt::join(lines_, between)); }

 private:
  Names lines_;
};

std::string line_of(const LoadReport::Mismatch& m) {
  if (m.given == m.own) {
    return formatted("dtype:      {} is {}, the module's {}", m.name, gradus::name(m.given_dtype),
                     gradus::name(m.own_dtype));
  }
  return formatted("shape:      {} is {}, the module's {}", m.name, to_string(m.given), to_string(m.own));
}

void list_differences(const LoadReport& report, Lines& to) {
  to.list(report.missing, [](const std::string& name) { return "missing:    " + name; });
  to.list(report.unexpected, [](const std::string& name) { return "unexpected: " + name; });
  to.list(report.mismatched, line_of);
}

bool is_turned(const LoadReport::Mismatch& m) {
  return m.own.size() == 2 && m.given.size() == 2 && m.given[0] == m.own[1] && m.given[1] == m.own[0];
}

// The rename by which everything that is missing is found, or "".
std::string helpful_rename(const LoadReport& report) {
  if (report.missing.empty()) return "";
  const std::unordered_set<std::string> there(report.unexpected.begin(), report.unexpected.end());
  const std::unordered_set<std::string> wanted(report.missing.begin(), report.missing.end());
  const std::string& first = report.missing.front();
  for (const std::string& name : report.unexpected) {
    if (name.ends_with(first)) {
      const std::string start = name.substr(0, name.size() - first.size());
      const auto found = [&](const std::string& m) { return there.contains(start + m); };
      if (std::ranges::all_of(report.missing, found)) return formatted("{{{{{:?}, \"\"}}}}", start);
    } else if (first.ends_with(name)) {
      const std::string start = first.substr(0, first.size() - name.size());
      const auto fits = [&](const std::string& m) {
        return m.starts_with(start) && there.contains(m.substr(start.size()));
      };
      if (std::ranges::all_of(report.missing, fits)) return formatted("{{{{\"\", {:?}}}}}", start);
    }
  }
  return "";
}

std::string advice(const LoadReport& report, bool strict) {
  const std::string renames = helpful_rename(report);
  if (!renames.empty()) return "{.rename = " + renames + "}";
  if (std::ranges::any_of(report.mismatched, is_turned))
    return "turn what is (in, out): x.t() of the tensors that io::read() gives, then load_into(net, state)";
  return strict ? "{.strict = false} leaves these alone and returns their names" : "";
}

// Compares, changes nothing; the tensors that fit are in `fitting`.
LoadReport compare(const StateDict& own, const StateDict& given, StateDict& fitting) {
  LoadReport report;
  std::unordered_map<std::string_view, const Tensor*> by_name;
  for (const auto& [name, tensor] : given) by_name.emplace(name, &tensor);
  std::unordered_set<const void*> filled;  // the numbers that a tensor of the file goes into
  std::int64_t rounded = 0;
  for (const auto& [name, mine] : own) {
    const auto at = by_name.find(name);
    if (at == by_name.end()) continue;
    const Tensor& theirs = *at->second;
    const bool same_kind = is_floating(theirs.dtype()) && is_floating(mine.dtype());
    if (theirs.shape() != mine.shape() || (theirs.dtype() != mine.dtype() && !same_kind)) {
      report.mismatched.push_back({name, theirs.shape(), mine.shape(), theirs.dtype(), mine.dtype()});
      continue;
    }
    if (theirs.dtype() == f64 && mine.dtype() == f32) ++rounded;
    if (mine.numel() > 0) filled.insert(mine.impl()->data);
    fitting.emplace_back(name, theirs);
    report.loaded.push_back(name);
  }
  std::unordered_set<std::string_view> known;
  for (const auto& [name, mine] : own) {
    known.insert(name);
    if (!by_name.contains(name) && !filled.contains(mine.impl()->data)) report.missing.push_back(name);
  }
  for (const auto& [name, theirs] : given) {
    if (!known.contains(name)) report.unexpected.push_back(name);
  }
  if (rounded) report.notes.push_back(formatted("{} tensor{} of f64 became f32", rounded, rounded == 1 ? "" : "s"));
  return report;
}

LoadReport load(ModuleBase& net, const StateDict& given, const std::string& source, bool strict, Loc where) {
  for (const auto& [name, tensor] : given) {
    if (!tensor.defined())
      throw Error("load_into", {.wrong = formatted("{}: tensor {:?} is undefined", source, name)}, where);
  }
  const StateDict own = net.state_dict(where);
  StateDict fitting;
  const LoadReport report = compare(own, given, fitting);
  if ((strict && !report.complete()) || (fitting.empty() && !own.empty())) {
    Lines lines;
    list_differences(report, lines);
    const char* trouble = fitting.empty() ? "nothing of it fits" : "it does not fit";
    throw Error("load_into",
                {.wrong = formatted("{}: {} this {}", source, trouble, net.type()),
                 .got = lines.joined("\n            "),
                 .expected = "the names and shapes of state_dict()",
                 .advice = advice(report, strict && !fitting.empty())},
                where);
  }
  if (!fitting.empty()) net.load_state_dict(fitting, {.strict = false}, where);
  return report;
}

}  // namespace

std::string to_string(const LoadReport& report) {
  Lines lines;
  lines.add(formatted("loaded {} tensor{}", report.loaded.size(), report.loaded.size() == 1 ? "" : "s"));
  list_differences(report, lines);
  lines.list(report.notes, [](const std::string& note) { return "note:       " + note; });
  return lines.joined("\n");
}

LoadReport load_into(ModuleBase& net, const std::string& path, const LoadIntoOptions& options, Loc where) {
  io::Contents file;
  try {
    file = io::read(path, {.only = options.only, .rename = options.rename, .lenient = options.lenient}, where);
  } catch (const Error& e) { throw Error("load_into", e.complaint(), where); }
  LoadReport report = load(net, file.state, path, options.strict, where);
  report.notes.insert(report.notes.begin(), file.notes.begin(), file.notes.end());
  report.metadata = std::move(file.metadata);
  return report;
}

LoadReport load_into(ModuleBase& net, const StateDict& state, const LoadIntoOptions& options, Loc where) {
  StateDict given;
  std::unordered_set<std::string> names;
  for (const auto& [name, tensor] : state) {
    if (!io::is_wanted(name, {.only = options.only})) continue;
    given.emplace_back(io::renamed(name, options.rename), tensor);
    if (!names.insert(given.back().first).second) {
      throw Error("load_into", {.wrong = formatted("two tensors get the name {:?}", given.back().first)}, where);
    }
  }
  return load(net, given, "the state", options.strict, where);
}

}  // namespace gradus::nn
