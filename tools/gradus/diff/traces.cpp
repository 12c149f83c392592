// Two traces: the first tensor where they part.
#include <fmt/format.h>

#include <algorithm>

#include "diff/items.hpp"
#include "diff/result.hpp"
#include "io/xxh64.hpp"

namespace gradus::tool {
namespace {

using Kind = Item::Kind;

const char* meaning(Kind kind, bool first_step) {
  switch (kind) {
    case Kind::leaf:
      return first_step ? "the runs begin with other weights: another seed, another file, or a change of one"
                        : "the weights were changed between the steps";
    case Kind::constant:
      return "the input is another one: other data, or another batch";
    case Kind::value:
    case Kind::start:
      return "its inputs are the same: the operation itself came to another result, as with another number of threads, "
             "instruction set or BLAS, or from other random numbers";
    case Kind::gradient:
    case Kind::given:
    case Kind::sum:
      return "all values are the same, and so are the gradients before: the rule came to another result";
    case Kind::option:
      return "the optimizer or its schedule has another rate";
    case Kind::state:
    case Kind::weights:
      return "the gradient is the same: the optimizer made another step";
    case Kind::scalar:
      return "the program recorded another number";
    case Kind::event:
      break;
  }
  return "the programs do different things here";
}

// Of all numbers, what a summary tells of them.
bool same_ends(const std::vector<double>& data, const trace::Stats& s, DType dtype) {
  if (data.size() < s.head.size() || data.size() < s.tail.size()) return false;
  const auto equal = [dtype](double x, double y) {  // a summary has the digits of a float, not its double
    return dtype == f32 ? same(static_cast<float>(x), static_cast<float>(y)) : same(x, y);
  };
  return std::equal(s.head.begin(), s.head.end(), data.begin(), equal) &&
         std::equal(s.tail.rbegin(), s.tail.rend(), data.rbegin(), equal);
}

// Can it be told whether they are the same?
bool comparable_values(const trace::Numbers& a, const trace::Numbers& b) {
  return a.hash.has_value() == b.hash.has_value() || (hash_of(a) && hash_of(b));
}

bool same_values(const trace::Numbers& a, const trace::Numbers& b) {
  if (a.hash || b.hash) return hash_of(a) == hash_of(b);
  if (a.has_data() && b.has_data()) return same(a.data, b.data);
  if (a.has_data()) return same_ends(a.data, *b.stats, a.dtype);
  if (b.has_data()) return same_ends(b.data, *a.stats, a.dtype);
  const trace::Stats& x = *a.stats;
  const trace::Stats& y = *b.stats;
  return same({x.min, x.max, x.mean, x.std, x.norm}, {y.min, y.max, y.mean, y.std, y.norm}) && x.nan == y.nan &&
         x.inf == y.inf && x.zero == y.zero && same(x.head, y.head) && same(x.tail, y.tail);
}

// "[3, 7]"
std::string index_text(std::size_t flat, const Shape& shape) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.size()));
  auto rest = static_cast<std::int64_t>(flat);
  for (std::size_t k = index.size(); k-- > 0;) {
    const std::int64_t size = std::max<std::int64_t>(shape[static_cast<int>(k)], 1);
    index[k] = rest % size;
    rest /= size;
  }
  return fmt::format("[{}]", fmt::join(index, ", "));
}

// The error that the trace ends with; null if it does not.
const trace::Failure* last_error(const trace::File& file) {
  for (auto e = file.events.rbegin(); e != file.events.rend(); ++e) {
    if (const auto* failure = std::get_if<trace::Failure>(&e->body)) return failure;
    const auto& body = e->body;
    if (!std::holds_alternative<trace::WalkEnd>(body) && !std::holds_alternative<trace::TapeEnd>(body) &&
        !std::holds_alternative<trace::End>(body))
      return nullptr;
  }
  return nullptr;
}

class Differ {
 public:
  Differ(const trace::File& a, const trace::File& b) : file_a_(a), file_b_(b), a_(items_of(a)), b_(items_of(b)) {}

  void run(AlignBy by) {
    prints_a_ = prints_of(a_);
    prints_b_ = prints_of(b_);
    result.alignment = align(prints_a_, prints_b_, by);
    steps();
    batches();
    lengths();
  }

  DiffResult result = {};

