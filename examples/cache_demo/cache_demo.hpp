/// Two seeds of comma-separated values, cleaned and joined.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cache_demo {

struct user {
  int id = 0;
  std::string name;
  std::string email;
};
struct order {
  int id = 0;
  int user = 0;
  double amount = 0;
};
/// What one user ordered.
struct user_orders {
  std::string name;
  std::string email;
  int orders = 0;
  double total = 0;
};
struct constants {
  std::string currency;
  double tax = 0;
};

/// The cells of each line behind the first, which names the columns. Throws std::runtime_error where a line has not
/// `columns` cells.
inline std::vector<std::vector<std::string>> read_seed(std::filesystem::path const& path,
                                                       std::size_t columns) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<std::vector<std::string>> rows;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    std::vector<std::string> cells;
    std::istringstream rest(line);
    for (std::string cell; std::getline(rest, cell, ',');) cells.push_back(cell);
    if (cells.size() != columns)
      throw std::runtime_error(path.string() + ": line " + std::to_string(number) + " has " +
                               std::to_string(cells.size()) + " cells and not " + std::to_string(columns));
    if (number > 1) rows.push_back(std::move(cells));
  }
  return rows;
}

inline std::vector<user> load_users(std::filesystem::path const& seed) {
  std::vector<user> users;
  for (auto const& row : read_seed(seed, 3)) {
    user one{std::stoi(row[0]), row[1], row[2]};
    std::transform(one.email.begin(), one.email.end(), one.email.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    users.push_back(std::move(one));
  }
  return users;
}

inline std::vector<order> load_orders(std::filesystem::path const& seed) {
  std::vector<order> orders;
  for (auto const& row : read_seed(seed, 3))
    orders.push_back({std::stoi(row[0]), std::stoi(row[1]), std::stod(row[2])});
  return orders;
}

inline std::vector<user_orders> join(std::vector<user> const& users, std::vector<order> const& orders) {
  std::vector<user_orders> joined;
  for (user const& u : users) {
    user_orders line{u.name, u.email, 0, 0};
    for (order const& o : orders)
      if (o.user == u.id) {
        ++line.orders;
        line.total += o.amount;
      }
    joined.push_back(std::move(line));
  }
  return joined;
}

}  // namespace cache_demo
