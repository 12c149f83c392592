// Choosing tokens, and the loop that writes a text.
#include <gradus/nn/generate.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/random.hpp"
#include "nn/check.hpp"
#include "tensor/impl.hpp"

namespace gradus::nn {
namespace {

// Counters of their own, apart from those of weights and batches of the same seed.
constexpr std::uint64_t first_counter = std::uint64_t{1} << 61;

void check_options(const char* name, const GenerateOptions& o, Loc where) {
  check_at_least(name, "temperature", o.temperature, 0, where);
  check_sizes(name, {{"top_k", o.top_k}, {"tokens", o.tokens}}, where, 0);
  if (!(o.top_p > 0 && o.top_p <= 1))
    fail(name,
         {.wrong = "top_p is out of range",
          .got = gradus::detail::number_text(o.top_p),
          .expected = "above 0, and 1 at most"},
         where);
}

using Numbers = std::vector<double>;

Numbers checked_logits(const Tensor& logits, Loc where) {
  gradus::detail::check_defined(logits, "sample", where);
  const Shape& s = logits.shape();
  const bool is_row = s.size() == 1 || (s.size() == 2 && s[0] == 1);
  if (!is_row || logits.numel() == 0 || !is_floating(logits.dtype()))
    fail("sample",
         {.wrong = "the logits have the wrong shape", .got = to_string(s), .expected = "(tokens) or (1, tokens)"},
         where);
  Numbers z = logits.to_vector();
  if (std::ranges::any_of(z, [](double x) { return std::isnan(x); }))
    fail("sample",
         {.wrong = "a logit is NaN", .expected = "numbers", .advice = "look at the weights: training has failed"},
         where);
  if (std::isinf(*std::ranges::max_element(z)))
    fail("sample", {.wrong = "the largest logit is infinite", .expected = "a finite one"}, where);
  return z;
}

// How many of the tokens, most probable first, top_p leaves.
std::size_t nucleus(const Numbers& probabilities, double top_p) {
  if (top_p >= 1) return probabilities.size();
  const double wanted = top_p * std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  double sum = 0;
  std::size_t count = 0;
  while (count < probabilities.size() && sum < wanted) sum += probabilities[count++];
  return count;
}

}  // namespace

std::int64_t sample(const Tensor& logits, const GenerateOptions& o, double u, Loc where) {
  check_options("sample", o, where);
  const Numbers z = checked_logits(logits, where);
  std::vector<std::int64_t> order(z.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](std::int64_t token) { return z[static_cast<std::size_t>(token)]; };
  std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) { return logit(a) > logit(b); });
  if (o.temperature == 0) return order[0];
  if (o.top_k > 0 && o.top_k < std::ssize(order)) order.resize(static_cast<std::size_t>(o.top_k));
  Numbers probabilities;
  for (const std::int64_t token : order)
    probabilities.push_back(std::exp((logit(token) - logit(order[0])) / o.temperature));
  probabilities.resize(nucleus(probabilities, o.top_p));
  double left = u * std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  std::size_t i = 0;
  while (i + 1 < probabilities.size() && left >= probabilities[i]) left -= probabilities[i++];
  return order[i];
}

std::vector<std::int64_t> detail::generate(const Next& next, std::int64_t context, std::span<const std::int64_t> prompt,
                                           const GenerateOptions& o, Loc where) {
  check_options("generate", o, where);
  if (prompt.empty()) fail("generate", {.wrong = "the prompt is empty", .expected = "one token or more"}, where);
  std::vector<std::int64_t> text(prompt.begin(), prompt.end()), made;
  Generator& generator = default_generator();
  const std::uint64_t seed = o.seed ? *o.seed : generator.seed();
  const std::uint64_t first = o.seed ? first_counter : generator.draw(o.tokens);
  // What the network sees is the text from `begin` on.
  std::int64_t begin = context > 0 ? std::max<std::int64_t>(0, std::ssize(text) - context) : 0;
  bool fresh = true;
  while (std::ssize(made) < o.tokens) {
    const std::span<const std::int64_t> seen = std::span(text).subspan(static_cast<std::size_t>(begin));
    const std::span<const std::int64_t> given = fresh ? seen : seen.last(1);
    const Tensor logits = next(from_data(given, {1, std::ssize(given)}, where), fresh);
    double u = 0;
    kernels::uniform(seed, first + made.size(), 1, &u);
    made.push_back(sample(logits, o, u, where));
    text.push_back(made.back());
    if (o.on_token && !o.on_token(made.back())) break;
    const bool full = context > 0 && std::ssize(text) - begin > context;
    if (full) begin = std::ssize(text) - std::max<std::int64_t>(1, context / 2);
    fresh = full || !o.cache;
  }
  return made;
}

}  // namespace gradus::nn
