// A TensorProto of an ONNX file: a weight.
#pragma once

#include <protozero/pbf_reader.hpp>

#include <string>

#include "show/report.hpp"

namespace gradus::tool {

// "FLOAT", "INT64", …, as onnx.proto3 names them.
std::string onnx_dtype(int type);

class OnnxTensor {
 public:
  explicit OnnxTensor(protozero::pbf_reader from);

  const std::string& name() const { return shown_.name; }
  // With statistics, if the numbers are in the file, whole, and of a type that is known here.
  ShownTensor shown() const;

 private:
  std::optional<Statistics> measure() const;

  ShownTensor shown_;
  int type_ = 0;
  protozero::data_view raw_;    // little-endian
  std::vector<double> listed_;  // numbers in fields of their own
  bool elsewhere_ = false;      // in another file
};

}  // namespace gradus::tool