 private:
  // The items of a step that both traces can have.
  std::vector<const Item*> comparable(const std::vector<Item>& items, bool full) const {
    // A zero_grad() is of the next step, and recorded if this one is.
    // A run that begins in the middle has none before its first step.
    const bool events = file_a_.header.steps == file_b_.header.steps && result.alignment.by == AlignBy::number;
    const bool contributions = file_a_.header.hashes == file_b_.header.hashes;
    std::vector<const Item*> all;
    for (const Item& i : items) {
      if ((full || !i.in_full) && (contributions || i.kind != Kind::given) && (events || i.kind != Kind::event))
        all.push_back(&i);
    }
    return all;
  }

  // A zero_grad() after the last tape makes a step that no tape has: it takes part by its number.
  static std::vector<StepPrint> prints_of(const Items& items) {
    const auto of = [](const std::map<int, std::uint64_t>& all, int step) {
      const auto found = all.find(step);
      return found == all.end() ? 0 : found->second;
    };
    std::vector<StepPrint> prints;
    for (const auto& [step, list] : items.steps) {
      const auto full = items.full.find(step);
      const bool whole = full != items.full.end() && full->second;
      prints.push_back({step, whole ? of(items.starts, step) : 0, whole ? of(items.batches, step) : 0});
    }
    return prints;
  }

  void steps() {
    for (const auto& [at, other] : result.alignment.pairs) {
      const int step = static_cast<int>(at);
      const int step_b = static_cast<int>(other);
      const auto in_full = [](const Items& i, int k) {
        const auto found = i.full.find(k);
        return found == i.full.end() || found->second;  // none: what came after the last tape
      };
      const bool full = in_full(a_, step) && in_full(b_, step_b);
      const bool last_a = step == a_.steps.rbegin()->first;
      const bool last_b = step_b == b_.steps.rbegin()->first;
      step_b_ = step_b;
      if (!compare(step, comparable(a_.steps.at(step), full), comparable(b_.steps.at(step_b), full), last_a, last_b))
        return;
      result.steps += a_.full.contains(step) && b_.full.contains(step_b);  // not one that has but a zero_grad()
    }
  }

