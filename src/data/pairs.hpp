// Byte pair encoding: which pairs to merge, and merging them.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gradus::data {

using Token = std::uint32_t;
using Pair = std::pair<Token, Token>;

// Of the merges: merge i makes token 256 + i.
using Ranks = std::unordered_map<std::uint64_t, Token>;
inline std::uint64_t key_of(Token left, Token right) { return std::uint64_t{left} << 32 | right; }

// The pairs to merge, most frequent first; of several the smallest. Ends early when no pair occurs twice.
std::vector<Pair> learn_pairs(std::string_view text, std::int64_t merges);

// The tokens of one piece.
std::vector<Token> merged(std::string_view piece, const Ranks& ranks);

}  // namespace gradus::data
