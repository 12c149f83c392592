// Lesson 17: attention, and a GPT that learns names. See 17_attention.md.
#include <gradus/gradus.hpp>

#include <fstream>

#include "lesson.hpp"

using namespace gradus;

namespace {

// One name a line, in input.txt if it is here, as the microgpt of 2026 has it; otherwise these.
std::vector<std::string> read_names() {
  std::vector<std::string> names;
  std::ifstream file("input.txt");
  for (std::string line; std::getline(file, line) && names.size() < 100'000;)
    if (!line.empty()) names.push_back(line);
  if (!names.empty()) return names;
  return {"emma",  "olivia", "ava",    "isabella", "sophia", "mia",   "amelia",  "ella",
          "anna",  "lena",   "nora",   "lina",     "maria",  "elena", "clara",   "julia",
          "alina", "marie",  "emilia", "lea",      "sara",   "laura", "johanna", "ida"};
}

constexpr std::int64_t width = 16, heads = 4, longest = 16;
bool attends = true;  // the reader may switch it off

struct Gpt {
  std::string letters;  // its tokens, and one more that stands before and after each name
  std::int64_t edge = std::ssize(letters);
  Tensor token = weight({edge + 1, width}), place = weight({longest, width}), out = weight({edge + 1, width});
  Tensor q = weight({width, width}), k = weight({width, width}), v = weight({width, width}), o = weight({width, width});
  Tensor up = weight({4 * width, width}), down = weight({width, 4 * width});
  static Tensor weight(Shape shape) { return (randn(shape) * 0.08).requires_grad_(); }
  std::vector<Tensor> all() const { return {token, place, out, q, k, v, o, up, down}; }

  // (T) token numbers to (T, tokens) scores for the token after each.
  Tensor operator()(const Tensor& ids) const {
    const std::int64_t t = ids.size(0);
    const auto split = [&](const Tensor& x) { return x.reshape({t, heads, width / heads}).transpose(0, 1); };
    Tensor x = rms_norm(embedding(token, ids) + slice(place, {{0, t}}));
    const Tensor y = rms_norm(x);
    const Tensor a = scaled_dot_product_attention(split(linear(y, q)), split(linear(y, k)), split(linear(y, v)), {},
                                                  {.is_causal = true});
    if (attends) x = x + linear(a.transpose(0, 1).reshape({t, width}), o);  // look at earlier places
    x = x + linear(relu(linear(rms_norm(x), up)), down);                    // think about each place
    return linear(x, out);
  }
  Tensor loss(const std::string& name) const {
    std::vector<std::int64_t> ids = {edge};
    for (const char c : name.substr(0, longest - 1)) ids.push_back(static_cast<std::int64_t>(letters.find(c)));
    ids.push_back(edge);
    const Tensor all = from_data(ids, {std::ssize(ids)});
    return cross_entropy((*this)(slice(all, {{0, all.size(0) - 1}})), slice(all, {{1, all.size(0)}}));
  }
  std::string new_name() const {
    std::string name;
    for (std::vector<std::int64_t> ids = {edge}; std::ssize(ids) <= longest;
         name += letters[static_cast<std::size_t>(ids.back())]) {
      const Tensor scores = (*this)(from_data(ids, {std::ssize(ids)}))[-1];
      const Tensor odds = cumsum(softmax(scores / 0.5, 0), 0);  // 0.5 is the temperature: it prefers the likely
      ids.push_back(sum(to(odds < rand({1}).item(), i64)).item<std::int64_t>());
      if (ids.back() >= edge) break;
    }
    return name;
  }
};

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("17: attention and a tiny GPT", argc, argv);
  attends = lesson.whole("attention", 1, 0, 1, "0: the GPT sees only the letter before") == 1;
  // Softmax: its Jacobian is diag(p) - p pᵀ.
  const Tensor z = tensor({1, 2, 3}, f64), p = softmax(z, 0);
  const Tensor J = jacobian([&] { return softmax(z, 0); }, z),
               formula = eye(3, f64) * p - matmul(p.unsqueeze(1), p.unsqueeze(0));
  lesson.ask("p = softmax(1, 2, 3) = (0.0900, 0.2447, 0.6652). What is dp1/dz1 = p1 (1 - p1)?", J.at({1, 1}),
             "0.2447 · 0.7553");
  lesson.check("the Jacobian of softmax is diag(p) - p pᵀ", 0, max(abs(J - formula)).item(), 1e-14);
  // Attention: each place takes a mean of the values of all earlier places; q and k decide the weights of the mean.
  manual_seed(17);
  const auto vectors = [](const char* name) { return randn({4, 2}, f64).requires_grad_().set_name(name); };
  const Tensor q = vectors("q"), k = vectors("k"), v = vectors("v");
  Tensor weights, y;
  {  // also for the stepper
    const study::Trace trace("lesson_17.jsonl", study::TraceOptions{});
    Tape tape;
    const Tensor scores = (matmul(q, k.t()) / std::sqrt(2.0)).set_name("scores");
    const Tensor seen = masked_fill(scores, triu(ones({4, 4}, f64), 1) > 0, -HUGE_VAL).set_name("seen");
    weights = softmax(seen, 1).set_name("weights");
    y = matmul(weights, v).set_name("y");
    tape.backward(sum(square(y)).set_name("loss"));
  }
  lesson.gap();
  std::cout << "weights of a causal attention over four places:\n" << weights << "\n\n";
  {
    Tape tape;
    const Tensor by_op = scaled_dot_product_attention(q, k, v, {}, {.is_causal = true});
    lesson.check("weights times values, and scaled_dot_product_attention", 0, max(abs(y.detach() - by_op)).item(),
                 1e-12);
    lesson.check("the second place has no derivative by the third value", 0,
                 norm(tape.gradient(sum(by_op[1]), {v})[0][2]).item());
  }
  // The GPT, on names.
  const std::vector<std::string> names = read_names();
  std::string letters;
  for (const std::string& name : names) letters += name;
  std::sort(letters.begin(), letters.end());
  letters.erase(std::unique(letters.begin(), letters.end()), letters.end());
  const Gpt gpt{letters};
  const double unknowing = std::log(static_cast<double>(gpt.edge + 1));
  lesson.ask(
      "There are " + std::to_string(gpt.edge + 1) + " tokens. What loss has a network that knows nothing? (lesson 6)",
      unknowing, "the natural logarithm of that number.", 0.02);
  const double first = gpt.loss(names[0]).item();
  lesson.check("the untrained GPT's loss is near that", unknowing, first, 0.15);
  constexpr int steps = 400;
  optim::Adam opt(gpt.all(), {.lr = 0.01, .betas = {0.85, 0.99}});
  double recent = 0;
  for (int step = 0; step < steps; ++step) {
    opt.zero_grad();
    Tape tape;
    const Tensor loss = gpt.loss(names[static_cast<std::size_t>(step) % names.size()]);
    tape.backward(loss);
    opt.step();
    if (step >= steps - 48) recent += loss.item() / 48;
  }
  lesson.gap();
  std::printf("loss: %.3f before, %.3f after %d steps\n\n", first, recent, steps);
  lesson.check_true("after training the loss has fallen by more than a third", recent < first * 2 / 3);
  lesson.gap();
  std::printf("names that it makes up:");
  for (int n = 0; n < 10; ++n) std::printf(" %s", gpt.new_name().c_str());
  std::printf("\n");
  return lesson.end();
}
