// gradus verify: is every number what PyTorch says it is?
#include <fmt/format.h>
#include <fnmatch.h>

#include <chrono>

#include "cli/options.hpp"
#include "verify/report.hpp"
#include "verify/run.hpp"

namespace gradus::tool {
namespace {

struct VerifyOptions {
  std::string directory;
  std::string only = "*";
  bool json = false;
  bool verbose = false;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Outcome run(const Case& c) {
  try {
    run_case(c);
    return {&c, Status::passed, {}};
  } catch (const Difference& d) { return {&c, Status::failed, d}; } catch (const NotImplemented& missing) {
    return {&c, Status::not_implemented, {missing.name}};
  } catch (const Skipped& skipped) { return {&c, Status::skipped, {skipped.name}}; } catch (const Stop&) {
    throw;
  } catch (const TooLarge& e) {
    throw Stop(file_trouble, fmt::format("{}: {}", c.path(), e.what()));
  } catch (const Json::exception& e) {
    throw Stop(file_trouble, fmt::format("{}: the case is not as the format says: {}", c.path(), e.what()));
  } catch (const std::exception& e) { return {&c, Status::failed, {"threw: " + first_line(e.what())}}; }
}

Exit verify(const VerifyOptions& o) {
  const Kit kit(o.directory);
  Report report(kit, o.verbose);
  const auto start = std::chrono::steady_clock::now();
  for (const Case& c : kit.cases()) {
    if (fnmatch(o.only.c_str(), c.path().c_str(), 0) == 0) report.add(run(c));
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (report.empty()) throw Stop(usage, fmt::format("--only {}: no case has such a name", o.only));
  if (o.json)
    report.print_json(time.count());
  else
    report.print(time.count());
  return report.count(Status::failed) + report.count(Status::not_implemented) > 0 ? failed : success;
}

}  // namespace

void add_verify(CommandLine& program) {
  auto options = std::make_shared<VerifyOptions>();
  VerifyOptions& o = *options;
  Command& command =
      program.add("verify", "compare every operation, layer and optimizer with a kit of PyTorch's numbers");
  command.runs([options] { return verify(*options); });
  command.footer("Ends with 0 if nothing failed and nothing is unimplemented, 1 otherwise, 3 if the kit is damaged.");

  command.text("DIR", o.directory, "", "the kit's folder, as tests/reference");
  command.text("--only", o.only, "GLOB", "only cases whose names match, as in 'ops/conv/*' or '*lstm*'");
  command.flag("--json", o.json, "print JSON");
  command.flag("-v,--verbose", o.verbose, "print a line for every case, not only for those that failed");
}

}  // namespace gradus::tool
