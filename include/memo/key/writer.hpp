/// The canonical form of a value, for hashing and for storing alike.
///
///     number, char, enum   little-endian, as wide as the type; bool: one byte, 0 or 1; long double: its 10
///                          significant bytes
///     string, path         size, bytes (a path in generic form)
///     sequence, map, set   size, then elements; unordered ones sorted by the bytes of their elements
///     optional, unique_ptr 0, or 1 and the value
///     variant              index as u32, then the value
///     aggregate, pair, tuple, array, complex, Hana struct   their parts in order
///     duration, time_point their count
///     cereal type          what it gives the archive: each value behind a tag of its type (type_code.hpp), each
///                          name behind its tag and size; first its version, if its function takes one
///     codec                what it writes
///
/// Sizes are u64. A value that stands alone and is contiguous (`is_contiguous_v`) is the bytes of its
/// elements only. There is no padding, and the sum of these rules has a number: `encoding_version`.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/core/error.hpp>
#include <memo/key/contiguous.hpp>
#include <memo/key/hashable.hpp>
#include <memo/key/sink.hpp>
#include <memo/key/type_code.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo {

/// 1: the first form.
inline constexpr std::uint32_t encoding_version = 1;

/// Writes values in canonical form. `memo::codec<T>::save` and cereal functions get one; it belongs to one
/// thread.
class writer
    : private ::cereal::access {  // so that functions which users put into namespace cereal are found
 public:
  using is_loading = std::false_type;
  using is_saving = std::true_type;

  writer(detail::byte_sink& sink, detail::window first, detail::purpose purpose, std::uint64_t seed)
      : sink_(sink),
        begin_(first.data()),
        cursor_(begin_),
        end_(begin_ + first.size()),
        seed_(seed),
        purpose_(purpose) {}
  writer(writer const&) = delete;

  /// Writes values, one after the other.
  template <class... Ts>
  writer& operator()(Ts const&... values) {
    (show(values), ...);
    return *this;
  }
  template <class T>
  writer& operator&(T const& value) {
    return (*this)(value);
  }
  template <class T>
  writer& operator<<(T const& value) {
    return (*this)(value);
  }

  /// Writes bytes as they are, with no size in front.
  void raw(byte_view bytes) { append(bytes.data(), bytes.size()); }

  /// True where the bytes written so far are to be stored and not only hashed.
  bool is_storing() const { return purpose_ == detail::purpose::storing; }

  // What follows serves the library.

  /// A value with nothing around it: contiguous ones have no size in front.
  template <class T>
  void put_alone(T const& value) {
    if constexpr (is_contiguous_v<T>)
      append_large(value.data(), value.size() * sizeof(*value.data()));
    else
      put(value);
  }

  void class_version(std::uint32_t version) {
    bool const outer = std::exchange(tagged_, true);
    put_tag(detail::type_code::version);
    put_fixed(version);
    tagged_ = outer;
  }

  /// What the current window holds.
  byte_view used() const { return {begin_, cursor_}; }
  /// True where the hashed form of what was stored is another one.
  bool hashes_differently() const { return hashes_differently_; }

 private:
  template <class T>
  void put(T const& value);
  template <class T>
  void put_untagged(T const& value);
  template <class T>
  void put_elements(T const& values);
  template <class T>
  void put_sorted(T const& values);
  template <class T>
  void put_cereal(T const& value);
  void put_sorted(byte_view encoded, std::vector<std::size_t>& ends);
  void put_long_double(long double value) { append(&value, detail::long_double_size); }

  // What cereal functions may hand to an archive.
  template <class T>
  void show(::cereal::NameValuePair<T> const& named) {
    put_name(named.name);
    show(named.value);
  }
  template <class T>
  void show(::cereal::SizeTag<T> const& size) {
    put_tag(detail::type_code::size);
    put_size(static_cast<std::size_t>(size.size));
  }
  template <class T>
  void show(::cereal::BinaryData<T> const& data) {
    put_tag(detail::type_code::bytes);
    put_text(static_cast<char const*>(data.data), data.size);
  }
  template <class K, class V>
  void show(::cereal::MapItem<K, V> const& item) {
    show(item.key), show(item.value);
  }
  template <class Base>
  void show(::cereal::base_class<Base> const& base) {
    show(*base.base_ptr);
  }
  template <class Base>
  void show(::cereal::virtual_base_class<Base> const& base) {
    show(*base.base_ptr);
  }
  template <class T>
  void show(T const& value) {
    static_assert(
        hashable<T>,
        "memo: a value that a serialize function or a codec writes can be neither hashed nor serialized; "
        "give its "
        "type a cereal serialize, or specialize memo::codec (pointers and polymorphic types need a codec)");
    if constexpr (hashable<T>) put(value);
  }

  void put_tag(detail::type_code code) {
    if (tagged_) put_fixed(static_cast<std::uint8_t>(code));
  }
  void put_name(std::string_view name) {
    if (!tagged_) return;
    put_tag(detail::type_code::name);
    put_text(name.data(), name.size());
  }
  void put_text(char const* data, std::size_t size) {
    put_size(size);
    append_large(data, size);
  }
  void put_size(std::size_t size) { put_fixed(static_cast<std::uint64_t>(size)); }

  template <class T>
  void put_fixed(T const& value) {
    if (static_cast<std::size_t>(end_ - cursor_) < sizeof value) make_room(sizeof value);
    std::memcpy(cursor_, &value, sizeof value);
    cursor_ += sizeof value;
  }
  void append(void const* data, std::size_t size) {
    if (size <= static_cast<std::size_t>(end_ - cursor_)) {
      if (size == 0) return;
      std::memcpy(cursor_, data, size);
      cursor_ += size;
    } else {
      append_slow(data, size);
    }
  }
  // For data that outlives the writer.
  void append_large(void const* data, std::size_t size) {
    if (size < detail::large_size)
      append(data, size);
    else
      set(sink_.take(used(), {static_cast<std::byte const*>(data), size}));
  }

  void make_room(std::size_t size) { set(sink_.next(used(), size)); }
  void append_slow(void const* data, std::size_t size);
  void set(detail::window w) {
    begin_ = cursor_ = w.data();
    end_ = begin_ + w.size();
  }

  detail::byte_sink& sink_;
  std::byte* begin_;
  std::byte* cursor_;
  std::byte* end_;
  std::uint64_t seed_;
  detail::purpose purpose_;
  bool tagged_ = false;
  bool hashes_differently_ = false;
};

