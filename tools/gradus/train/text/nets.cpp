// Parsing specs of networks for text.
#include "train/text/nets.hpp"

#include <fmt/format.h>

#include <vector>

#include "cli/command.hpp"
#include "cli/nearest.hpp"
#include "cli/spec.hpp"

namespace gradus::tool {
namespace {

// An option of a spec: a whole number, or a probability.
struct Field {
  std::string name;
  std::int64_t* whole = nullptr;
  double* part = nullptr;
};

void set(const Field& field, const std::string& text, const std::string& value) {
  constexpr std::int64_t most = 65536;
  if (field.whole) {
    const auto number = to_integer(value);
    if (!number || *number < 1 || *number > most)
      throw Stop(usage, fmt::format("--net {}: {} must be a whole number from 1 to {}", text, field.name, most));
    *field.whole = *number;
    return;
  }
  const auto number = to_number(value);
  if (!number || !(*number >= 0 && *number < 1))
    throw Stop(usage, fmt::format("--net {}: {} must be a number from 0 to below 1", text, field.name));
  *field.part = *number;
}

void parse_fields(const Spec& spec, const std::string& text, const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  for (const std::string& argument : spec.arguments) {
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Field* found = nullptr;
    for (const Field& field : fields)
      if (field.name == name) found = &field;
    if (!found)
      throw Stop(usage, fmt::format("--net {}: option '{}' of {} is {}", text, name, spec.name, unknown(name, names)));
    set(*found, text, equals == std::string::npos ? "" : argument.substr(equals + 1));
  }
}

}  // namespace

bool is_text_net(const std::string& text) {
  const std::string name = text.substr(0, text.find(':'));
  return name == "gpt" || name == "lstm";
}

TextSpec parse_text_net(const std::string& text) {
  const Spec spec = parse_spec(text);
  TextSpec made{.text = text, .is_gpt = spec.name == "gpt"};
  if (!is_text_net(text)) {
    const std::string names[] = {"gpt", "lstm"};
    throw Stop(usage, fmt::format("--net {}: for text, it is {}", spec.name, unknown(spec.name, names)));
  }
  nn::GPTOptions& gpt = made.gpt;
  nn::TextLSTMOptions& lstm = made.lstm;
  if (made.is_gpt)
    parse_fields(spec, text,
                 {{"layers", &gpt.layers},
                  {"heads", &gpt.heads},
                  {"width", &gpt.width},
                  {"block", &made.block},
                  {"dropout", nullptr, &gpt.dropout}});
  else
    parse_fields(spec, text,
                 {{"layers", &lstm.layers},
                  {"width", &lstm.width},
                  {"block", &made.block},
                  {"dropout", nullptr, &lstm.dropout}});
  if (made.is_gpt && gpt.width % gpt.heads != 0)
    throw Stop(usage, fmt::format("--net {}: width {} is no multiple of heads {}", text, gpt.width, gpt.heads));
  gpt.block = made.block;
  return made;
}

double parameter_count(const TextSpec& spec, std::int64_t tokens) {
  const auto number = [](std::int64_t n) { return static_cast<double>(n); };
  const double v = number(tokens);
  if (!spec.is_gpt) {
    const double w = number(spec.lstm.width);
    return v * w + number(spec.lstm.layers) * (8 * w * w + 8 * w) + v * w + v;
  }
  const double w = number(spec.gpt.width);
  return v * w + number(spec.block) * w + number(spec.gpt.layers) * (12 * w * w + 2 * w) + w;
}

TextNet make_text_net(const TextSpec& spec, std::int64_t tokens) {
  if (spec.is_gpt) return nn::GPT(tokens, spec.gpt);
  return nn::TextLSTM(tokens, spec.lstm);
}

}  // namespace gradus::tool
