#include "verify/kit.hpp"

#include <fstream>
#include <sstream>

#include "cli/command.hpp"
#include "cli/sha256.hpp"

namespace gradus::tool {
namespace {

constexpr const char* index_files[] = {"ops/ops.json",     "ops/errors.json",  "modules/modules.json",
                                       "optim/optim.json", "sched/sched.json", "clip/clip.json",
                                       "init/init.json",   "train/train.json"};

constexpr const char* format = "oracle-kit 1";

// Operations come in groups, one per file of tensors.
std::string group_of(const std::string& index, const std::string& tensors) {
  const std::string folder = index.substr(0, index.find('/'));
  return folder == "ops" ? "ops/" + tensors.substr(0, tensors.find('.')) : folder;
}

}  // namespace

Kit::Kit(const std::string& directory) : directory_(directory) {
  if (!std::filesystem::is_directory(directory_))
    throw Stop(file_trouble, fmt::format("{}: no such directory", directory));
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

std::string Kit::bytes(const std::string& file) const {
  std::ifstream in(directory_ / file, std::ios::binary);
  if (!in) refuse(file, "is missing or cannot be read");
  std::ostringstream all;
  all << in.rdbuf();
  return std::move(all).str();
}

Json Kit::json(const std::string& file, const std::string& text) const {
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) { refuse(file, e.what()); }
}

void Kit::check(const std::string& file, const Json& entry) const {
  const std::string found = bytes(file);
  const auto expected = entry.at("bytes").get<std::size_t>();
  if (found.size() != expected) refuse(file, fmt::format("has {} bytes instead of {}", found.size(), expected));
  if (sha256(found) != entry.at("sha256").get_ref<const std::string&>()) {
    refuse(file, "has changed: its SHA-256 is not the one in manifest.json");
  }
}

void Kit::add_cases(const std::string& file) {
  if (!manifest_.at("files").contains(file)) refuse(file, "is needed, and manifest.json does not list it");
  const Json& index = indexes_.emplace_back(json(file, bytes(file)));
  if (index.at("format") != format) {
    refuse(file, fmt::format("is of format {}, and this program reads \"{}\"", index.at("format").dump(), format));
  }
  seed_ = index.at("seed").get<std::string>();
  const std::string folder = file.substr(0, file.find('/'));
  for (const Json& spec : index.at("cases")) {
    const std::string beside = spec.value("file", folder + ".safetensors");
    static const StateDict none;  // statistics need no tensors
    cases_.emplace_back(group_of(file, beside), index, spec, folder == "init" ? none : tensors(folder + "/" + beside));
  }
}

const StateDict& Kit::tensors(const std::string& file) {
  const auto known = tensors_.find(file);
  if (known != tensors_.end()) return known->second;
  if (!manifest_.at("files").contains(file)) refuse(file, "is needed, and manifest.json does not list it");
  try {
    return tensors_[file] = io::load((directory_ / file).string());
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
}

void Kit::check_counts() const {
  std::map<std::string, std::size_t> found;
  for (const Case& c : cases_) ++found[c.group];
  const auto expected = manifest_.at("counts").get<std::map<std::string, std::size_t>>();
  if (found != expected) refuse("manifest.json", "its numbers of cases are not those of the files");
}

}  // namespace gradus::tool
