/// Curves as an SVG picture that is legible on light and dark backgrounds.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plot {

struct curve {
  std::string label;
  std::vector<double> x, y;
  std::vector<double> error{};  // one standard deviation of each y; empty: no error bars
  bool dashed = false;
};

struct labels {
  std::string title, x, y;
};

namespace detail {

// std::to_string and printf write a comma in some locales.
inline std::string number(double value, int decimals) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr};
}

inline std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

/// One direction of the picture: values from `low` to `high` lie between the pixels `from` and `to`.
struct axis {
  double low = 0, high = 0, from = 0, to = 0;
  double step = 1;  // between ticks: 1, 2 or 5 times a power of ten
  int decimals = 0;

  axis(double smallest, double largest, double first_pixel, double last_pixel)
      : from(first_pixel), to(last_pixel) {
    double const span = largest > smallest ? largest - smallest : 1.0;
    double const power = std::pow(10.0, std::floor(std::log10(span / 4)));
    double const digit = span / 4 / power;
    step = power * (digit < 2 ? 1 : digit < 5 ? 2 : 5);
    decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
    low = step * std::floor(smallest / step + 1e-9);
    high = step * std::ceil((smallest + span) / step - 1e-9);
  }
  double at(double value) const { return from + (to - from) * (value - low) / (high - low); }
  int ticks() const { return static_cast<int>(std::lround((high - low) / step)) + 1; }
  double tick(int i) const { return low + step * i; }
};

inline std::string text(double x, double y, std::string_view anchor, std::string_view words,
                        std::string_view more = "") {
  return "<text x=\"" + number(x, 1) + "\" y=\"" + number(y, 1) + "\" text-anchor=\"" + std::string(anchor) +
         '"' + std::string(more) + '>' + escaped(words) + "</text>\n";
}

inline std::string line(double x1, double y1, double x2, double y2, std::string_view kind) {
  return "<path class=\"" + std::string(kind) + "\" d=\"M" + number(x1, 1) + ' ' + number(y1, 1) + 'L' +
         number(x2, 1) + ' ' + number(y2, 1) + "\"/>\n";
}

}  // namespace detail

/// A picture of 720 by 480 pixels without a background of its own.
inline std::string svg(labels const& words, std::vector<curve> const& curves) {
  using namespace detail;
  // Colours that keep a contrast of 3 to 1 to white and to black, and stay apart for colour-blind readers.
  constexpr std::string_view colours[] = {"#2a7fc4", "#d1651f", "#22906a", "#b558b0", "#a67c00", "#d0485a"};
  double const left = 64, right = 704, top = 40, bottom = 424;

  double x_low = HUGE_VAL, x_high = -HUGE_VAL, y_low = HUGE_VAL, y_high = -HUGE_VAL;
  for (curve const& c : curves) {
    for (double const x : c.x) x_low = std::min(x_low, x), x_high = std::max(x_high, x);
    for (double const y : c.y) y_low = std::min(y_low, y), y_high = std::max(y_high, y);
  }
  if (x_low > x_high) x_low = y_low = 0, x_high = y_high = 1;
  axis const across(x_low, x_high, left, right), up(y_low, y_high, bottom, top);

  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 480\" width=\"720\" height=\"480\" "
      "font-family=\"sans-serif\" font-size=\"14\">\n<title>" +
      escaped(words.title) +
      "</title>\n<style>\n"
      "text { fill: #777 }\n.axis, .exact { stroke: #777; fill: none }\n"
      "@media (prefers-color-scheme: light) { text { fill: #333 } .axis, .exact { stroke: #333 } }\n"
      "@media (prefers-color-scheme: dark) { text { fill: #ddd } .axis, .exact { stroke: #ddd } }\n"
      ".grid { stroke: #8884; fill: none }\n.exact { stroke-width: 1.5; stroke-dasharray: 6 4 }\n"
      "polyline { fill: none; stroke-width: 2; stroke-linejoin: round }\n.bar { stroke-width: 1 "
      "}\n</style>\n";
  for (int i = 0; i < across.ticks(); ++i) {
    double const x = across.at(across.tick(i));
    out += line(x, top, x, bottom, "grid") + line(x, bottom, x, bottom + 5, "axis") +
           text(x, bottom + 22, "middle", number(across.tick(i), across.decimals));
  }
  for (int i = 0; i < up.ticks(); ++i) {
    double const y = up.at(up.tick(i));
    out += line(left, y, right, y, "grid") + line(left - 5, y, left, y, "axis") +
           text(left - 9, y + 5, "end", number(up.tick(i), up.decimals));
  }
  out += "<path class=\"axis\" d=\"M" + number(left, 0) + ' ' + number(top, 0) + 'V' + number(bottom, 0) +
         'H' + number(right, 0) + "\"/>\n";
  out += text((left + right) / 2, 24, "middle", words.title, " font-size=\"16\"");
  out += text((left + right) / 2, 468, "middle", words.x);
  out += text(0, 0, "middle", words.y,
              " transform=\"translate(18 " + number((top + bottom) / 2, 0) + ") rotate(-90)\"");

  std::size_t coloured = 0, row = 0;
  for (curve const& c : curves) {
    std::string const colour(colours[(c.dashed ? 0 : coloured++) % std::size(colours)]);
    std::string const look = c.dashed ? "class=\"exact\"" : "stroke=\"" + colour + '"';
    if (!c.error.empty()) {
      out += "<path class=\"bar\" stroke=\"" + colour + "\" d=\"";
      for (std::size_t i = 0; i < c.x.size(); ++i)
        out += 'M' + number(across.at(c.x[i]), 1) + ' ' + number(up.at(c.y[i] - c.error[i]), 1) + 'V' +
               number(up.at(c.y[i] + c.error[i]), 1);
      out += "\"/>\n";
    }
    out += "<polyline " + look + " points=\"";
    for (std::size_t i = 0; i < c.x.size(); ++i)
      out += number(across.at(c.x[i]), 1) + ',' + number(up.at(c.y[i]), 1) + ' ';
    out += "\"/>\n";
    double const y = top + 20 + 22.0 * static_cast<double>(row++);
    out += "<polyline " + look + " points=\"" + number(right - 130, 0) + ',' + number(y, 0) + ' ' +
           number(right - 100, 0) + ',' + number(y, 0) + "\"/>\n" + text(right - 92, y + 5, "start", c.label);
  }
  return out + "</svg>\n";
}

}  // namespace plot
