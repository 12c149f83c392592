// Writing, finding and reading the files of checkpoints.
#include "train/checkpoint_file.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "io/json.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "train/checksum.hpp"

namespace gradus::train {
namespace {

constexpr const char *version_key = "gradus.checkpoint", *words_key = "gradus.must_match",
                     *checksum_key = "gradus.checksum";
constexpr std::string_view version = "1", prefix = "step-", suffix = ".safetensors";

// Texts that are not UTF-8 get replacement characters, as they do each time.
std::string text_of(const Words& words) {
  return io::Json(words).dump(-1, ' ', false, io::Json::error_handler_t::replace);
}

std::optional<Words> words_of(const std::string& text) try {
  return io::parse_json(text).get<Words>();
} catch (const io::Json::exception&) { return {}; }

std::string checksum_of(const StateDict& state, const std::string& words) {
  return hexadecimal(checksum(state, checksum(words.data(), words.size())));
}

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) return {};
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc{} || end != name.data() + name.size() || step < 0) return {};
  return step;
}

[[noreturn]] void refuse(const std::string& path, const char* wrong, std::string got, std::string advice, Loc where) {
  throw Error("resume", {.wrong = path + ": " + wrong, .got = std::move(got), .advice = std::move(advice)}, where);
}

}  // namespace

std::string step_file(const std::string& folder, std::int64_t step) {
  return formatted("{}/{}{:09}{}", folder, prefix, step, suffix);
}

std::string best_file(const std::string& folder) { return formatted("{}/best{}", folder, suffix); }

std::vector<std::int64_t> steps_in(const std::string& folder) {
  std::vector<std::int64_t> steps;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const std::optional<std::int64_t> step = step_of(name);
    if (step && step_file("", *step) == "/" + name) steps.push_back(*step);
  }
  std::ranges::sort(steps, std::greater());
  return steps;
}

std::vector<std::string> checkpoints_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const std::int64_t step : steps_in(folder)) files.push_back(step_file(folder, step));
  std::error_code none;
  if (std::filesystem::exists(best_file(folder), none)) files.push_back(best_file(folder));
  return files;
}

void write_checkpoint(const std::string& path, const CheckpointFile& checkpoint, Loc where) {
  const std::string words = text_of(checkpoint.words);
  io::save(
      path, checkpoint.state,
      {{version_key, std::string(version)}, {words_key, words}, {checksum_key, checksum_of(checkpoint.state, words)}},
      where);
}

CheckpointFile read_checkpoint(const std::string& path, Loc where) {
  const io::Metadata metadata = io::metadata(path, where);
  const auto text = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  if (text(version_key).empty()) refuse(path, "is no checkpoint", {}, {}, where);
  if (text(version_key) != version) {
    refuse(path, "is of another version of the format", "version " + text(version_key),
           "resume with the Gradus that wrote it", where);
  }
  CheckpointFile checkpoint{.state = io::load(path, {}, where), .words = {}};
  const std::string words = text(words_key);
  if (checksum_of(checkpoint.state, words) != text(checksum_key)) {
    refuse(path, "is damaged: its checksum is wrong", {}, {}, where);
  }
  checkpoint.words = words_of(words).value_or(Words{});
  return checkpoint;
}

}  // namespace gradus::train
