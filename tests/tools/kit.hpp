// A copy of the kit of reference vectors, to be damaged.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include <gradus/gradus.hpp>

#include "tools/run.hpp"

namespace damaged {

using gradus::StateDict;
using gradus::Tensor;

inline const std::string reference = GRADUS_TEST_DIR "/reference";

class Kit {
 public:
  Kit() { std::filesystem::copy(reference, path(), std::filesystem::copy_options::recursive); }

  std::string path(const std::string& file = "") const { return gradus_.file("kit/" + file); }
  support::Ran verify(const std::string& options = "", const std::string& before = "") const {
    return gradus_("verify kit " + options, before);
  }

  // Changes a file's bytes, …
  void change(const std::string& file, const std::function<void(std::string&)>& how) const {
    std::string bytes = support::read(path(file));
    how(bytes);
    support::write(path(file), bytes);
  }
  void replace(const std::string& file, const std::string& old, const std::string& with) const {
    change(file, [&](std::string& bytes) {
      const auto at = bytes.find(old);
      REQUIRE(at != std::string::npos);
      bytes.replace(at, old.size(), with);
    });
  }
  // … or a number in it.
  void plant(const std::string& file, const std::string& tensor, double change) const {
    const StateDict all = gradus::io::load(path(file));
    const Tensor* x = gradus::find(all, tensor);
    REQUIRE(x);
    x->reshape({-1}).mutable_data<double>()[0] += change;
    gradus::io::save(path(file), all);
  }
  // Makes manifest.json agree again.
  void sign(const std::string& file) const {
    auto manifest = nlohmann::json::parse(support::read(path("manifest.json")));
    REQUIRE(std::system(("sha256sum '" + path(file) + "' >'" + path("sum") + "'").c_str()) == 0);
    manifest["files"][file] = {{"bytes", std::filesystem::file_size(path(file))},
                               {"sha256", support::read(path("sum")).substr(0, 64)}};
    support::write(path("manifest.json"), manifest.dump());
  }

 private:
  support::Program gradus_;
};

// Refused, with a message that names what is wrong.
inline void check_refused(const support::Ran& run, const std::string& file, const std::string& why) {
  INFO(run.out, run.err);
  CHECK(run.code == 3);
  CHECK(run.out.empty());
  CHECK_PARTS(run.err, file, why);
}

}  // namespace damaged
