/// Values that lie partly outside of themselves, as files do that a step has written: what makes them whole.
#pragma once

#include <memo/key/form.hpp>
#include <memo/key/packed.hpp>
#include <memo/key/writer.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {

class output_file;

namespace detail {

template <class T, class... Enclosing>
consteval bool holds_output_file();

template <class... Enclosing, class... Ts>
consteval bool any_holds_output_file(type_list<Ts...>) {
  return (holds_output_file<std::remove_cv_t<Ts>, Enclosing...>() || ...);
}

/// Whether a T can hold a memo::output_file where that can be seen: not behind a codec or a cereal function.
template <class T, class... Enclosing>
consteval bool holds_output_file() {
  constexpr form s = form_of<T>;
  if constexpr (std::is_same_v<T, output_file>)
    return true;
  else if constexpr (s == form::codec || is_packed<T> || (std::is_same_v<T, Enclosing> || ...))
    return false;
  else if constexpr (s == form::array || s == form::sequence || s == form::optional || s == form::pointer)
    return holds_output_file<element_of<T>, Enclosing...>();
  else if constexpr (s == form::map || s == form::unordered_map)
    return holds_output_file<std::remove_cv_t<typename T::mapped_type>, Enclosing...>();
  else if constexpr (s == form::product || s == form::variant)
    return any_holds_output_file<Enclosing...>(parts_of<T>());
  else if constexpr (s == form::aggregate || s == form::hana)
    return any_holds_output_file<T, Enclosing...>(parts_of<T>());
  else
    return false;
}

/// The folder that is removed when the values are whole which this thread settles; empty where there is none.
inline std::string_view& going_folder() {
  static thread_local std::string_view folder;
  return folder;
}

/// Drops all that it takes.
class null_sink final : public byte_sink {
 public:
  window first() { return buffer_; }
  window next(byte_view, std::size_t) override { return buffer_; }
  window take(byte_view, byte_view) override { return buffer_; }

 private:
  std::byte buffer_[window_size];
};

/// Takes the content of all files in a value. `going`: a folder that is removed afterwards.
template <class T>
void settle(void const* value, std::string_view going) {
  struct guard {
    ~guard() { going_folder() = outer; }
    std::string_view outer;
  } const until_end{std::exchange(going_folder(), going)};
  null_sink sink;
  writer out(sink, sink.first(), purpose::storing, 0);
  out.put_alone(*static_cast<T const*>(value));
}

}  // namespace detail
}  // namespace memo
