// The functions of ../sets, which programs contain as text, and one's own files.
#include "sets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sets_text.hpp"

namespace gradus::web {
namespace {

#include "../sets/blobs.inl"
#include "../sets/circles.inl"
#include "../sets/moons.inl"
#include "../sets/peaks.inl"
#include "../sets/spirals.inl"
#include "../sets/waves.inl"
#include "../sets/xor.inl"

constexpr SetKind kinds[] = {
    {"circles", "circles", circles_text, true, circles}, {"moons", "moons", moons_text, true, moons},
    {"spirals", "spirals", spirals_text, true, spirals}, {"xor", "exclusive_or", xor_text, true, exclusive_or},
    {"blobs", "blobs", blobs_text, true, blobs},         {"waves", "waves", waves_text, false, waves},
    {"peaks", "peaks", peaks_text, false, peaks},
};

constexpr const char* own_file = "/own.csv";

[[noreturn]] void refuse(std::string wrong, std::string got, std::string expected) {
  throw Error("playground", {.wrong = std::move(wrong), .got = std::move(got), .expected = std::move(expected)});
}

template <class Choice>
Choice choice(const std::string& name, std::initializer_list<std::pair<const char*, Choice>> choices) {
  for (const auto& [known, value] : choices) {
    if (name == known) return value;
  }
  refuse("a choice is unknown", fmt::format("'{}'", name), "one of the page's");
}

void divide(Data& data, const data::Dataset& all, const DataSpec& spec) {
  const data::Split parts = data::split(all, spec.test, spec.seed);
  data.train = parts.train;
  data.test = parts.test;
}

std::int64_t count_classes(const Tensor& y) { return 1 + max(y).item<std::int64_t>(); }

Data digits() {
  Data data;
  const data::Split parts = data::digits();
  data.train = parts.train;
  data.test = parts.test;
  data.inputs = 64;
  data.outputs = 10;
  data.code = "  auto [train, test] = data::digits();\n";
  return data;
}

// Without a stream, which would bring the locales of libc++ into the page.
void write(const char* path, const std::string& text) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "wb"), std::fclose);
  if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size()) {
    throw Error("playground", {.wrong = "the table cannot be kept", .got = path});
  }
}

Data own(const DataSpec& spec) {
  constexpr std::int64_t most_rows = 20'000, most_columns = 256, most_classes = 50;
  const std::ptrdiff_t lines = std::ranges::count(spec.csv, '\n');
  if (lines > most_rows) refuse("the file has too many lines for a page", fmt::format("{}", lines), "up to 20000");
  write(own_file, spec.csv);
  data::CsvOptions options{.label = spec.label};
  options.classes = spec.classes;
  options.missing = choice<data::Missing>(
      spec.missing, {{"refuse", data::Missing::refuse}, {"drop", data::Missing::drop}, {"mean", data::Missing::mean}});
  options.categories = choice<data::Categories>(spec.categories, {{"refuse", data::Categories::refuse},
                                                                  {"index", data::Categories::index},
                                                                  {"one_hot", data::Categories::one_hot}});
  const data::Table table = data::csv(own_file, options);
  Data data;
  divide(data, table, spec);
  data.inputs = table.x.size(1);
  if (data.inputs > most_columns)
    refuse("there are too many columns for a page", fmt::format("{}", data.inputs), "up to 256");
  data.classes = spec.classes;
  data.outputs = spec.classes ? std::max<std::int64_t>(2, count_classes(table.y)) : 1;
  if (data.outputs > most_classes) {
    refuse("there are too many classes", fmt::format("{}", data.outputs), "up to 50, or labels that are numbers");
  }
  data.columns = table.columns;
  data.class_names = table.classes;
  data.standardize = true;
  data.code = fmt::format(
      "  const data::Table all = data::csv(\"own.csv\", {{.label = \"{}\", .classes = {}, .missing = "
      "data::Missing::{}, "
      ".categories = data::Categories::{}}});\n  auto [train, test] = data::split(all, {}, {});\n",
      spec.label, spec.classes, spec.missing, spec.categories, spec.test, spec.seed);
  return data;
}

}  // namespace

std::span<const SetKind> set_kinds() { return kinds; }

Data make_data(const DataSpec& spec) {
  if (spec.set == "digits") return digits();
  if (spec.set == "own") return own(spec);
  const auto kind = std::ranges::find_if(kinds, [&](const SetKind& k) { return k.name == spec.set; });
  if (kind == std::end(kinds)) refuse("the data set is unknown", fmt::format("'{}'", spec.set), "one of the page's");
  Data data;
  divide(data, kind->make(spec.count, spec.noise), spec);
  data.inputs = 2;
  data.classes = kind->classes;
  data.outputs = kind->classes ? (spec.set == "blobs" ? 3 : 2) : 1;
  data.function = kind->code;
  data.code = fmt::format("  auto [train, test] = data::split({}({}, {}), {}, {});\n", kind->function, spec.count,
                          spec.noise, spec.test, spec.seed);
  return data;
}

}  // namespace gradus::web
