/// Values back from their canonical form (see writer.hpp), with every size, index and flag checked.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/core/large_pages.hpp>
#include <memo/key/bounds.hpp>
#include <memo/key/contiguous.hpp>
#include <memo/key/hashable.hpp>
#include <memo/key/type_code.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo {
/// Reads values in canonical form. `memo::codec<T>::load` and cereal functions get one; it belongs to one
/// thread. Throws decode_error where the bytes do not hold what is asked for.
class reader
    : private ::cereal::access {  // so that functions which users put into namespace cereal are found
 public:
  using is_loading = std::true_type;
  using is_saving = std::false_type;

  explicit reader(byte_view bytes) : cursor_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  reader(reader const&) = delete;

  /// The next value.
  template <class T>
  T get() {
    static_assert(storable<T>,
                  "memo: a value that a serialize function or a codec reads can be neither hashed nor "
                  "serialized; give its type a "
                  "cereal serialize and a default constructor, or specialize memo::codec (pointers and "
                  "polymorphic types "
                  "need a codec)");
    if constexpr (storable<T>) {
      check_tag(detail::code_of<T>());
      return get_untagged<T>();
    }
  }

  /// The next `size` bytes, in place.
  byte_view raw(std::size_t size) {
    if (size > remaining()) detail::throw_undecodable("an end before all of the value");
    byte_view const bytes(cursor_, size);
    cursor_ += size;
    return bytes;
  }

  /// How many bytes are left.
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - cursor_); }

  /// Reads values into variables, one after the other.
  template <class... Ts>
  reader& operator()(Ts&&... values) {
    (fill(values), ...);
    return *this;
  }
  template <class T>
  reader& operator&(T&& value) {
    return (*this)(value);
  }
  template <class T>
  reader& operator>>(T&& value) {
    return (*this)(value);
  }

  // What follows serves the library.

  /// The value that all bytes are.
  template <class T>
  T get_alone() {
    if constexpr (is_contiguous_v<T>) {
      constexpr std::size_t width = sizeof(contiguous_element_t<T>);
      if (remaining() % width != 0) detail::throw_undecodable("a part of an element");
      return get_contiguous<T>(remaining() / width);
    } else {
      T value = get<T>();
      if (remaining() != 0) detail::throw_undecodable("more bytes than the value has");
      return value;
    }
  }

  std::uint32_t class_version() {
    check_tag(detail::type_code::version);
    return get_fixed<std::uint32_t>();
  }

 private:
  template <class T>
  T get_untagged();
  template <class T>
  T get_contiguous(std::size_t count);
  template <class T>
  T get_array();
  template <class T>
  T get_sequence();
  template <class T>
  T get_keyed();
  template <class T, std::size_t I = 0>
  T get_variant(std::uint32_t index);
  template <class T, class... Ts>
  T get_parts(detail::type_list<Ts...>);
  template <class T>
  T get_hana();
  template <class T>
  void fill_cereal(T& value);

  // What cereal functions may hand to an archive.
  template <class T>
  void fill(::cereal::NameValuePair<T>& named) {
    check_name(named.name);
    fill(named.value);
  }
  template <class T>
  void fill(::cereal::SizeTag<T>& size) {
    check_tag(detail::type_code::size);
    size.size = static_cast<std::remove_reference_t<T>>(get_size(0));
  }
  template <class T>
  void fill(::cereal::BinaryData<T>& data) {
    check_tag(detail::type_code::bytes);
    if (get_fixed<std::uint64_t>() != data.size) detail::throw_undecodable("binary data of another size");
    copy_to(data.data, raw(static_cast<std::size_t>(data.size)));
  }
  template <class K, class V>
  void fill(::cereal::MapItem<K, V>& item) {
    fill(item.key), fill(item.value);
  }
  template <class Base>
  void fill(::cereal::base_class<Base>& base) {
    fill(*base.base_ptr);
  }
  template <class Base>
  void fill(::cereal::virtual_base_class<Base>& base) {
    fill(*base.base_ptr);
  }
  template <class T>
  void fill(T& value) {
    if constexpr (detail::form_of<T> == detail::form::cereal) {
      check_tag(detail::type_code::cereal);
      fill_cereal(value);
    } else if constexpr (std::is_array_v<T>) {
      check_tag(detail::type_code::array);
      fill_array(value);
    } else {
      value = get<T>();
    }
  }

  template <class T>
  void fill_array(T& values);

  void check_tag(detail::type_code code) {
    if (tagged_ && get_fixed<std::uint8_t>() != static_cast<std::uint8_t>(code))
      detail::throw_undecodable("a value of another type");
  }
  void check_name(std::string_view name);
  template <class T>
  void check_packed() {
    if (tagged_ && get_fixed<std::uint32_t>() != detail::packed_code_of<T>)
      detail::throw_undecodable("data of another type");
  }

  bool get_flag() {
    auto const flag = get_fixed<std::uint8_t>();
    if (flag > 1) detail::throw_undecodable("a flag that is neither 0 nor 1");
    return flag == 1;
  }
  // A number of elements of `smallest` bytes or more each, which the remaining bytes can hold.
  std::size_t get_size(std::size_t smallest) {
    auto const size = get_fixed<std::uint64_t>();
    std::uint64_t const most = smallest == 0
                                   ? std::max<std::uint64_t>(remaining(), detail::max_empty_elements)
                                   : remaining() / smallest;
    if (size > most) detail::throw_undecodable("a size beyond the end");
    return static_cast<std::size_t>(size);
  }
  // How many elements of `size` bytes to allocate at once: all, unless they would take much more than the bytes do. Four
  // times as much is what a container of empty containers needs.
  std::size_t room_for(std::size_t count, std::size_t size) const {
    return std::min(count, 16 + 4 * (remaining() / size));
  }
  std::string_view get_text() { return as_text(raw(get_size(1))); }

  template <class T>
  T get_fixed() {
    T value;
    std::memcpy(&value, raw(sizeof value).data(), sizeof value);
    return value;
  }
  // A packed value from as many bytes as it has.
  template <class T>
  static T from_bytes(byte_view bytes) {
    if constexpr (std::is_default_constructible_v<T>) {
      T value;
      copy_to(&value, bytes);
      return value;
    } else {
      std::array<std::byte, sizeof(T)> copy;
      copy_to(copy.data(), bytes);
      return std::bit_cast<T>(copy);
    }
  }
  static void copy_to(void* to, byte_view bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  }

  // Classes hold classes: the only way in which a value's depth depends on its bytes.
  struct level {
    explicit level(reader& in) : in_(in) {
      if (++in_.depth_ > detail::max_depth) detail::throw_undecodable("too many values inside each other");
    }
    ~level() { --in_.depth_; }
    level(level const&) = delete;
    reader& in_;
  };

  std::byte const* cursor_;
  std::byte const* end_;
  unsigned depth_ = 0;
  bool tagged_ = false;
};

