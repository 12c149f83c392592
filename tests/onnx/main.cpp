// gradus_onnx_cases FOLDER: exports the networks of the test io/onnx_runs.
#include "cases.hpp"

int main(int argc, char** argv) {
  using namespace onnx_cases;
  if (argc != 2) {
    std::fprintf(stderr, "usage: gradus_onnx_cases FOLDER\n");
    return 2;
  }
  try {
    manual_seed(1);
    Writer w(argv[1]);
    write_layers(w);
    write_operations(w);
    write_networks(w);
    std::printf("%d networks exported\n", w.count());
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
