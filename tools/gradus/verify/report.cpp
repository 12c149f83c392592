// Counting and printing outcomes.
#include "verify/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/print.hpp"

namespace gradus::tool {
namespace {

constexpr const char* status_names[statuses] = {"passed", "failed", "not implemented", "skipped"};

const char* name_of(Status status) { return status_names[static_cast<int>(status)]; }

std::string text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::string line(const Outcome& o) {
  std::string line = o.of->path();
  const Difference& d = o.difference;
  if (o.status != Status::failed) line += fmt::format(": {}", name_of(o.status));
  if (!d.what.empty()) line += fmt::format(": {}", d.what);
  if (!d.at.is_null()) line += fmt::format(" [{}]", fmt::join(d.at.get<std::vector<std::int64_t>>(), ", "));
  if (!d.got.is_null()) line += fmt::format(": got {}, want {}", text(d.got), text(d.want));
  if (!d.tolerance.is_null()) line += fmt::format(", tolerance {}", text(d.tolerance));
  return line;
}

Json to_json(const Outcome& o) {
  Json json{{"case", o.of->path()}, {"status", name_of(o.status)}};
  const Difference& d = o.difference;
  const std::pair<const char*, Json> details[] = {
      {"what", d.what}, {"at", d.at}, {"got", d.got}, {"want", d.want}, {"tolerance", d.tolerance}};
  for (const auto& [key, value] : details) {
    if (!value.is_null() && value != "") json[key] = value;
  }
  return json;
}

}  // namespace

std::size_t Report::count(Status status) const {
  return static_cast<std::size_t>(std::ranges::count(outcomes_, status, &Outcome::status));
}

std::vector<Report::Row> Report::rows() const {
  std::vector<Row> rows;
  Row all{.group = "all"};
  const auto add = [](Row& row, const Outcome& o) {
    ++row.cases;
    ++row.of[static_cast<int>(o.status)];
  };
  for (const Outcome& o : outcomes_) {
    auto row = std::ranges::find(rows, o.of->group, &Row::group);
    if (row == rows.end()) row = rows.insert(row, {.group = o.of->group});
    add(*row, o);
    add(all, o);
  }
  rows.push_back(std::move(all));
  return rows;
}

// What is missing or skipped, and how many cases ask for it.
void Report::print_names(Status status) const {
  std::map<std::string, int> names;
  for (const Outcome& o : outcomes_) {
    if (o.status == status) ++names[o.difference.what];
  }
  std::string list;
  for (const auto& [name, cases] : names) list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", name, cases);
  if (!list.empty()) tool::print("{}: {}\n", name_of(status), list);
}

void Report::print(double seconds) const {
  for (const Outcome& o : outcomes_) {
    if (shows(o)) tool::print("{}\n", line(o));
  }
  if (std::ranges::any_of(outcomes_, [&](const Outcome& o) { return shows(o); })) tool::print("\n");
  tool::print("{:<16}{:>7}{:>9}{:>9}{:>18}{:>10}\n", "group", "cases", "passed", "failed", "not implemented",
              "skipped");
  for (const Row& row : rows()) {
    tool::print("{:<16}{:>7}{:>9}{:>9}{:>18}{:>10}\n", row.group, row.cases, row.of[0], row.of[1], row.of[2],
                row.of[3]);
  }
  print_names(Status::not_implemented);
  print_names(Status::skipped);
  tool::print("{:.1f} s\n", seconds);
}

void Report::print_json(double seconds) const {
  Json groups = Json::array(), cases = Json::array();
  for (const Row& row : rows()) {
    Json& group = groups.emplace_back(Json{{"group", row.group}, {"cases", row.cases}});
    for (int i = 0; i < statuses; ++i) group[status_names[i]] = row.of[i];
  }
  for (const Outcome& o : outcomes_) {
    if (verbose_ || o.status != Status::passed) cases.push_back(to_json(o));
  }
  const Json all{{"seed", kit_.seed()}, {"seconds", seconds}, {"groups", groups}, {"cases", cases}};
  tool::print("{}\n", all.dump(1));
}

}  // namespace gradus::tool
