const std::string& choice = hole_text(1);
return choice == "a" ? sum(g, {0}) : choice == "b" ? sum(g, {1}) : choice == "c" ? mean(g, {0}) : g[0];
