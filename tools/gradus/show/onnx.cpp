// gradus show for ONNX files, by the field numbers of onnx.proto3.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/command.hpp"
#include "show/report.hpp"

#ifdef GRADUS_HAVE_PROTOZERO

#include <fstream>
#include <protozero/pbf_reader.hpp>

#include "show/onnx_tensor.hpp"

namespace gradus::tool {
namespace {

using protozero::pbf_reader;

std::string text(protozero::data_view view) { return {view.data(), view.size()}; }

// TypeProto: the dtype and the sizes of a tensor, "FLOAT (N, 3, 8, 8)".
std::string type_text(pbf_reader type) {
  if (!type.next(1)) return "not a tensor";
  pbf_reader tensor = type.get_message();
  std::string dtype = "?";
  std::string sizes;
  while (tensor.next()) {
    if (tensor.tag() == 1) {
      dtype = onnx_dtype(tensor.get_int32());
    } else if (tensor.tag() == 2) {
      pbf_reader shape = tensor.get_message();
      while (shape.next(1)) {
        std::string size = "?";
        pbf_reader axis = shape.get_message();
        while (axis.next()) {
          if (axis.tag() == 1)
            size = std::to_string(axis.get_int64());
          else if (axis.tag() == 2)
            size = text(axis.get_view());
          else
            axis.skip();
        }
        sizes += (sizes.empty() ? "" : ", ") + size;
      }
    } else {
      tensor.skip();
    }
  }
  return fmt::format("{} ({})", dtype, sizes);
}

// ValueInfoProto: an input or an output.
std::pair<std::string, std::string> port(pbf_reader value) {
  std::pair<std::string, std::string> line;
  while (value.next()) {
    if (value.tag() == 1)
      line.first = text(value.get_view());
    else if (value.tag() == 2)
      line.second = type_text(value.get_message());
    else
      value.skip();
  }
  return line;
}

// StringStringEntryProto, or OperatorSetIdProto with its number as text.
std::pair<std::string, std::string> entry(pbf_reader from) {
  std::pair<std::string, std::string> line;
  while (from.next()) {
    const bool is_text = from.wire_type() == protozero::pbf_wire_type::length_delimited;
    if (from.tag() == 1 && is_text)
      line.first = text(from.get_view());
    else if (from.tag() == 2 && is_text)
      line.second = text(from.get_view());
    else if (from.tag() == 2)
      line.second = std::to_string(from.get_int64());
    else
      from.skip();
  }
  return line;
}

std::string node_type(pbf_reader node) {
  std::string type;
  std::string domain;
  while (node.next()) {
    if (node.tag() == 4)
      type = text(node.get_view());
    else if (node.tag() == 7)
      domain = text(node.get_view());
    else
      node.skip();
  }
  return domain.empty() || domain == "ai.onnx" ? type : domain + "." + type;
}

void read_graph(pbf_reader graph, const std::string& only, FileReport& report) {
  Listing inputs{"inputs", {}}, outputs{"outputs", {}}, nodes{"nodes", {}};
  std::map<std::string, std::int64_t> types;
  std::int64_t count = 0;
  while (graph.next()) {
    switch (graph.tag()) {
      case 1:
        ++types[node_type(graph.get_message())];
        ++count;
        break;
      case 2:
        report.facts.emplace_back("graph", text(graph.get_view()));
        break;
      case 5: {
        OnnxTensor tensor(graph.get_message());
        if (matches(only, tensor.name())) report.tensors.push_back(tensor.shown());
        break;
      }
      case 11:
        inputs.lines.push_back(port(graph.get_message()));
        break;
      case 12:
        outputs.lines.push_back(port(graph.get_message()));
        break;
      default:
        graph.skip();
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> order(types.begin(), types.end());
  std::ranges::stable_sort(order, std::greater(), [](const auto& item) { return item.second; });
  for (const auto& [type, n] : order) nodes.lines.emplace_back(type, std::to_string(n));
  report.facts.emplace_back("node count", std::to_string(count));
  report.listings = {inputs, outputs, nodes};
}

bool read_model(pbf_reader model, const std::string& only, FileReport& report) {
  bool has_graph = false;
  while (model.next()) {
    switch (model.tag()) {
      case 1:
        report.facts.emplace_back("IR version", std::to_string(model.get_int64()));
        break;
      case 2:
        report.facts.emplace_back("producer", text(model.get_view()));
        break;
      case 3:
        report.facts.emplace_back("producer version", text(model.get_view()));
        break;
      case 7:
        if (has_graph) return false;
        read_graph(model.get_message(), only, report);
        has_graph = true;
        break;
      case 8: {
        const auto [domain, version] = entry(model.get_message());
        report.facts.emplace_back(domain.empty() || domain == "ai.onnx" ? "opset" : "opset " + domain, version);
        break;
      }
      case 14:
        report.metadata.lines.push_back(entry(model.get_message()));
        break;
      default:
        model.skip();
    }
  }
  return has_graph;
}

}  // namespace

FileReport report_onnx(const std::string& path, const std::string& only) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw Stop(file_trouble, fmt::format("{}: cannot be read", path));
  FileReport report;
  report.kind = "ONNX";
  std::string trouble = "it has no graph";
  try {
    if (read_model(pbf_reader(bytes), only, report)) return report;
  } catch (const protozero::exception& e) { trouble = e.what(); }
  throw Stop(file_trouble,
             fmt::format("{}: is of no kind that is known here\n  got:      as an ONNX file it is damaged: {}\n"
                         "  expected: safetensors, .npz, .npy, ONNX or a trace",
                         path, trouble));
}

}  // namespace gradus::tool

#else

namespace gradus::tool {

FileReport report_onnx(const std::string& path, const std::string&) {
  throw Stop(file_trouble,
             fmt::format("{}: is not safetensors, .npz, .npy or a trace, and this gradus was built without "
                         "protozero, which reads ONNX",
                         path));
}

}  // namespace gradus::tool

#endif
