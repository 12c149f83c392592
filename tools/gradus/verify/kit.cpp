// Reading a kit: its manifest, its indexes, its tensors.
#include "verify/kit.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cli/command.hpp"
#include "io/sha256.hpp"

namespace gradus::tool {
namespace {

constexpr const char* index_files[] = {"ops/ops.json",     "ops/errors.json",  "modules/modules.json",
                                       "optim/optim.json", "sched/sched.json", "clip/clip.json",
                                       "init/init.json",   "train/train.json"};

constexpr const char* format = "oracle-kit 1";

constexpr std::uintmax_t most_bytes = 1 << 30;  // of a file
constexpr int most_levels = 32;                 // of JSON in JSON

// Operations come in groups, one per file of tensors.
std::string group_of(const std::string& index, const std::string& tensors) {
  const std::string folder = index.substr(0, index.find('/'));
  return folder == "ops" ? "ops/" + tensors.substr(0, tensors.find('.')) : folder;
}

}  // namespace

Kit::Kit(const std::string& directory) : directory_(directory) {
  if (!std::filesystem::is_directory(directory_))
    throw Stop(file_trouble, fmt::format("{}: is not a folder", directory));
  manifest_ = json("manifest.json", bytes("manifest.json"));
  try {
    for (const auto& [file, entry] : manifest_.at("files").items()) check(file, entry);
    for (const char* file : index_files) add_cases(file);
    check_counts();
  } catch (const Json::exception& e) { refuse("manifest.json or an index", e.what()); }
}

void Kit::refuse(const std::string& file, const std::string& why) const {
  throw Stop(file_trouble, fmt::format("{}: {}", (directory_ / file).string(), why));
}

// A kit names files in its own folder only: not by an absolute path, not through "..", not by a link that leads out.
std::filesystem::path Kit::place_of(const std::string& file) const {
  namespace fs = std::filesystem;
  const fs::path name(file);
  const bool climbs = std::find(name.begin(), name.end(), "..") != name.end();
  std::error_code missing;
  const fs::path place = fs::canonical(directory_ / name, missing);
  if (name.is_absolute() || climbs) refuse(file, "is not a name within the kit's folder");
  if (missing) refuse(file, "is missing or cannot be read");
  const fs::path folder = fs::canonical(directory_);
  if (std::mismatch(folder.begin(), folder.end(), place.begin(), place.end()).first != folder.end()) {
    refuse(file, "is a link that leads out of the kit's folder");
  }
  if (!fs::is_regular_file(place)) refuse(file, "is not a regular file");
  if (fs::file_size(place) > most_bytes) refuse(file, fmt::format("is larger than {} MiB", most_bytes >> 20));
  return place;
}

std::string Kit::bytes(const std::string& file) const {
  std::ifstream in(place_of(file), std::ios::binary);
  if (!in) refuse(file, "is missing or cannot be read");
  std::ostringstream all;
  all << in.rdbuf();
  return std::move(all).str();
}

Json Kit::json(const std::string& file, const std::string& text) const {
  const auto limit_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > most_levels) refuse(file, fmt::format("is nested more than {} levels deep", most_levels));
    return true;
  };
  try {
    return Json::parse(text, limit_depth);
  } catch (const Json::exception& e) { refuse(file, e.what()); }
}

void Kit::check(const std::string& file, const Json& entry) const {
  const auto expected = entry.at("bytes").get<std::uintmax_t>();
  const std::uintmax_t size = std::filesystem::file_size(place_of(file));
  if (size != expected) refuse(file, fmt::format("has {} bytes instead of {}", size, expected));
  if (io::sha256(bytes(file)) != entry.at("sha256").get_ref<const std::string&>()) {
    refuse(file, "has changed: its SHA-256 is not the one in manifest.json");
  }
}

void Kit::add_cases(const std::string& file) {
  if (!manifest_.at("files").contains(file)) refuse(file, "is needed, but manifest.json does not list it");
  const Json& index = indexes_.emplace_back(json(file, bytes(file)));
  if (index.at("format") != format) {
    const std::string found = index.at("format").dump().substr(0, 60);
    refuse(file, fmt::format("is of an unknown format: {}; this program reads \"{}\"", found, format));
  }
  seed_ = index.at("seed").get<std::string>();
  const std::string folder = file.substr(0, file.find('/'));
  for (const Json& spec : index.at("cases")) {
    const std::string tensor_file = spec.value("file", folder + ".safetensors");
    static const StateDict none;  // statistics need no tensors
    cases_.emplace_back(group_of(file, tensor_file), index, spec,
                        folder == "init" ? none : tensors(folder + "/" + tensor_file));
  }
}

const StateDict& Kit::tensors(const std::string& file) {
  const auto known = tensors_.find(file);
  if (known != tensors_.end()) return known->second;
  if (!manifest_.at("files").contains(file)) refuse(file, "is needed, but manifest.json does not list it");
  try {
    return tensors_[file] = io::load(place_of(file).string());
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
}

void Kit::check_counts() const {
  std::map<std::string, std::size_t> found;
  for (const Case& c : cases_) ++found[c.group];
  const auto expected = manifest_.at("counts").get<std::map<std::string, std::size_t>>();
  if (found != expected) refuse("manifest.json", "has other numbers of cases than the files");
}

}  // namespace gradus::tool
