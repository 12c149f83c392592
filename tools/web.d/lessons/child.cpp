// `gradus check` where there are no processes: a page is one already, without files and without a network.
#include "check/derive.hpp"

namespace gradus::tool {

void recompute_in_child(const trace::File& file, const Nodes& nodes, int, Checked& to) {
  recompute(file, nodes, [&](const Message& m) {
    if (m.what == Message::trouble) to.troubles.push_back({m.line, m.text});
    to.values += m.what == Message::value;
    to.rules += m.what == Message::rule;
    to.left_out += m.what == Message::left_out;
  });
}

}  // namespace gradus::tool
