// What a run over a text needs, from the words of the command line.
#include "train/text/train.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "cli/nearest.hpp"
#include "cli/output.hpp"
#include "cli/spec.hpp"
#include "io/xxh64.hpp"
#include "train/text/run.hpp"

namespace gradus::tool {
namespace {

constexpr const char* prefix = "text:";

std::string read_text(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream file(path, std::ios::binary);
    const bool folder = std::filesystem::is_directory(path);
    if (!file || folder)
      throw Stop(file_trouble, fmt::format("--data text:{}: {}", path, folder ? "a folder" : std::strerror(errno)));
    text << file.rdbuf();
  }
  std::string all = std::move(text).str();
  if (all.empty()) throw Stop(file_trouble, fmt::format("--data text:{}: the text is empty", path));
  return all;
}

// An option that would do nothing is a mistake.
void refuse_idle(const TrainOptions& o) {
  const std::pair<const char*, const std::string&> options[] = {
      {"--label", o.label},     {"--separator", o.separator},   {"--header", o.header}, {"--decimal", o.decimal},
      {"--missing", o.missing}, {"--categories", o.categories}, {"--task", o.task},     {"--data-dir", o.directory}};
  for (const auto& [name, value] : options)
    if (!value.empty()) throw Stop(usage, fmt::format("{} is not for --data text:FILE", name));
  if (o.epochs != TrainOptions{}.epochs)
    throw Stop(usage, "--epochs is not for --data text:FILE: windows are drawn at random; --steps");
  if (o.summary) throw Stop(usage, "--summary is not for --data text:FILE");
  if (o.batch < 1) throw Stop(usage, "--batch 0: a text has no full batch; 1 or more");
}

}  // namespace

bool is_text(const std::string& data) { return data.starts_with(prefix); }

data::Tokenizer make_tokenizer(const std::string& spec, std::string_view text) {
  const Spec parsed = parse_spec(spec);
  if (parsed.name == "chars" && parsed.arguments.empty()) return data::Tokenizer::characters(text);
  if (parsed.name == "bpe" && parsed.arguments.size() <= 1) {
    const auto merges = parsed.arguments.empty() ? 500 : to_integer(parsed.arguments[0]);
    if (merges && *merges >= 0 && *merges <= 65536) return data::Tokenizer::bpe(text, *merges);
  }
  throw Stop(usage, fmt::format("--tokenizer {}: chars, or bpe:MERGES with up to 65536 merges, as in bpe:500", spec));
}

Exit train_text(TrainOptions o) {
  if (o.net.empty()) o.net = "gpt";
  if (o.tokenizer.empty()) o.tokenizer = "chars";
  if (!o.steps) o.steps = 2000;
  if (*o.steps < 1) throw Stop(usage, fmt::format("--steps {}: 1 or more", *o.steps));
  refuse_idle(o);
  const TextSpec spec = parse_text_net(o.net);
  const MakeOptimizer make_optimizer = parse_optimizer(o.opt);
  const MakeSchedule schedule = parse_schedule(o.schedule);
  (void)make_tokenizer(o.tokenizer, "a");  // the spec is understood before the text is read
  const std::string path = o.data.substr(std::strlen(prefix));
  check_output({"--save", o.save});
  refuse_same_file({{"--data", path == "-" ? "" : path}, {"--save", o.save}, {"--log", o.log}});
  const std::string text = read_text(path);
  const data::Tokenizer tokenizer = make_tokenizer(o.tokenizer, text);
  const auto seed = static_cast<std::uint64_t>(o.seed);
  manual_seed(seed);
  const auto windows = [&] {
    try {
      return data::windows(tokenizer.encode(text), {.block = spec.block, .size = o.batch, .seed = seed});
    } catch (const Error& e) {
      throw Stop(file_trouble, fmt::format("--data {}: too short: {}; a smaller block, as in --net gpt:block=16",
                                           o.data, e.complaint().got));
    }
  };
  const TextSource source{path == "-" ? "standard input" : std::filesystem::path(path).filename().string(),
                          fmt::format("{:016x}", io::xxh64(text))};
  TextRun run(o, source, tokenizer, windows(), make_text_net(spec, tokenizer.size()), make_optimizer, schedule);
  return o.find_lr ? run.find_lr() : run.run();
}

}  // namespace gradus::tool
