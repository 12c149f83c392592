// Prices from a table with missing cells and categories: a network that takes cells in their own units and answers in
// the target's, stops when it has learnt enough, and is loaded again from its file.
#include <gradus/gradus.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace gradus;

// A file as one gets it: price = 2 area + 30 if it has a garden, 15 less for each 10 years of age, ± 5.
void write_houses(const std::string& path) {
  std::ofstream file(path);
  file << "area,age,town,garden,price\n";
  const Tensor u = rand({600, 5}), noise = randn({600});
  for (std::int64_t i = 0; i < 600; ++i) {
    const double area = 40 + 160 * u.at({i, 0}), age = std::floor(80 * u.at({i, 1}));
    const char* town = u.at({i, 2}) < 0.3 ? "Ulm" : u.at({i, 2}) < 0.6 ? "Bonn" : "Trier";
    const bool garden = u.at({i, 3}) < 0.4;
    const double price = 2 * area - 1.5 * age + 30 * garden + (*town == 'B' ? 60 : 0) + 5 * noise.at({i});
    file << area << ',';
    if (u.at({i, 4}) > 0.05) file << age;  // one in twenty is missing
    file << ',' << town << ',' << (garden ? "yes" : "no") << ',' << price << '\n';
  }
}

nn::Sequential make_net(const data::Dataset& train) {
  return nn::Sequential{nn::Standardize::of(train.x), nn::Linear(train.x.size(1), 32), nn::ReLU(), nn::Linear(32, 1),
                        nn::Unstandardize::of(train.y)};
}

double rmse(const nn::Sequential& net, const data::Dataset& d) {
  const nn::Evaluating evaluating;
  return std::sqrt(mse_loss(net(d.x), d.y).item());
}

int main() {
  manual_seed(1);
  const auto folder = std::filesystem::temp_directory_path() / "gradus_tabular";
  std::filesystem::create_directories(folder);
  const std::string file = folder / "houses.csv", saved = folder / "houses.st";
  write_houses(file);
  data::Table table =
      data::csv(file, {.classes = false, .missing = data::Missing::mean, .categories = data::Categories::one_hot});
  std::printf("columns:");
  for (const std::string& name : table.columns) std::printf(" %s", name.c_str());
  std::printf("\n");

  table.y = table.y.unsqueeze(1);  // (N, 1), as the network answers
  const auto [train, test] = data::split(table, 0.2, 1);
  nn::Sequential net = make_net(train);
  optim::AdamW opt(net, {.lr = 1e-2, .weight_decay = 1e-2});
  opt.add_group(optim::ends_with("bias")).weight_decay = 0;
  const double deviation = train.y.std().item();
  const auto loss = [&](const Tensor& out, const Tensor& y) { return mse_loss(out / deviation, y / deviation); };
  train::fit(net, opt, data::batches(train, {.size = 32, .shuffle = true, .seed = 1}), loss,
             {.epochs = 60, .validation = test, .patience = 10, .restore_best_weights = true});
  std::printf("prices have a deviation of %.0f, errors one below 15: %s\n", deviation,
              rmse(net, test) < 15 ? "yes" : "no");

  io::save(saved, net.state_dict(), {{"file", "houses.csv"}});
  nn::Sequential again = make_net(test);  // its units come from the file, too
  again.load_state_dict(io::load(saved));
  std::printf("the loaded network agrees: %s\n", rmse(again, test) == rmse(net, test) ? "yes" : "no");
  std::filesystem::remove_all(folder);
}

// Prints:
// columns: area age town=Bonn town=Trier town=Ulm garden=no garden=yes
// prices have a deviation of *, errors one below 15: yes
// the loaded network agrees: yes
