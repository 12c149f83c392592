// gradus train --data text:FILE: a network that predicts the next token of a text.
#pragma once

#include <string>

#include "train/training.hpp"

namespace gradus::tool {

// Is --data a text?
bool is_text(const std::string& data);

Exit train_text(TrainOptions options);

// The tokenizer that --tokenizer names, made from a text: chars, or bpe:MERGES. Throws Stop for another word.
data::Tokenizer make_tokenizer(const std::string& spec, std::string_view text);

}  // namespace gradus::tool
