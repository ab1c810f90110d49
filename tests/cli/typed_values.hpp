// Types that the tests of texts and values share.
#pragma once

#include <memo/cli/text_kind.hpp>

#include <boost/hana/adapt_adt.hpp>
#include <boost/hana/adapt_struct.hpp>

#include <complex>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace test {

enum class lattice { cubic, hexagonal, triclinic = 7 };
enum unscoped { low = -2, high = 5 };

struct layer {
  int width;
  double dropout;
  bool operator==(layer const&) const = default;
};
struct model {
  double lr;
  std::vector<layer> layers;
  std::optional<std::string> note;
  int shape[3];
  lattice kind;
};
struct tree {
  std::string name;
  std::vector<tree> children;
};
struct no_fields {};

class adapted {
 public:
  int count = 0;
  std::string label;
};

/// Adapted with functions in place of fields.
class with_functions {
 public:
  int size() const { return size_; }
  void set_size(int size) { size_ = size; }

 private:
  int size_ = 4;
};

/// Adapted, and cannot be copied.
struct not_copied {
  not_copied() = default;
  not_copied(not_copied const&) = delete;
  int size = 0;
};

/// Of the program's own: no default constructor.
class angle {
 public:
  explicit angle(double degrees) : degrees_(degrees) {}
  double degrees() const { return degrees_; }
  auto operator<=>(angle const&) const = default;

 private:
  double degrees_;
};

/// Read and shown by its operators.
class version {
 public:
  int major_part() const { return major_; }
  friend std::istream& operator>>(std::istream& in, version& v) {
    char dot = 0;
    in >> v.major_ >> dot >> v.minor_;
    if (dot != '.') in.setstate(std::ios::failbit);
    return in;
  }
  friend std::ostream& operator<<(std::ostream& out, version const& v) {
    return out << v.major_ << '.' << v.minor_;
  }

 private:
  int major_ = 0, minor_ = 0;
};

/// Neither.
class closed {
 public:
  explicit closed(int n) : n_(n) {}
  int n() const { return n_; }

 private:
  int n_;
};

}  // namespace test

template <>
struct memo::hash_of<test::closed> {
  static int of(test::closed const& value) { return value.n(); }
};

BOOST_HANA_ADAPT_STRUCT(test::adapted, count, label);
BOOST_HANA_ADAPT_STRUCT(test::not_copied, size);
BOOST_HANA_ADAPT_ADT(test::with_functions, (size, [](auto const& self) { return self.size(); }));

template <>
struct memo::text_of<test::angle> {
  static constexpr std::string_view type = "angle such as 30deg";
  static test::angle parse(std::string_view text) {
    if (!text.ends_with("deg")) throw std::invalid_argument("an angle ends in deg");
    return test::angle(std::stod(std::string(text.substr(0, text.size() - 3))));
  }
  static std::string print(test::angle const& a) {
    std::string text = std::to_string(a.degrees());
    return text + "deg";
  }
};