inline void writer::append_slow(void const* data, std::size_t size) {
  auto const* from = static_cast<std::byte const*>(data);
  while (size > 0) {
    if (cursor_ == end_) make_room(1);
    std::size_t const part = std::min(size, static_cast<std::size_t>(end_ - cursor_));
    std::memcpy(cursor_, from, part);
    cursor_ += part;
    from += part;
    size -= part;
  }
}

inline void writer::put_sorted(byte_view encoded, std::vector<std::size_t>& ends) {
  std::string_view const all = as_text(encoded);
  std::vector<std::string_view> elements(ends.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends.size(); begin = ends[i++])
    elements[i] = all.substr(begin, ends[i] - begin);
  std::sort(elements.begin(), elements.end());
  for (std::string_view const element : elements) append(element.data(), element.size());
}

template <class T>
void writer::put_sorted(T const& values) {
  detail::block_sink sink;
  writer part(sink, sink.first(), purpose_, seed_);
  part.tagged_ = tagged_;
  std::vector<std::size_t> ends;
  ends.reserve(values.size());
  for (auto const& value : values) {
    if constexpr (requires { typename T::mapped_type; })
      part.put(value.first), part.put(value.second);
    else
      part.put(value);
    ends.push_back(sink.size(part.used().size()));
  }
  hashes_differently_ |= part.hashes_differently_;
  put_sorted(sink.view(), ends);
}

