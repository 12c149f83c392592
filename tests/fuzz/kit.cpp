// Any bytes as the manifest of a kit, or as an index whose checksum is right: refused by Stop, or its cases run.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "cli/command.hpp"
#include "input.hpp"
#include "io/sha256.hpp"
#include "verify/run.hpp"

using namespace gradus;

// Defined in main.cpp, which is not part of a fuzz target.
std::string tool::without_line(const Error& e) { return e.what(); }

namespace {

const std::string folder = fmt::format("/dev/shm/gradus-fuzz-kit-{}", ::getpid());
const std::string empty = R"({"format":"oracle-kit 1","seed":"s","cases":[]})";

// The first byte of an input says which file the others are.
struct Index {
  char letter;
  const char *group, *name;  // of the only case; its file is NAME.json, its tensors are in NAME.safetensors

  std::string file() const { return std::string(name) + ".json"; }
};
constexpr Index indexes[] = {{'o', "ops/ops", "ops/ops"},         {'e', "ops/errors", "ops/errors"},
                             {'l', "modules", "modules/modules"}, {'p', "optim", "optim/optim"},
                             {'s', "sched", "sched/sched"},       {'c', "clip", "clip/clip"},
                             {'i', "init", "init/init"},          {'t', "train", "train/train"}};
constexpr char manifest = 'm';

void write(const std::string& file, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(folder + '/' + file).parent_path());
  std::ofstream(folder + '/' + file, std::ios::binary) << bytes;
}

std::string listed(const std::string& file, const std::string& bytes) {
  return fmt::format(R"("{}":{{"bytes":{},"sha256":"{}"}})", file, bytes.size(), io::sha256(bytes));
}

// The tensors that cases can name, the same in each folder.
std::string make_tensors() {
  manual_seed(1);
  const StateDict all{{"a", rand({2, 3}, f64)},       {"b", rand({3}, f64)},        {"c", rand({2, 3}, f64)},
                      {"s", scalar(1, f64)},          {"t", rand({3, 2}, f64)},     {"u", rand({4}, f64)},
                      {"m", ones({2, 3}, boolean)},   {"i", tensor({0, 1}, i64)},   {"j", zeros({2, 3}, i64)},
                      {"v3", rand({1, 2, 4}, f64)},   {"w3", rand({2, 2, 3}, f64)}, {"v4", rand({1, 2, 4, 4}, f64)},
                      {"w4", rand({2, 2, 3, 3}, f64)}};
  write("tensors", "");
  io::save(folder + "/tensors", all);
  std::ifstream in(folder + "/tensors", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// All files but the index under test, as the manifest lists them.
std::string list_others(char but) {
  static const std::string tensors = make_tensors();
  std::string list;
  for (const Index& index : indexes) {
    const std::string beside = std::string(index.name) + ".safetensors";
    write(beside, tensors);
    list += listed(beside, tensors) + ',';
    if (index.letter == but) continue;
    write(index.file(), empty);
    list += listed(index.file(), empty) + ',';
  }
  return list;
}

void write_kit(const Index& index, const std::string& bytes) {
  static std::string others;
  static char others_of = 0;
  if (others_of != index.letter) {
    others = list_others(index.letter);
    others_of = index.letter;
  }
  write(index.file(), bytes);
  write("manifest.json",
        fmt::format(R"({{"files":{{{}{}}},"counts":{{"{}":1}}}})", others, listed(index.file(), bytes), index.group));
}

void run(const tool::Case& c) {
  try {
    tool::run_case(c);
  } catch (const tool::Difference&) {
  } catch (const tool::NotImplemented&) {
  } catch (const tool::Skipped&) {
  } catch (const std::bad_alloc&) {
    fuzz::require(false);  // a budget must hold
  } catch (const std::exception&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto letter = static_cast<char>(data[0]);
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto index = std::ranges::find(indexes, letter, &Index::letter);
  if (index != std::end(indexes))
    write_kit(*index, bytes);
  else if (letter == manifest)
    write("manifest.json", bytes);
  else
    return -1;  // not for the corpus
  try {
    const tool::Kit kit(folder);
    for (const tool::Case& c : kit.cases()) run(c);
  } catch (const tool::Stop& stop) { fuzz::require(stop.code == tool::file_trouble); }
  return 0;
}