  // False: they part in this step.
  bool compare(int step, const std::vector<const Item*>& a, const std::vector<const Item*>& b, bool last_a,
               bool last_b) {
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      if (i >= a.size() || i >= b.size()) {
        if (i >= a.size() ? last_a : last_b) return true;  // that run ends here
        const Item& more = i >= a.size() ? *b[i] : *a[i];
        return part(step, i >= a.size() ? nullptr : &more, i >= a.size() ? &more : nullptr);
      }
      const trace::Numbers* x = a[i]->numbers;
      const trace::Numbers* y = b[i]->numbers;
      if (a[i]->key == b[i]->key && x != nullptr && y != nullptr && !comparable_values(*x, *y)) {
        ++unknown_;
        continue;
      }
      if (a[i]->key != b[i]->key || !equal(*a[i], *b[i])) return part(step, a[i], b[i]);
      result.numbers += a[i]->numbers != nullptr || a[i]->has_number;
    }
    return true;
  }

  static bool equal(const Item& a, const Item& b) {
    if (a.numbers != nullptr && b.numbers != nullptr) return same_values(*a.numbers, *b.numbers);
    return a.has_number == b.has_number && (!a.has_number || same(a.number, b.number));
  }

  bool part(int step, const Item* a, const Item* b) {
    const Item& one = a != nullptr ? *a : *b;
    Parting p{.step = step, .step_b = step_b_, .what = one.what, .name = one.name};
    p.scope = one.scope;
    if (one.loc != nullptr) {
      p.file = one.loc->file;
      p.line = one.loc->line;
    }
    p.line_a = a != nullptr ? a->line : 0;
    p.line_b = b != nullptr ? b->line : 0;
    if (a == nullptr || b == nullptr || a->key != b->key) {
      p.a = a != nullptr ? a->key : "nothing";
      p.b = b != nullptr ? b->key : "nothing";
      p.what = "what the program does";
      p.meaning = meaning(Kind::event, false);
    } else {
      p.meaning = meaning(one.kind, step == result.alignment.pairs.front().first);
      values(p, *a, *b);
    }
    result.parting = std::move(p);
    return false;
  }

  void values(Parting& p, const Item& a, const Item& b) {
    if (a.has_number) {
      p.a = fmt::format("{}", a.number);
      p.b = fmt::format("{}", b.number);
      p.apart = apart({a.number}, {b.number}, f64);
      return;
    }
    const trace::Numbers& x = *a.numbers;
    const trace::Numbers& y = *b.numbers;
    if (x.hash || y.hash) {
      p.a = io::hex(*hash_of(x));
      p.b = io::hex(*hash_of(y));
      result.hashes = true;
      return;
    }
    if (x.has_data() && y.has_data()) {
      p.apart = apart(x.data, y.data, x.dtype);
      if (x.shape.size() > 0) p.index = index_text(p.apart->first, x.shape);
      p.a = number(p.apart->a, x.dtype);
      p.b = number(p.apart->b, x.dtype);
      return;
    }
    if (x.stats && y.stats) {
      p.a = fmt::format("norm {}, mean {}", x.stats->norm, x.stats->mean);
      p.b = fmt::format("norm {}, mean {}", y.stats->norm, y.stats->mean);
      return;
    }
    const auto ends = [](const trace::Numbers& n) -> std::string {
      const std::vector<double>& first = n.stats ? n.stats->head : n.data;
      const std::vector<double>& last = n.stats ? n.stats->tail : n.data;
      return first.empty() || last.empty()
                 ? "nothing"
                 : fmt::format("{} … {}", number(first.front(), n.dtype), number(last.back(), n.dtype));
    };
    p.a = ends(x);
    p.b = ends(y);
  }

  // The fewest digits that give the number again, in its dtype.
  static std::string number(double v, DType dtype) {
    return dtype == f32 ? fmt::format("{}", static_cast<float>(v)) : fmt::format("{}", v);
  }

  void batches() {
    if (result.alignment.by != AlignBy::number) return;
    std::vector<std::int64_t> steps;
    std::vector<std::uint64_t> of_a;
    std::vector<std::uint64_t> of_b;
    for (const auto& [step, hash] : a_.batches) {
      const auto other = b_.batches.find(step);
      if (other == b_.batches.end()) continue;
      steps.push_back(step);
      of_a.push_back(hash);
      of_b.push_back(other->second);
    }
    // A summary's hash is not that of its numbers.
    const bool alike = file_a_.header.hashes == file_b_.header.hashes && file_a_.header.values == file_b_.header.values;
    if (!alike && (a_.summaries || b_.summaries)) return;
    result.order = compare_batches(steps, of_a, of_b);
    const bool all = a_.batches.size() == b_.batches.size() && steps.size() == a_.batches.size();
    result.order.same_examples = all && !a_.examples.empty() && a_.examples == b_.examples;
  }

  void lengths() {
    std::vector<StepPrint> with_a = prints_a_;
    std::vector<StepPrint> with_b = prints_b_;
    std::erase_if(with_a, [&](const StepPrint& s) { return !a_.full.contains(static_cast<int>(s.step)); });
    std::erase_if(with_b, [&](const StepPrint& s) { return !b_.full.contains(static_cast<int>(s.step)); });
    tell_lengths(result, with_a, with_b);
    const auto remark = [&](const char* name, const trace::File& file) {
      if (const trace::Failure* f = last_error(file))
        result.notes.push_back(fmt::format("{} ends with an error: {}: {}", name, f->op, f->wrong));
      for (const std::string& text : file.remarks()) result.notes.push_back(fmt::format("{}: {}", name, text));
      result.damaged = result.damaged || file.unreadable;
    };
    if (unknown_ > 0)
      result.notes.push_back(fmt::format(
          "{} tensors could not be compared: one run has a summary (GRADUS_TRACE_VALUES), the other a hash", unknown_));
    remark("A", file_a_);
    remark("B", file_b_);
    result.steps_a = std::ssize(a_.full);
    result.steps_b = std::ssize(b_.full);
  }

  const trace::File& file_a_;
  const trace::File& file_b_;
  Items a_, b_;
  std::vector<StepPrint> prints_a_, prints_b_;
  int step_b_ = 0;            // that is compared
  std::int64_t unknown_ = 0;  // tensors
};

}  // namespace

DiffResult diff_traces(const std::string& a, const std::string& b, AlignBy by) {
  const trace::File one = open_trace(a, Hashes::allowed);
  const trace::File other = open_trace(b, Hashes::allowed);
  Differ differ(one, other);
  differ.result.kind = "trace";
  differ.run(by);
  const auto setting = [&](const char* name, const std::string& x, const std::string& y) {
    if (x != y) differ.result.settings.emplace_back(name, std::vector<std::string>{x, y});
  };
  setting("threads", std::to_string(one.header.threads), std::to_string(other.header.threads));
  setting("instructions", one.header.isa, other.header.isa);
  setting("library", one.header.library, other.header.library);
  setting("program", one.header.program, other.header.program);
  return std::move(differ.result);
}

}  // namespace gradus::tool
