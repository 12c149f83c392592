// A model as bytes: protocol buffers, by the field numbers of onnx.proto3 (IR version 8).
#include "io/onnx/model.hpp"

#ifdef GRADUS_HAVE_PROTOZERO

#include <bit>
#include <protozero/pbf_writer.hpp>

#include "tensor/impl.hpp"
#include "tensor/loops.hpp"

namespace gradus::io::onnx {
namespace {

using protozero::pbf_writer;

constexpr int ir_version = 8, opset = 17;

static_assert(std::endian::native == std::endian::little,
              "the numbers in the file are little-endian, and copied as they are");

// TensorProto.DataType
int element_type(DType t) {
  constexpr int types[] = {1, 1, 7, 9};  // f32 and f64: FLOAT; INT64, BOOL
  return types[static_cast<int>(t)];
}

void write_tensor(pbf_writer to, const std::string& name, const Tensor& value) {
  const Tensor x = detail::dense(value.dtype() == f64 ? value.to(f32) : value);
  for (const std::int64_t size : x.shape()) to.add_int64(1, size);
  to.add_int32(2, element_type(x.dtype()));
  to.add_string(8, name);
  to.add_bytes(9, reinterpret_cast<const char*>(x.impl()->data),
               static_cast<std::size_t>(x.numel() * size_of(x.dtype())));
}

// AttributeProto: the value's field, and the number of its type.
struct AttributeWriter {
  pbf_writer& to;
  void operator()(std::int64_t v) {
    to.add_int64(3, v);
    to.add_enum(20, 2);
  }
  void operator()(double v) {
    to.add_float(2, static_cast<float>(v));
    to.add_enum(20, 1);
  }
  void operator()(const std::string& v) {
    to.add_bytes(4, v);
    to.add_enum(20, 3);
  }
  void operator()(const std::vector<std::int64_t>& v) {
    for (const std::int64_t i : v) to.add_int64(8, i);
    to.add_enum(20, 7);
  }
  void operator()(const std::vector<std::string>& v) {
    for (const std::string& s : v) to.add_bytes(9, s);
    to.add_enum(20, 8);
  }
};

void write_node(pbf_writer to, const ModelNode& node) {
  for (const std::string& name : node.inputs) to.add_string(1, name);
  for (const std::string& name : node.outputs) to.add_string(2, name);
  to.add_string(3, node.name);
  to.add_string(4, node.type);
  for (const OnnxAttribute& a : node.attributes) {
    pbf_writer attribute(to, 5);
    attribute.add_string(1, a.name);
    std::visit(AttributeWriter{attribute}, a.value);
  }
}

// ValueInfoProto { name, TypeProto { TypeProto.Tensor { elem_type, TensorShapeProto { dim … } } } }
void write_port(pbf_writer to, const Port& port) {
  to.add_string(1, port.name);
  pbf_writer type(to, 2), tensor(type, 1);
  tensor.add_int32(1, element_type(port.dtype));
  if (port.sizes.empty())
    tensor.add_message(2, std::string());  // shape (): a writer that is given nothing writes no field
  pbf_writer shape(tensor, 2);
  for (const Size& size : port.sizes) {
    pbf_writer axis(shape, 1);
    if (size.depends())
      axis.add_string(2, to_string(size));
    else
      axis.add_int64(1, size.fixed);
  }
}

}  // namespace

bool can_encode() { return true; }

std::string encode(const Model& model) {
  std::string bytes;
  pbf_writer file(bytes);
  file.add_int64(1, ir_version);
  file.add_string(2, "gradus");
  file.add_string(3, GRADUS_VERSION);
  {
    pbf_writer graph(file, 7);
    for (const ModelNode& node : model.nodes) write_node(pbf_writer(graph, 1), node);
    graph.add_string(2, model.name);
    for (const Initializer& i : model.initializers) write_tensor(pbf_writer(graph, 5), i.name, i.value);
    for (const Port& port : model.inputs) write_port(pbf_writer(graph, 11), port);
    for (const Port& port : model.outputs) write_port(pbf_writer(graph, 12), port);
  }
  {
    pbf_writer set(file, 8);
    set.add_string(1, "");
    set.add_int64(2, opset);
  }
  for (const auto& [key, text] : model.metadata) {
    pbf_writer entry(file, 14);
    entry.add_string(1, key);
    entry.add_string(2, text);
  }
  return bytes;
}

}  // namespace gradus::io::onnx

#else

namespace gradus::io::onnx {

bool can_encode() { return false; }
std::string encode(const Model&) { return {}; }

}  // namespace gradus::io::onnx

#endif
