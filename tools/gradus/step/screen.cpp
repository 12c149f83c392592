// One step on the screen: its title, the source around it, the tensors, the check.
#include "step/screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "step/text.hpp"

namespace gradus::tool {
namespace {

constexpr int most_columns = 8;

// "1 leaf", "2 leaves"; without a plural, the plural ends in s.
std::string many(std::size_t n, const std::string& one, const std::string& plural = "") {
  if (n == 1) return "1 " + one;
  return fmt::format("{} {}", n, plural.empty() ? one + "s" : plural);
}

std::string gradient_name(const StepNode& node) { return "∂L/∂" + clean(node.name()); }

std::string at(const trace::Place* place) {
  return place ? clean(short_place(place->file, place->line)) : "place unknown";
}

const trace::Numbers* incoming(const Timeline& timeline, const StepWalk* walk, int node) {
  if (!walk) return nullptr;
  const auto found = walk->visit.find(node);
  return found == walk->visit.end() ? nullptr : &std::get<trace::Visit>(timeline.event(found->second)).grad;
}

// The local derivative of a contribution, if the rule works element by element.
const trace::Numbers* local(const StepWalk* walk, const trace::Contribution& given) {
  if (!walk) return nullptr;
  const auto found = walk->rule.find({given.from, given.slot});
  if (found == walk->rule.end() || !found->second->local) return nullptr;
  return found->second->local->shape == given.added.shape ? &*found->second->local : nullptr;
}

// Where the first NaN or infinity is, which may be in a row that is not shown: "   nan at (5, 0)".
std::string nonfinite(const trace::Numbers& n) {
  const auto bad = std::ranges::find_if(n.data, [](double x) { return !std::isfinite(x); });
  if (bad == n.data.end()) return "";
  std::int64_t rest = bad - n.data.begin();
  Shape index = n.shape;
  for (int axis = index.size(); axis-- > 0;) {
    index[axis] = rest % n.shape[axis];
    rest /= n.shape[axis];
  }
  return fmt::format("   the first {} is at {}\n", number_text(*bad), to_string(index));
}

struct Line {
  std::string label;
  const trace::Numbers* numbers;
};

// Tensors of one shape, row under row.
std::string interleaved(const std::vector<Line>& lines, int most_rows, const std::string& more) {
  std::vector<Rows> rows;
  std::size_t width = 0, count = static_cast<std::size_t>(most_rows), cell = 0;
  for (const Line& line : lines) cell = std::max(cell, rows_of(*line.numbers, most_rows, most_columns).width);
  for (const Line& line : lines) {
    rows.push_back(rows_of(*line.numbers, most_rows, most_columns, cell));
    width = std::max(width, columns_of(line.label));
    count = std::min(count, rows.back().lines.size());
  }
  std::string out;
  const bool several = count > 1 || rows.front().more > 0;
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out += fmt::format("   {:8}{}  {}\n", several && i == 0 ? fmt::format("row {}", r) : "",
                         padded(lines[i].label, width), rows[i].lines[r]);
    }
  }
  if (rows.front().more) out += fmt::format("   … {}: {}\n", many(rows.front().more, "more row"), more);
  return out;
}

}  // namespace

