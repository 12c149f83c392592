// A headless Chromium, spoken to over a pipe in its own protocol: enough to load a page, press keys and ask questions.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support.hpp"

namespace support {

class Browser {
 public:
  using Json = nlohmann::json;

  static bool there() { return std::system("command -v chromium >/dev/null 2>&1") == 0; }

  explicit Browser(int width = 1280, int height = 900) {
    int to[2], from[2];
    if (pipe(to) || pipe(from)) throw std::runtime_error("no pipe");
    child_ = fork();
    if (child_ == 0) {
      setpgid(0, 0);
      // Chromium reads from 3 and writes to 4. Away from these first.
      const int in = fcntl(to[0], F_DUPFD, 10), out = fcntl(from[1], F_DUPFD, 10), none = open("/dev/null", O_RDWR);
      dup2(in, 3), dup2(out, 4), dup2(none, 1), dup2(none, 2);
      for (const int fd : {in, out, to[1], from[0]})
        if (fd > 4) close(fd);
      const std::string profile = "--user-data-dir=" + dir_.str();
      const std::string size = "--window-size=" + std::to_string(width) + "," + std::to_string(height);
      execlp("chromium", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe", profile.c_str(),
             size.c_str(), nullptr);
      _exit(127);
    }
    close(to[0]), close(from[1]);
    write_ = to[1], read_ = from[0];
    const std::string target = call("Target.createTarget", {{"url", "about:blank"}})["targetId"];
    session_ = call("Target.attachToTarget", {{"targetId", target}, {"flatten", true}})["sessionId"];
    for (const char* domain : {"Runtime", "Log", "Network", "Page"}) call(std::string(domain) + ".enable");
  }
  ~Browser() {
    kill(-child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    close(write_), close(read_);
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void open_page(const std::string& path, const std::string& fragment = "") {
    events_.clear();
    url_ = "file://" + path;
    call("Page.navigate", {{"url", url_ + fragment}});
    for (int i = 0; i < 200; ++i) {
      if (ask("document.readyState") == "complete" && happened("Page.loadEventFired")) return;
      usleep(50'000);
    }
    throw std::runtime_error("the page did not load");
  }
  // The value of an expression in the page.
  Json ask(const std::string& expression) {
    const Json answer = call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}});
    if (answer.contains("exceptionDetails")) throw std::runtime_error(answer["exceptionDetails"].dump());
    return answer["result"].value("value", Json());
  }
  void press(const std::string& key, int code) {
    for (const char* type : {"rawKeyDown", "keyUp"})
      call("Input.dispatchKeyEvent",
           {{"type", type}, {"key", key}, {"code", key == " " ? "Space" : key}, {"windowsVirtualKeyCode", code}});
  }
  void point_at(double x, double y) { call("Input.dispatchMouseEvent", {{"type", "mouseMoved"}, {"x", x}, {"y", y}}); }

  void drag(double from_x, double from_y, double to_x, double to_y) {
    const auto mouse = [&](const char* type, double x, double y, int buttons) {
      call("Input.dispatchMouseEvent",
           {{"type", type}, {"x", x}, {"y", y}, {"button", "left"}, {"buttons", buttons}, {"clickCount", 1}});
    };
    mouse("mousePressed", from_x, from_y, 1);
    mouse("mouseMoved", (from_x + to_x) / 2, (from_y + to_y) / 2, 1);
    mouse("mouseMoved", to_x, to_y, 1);
    mouse("mouseReleased", to_x, to_y, 0);
  }

  // Everything that the page asked for but itself, and everything that it complained of.
  std::vector<std::string> complaints() {
    ask("1");
    std::vector<std::string> list;
    for (const Json& e : events_) {
      const std::string method = e["method"];
      if (method == "Network.requestWillBeSent") {
        const std::string url = e["params"]["request"]["url"];
        if (!url.starts_with(url_)) list.push_back("request: " + url);
      }
      if (method == "Runtime.exceptionThrown" || method == "Log.entryAdded") list.push_back(e["params"].dump());
      if (method == "Runtime.consoleAPICalled") list.push_back(e["params"].dump());
    }
    return list;
  }

 private:
  bool happened(const std::string& method) const {
    for (const Json& e : events_)
      if (e["method"] == method) return true;
    return false;
  }

  Json call(const std::string& method, const Json& parameters = Json::object()) {
    Json message{{"id", ++id_}, {"method", method}, {"params", parameters}};
    if (!session_.empty()) message["sessionId"] = session_;
    const std::string text = message.dump() + '\0';
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t n = ::write(write_, text.data() + sent, text.size() - sent);
      if (n <= 0) throw std::runtime_error("chromium is gone");
      sent += static_cast<std::size_t>(n);
    }
    for (;;) {
      Json answer = next();
      if (answer.contains("method")) {
        events_.push_back(std::move(answer));
      } else if (answer.value("id", 0) == id_) {
        if (answer.contains("error")) throw std::runtime_error(method + ": " + answer["error"].dump());
        return answer["result"];
      }
    }
  }
  Json next() {
    for (;;) {
      if (const auto end = buffer_.find('\0'); end != std::string::npos) {
        Json message = Json::parse(buffer_.substr(0, end));
        buffer_.erase(0, end + 1);
        return message;
      }
      pollfd waiting{read_, POLLIN, 0};
      if (poll(&waiting, 1, 60'000) <= 0) throw std::runtime_error("chromium does not answer");
      char bytes[65536];
      const ssize_t n = ::read(read_, bytes, sizeof bytes);
      if (n <= 0) throw std::runtime_error("chromium is gone");
      buffer_.append(bytes, static_cast<std::size_t>(n));
    }
  }

  TempDir dir_;
  pid_t child_ = -1;
  int write_ = -1, read_ = -1, id_ = 0;
  std::string session_, buffer_, url_;
  std::vector<Json> events_;
};

// True, and a word in the output, where there is no Chromium.
inline bool no_browser() {
  if (Browser::there()) return false;
  MESSAGE("skipped: there is no chromium (Debian: chromium)");
  CHECK(true);
  return true;
}

}  // namespace support
