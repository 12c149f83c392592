// gradus show for files of tensors: safetensors (checkpoints are such), .npz and .npy.
#include <gradus/io/io.hpp>

#include "show/report.hpp"

namespace gradus::tool {

FileReport report_tensors(const std::string& path, const std::string& only) {
  FileReport report;
  const auto keep = [&](const io::TensorInfo& info, const Tensor& x) {
    ShownTensor shown{info.name, info.dtype, info.shape, info.bytes, {}};
    if (x.defined()) shown.statistics = statistics(x);
    report.tensors.push_back(std::move(shown));
  };
  const io::Contents file = io::scan(path, keep, {.only = only, .lenient = true});
  constexpr const char* kinds[] = {"safetensors", "npz", "npy"};
  report.kind = file.metadata.contains("gradus.checkpoint") ? "checkpoint" : kinds[static_cast<int>(file.kind)];
  for (const auto& [key, text] : file.metadata) report.metadata.lines.emplace_back(key, text);
  report.notes = file.notes;
  return report;
}

}  // namespace gradus::tool