inline void reader::check_name(std::string_view name) {
  if (!tagged_) return;
  check_tag(detail::type_code::name);
  if (get_text() != name) detail::throw_undecodable("a value of another name");
}

template <class T>
T reader::get_contiguous(std::size_t count) {
  using element = contiguous_element_t<T>;
  byte_view const bytes = raw(count * sizeof(element));
  if constexpr (detail::is_std_array<T>) {
    if (count != detail::array_size<T>) detail::throw_undecodable("an array of another size");
    return from_bytes<T>(bytes);
  } else {
    T values;
    if constexpr (std::is_default_constructible_v<element>) {
      if (bytes.size() >= detail::large_pages_from) {
        values.reserve(count);
        detail::prefer_large_pages(values.data(), bytes.size());
      }
      values.resize(count);
      copy_to(values.data(), bytes);
    } else {
      values.reserve(count);
      for (std::size_t i = 0; i < count; ++i)
        values.push_back(from_bytes<element>(bytes.subspan(i * sizeof(element), sizeof(element))));
    }
    return values;
  }
}

template <class T>
void reader::fill_array(T& values) {
  using element = detail::element_of<T>;
  if constexpr (detail::is_packed<element>) {
    check_packed<element>();
    copy_to(std::data(values), raw(std::size(values) * sizeof(element)));
  } else {
    for (auto& value : values) fill(value);
  }
}

template <class T>
T reader::get_array() {
  using element = detail::element_of<T>;
  if constexpr (std::is_default_constructible_v<T> && std::is_move_assignable_v<element>) {
    T values;
    fill_array(values);
    return values;
  } else {
    return [&in = *this]<std::size_t... I>(std::index_sequence<I...>) {
      return T{((void)I, in.get<element>())...};
    }(std::make_index_sequence<detail::array_size<T>>{});
  }
}

template <class T>
T reader::get_sequence() {
  using element = detail::element_of<T>;
  if constexpr (is_contiguous_v<T>) {
    std::size_t const count = get_size(sizeof(element));
    check_packed<element>();
    if (count > remaining() / sizeof(element)) detail::throw_undecodable("a size beyond the end");
    return get_contiguous<T>(count);
  } else {
    std::size_t const count = get_size(detail::smallest_form<element>());
    T values;
    if constexpr (requires { values.reserve(count); }) values.reserve(room_for(count, sizeof(element)));
    for (std::size_t i = 0; i < count; ++i) values.push_back(get<element>());
    return values;
  }
}

