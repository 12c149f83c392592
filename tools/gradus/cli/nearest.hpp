// For a word that is not known: the known one that was probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gradus::tool {

// Changes, insertions, removals and swaps of neighbours that make b of a.
int distance(std::string_view a, std::string_view b);

// "unknown; did you mean lenet? (there are mlp, lenet, cnn)", or the list alone when nothing is near.
std::string unknown(std::string_view word, std::span<const std::string> known);

}  // namespace gradus::tool
