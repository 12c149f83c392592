// Einstein's summation, as a composition of views, sums, products and matrix products.
#include <algorithm>
#include <string>

#include "ops/common.hpp"

namespace gradus {

using namespace detail;

namespace {

// A tensor whose axes have letters.
struct Lettered {
  std::string letters;
  Tensor x;
  bool has(char c) const { return letters.find(c) != std::string::npos; }
  std::int64_t size(char c) const { return x.shape()[static_cast<int>(letters.find(c))]; }
};

Lettered ordered(const Lettered& a, const std::string& letters) {
  if (a.letters == letters) return a;
  Axes order;
  for (const char c : letters) order.push_back(static_cast<std::int64_t>(a.letters.find(c)));
  return {letters, permute(a.x, order)};
}

// "ii" becomes "i": with the two axes last and flattened, the diagonal is every (n + 1)th element.
Lettered diagonal(Lettered a) {
  for (std::size_t i = 0; i < a.letters.size(); ++i) {
    const std::size_t j = a.letters.find(a.letters[i], i + 1);
    if (j == std::string::npos) continue;
    Axes order;
    for (std::size_t k = 0; k < a.letters.size(); ++k)
      if (k != i && k != j) order.push_back(static_cast<std::int64_t>(k));
    Shape shape;
    for (const auto axis : order) shape.push_back(a.x.shape()[static_cast<int>(axis)]);
    const std::int64_t n = a.x.shape()[static_cast<int>(i)];
    shape.push_back(n * n);
    order.push_back(static_cast<std::int64_t>(i));
    order.push_back(static_cast<std::int64_t>(j));
    a.x = slice(reshape(permute(a.x, order), shape), -1, {.start = 0, .stop = n * n, .step = n + 1});
    const char c = a.letters[i];
    a.letters = a.letters.erase(j, 1).erase(i, 1) + c;
    return diagonal(std::move(a));
  }
  return a;
}

// Sums over the axes whose letters are not in `keep`.
Lettered summed(const Lettered& a, const std::string& keep) {
  Lettered r;
  Axes gone;
  for (std::size_t i = 0; i < a.letters.size(); ++i) {
    if (keep.find(a.letters[i]) == std::string::npos)
      gone.push_back(static_cast<std::int64_t>(i));
    else
      r.letters += a.letters[i];
  }
  r.x = gone.empty() ? a.x : sum(a.x, gone);
  return r;
}

// The sizes of the letters of `group`, multiplied.
std::int64_t count(const Lettered& a, const std::string& group) {
  std::int64_t n = 1;
  for (const char c : group) n *= a.size(c);
  return n;
}

// a with its axes in the order batch, rows, columns, the latter two flattened: a batch of matrices.
Tensor matrices(const Lettered& a, const std::string& batch, const std::string& rows, const std::string& columns) {
  Shape shape;
  for (const char c : batch) shape.push_back(a.size(c));
  shape.push_back(count(a, rows));
  shape.push_back(count(a, columns));
  const Tensor x = ordered(a, batch + rows + columns).x;
  return x.shape() == shape ? x : reshape(x, shape);
}

// Two operands become one; letters in both that `keep` lacks are summed over.
Lettered contracted(const Lettered& a, const Lettered& b, const std::string& keep) {
  std::string batch, inner, rows, columns;
  for (const char c : a.letters) {
    if (!b.has(c))
      rows += c;
    else if (keep.find(c) != std::string::npos)
      batch += c;
    else
      inner += c;
  }
  for (const char c : b.letters)
    if (!a.has(c)) columns += c;
  const Tensor x = matrices(a, batch, rows, inner), y = matrices(b, batch, inner, columns);
  Lettered r{batch + rows + columns, inner.empty() ? x * y : matmul(x, y)};
  Shape shape;
  for (const char c : r.letters) shape.push_back(a.has(c) ? a.size(c) : b.size(c));
  if (r.x.shape() != shape) r.x = reshape(r.x, shape);
  return r;
}

[[noreturn]] void refuse(std::string_view equation, Complaint c, Loc where) {
  if (c.got.empty()) c.got = '"' + std::string(equation) + '"';
  throw Error("einsum", std::move(c), user_line(where));
}

// numpy's result where the equation names none: the letters that occur once, in alphabetical order.
std::string implicit_result(const std::vector<std::string>& parts) {
  std::string all, result;
  for (const std::string& part : parts) all += part;
  for (const char c : all)
    if (std::count(all.begin(), all.end(), c) == 1) result += c;
  std::sort(result.begin(), result.end());
  return result;
}

// The parts of "ij,jk->ik": one for each operand, then the result.
std::vector<std::string> parse(std::string_view equation, Loc where) {
  std::vector<std::string> parts(1);
  bool arrow = false;
  for (std::size_t i = 0; i < equation.size(); ++i) {
    const char c = equation[i];
    if (c == ' ') continue;
    if (!arrow && c == ',') {
      parts.emplace_back();
    } else if (!arrow && equation.substr(i, 2) == "->") {
      parts.emplace_back();
      arrow = true;
      ++i;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      parts.back() += c;
    } else {
      refuse(equation,
             {.wrong = formatted("the equation has an unexpected character: '{}'", c),
              .expected = "letters, commas and at most one '->'",
              .advice = c == '.' ? "give the axes of '...' letters" : ""},
             where);
    }
  }
  if (!arrow) parts.push_back(implicit_result(parts));
  for (const char c : parts.back()) {
    if (std::count(parts.back().begin(), parts.back().end(), c) > 1)
      refuse(equation, {.wrong = formatted("the result has the letter '{}' twice", c)}, where);
    if (std::none_of(parts.begin(), parts.end() - 1, [c](const auto& p) { return p.find(c) != std::string::npos; }))
      refuse(equation, {.wrong = formatted("the result has the letter '{}', but no operand has it", c)}, where);
  }
  return parts;
}

void check_sizes(std::string_view equation, const std::vector<std::string>& parts, std::span<const Tensor> operands,
                 Loc where) {
  if (operands.size() + 1 != parts.size())
    refuse(equation,
           {.wrong = "the number of operands differs from the equation's",
            .got = formatted("{} for \"{}\"", operands.size(), equation),
            .expected = formatted("{} operands", parts.size() - 1)},
           where);
  std::int64_t size[128];
  std::fill(std::begin(size), std::end(size), -1);
  for (std::size_t k = 0; k < operands.size(); ++k) {
    check_same_dtype("einsum", Arg(operands[0], where), Arg(operands[k], where));
    check_floating("einsum", Arg(operands[k], where));
    const Shape& shape = operands[k].shape();
    if (shape.size() != static_cast<int>(parts[k].size()))
      refuse(equation,
             {.wrong = formatted("operand {} has the wrong number of axes", k),
              .got = formatted("{} for \"{}\"", to_string(shape), parts[k]),
              .expected = "one axis for each letter"},
             where);
    for (int i = 0; i < shape.size(); ++i) {
      const char c = parts[k][static_cast<std::size_t>(i)];
      std::int64_t& known = size[static_cast<unsigned char>(c)];
      if (known >= 0 && known != shape[i])
        refuse(equation,
               {.wrong = formatted("the axes of the letter '{}' have different sizes", c),
                .got = formatted("{}, and {} in operand {} {}", known, shape[i], k, to_string(shape))},
               where);
      known = shape[i];
    }
  }
}

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> operands, Loc where) {
  const std::vector<std::string> parts = parse(equation, where);
  check_sizes(equation, parts, operands, where);
  const At at(where);
  Lettered result;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    std::string later;  // letters that the result or a later operand still needs
    for (std::size_t i = k + 1; i < parts.size(); ++i) later += parts[i];
    const Lettered next = summed(diagonal({parts[k], operands[k]}), later + result.letters);
    result = k == 0 ? next : contracted(result, next, later);
    result = summed(result, later);
  }
  return ordered(result, parts.back()).x;
}
Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands, Loc where) {
  return einsum(equation, std::span(operands.begin(), operands.size()), where);
}

}  // namespace gradus