std::string StepScreen::summary() const {
  const trace::File& file = timeline_.file();
  std::size_t leaves = 0, ops = 0, ok = 0, bad = 0, kinks = 0, skipped = 0;
  const StepTape* first = timeline_.tape(0);
  if (first) {
    for (const auto& [id, node] : first->nodes) {
      ops += node.op != nullptr;
      leaves += !node.op && node.leaf && !node.leaf->constant;
    }
  }
  for (const auto& [number, walk] : timeline_.walks()) {
    const auto count = [&](const trace::Check* c) {
      ok += c->verdict == "ok";
      bad += c->verdict == "bad";
      kinks += c->verdict == "kink";
      skipped += c->verdict == "skipped";
    };
    for (const auto& [key, check] : walk.rule) count(check);
    for (const auto& [node, check] : walk.gradient) count(check);
  }
  std::string out =
      fmt::format("{}: {}, {} and {}{}, {}", clean(std::filesystem::path(file.path).filename().string()),
                  many(timeline_.tapes().size(), "tape"), many(leaves, "leaf", "leaves"), many(ops, "operation"),
                  timeline_.tapes().size() > 1 ? " on the first" : "", many(timeline_.walks().size(), "walk"));
  if (!timeline_.walks().empty() && timeline_.walks().begin()->second.begin) {
    const trace::Walk& walk = *timeline_.walks().begin()->second.begin;
    out += fmt::format(" ({} from t{}{} at {})", clean(walk.what), walk.from,
                       walk.value ? " = " + number_text(*walk.value) : "", at(&walk.loc));
  }
  out += fmt::format(", {}", many(timeline_.count(), "step"));
  if (ok + bad + kinks + skipped) {
    out += fmt::format(", checks {} ok", ok);
    if (kinks) out += fmt::format(" {} at kinks", kinks);
    if (skipped) out += fmt::format(" {} skipped", skipped);
    out += bad ? paint_.bad(fmt::format(" {} bad", bad)) : " 0 bad";
  }
  return out + "\n";
}

std::string StepScreen::title(int position) const {
  const trace::Body& body = timeline_.body(position);
  const StepTape* tape = timeline_.tape(position);
  const auto node = [tape](int id) { return tape ? tape->node(id) : StepNode{.id = id}; };
  if (const auto* e = std::get_if<trace::Op>(&body)) return fmt::format("{} makes {}", e->op, node(e->node).name());
  if (const auto* e = std::get_if<trace::Visit>(&body)) return fmt::format("visit {}", node(e->node).title());
  if (const auto* e = std::get_if<trace::Contribution>(&body)) {
    const StepNode from = node(e->from);
    return fmt::format("{} {} → {}", from.op ? from.op->op : "?", from.name(), node(e->to).title());
  }
  if (const auto* e = std::get_if<trace::Accumulate>(&body))
    return "the gradient is added to " + node(e->node).name() + ".grad()";
  if (const auto* e = std::get_if<trace::Step>(&body)) return fmt::format("{} updates {}", e->optimizer, e->parameter);
  if (const auto* e = std::get_if<trace::ZeroGrad>(&body)) return fmt::format("zero_grad {}", e->name);
  if (const auto* e = std::get_if<trace::Mutation>(&body))
    return fmt::format("{} changes {}", e->what, e->name.empty() ? "a tensor" : e->name);
  if (const auto* e = std::get_if<trace::Failure>(&body)) return fmt::format("{} fails", e->op);
  return "";
}

// The text to the right of the title.
std::string StepScreen::about(int position) const {
  const trace::Body& body = timeline_.body(position);
  if (const auto* e = std::get_if<trace::Contribution>(&body))
    return fmt::format("contribution {} of {}{}", e->k, e->of, e->fused ? ", fused" : "");
  if (const auto* e = std::get_if<trace::Visit>(&body))
    return e->of ? fmt::format("gradient complete, {} of {}", e->arrived, e->of) : "the walk starts here";
  if (std::holds_alternative<trace::Op>(body)) return "forward";
  if (std::holds_alternative<trace::Failure>(body)) return "the error that ends this tape";
  return "";
}

std::string StepScreen::step(int position, const std::string& stopped_by) const {
  if (position == 0)
    return fmt::format(
        "[0/{}] before the first step; s goes one step on, c runs to a breakpoint, help lists the commands\n",
        timeline_.count());
  std::string head = fmt::format("[{}/{}] {}", position, timeline_.count(), clean(title(position)));
  const std::string details = about(position);
  if (!details.empty()) head = padded(head, 40) + "  " + details;
  if (!stopped_by.empty()) head = padded(head, 66) + "  " + stopped_by;
  return paint_.strong(head) + "\n" + source(place(position), 1) + body(position);
}

