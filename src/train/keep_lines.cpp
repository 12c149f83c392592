// Where the part of a log ends that a resumed training has behind it.
#include "train/keep_lines.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>

#include "tensor/number.hpp"
#include "train/run_lines.hpp"

namespace gradus::train {
namespace {

// `fits` is asked of each whole line, with its number from 1.
template <class Fits>
bool keep(const std::string& path, Fits fits) {
  if (path.empty() || !std::filesystem::is_regular_file(path)) return false;
  std::ifstream in(path, std::ios::binary);
  std::string line;
  std::uintmax_t size = 0;
  for (std::int64_t number = 1; std::getline(in, line) && !in.eof(); ++number) {
    if (!fits(line, number)) break;
    size += line.size() + 1;
  }
  if (size == 0) return false;
  std::error_code trouble;
  std::filesystem::resize_file(path, size, trouble);
  return !trouble;
}

// Whether a line after the first belongs to what is done. `file` takes what the line says.
bool is_done(const std::string& line, std::int64_t step, std::int64_t epoch, run_log::LineReader& reader) {
  const run_log::Json json = run_log::parse_line(line);
  const run_log::Members in(json);
  const std::string ev = in.text("ev");
  if (ev == "end" || in.integer_or("step", 0) > step) return false;
  if (ev == "epoch" && in.integer("epoch") > epoch) return false;
  reader.add(json);
  return true;
}

}  // namespace

KeptLog keep_run_log(const std::string& path, std::int64_t step, std::int64_t epoch) {
  KeptLog kept;
  run_log::File first;
  run_log::LineReader reader(first);
  kept.there = keep(path, [&](const std::string& line, std::int64_t number) {
    try {
      if (number > 1) return is_done(line, step, epoch, reader);
      reader.start(run_log::parse_line(line));
      return first.start.version <= run_log::newest_version;
    } catch (const run_log::BadLine&) { return false; }
  });
  kept.batch = first.start.batch;
  for (const run_log::Step& s : first.steps) {
    if (s.epoch != epoch + 1) continue;
    ++kept.steps;
    kept.loss += s.loss;
    if (std::isnan(s.accuracy)) continue;
    kept.accuracy += s.accuracy;
    ++kept.judged;
  }
  return kept;
}

bool keep_table(const std::string& path, const std::string& header, std::int64_t step, std::int64_t epoch) {
  return keep(path, [&](const std::string& line, std::int64_t number) {
    if (number == 1) return line + '\n' == header;
    const auto cells = gradus::detail::split(line);
    if (cells.size() < 3) return false;
    const auto at = gradus::detail::parse_integer(cells[1]);
    const auto of = gradus::detail::parse_integer(cells[2]);
    return at && of && *at <= step && (cells[0] != "epoch" || *of <= epoch);
  });
}

}  // namespace gradus::train
