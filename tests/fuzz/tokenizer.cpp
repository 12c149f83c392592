// Tokenizers: any JSON gives one or an Error, and any bytes come back from the tokens that were made of them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <gradus/data/tokenizer.hpp>

using namespace gradus;
using data::Tokenizer;

namespace {

void round_trip(const Tokenizer& tokenizer, std::string_view text) {
  if (tokenizer.decode(tokenizer.encode(text)) != text) std::abort();
  const Tokenizer again = Tokenizer::from_json(tokenizer.to_json());
  if (again.encode(text) != tokenizer.encode(text)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 1) round_trip(Tokenizer::bpe(text, data[0] / 3), text);
  if (data[0] % 3 == 2) round_trip(Tokenizer::characters(text), text);
  if (data[0] % 3 != 0) return 0;
  try {
    const Tokenizer tokenizer = Tokenizer::from_json(text);
    for (std::int64_t token = 0; token < tokenizer.size(); ++token)
      if (tokenizer.bytes(token).empty()) std::abort();
    if (Tokenizer::from_json(tokenizer.to_json()).to_json() != tokenizer.to_json()) std::abort();
  } catch (const Error&) {}
  return 0;
}