template <class T>
T reader::get_keyed() {
  constexpr bool mapped = requires { typename T::mapped_type; };
  std::size_t const count = get_size(detail::smallest_form<detail::key_of<T>>());
  T values;
  if constexpr (requires { values.reserve(count); }) values.reserve(room_for(count, sizeof(void*)));
  for (std::size_t i = 0; i < count; ++i) {
    auto key = get<detail::key_of<T>>();
    if constexpr (mapped)
      values.emplace_hint(values.end(), std::move(key), get<typename T::mapped_type>());
    else
      values.emplace_hint(values.end(), std::move(key));
  }
  if (values.size() != count) detail::throw_undecodable("two equal keys");
  return values;
}

template <class T, std::size_t I>
T reader::get_variant(std::uint32_t index) {
  return [&]<class... Ts>(detail::type_list<Ts...>) -> T {
    if constexpr (I < sizeof...(Ts)) {
      if (index != I) return get_variant<T, I + 1>(index);
      return T(std::in_place_index<I>, get<std::tuple_element_t<I, std::tuple<Ts...>>>());
    } else {
      detail::throw_undecodable("an alternative that the variant does not have");
    }
  }(detail::parts_of<T>());
}

template <class T, class... Ts>
T reader::get_parts(detail::type_list<Ts...>) {
  // Braces, as they are evaluated from left to right.
  if constexpr ((std::is_array_v<Ts> || ...)) {
    T value{};
    detail::with_fields(value, [&in = *this](auto&... fields) { (in.fill(fields), ...); });
    return value;
  } else {
    return T{get<std::remove_cv_t<Ts>>()...};
  }
}

template <class T>
T reader::get_hana() {
  T value{};
  detail::with_hana_fields(value, [&in = *this](auto&... fields) { (in.fill(fields), ...); });
  return value;
}

template <class T>
void reader::fill_cereal(T& value) {
  level const deeper(*this);
  bool const outer = std::exchange(tagged_, true);
  detail::cereal_load(*this, value);
  tagged_ = outer;
}

template <class T>
T reader::get_untagged() {
  using detail::form;
  constexpr form s = detail::form_of<T>;
  if constexpr (s == form::codec) {
    level const deeper(*this);
    return codec<T>::load(*this);
  } else if constexpr (s == form::boolean) {
    return get_flag();
  } else if constexpr (s == form::wide_float) {
    T value = 0;
    std::memcpy(&value, raw(detail::long_double_size).data(), detail::long_double_size);
    return value;
  } else if constexpr (s == form::enumeration && !detail::is_packed<T>) {
    return static_cast<T>(get_untagged<std::underlying_type_t<T>>());
  } else if constexpr (s == form::text) {
    return T(get_text());
  } else if constexpr (s == form::path) {
    return T(std::string(get_text()));
  } else if constexpr (s == form::array) {
    return get_array<T>();
  } else if constexpr (detail::is_packed<T>) {
    if constexpr (s == form::aggregate) check_packed<T>();
    return from_bytes<T>(raw(sizeof(T)));
  } else if constexpr (s == form::sequence) {
    return get_sequence<T>();
  } else if constexpr (s == form::set || s == form::map || s == form::unordered_set ||
                       s == form::unordered_map) {
    return get_keyed<T>();
  } else if constexpr (s == form::optional) {
    if (!get_flag()) return T();
    return T(std::in_place, get<detail::element_of<T>>());
  } else if constexpr (s == form::pointer) {
    if (!get_flag()) return T();
    return T(new detail::element_of<T>(get<detail::element_of<T>>()));
  } else if constexpr (s == form::variant) {
    return get_variant<T>(get_fixed<std::uint32_t>());
  } else if constexpr (s == form::complex) {
    auto const real = get<detail::element_of<T>>();
    return T(real, get<detail::element_of<T>>());
  } else if constexpr (s == form::duration) {
    return T(get<typename T::rep>());
  } else if constexpr (s == form::time_point) {
    return T(get<typename T::duration>());
  } else if constexpr (s == form::product) {
    return get_parts<T>(detail::parts_of<T>());
  } else if constexpr (s == form::aggregate) {
    level const deeper(*this);
    return get_parts<T>(detail::parts_of<T>());
  } else if constexpr (s == form::hana) {
    level const deeper(*this);
    return get_hana<T>();
  } else if constexpr (s == form::cereal) {
    T value{};
    fill_cereal(value);
    return value;
  } else {
    static_assert(s == form::unit);
    return T{};
  }
}

}  // namespace memo
