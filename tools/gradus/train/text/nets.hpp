// Networks for text by spec: gpt:layers=4,heads=4,width=128,block=64 and lstm:layers=1,width=128,block=64.
#pragma once

#include <gradus/nn/language.hpp>

#include <string>
#include <variant>

namespace gradus::tool {

struct TextSpec {
  std::string text;
  bool is_gpt = true;
  nn::GPTOptions gpt = {};
  nn::TextLSTMOptions lstm = {};
  std::int64_t block = 64;  // tokens in a training window
};

// Does the spec name such a network?
bool is_text_net(const std::string& text);

// Throws Stop for a network or an option that does not exist, and for values that are not valid.
TextSpec parse_text_net(const std::string& text);

using TextNet = std::variant<nn::GPT, nn::TextLSTM>;
// How many numbers the parameters of the network have.
double parameter_count(const TextSpec& spec, std::int64_t tokens);

TextNet make_text_net(const TextSpec& spec, std::int64_t tokens);

}  // namespace gradus::tool