const trace::Place* StepScreen::place(int position) const {
  if (position == 0) return nullptr;
  const trace::Body& body = timeline_.body(position);
  if (const auto* e = std::get_if<trace::Mutation>(&body)) return &e->loc;
  if (const auto* e = std::get_if<trace::Failure>(&body)) return e->loc.file.empty() ? nullptr : &e->loc;
  if (const auto* e = std::get_if<trace::Step>(&body)) return e->loc.file.empty() ? nullptr : &e->loc;
  const StepTape* tape = timeline_.tape(position);
  if (const trace::Op* op = operation(timeline_, position)) return op->loc.file.empty() ? nullptr : &op->loc;
  const int* node = subject(body);
  if (!node || !tape) return nullptr;
  const auto found = tape->nodes.find(*node);
  return found == tape->nodes.end() ? nullptr : found->second.place();
}

std::string StepScreen::source(const trace::Place* place, int around) const {
  if (!place || place->file.empty()) return "";
  const SourceFile& file = sources_.file(place->file);
  if (!file.found()) return fmt::format("   {} (source not found; --src DIR)\n", at(place));
  std::string out;
  for (int line = std::max(1, place->line - around); line <= place->line + around; ++line) {
    if (line > static_cast<int>(file.lines.size())) break;
    const bool here = line == place->line;
    std::string text = fmt::format("{:>5}  {}", line, clean(file.lines[line - 1]));
    text.erase(text.find_last_not_of(' ') + 1);
    out += here ? paint_.strong(" ▶" + text.substr(1)) + "\n" : " " + paint_.faint(text) + "\n";
  }
  if (file.changed) out += fmt::format("   {} (source changed since this run)\n", at(place));
  return out;
}

std::string StepScreen::body(int position) const {
  const trace::Body& body = timeline_.body(position);
  const auto ruled = [](const trace::Op* op) { return op ? fmt::format("   rule    {}\n", clean(op->rule)) : ""; };
  const StepTape* tape = timeline_.tape(position);
  const auto node = [tape](int id) { return tape ? tape->node(id) : StepNode{.id = id}; };
  if (const auto* e = std::get_if<trace::Op>(&body)) {
    const std::string name = node(e->node).name();
    std::string inputs;
    for (const int in : e->inputs) inputs += fmt::format("{}{}", inputs.empty() ? "" : ", ", clean(node(in).name()));
    const std::string formula = e->formula.empty() ? "" : fmt::format("   formula {}\n", clean(e->formula));
    return fmt::format("   inputs  {}\n", inputs) + formula + tensor(name, e->value, "p val " + name);
  }
  if (const auto* e = std::get_if<trace::Visit>(&body)) return ruled(operation(timeline_, position)) + visit(*e);
  if (const auto* e = std::get_if<trace::Contribution>(&body))
    return ruled(operation(timeline_, position)) + contribution(*e, 2);
  if (const auto* e = std::get_if<trace::Accumulate>(&body))
    return tensor(node(e->node).name() + ".grad()", e->grad, "the rest is in the trace");
  if (const auto* e = std::get_if<trace::Step>(&body)) return update(*e);
  if (const auto* e = std::get_if<trace::Failure>(&body)) {
    const auto line = [](const char* head, const std::string& text) {
      return text.empty() ? "" : fmt::format("   {:9} {}\n", head, clean(text));
    };
    return paint_.bad("   " + clean(e->wrong)) + "\n" + line("got", e->got) + line("expected", e->expected) +
           line("try", e->advice);
  }
  return "";
}

std::string StepScreen::tensor(const std::string& name, const trace::Numbers& numbers, const std::string& more) const {
  const Rows rows = rows_of(numbers, 2, most_columns);
  std::string out, label = fmt::format("{} {}", clean(name), shape_text(numbers.shape));
  for (const std::string& line : rows.lines) {
    out += fmt::format("   {}  {}\n", label, line);
    label = std::string(columns_of(label), ' ');
  }
  if (rows.more) out += fmt::format("   … {}: {}\n", many(rows.more, "more row"), clean(more));
  return out + nonfinite(numbers);
}

