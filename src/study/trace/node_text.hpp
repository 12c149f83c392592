// What a trace says of an operation's own numbers and letters.
#pragma once

#include <string>

#include <gradus/tape.hpp>

namespace gradus::study {

std::string attributes(NodeView node);  // as a JSON object
std::string letters(NodeView node);     // of its inputs: "a b"

}  // namespace gradus::study
