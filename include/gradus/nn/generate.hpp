// Writing on with a network that predicts the next token.
//
//   const auto prompt = tokenizer.encode("ROMEO:");
//   const auto tokens = nn::generate(net, prompt, {.tokens = 200, .temperature = 0.8, .top_k = 20, .seed = 1});
//   std::cout << tokenizer.decode(tokens);
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::nn {

struct GenerateOptions {
  std::int64_t tokens = 100;  ///< how many to write
  double temperature = 1;     ///< logits are divided by it; 0: always the most probable token
  std::int64_t top_k = 0;     ///< only the k most probable tokens; 0: all
  /// Only the most probable tokens that together have this probability, one at least (Holtzman et al., "The curious
  /// case of neural text degeneration", 2020). After top_k.
  double top_p = 1;
  /// Token i is a function of the seed, i and the logits. Without a seed, default_generator() gives one.
  std::optional<std::uint64_t> seed = {};
  /// Keep what the network has computed for earlier tokens. Without it each token costs a pass over the whole text: the
  /// same tokens, slowly.
  bool cache = true;
  /// Is called with each token as soon as it is there; false ends the text after it.
  std::function<bool(std::int64_t token)> on_token = {};
};

/// A network that generate() can use: next() gives the logits (1, tokens) after further tokens (1, T), and context()
/// the longest text that it looks at, or 0. Cache{} has seen nothing.
template <class M>
concept LanguageModel = requires(const M& net, const Tensor& tokens, typename M::Cache& cache) {
  { net.next(tokens, cache) } -> std::convertible_to<Tensor>;
  { net.context() } -> std::convertible_to<std::int64_t>;
};

/// The token that a number u in [0, 1) chooses among the logits (tokens) or (1, tokens): the tokens that the options
/// leave, most probable first, share the interval by their probabilities. Throws for options out of range, and for a
/// NaN among the logits.
std::int64_t sample(const Tensor& logits, const GenerateOptions& options, double u, Loc where = Loc::current());

namespace detail {

/// The part of generate() that does not depend on the network. `next` forgets the past if `fresh`.
using Next = std::function<Tensor(const Tensor& tokens, bool fresh)>;
std::vector<std::int64_t> generate(const Next& next, std::int64_t context, std::span<const std::int64_t> prompt,
                                   const GenerateOptions& options, Loc where);

}  // namespace detail

/// The tokens that follow the prompt. The network evaluates; nothing is recorded. When a text has become as long as the
/// network's context, it goes on from the last half of it. Throws for an empty prompt and for options out of range.
template <LanguageModel M>
std::vector<std::int64_t> generate(const M& net, std::span<const std::int64_t> prompt,
                                   const GenerateOptions& options = {}, Loc where = Loc::current()) {
  typename M::Cache cache;
  const auto next = [&](const Tensor& tokens, bool fresh) -> Tensor {
    if (fresh) cache = {};
    if constexpr (requires { net.next(tokens, cache, where); })
      return net.next(tokens, cache, where);
    else
      return net.next(tokens, cache);
  };
  return detail::generate(next, net.context(), prompt, options, where);
}

}  // namespace gradus::nn
