// gradus convert: tensors from one kind of file into another.
#include <fmt/format.h>
#include <gradus/io/io.hpp>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"

namespace gradus::tool {
namespace {

struct ConvertOptions {
  std::string from, to, only = "*";
  std::vector<std::string> renames;
  bool lenient = false;
};

enum class Kind { safetensors, npz, npy };

Kind kind_by_name(const std::string& path) {
  if (path.ends_with(".safetensors")) return Kind::safetensors;
  if (path.ends_with(".npz")) return Kind::npz;
  if (path.ends_with(".npy")) return Kind::npy;
  throw Stop(usage, fmt::format("{}: the name must end with .safetensors, .npz or .npy, which tells the kind", path));
}

// "module.=" takes the beginning away; "a.=b." replaces it.
io::Renames parse(const std::vector<std::string>& texts) {
  io::Renames renames;
  for (const std::string& text : texts) {
    const auto middle = text.find('=');
    if (middle == text.npos)
      throw Stop(usage,
                 fmt::format("--rename {}: expected FROM=TO, how names begin in the file and in the new one", text));
    renames.emplace_back(text.substr(0, middle), text.substr(middle + 1));
  }
  return renames;
}

void write(const ConvertOptions& o, Kind kind, const io::Contents& file) {
  if (kind == Kind::safetensors) {
    io::save(o.to, file.state, file.metadata);
  } else if (kind == Kind::npz) {
    io::save_npz(o.to, file.state);
  } else {
    if (file.state.size() != 1)
      throw Stop(usage, fmt::format("{}: a .npy file holds one array, and {} has {}: choose one with --only", o.to,
                                    o.from, file.state.size()));
    io::save_npy(o.to, file.state[0].second);
  }
}

// What does not cross over.
void say_losses(const ConvertOptions& o, Kind kind, const io::Contents& file) {
  for (const std::string& note : file.notes) print("note: {}\n", note);
  if (kind == Kind::safetensors || file.metadata.empty()) return;
  constexpr int most = 5;
  std::string keys;
  int count = 0;
  for (const auto& [key, text] : file.metadata) {
    if (++count <= most) keys += (keys.empty() ? "" : ", ") + fmt::format("{:?}", key);
  }
  if (count > most) keys += fmt::format(" and {} more", count - most);
  print("note: {} has no place for metadata; left behind: {}\n", o.to.substr(o.to.rfind('.')), keys);
}

Exit run(const ConvertOptions& o) {
  const Kind kind = kind_by_name(o.to);
  const io::Renames renames = parse(o.renames);
  refuse_same_file({{"A", o.from}, {"B", o.to}});
  check_output({"B", o.to});
  try {
    const io::Contents file = io::read(o.from, {.only = o.only, .rename = renames, .lenient = o.lenient});
    write(o, kind, file);
    print("{}: {} tensor{}\n", o.to, file.state.size(), file.state.size() == 1 ? "" : "s");
    say_losses(o, kind, file);
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
  return success;
}

constexpr const char* examples = R"(Examples:
  gradus convert model.safetensors model.npz
  gradus convert arrays.npz model.safetensors --rename module.= --only 'module.*'
  gradus convert model.safetensors weight.npy --only fc1.weight

The kind of A is found by its content, that of B by its name. Half floats become f32 and small integers i64, which
is said; other dtypes are an error. Only safetensors has metadata. B appears when it is complete.
)";

}  // namespace

void add_convert(CommandLine& program) {
  auto options = std::make_shared<ConvertOptions>();
  Command& command = program.add("convert", "convert tensors between safetensors, .npz and .npy");
  command.runs([options] { return run(*options); });
  command.footer(examples);
  command.text("A", options->from, "", "safetensors, .npz or .npy");
  command.text("B", options->to, "", "the new file; its name ends with .safetensors, .npz or .npy");
  command.text("--only", options->only, "PATTERN", "the tensors whose names in A match, as in a shell [all]");
  command.texts("--rename", options->renames, "FROM=TO", "names that begin with FROM begin with TO in B");
  command.flag("--lenient", options->lenient, "read safetensors that break the format in known ways, and say so");
}

}  // namespace gradus::tool
