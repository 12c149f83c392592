// gradus html: what is in the file. tests/tools/page looks at it in a browser.
#ifdef GRADUS_TOOL
#include "run.hpp"

using support::contains, support::Program, support::read, support::write;

namespace {

const std::string sample = read(GRADUS_TEST_DIR "/study/sample.trace.jsonl");

struct Sample {
  Program gradus;
  Sample() { write(gradus.file("sample.trace.jsonl"), sample); }
  std::string page(const std::string& more = "") const {
    const auto run = gradus("html sample.trace.jsonl -o page.html " + more);
    INFO(run.err);
    CHECK(run.code == 0);
    CHECK(contains(run.out, "page.html: "));
    return read(gradus.file("page.html"));
  }
};

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t start = text.find(from) + from.size();
  return text.substr(start, text.find(to, start) - start);
}

}  // namespace

TEST_CASE("html: the same trace gives the same bytes, in one file that asks for nothing") {
  const Sample s;
  const std::string page = s.page();
  CHECK(page == s.page());
  CHECK(page == Sample().page());
  CHECK_PARTS(page, "default-src 'none'; script-src 'sha256-", "@dagrejs/dagre 3.1.3",
              "Copyright (c) 2012-2014 Chris Pettitt", "\"ev\":\"contribution\"");
  for (const char* asks :
       {"http:", "https:", "//cdn", "src=", "@import", "url(h", "sourceMappingURL", "unsafe-inline"}) {
    INFO(asks);
    CHECK(!contains(page, asks));
  }
  CHECK(read(s.gradus.file("sample.html")).empty());
  CHECK(s.gradus("html sample.trace.jsonl").code == 0);
  CHECK(read(s.gradus.file("sample.html")) == page);
}

TEST_CASE("html: names are data") {
  const Sample s;
  const std::string evil = "</script><img src=x onerror=alert(1)>";
  std::string text = sample;
  for (std::size_t at = 0; (at = text.find(R"("name":"W")", at)) != text.npos;)
    text.replace(at, 10, R"("name":")" + evil + '"');
  write(s.gradus.file("sample.trace.jsonl"), text);
  const std::string page = s.page();
  CHECK(!contains(page, evil));
  CHECK(!contains(page, "<img"));
  const std::string data = between(page, R"(<script type="application/json" id="trace">)", "</script>");
  CHECK(contains(data, R"("name":"\u003c/script>\u003cimg src=x onerror=alert(1)>")"));
  CHECK(data.find('<') == data.npos);
  // A trace that names the template's own places.
  text.replace(text.find(evil), evil.size(), "@SCRIPT@");
  write(s.gradus.file("sample.trace.jsonl"), text);
  CHECK(contains(s.page(), R"("name":"@SCRIPT@")"));
}

TEST_CASE("html: source lines, and only those") {
  const Sample s;
  write(s.gradus.file("sample.cpp"), "1\n2\n3\n4\n5\n6 private\n7\n8 <b>\n9 line \"nine\"\n10\n");
  const std::string page = s.page();
  CHECK_PARTS(page, R"("9":"9 line \"nine\"")", R"("8":"8 \u003cb>")");
  CHECK(!contains(page, "6 private"));
  CHECK(contains(s.page("--src ."), "line \\\"nine"));
}

TEST_CASE("html: the source of each of two runs is judged by its own time") {
  const Sample s;
  write(s.gradus.file("sample.cpp"), "1\n2\n3\n4\n5\n6\n7\n8\n9 one line\n10\n");
  std::string later = sample;
  const std::string time = R"("time":1790000000)";
  later.replace(later.find(time), time.size(), R"("time":4000000000)");  // after sample.cpp was written
  write(s.gradus.file("later.jsonl"), later);
  std::string earlier = sample;
  earlier.replace(earlier.find(time), time.size(), R"("time":1000000000)");
  write(s.gradus.file("sample.trace.jsonl"), earlier);
  const std::string page = s.page("--against later.jsonl");
  const std::string extra = between(page, R"(<script type="application/json" id="extra">)", "</script>");
  CHECK_PARTS(extra, R"("sources":{"sample.cpp":{"changed":true,)",
              R"("sources_against":{"sample.cpp":{"changed":false,)");
}

TEST_CASE("html: two runs, parts of runs, and what cannot be read or written") {
  const Sample s;
  write(s.gradus.file("other.jsonl"), sample);
  CHECK(contains(s.page("--against other.jsonl"), R"("against":"other.jsonl")"));
  CHECK(contains(s.page(), R"("against">null</script>)"));
  const auto fails = [&s](const std::string& arguments, int code, std::initializer_list<const char*> parts) {
    const auto run = s.gradus("html " + arguments);
    INFO(arguments, ": ", run.err);
    CHECK(run.code == code);
    CHECK(run.out.empty());
    for (const char* part : parts) CHECK(contains(run.err, part));
  };
  fails("none.jsonl", 3, {"none.jsonl"});
  fails("sample.trace.jsonl --against none.jsonl", 3, {"none.jsonl"});
  fails("sample.trace.jsonl -o none/page.html", 3, {"none/page.html: ", "No such file or directory"});
  fails("sample.trace.jsonl -o sample.trace.jsonl", 2, {"that is sample.trace.jsonl"});
  fails("sample.trace.jsonl --against other.jsonl -o ./other.jsonl", 2, {"that is other.jsonl"});
  CHECK(read(s.gradus.file("sample.trace.jsonl")) == sample);
  fails("", 2, {"FILE"});
  fails("sample.trace.jsonl --agianst x", 2, {"did you mean --against?"});
  write(s.gradus.file("half.jsonl"), sample.substr(0, sample.size() / 2));
  const auto half = s.gradus("html half.jsonl");
  CHECK(half.code == 0);
  CHECK(contains(half.err, "is cut off"));
  CHECK(contains(read(s.gradus.file("half.html")), "is cut off"));

  // Above 50 MB: refused, with advice; made with --force. One long warning is enough.
  const std::string line = R"({"ev":"warning","code":"x","text":")" + std::string(1000, 'x') + "\"}\n";
  std::string large = sample.substr(0, sample.find('\n') + 1);
  while (large.size() < 50'100'000) large += line;
  write(s.gradus.file("large.jsonl"), large);
  fails("large.jsonl", 1, {"50 MB", "GRADUS_TRACE_STEPS", "--force"});
  CHECK(s.gradus("html large.jsonl --force").code == 0);
  CHECK(read(s.gradus.file("large.html")).size() > 50'000'000);
}

TEST_CASE("html: a page that cannot be completed leaves the older one") {
  const Sample s;
  write(s.gradus.file("page.html"), "THE OLD PAGE");
  const auto run = s.gradus("html sample.trace.jsonl -o page.html", "ulimit -f 8;");  // 8 blocks are too few
  CHECK(run.code != 0);
  CHECK(read(s.gradus.file("page.html")) == "THE OLD PAGE");
}
#endif