std::string StepScreen::contribution(const trace::Contribution& e, int most_rows) const {
  const StepTape* tape = timeline_.tape_numbered(e.tape);
  const StepWalk* walk = timeline_.walk_numbered(e.walk);
  const StepNode to = tape ? tape->node(e.to) : StepNode{.id = e.to};
  const trace::Numbers* g = incoming(timeline_, walk, e.from);
  const trace::Op* from = tape ? tape->node(e.from).op : nullptr;
  const bool broadcast = from && from->op == "expand";
  const trace::Numbers* slope = local(walk, e);
  std::vector<Line> lines;
  std::string out;
  if (slope && g && g->has_data() && g->shape == e.added.shape) {
    lines = {{"incoming", g}, {"⊙ local", slope}, {"= add", &e.added}};
  } else {
    if (g && broadcast && g->shape != e.added.shape)
      out += fmt::format("   {} summed to {}\n", shape_text(g->shape), shape_text(e.added.shape));
    lines = {{"add", &e.added}};
  }
  const std::string sum =
      fmt::format("{}{}", gradient_name(to), e.k < e.of ? fmt::format(" so far ({}/{})", e.k, e.of) : "");
  if (e.before) lines.push_back({"+ before", &*e.before});
  if (lines.size() == 1) {  // the first contribution, and no local derivative to show
    lines = {{sum, &e.after}};
  } else {
    lines.push_back({"= " + sum, &e.after});
  }
  out += interleaved(lines, most_rows, "p grad " + clean(to.name()));
  return e.k == e.of ? out + gradient_check(walk, e.to) : out;
}

std::string StepScreen::visit(const trace::Visit& e) const {
  const StepTape* tape = timeline_.tape_numbered(e.tape);
  const StepNode node = tape ? tape->node(e.node) : StepNode{.id = e.node};
  const StepWalk* walk = timeline_.walk_numbered(e.walk);
  std::string out = tensor("∂L/∂" + node.name(), e.grad, "p grad " + node.name()) + gradient_check(walk, e.node);
  if (!walk || !walk->bad_rule(e.node)) return out;
  return out +
         paint_.bad(fmt::format("   check   the rule of {} is wrong: check {}", clean(node.op ? node.op->op : "?"),
                                clean(node.name()))) +
         "\n";
}

std::string StepScreen::update(const trace::Step& e) const {
  std::string out = fmt::format("   lr {}   update/weight {}   update {} of this parameter\n", number_text(e.lr),
                                number_text(e.ratio), e.count);
  if (!e.formula.empty()) out += fmt::format("   {}\n", clean(e.formula));
  std::vector<Line> lines;
  if (e.grad) lines.push_back({"gradient", &*e.grad});
  if (e.before) lines.push_back({"before", &*e.before});
  if (e.after) lines.push_back({"after", &*e.after});
  const auto same = [&](const Line& line) { return line.numbers->shape == lines.front().numbers->shape; };
  if (!lines.empty() && std::ranges::all_of(lines, same)) out += interleaved(lines, 2, "p val " + clean(e.parameter));
  return out;
}

std::string StepScreen::verdict(const trace::Check& check) const {
  if (check.verdict == "skipped") return "skipped: " + clean(check.why);
  const std::string text = fmt::format("relative error {}  {}", number_text(check.error), clean(check.verdict));
  if (check.verdict == "bad") return paint_.bad(text);
  return check.verdict == "ok" ? paint_.good(text) : text;
}

std::string StepScreen::gradient_check(const StepWalk* walk, int node) const {
  if (!walk) return "";
  const auto found = walk->gradient.find(node);
  if (found == walk->gradient.end()) return "";
  const trace::Check& check = *found->second;
  if (check.verdict == "skipped") return fmt::format("   check   {}\n", verdict(check));
  if (!check.numeric_each)
    return fmt::format("   check   one direction: numeric {}  gradient {}  {}\n", number_text(check.numeric),
                       number_text(check.analytic), verdict(check));
  const Rows rows = rows_of(*check.numeric_each, 1, most_columns);
  const std::string which = rows.more ? fmt::format("row 0 of {}  ", rows.more + 1) : "";
  return fmt::format("   check   numeric  {}{}   {}\n", which, rows.lines.front(), verdict(check));
}

}  // namespace gradus::tool
