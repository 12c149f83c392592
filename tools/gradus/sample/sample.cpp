// gradus sample: a text that a trained network writes.
#include <fmt/format.h>

#include <gradus/gradus.hpp>

#include "cli/options.hpp"
#include "cli/print.hpp"
#include "cli/terminal.hpp"
#include "train/text/nets.hpp"

namespace gradus::tool {
namespace {

struct SampleOptions {
  std::string model;
  std::optional<std::string> prompt;
  std::int64_t tokens = 300, top_k = 0, seed = 1;
  double temperature = 1, top_p = 1;
  bool no_cache = false;
};

// Errors of a file end the program as such.
template <class F>
auto read(const F& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
}

struct Saved {
  data::Tokenizer tokenizer;
  TextNet net;
};

Saved load(const std::string& path) {
  const io::Metadata metadata = read([&] { return io::metadata(path); });
  const auto text = [&](const char* key) {
    const auto at = metadata.find(key);
    if (at != metadata.end()) return at->second;
    throw Stop(file_trouble, fmt::format("{}: does not say '{}' in its metadata\n"
                                         "  expected: a file that gradus train --data text:FILE --save wrote",
                                         path, key));
  };
  if (const std::string task = text("task"); task != "text")
    throw Stop(file_trouble, fmt::format("{}: a network for '{}', not for text", path, task));
  const data::Tokenizer tokenizer = read([&] { return data::Tokenizer::from_json(text("tokenizer")); });
  const StateDict state = read([&] { return io::load(path); });
  double numbers = 0;
  for (const auto& [name, value] : state) numbers += static_cast<double>(value.numel());
  const auto made = [&] {
    try {
      const TextSpec spec = parse_text_net(text("net"));
      if (parameter_count(spec, tokenizer.size()) != numbers)  // before memory is taken for what a file claims
        throw Stop(file_trouble, fmt::format("net '{}' does not have the {} numbers of the file", spec.text, numbers));
      return make_text_net(spec, tokenizer.size());
    } catch (const Stop& e) { throw Stop(file_trouble, fmt::format("{}: its metadata: {}", path, e.what())); }
  };
  TextNet net = made();
  read([&] { std::visit([&](auto& n) { n.load_state_dict(state); }, net); });
  return {tokenizer, std::move(net)};
}

// What to begin with: the prompt, or without one the end of a line, if the text had lines.
std::vector<std::int64_t> first_tokens(const SampleOptions& o, const data::Tokenizer& tokenizer) {
  if (!o.prompt) {
    try {
      return tokenizer.encode("\n");
    } catch (const Error&) { return {0}; }
  }
  if (o.prompt->empty()) throw Stop(usage, "--prompt '': one character at least, or leave the option out");
  try {
    return tokenizer.encode(*o.prompt);
  } catch (const Error& e) {
    throw Stop(usage,
               fmt::format("--prompt: {}: {} was not in the training text", e.complaint().wrong, e.complaint().got));
  }
}

Exit run(const SampleOptions& o) {
  const Saved saved = load(o.model);
  const std::vector<std::int64_t> prompt = first_tokens(o, saved.tokenizer);
  const bool live = standard_output().live;
  std::string last = o.prompt.value_or("");
  write_out(last);
  const nn::GenerateOptions options{.tokens = o.tokens,
                                    .temperature = o.temperature,
                                    .top_k = o.top_k,
                                    .top_p = o.top_p,
                                    .seed = static_cast<std::uint64_t>(o.seed),
                                    .cache = !o.no_cache,
                                    .on_token = [&](std::int64_t token) {
                                      last = saved.tokenizer.bytes(token);
                                      write_out(last);
                                      if (live) flush_out();
                                      return output_trouble().empty();
                                    }};
  std::visit([&](const auto& net) { (void)nn::generate(net, prompt, options); }, saved.net);
  if (!last.ends_with('\n')) print("\n");
  return success;
}

constexpr const char* examples = R"(Examples:
  gradus train --data text:shakespeare.txt --net gpt --save bard.safetensors
  gradus sample bard.safetensors --prompt 'ROMEO:' --temperature 0.8 --top-k 20
)";

}  // namespace

void add_sample(CommandLine& program) {
  auto options = std::make_shared<SampleOptions>();
  SampleOptions& o = *options;
  Command& command = program.add("sample", "write a text with a trained network");
  command.runs([options] { return run(*options); });
  command.footer(examples);
  command.text("MODEL", o.model, "", "a file that gradus train --data text:FILE --save wrote");
  command.text("--prompt", o.prompt, "TEXT", "how the text begins [a new line]");
  command.whole("--tokens", o.tokens, at_least(0), "how many tokens to write");
  command.number("--temperature", o.temperature, {0, 1e6}, "X", "below 1 safer, above 1 wilder; 0: the most probable");
  command.whole("--top-k", o.top_k, at_least(0), "only the K most probable tokens; 0: all");
  command.number("--top-p", o.top_p, {1e-9, 1}, "P", "only the most probable ones that make P together");
  command.whole("--seed", o.seed, at_least(0), "another text for another seed");
  command.flag("--no-cache", o.no_cache, "compute everything again for each token: the same text");
}

}  // namespace gradus::tool
