// Any bytes as the manifest of a kit, or as an index whose checksum is right: refused by Stop, or its cases run.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cli/command.hpp"
#include "cli/sha256.hpp"
#include "input.hpp"
#include "verify/run.hpp"

using namespace gradus;

// Defined in main.cpp, which is not part of a fuzz target.
std::string tool::without_line(const Error& e) { return e.what(); }

namespace {

const std::string folder = fmt::format("/dev/shm/gradus-fuzz-kit-{}", ::getpid());
const std::string empty = R"({"format":"oracle-kit 1","seed":"s","cases":[]})";
constexpr const char* indexes[] = {"ops/ops.json",     "ops/errors.json", "modules/modules.json", "optim/optim.json",
                                   "sched/sched.json", "clip/clip.json",  "init/init.json",       "train/train.json"};

void write(const std::string& file, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(folder + '/' + file).parent_path());
  std::ofstream(folder + '/' + file, std::ios::binary) << bytes;
}

std::string listed(const std::string& file, const std::string& bytes) {
  return fmt::format(R"("{}":{{"bytes":{},"sha256":"{}"}})", file, bytes.size(), tool::sha256(bytes));
}

// All files but the index of clipping, as the manifest lists them.
std::string make_kit() {
  std::string list;
  for (const char* file : indexes) {
    write(file, empty);
    if (std::string_view(file) != "clip/clip.json") list += listed(file, empty) + ',';
  }
  io::save(folder + "/clip/clip.safetensors",
           {{"a", ones({2, 3}, f64)}, {"b", zeros({3}, f64)}, {"n", scalar(1, f64)}});
  std::ifstream in(folder + "/clip/clip.safetensors", std::ios::binary);
  const std::string tensors{std::istreambuf_iterator<char>(in), {}};
  return list + listed("clip/clip.safetensors", tensors);
}

void run(const tool::Case& c) {
  try {
    tool::run_clip(c);
  } catch (const tool::Difference&) {
  } catch (const tool::NotImplemented&) {
  } catch (const std::exception&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string others = make_kit();
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool as_manifest = data[0] == 'm';
  const std::string index = as_manifest ? empty : bytes;
  write("clip/clip.json", index);
  write("manifest.json", as_manifest ? bytes
                                     : fmt::format(R"({{"files":{{{},{}}},"counts":{{"clip":1}}}})", others,
                                                   listed("clip/clip.json", index)));
  try {
    const tool::Kit kit(folder);
    for (const tool::Case& c : kit.cases()) run(c);
  } catch (const tool::Stop& stop) { fuzz::require(stop.code == tool::file_trouble); }
  return 0;
}