template <class T>
void writer::put_elements(T const& values) {
  using element = detail::element_of<T>;
  if constexpr (detail::is_packed<element> && (is_contiguous_v<T> || std::is_array_v<T>)) {
    if (tagged_) put_fixed(detail::packed_code_of<element>);
    append_large(std::data(values), std::size(values) * sizeof(element));
  } else if constexpr (std::is_same_v<element, bool>) {
    for (bool const value : values) put(value);
  } else {
    for (auto const& value : values) put(value);
  }
}

template <class T>
void writer::put_cereal(T const& value) {
  bool const outer = std::exchange(tagged_, true);
  detail::cereal_save(*this, value);
  tagged_ = outer;
}

template <class T>
void writer::put(T const& value) {
  if constexpr (detail::has_hash_of<T>) {
    if (!is_storing()) return put(detail::stand_in_of(value, seed_));
    hashes_differently_ = true;
  }
  if constexpr (detail::form_of<T> == detail::form::none) {
    throw usage_error("a value that memo::hash_of describes cannot be stored", {},
                      "specialize memo::codec for its type too");
  } else {
    put_tag(detail::code_of<T>());
    put_untagged(value);
  }
}

template <class T>
void writer::put_untagged(T const& value) {
  using detail::form;
  constexpr form s = detail::form_of<T>;
  [[maybe_unused]] auto const put_all = [&out = *this](auto const&... parts) {
    ((void)out, (out.put(parts), ...));
  };
  if constexpr (s == form::codec) {
    codec<T>::save(*this, value);
  } else if constexpr (s == form::boolean) {
    put_fixed(static_cast<std::uint8_t>(value ? 1 : 0));
  } else if constexpr (s == form::wide_float) {
    put_long_double(value);
  } else if constexpr (s == form::enumeration && !detail::is_packed<T>) {
    put_untagged(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (s == form::text || s == form::text_view) {
    put_text(value.data(), value.size());
  } else if constexpr (s == form::path) {
    auto const text = value.generic_string();
    put_size(text.size());
    append(text.data(), text.size());
  } else if constexpr (s == form::array) {
    put_elements(value);
  } else if constexpr (detail::is_packed<T>) {
    if (tagged_ && s == form::aggregate) put_fixed(detail::packed_code_of<T>);
    append(&value, sizeof value);
  } else if constexpr (s == form::sequence || s == form::view) {
    put_size(value.size());
    put_elements(value);
  } else if constexpr (s == form::set) {
    put_size(value.size());
    for (auto const& key : value) put(key);
  } else if constexpr (s == form::map) {
    put_size(value.size());
    for (auto const& item : value) put(item.first), put(item.second);
  } else if constexpr (s == form::unordered_set || s == form::unordered_map) {
    put_size(value.size());
    put_sorted(value);
  } else if constexpr (s == form::optional || s == form::pointer) {
    put_fixed(static_cast<std::uint8_t>(value ? 1 : 0));
    if (value) put<detail::element_of<T>>(*value);
  } else if constexpr (s == form::variant) {
    if (value.valueless_by_exception())
      throw usage_error("a variant that lost its value cannot be hashed or stored", {}, "");
    put_fixed(static_cast<std::uint32_t>(value.index()));
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((value.index() == I ? put(*get_if<I>(&value)) : void()), ...);
    }(std::make_index_sequence<decltype(detail::parts_of<T>())::size>{});
  } else if constexpr (s == form::complex) {
    put(value.real()), put(value.imag());
  } else if constexpr (s == form::duration) {
    put(value.count());
  } else if constexpr (s == form::time_point) {
    put(value.time_since_epoch());
  } else if constexpr (s == form::product) {
    std::apply(put_all, value);
  } else if constexpr (s == form::aggregate) {
    detail::with_fields(value, put_all);
  } else if constexpr (s == form::hana) {
    detail::with_hana_fields(value, put_all);
  } else if constexpr (s == form::cereal) {
    put_cereal(value);
  } else {
    static_assert(s == form::unit);
  }
}

}  // namespace memo
