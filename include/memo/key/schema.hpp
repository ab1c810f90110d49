/// The schema of a type: its structure as text, the same with every compiler.
///
///     bool i8 .. i64 u8 .. u64 char char8 char16 char32 wchar f32 f64 f80 str path unit
///     vec<T> list<T> deque<T> arr<T,N> set<T> multiset<T> map<K,V> multimap<K,V>
///     uset<T> umultiset<T> umap<K,V> umultimap<K,V>: the unordered ones
///     opt<T> ptr<T> variant<T,..> pair<A,B> tuple<T,..> complex<T> enum<i32> dur<i64,1/1000> time<dur<..>>
///     {name:T,..}                 plain aggregate, Hana struct
///     cereal:VERSION{name:T,T,..} what `serialize` shows, by name where it gives one
///     cereal:VERSION              the same where the type has no default constructor
///     the codec's own schema      memo::codec
///     as<S,T>                     hashed as S by memo::hash_of, stored as T (or nothing)
///     ^n                          the class that encloses this place, n levels up
#pragma once

#include <memo/key/cereal_bridge.hpp>
#include <memo/key/hashable.hpp>
#include <memo/key/names.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

// An address that stands for a type within this program.
template <class T>
inline constexpr char type_mark = 0;

/// A schema in the making: the text, and the classes that enclose the place where it grows.
class schema_text {
 public:
  void add(std::string_view part) { text_ += part; }
  void add_number(std::uint64_t number) { text_ += std::to_string(number); }
  void comma_unless_first() {
    char const last = text_.empty() ? '{' : text_.back();
    if (last != '{' && last != '<') text_ += ',';
  }

  // True once the class is entered; where it encloses itself, writes how far up instead.
  bool enter(void const* mark) {
    for (std::size_t up = 0; up < enclosing_.size(); ++up) {
      if (enclosing_[enclosing_.size() - 1 - up] != mark) continue;
      text_ += '^';
      add_number(up + 1);
      return false;
    }
    enclosing_.push_back(mark);
    return true;
  }
  void leave() { enclosing_.pop_back(); }

  std::size_t size() const { return text_.size(); }
  void cut(std::size_t size, std::size_t depth) {
    text_.resize(size);
    enclosing_.resize(depth);
  }
  std::size_t depth() const { return enclosing_.size(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::vector<void const*> enclosing_;
};

template <class T>
void append_schema(schema_text& out);

template <class... Ts>
void append_list(schema_text& out, type_list<Ts...>) {
  ((out.comma_unless_first(), append_schema<std::remove_cv_t<Ts>>(out)), ...);
}

template <class... Ts>
void append_template(schema_text& out, std::string_view name) {
  out.add(name);
  out.add("<");
  append_list(out, type_list<Ts...>{});
  out.add(">");
}

/// An archive that notes the names and types of what it is shown, and never looks at values.
class schema_recorder : private ::cereal::access {
 public:
  using is_loading = std::false_type;
  using is_saving = std::true_type;

  explicit schema_recorder(schema_text& out) : out_(out) {}

  template <class... Ts>
  schema_recorder& operator()(Ts&&... values) {
    (note(values), ...);
    return *this;
  }
  template <class T>
  schema_recorder& operator&(T&& value) {
    return (*this)(value);
  }
  template <class T>
  schema_recorder& operator<<(T&& value) {
    return (*this)(value);
  }

  void class_version(std::uint32_t) {}

 private:
  template <class T>
  void note(::cereal::NameValuePair<T> const& named) {
    out_.comma_unless_first();
    out_.add(named.name);
    out_.add(":");
    append_schema<std::remove_cvref_t<T>>(out_);
  }
  template <class T>
  void note(::cereal::SizeTag<T> const&) {
    note_text("size");
  }
  template <class T>
  void note(::cereal::BinaryData<T> const&) {
    note_text("bytes");
  }
  template <class K, class V>
  void note(::cereal::MapItem<K, V> const&) {
    note_text("item");
  }
  template <class Base>
  void note(::cereal::base_class<Base> const&) {
    note_type<Base>();
  }
  template <class Base>
  void note(::cereal::virtual_base_class<Base> const&) {
    note_type<Base>();
  }
  template <class T>
  void note(T const&) {
    note_type<T>();
  }

  template <class T>
  void note_type() {
    out_.comma_unless_first();
    append_schema<T>(out_);
  }
  void note_text(std::string_view text) {
    out_.comma_unless_first();
    out_.add(text);
  }

  schema_text& out_;
};

template <class T>
void append_cereal(schema_text& out) {
  std::size_t const depth = out.depth();
  if (!out.enter(&type_mark<T>)) return;
  out.add("cereal:");
  out.add_number(class_version<T>());
  if constexpr (std::is_default_constructible_v<T>) {
    std::size_t const size = out.size();
    out.add("{");
    try {
      T const example{};
      schema_recorder recorder{out};
      cereal_save(recorder, example);
      out.add("}");
    } catch (...) {  // an empty object that refuses to be saved says no more than its version
      out.cut(size, depth + 1);
    }
  }
  out.leave();
}

template <class T, std::size_t I>
constexpr std::string_view part_name() {
  if constexpr (form_of<T> == form::hana)
    return hana_field_name<T, I>();
  else
    return field_name<T, I>();
}

template <class T>
constexpr std::string_view number_name() {
  if constexpr (std::is_same_v<T, char>) return "char";
  if constexpr (std::is_same_v<T, char8_t>) return "char8";
  if constexpr (std::is_same_v<T, char16_t>) return "char16";
  if constexpr (std::is_same_v<T, char32_t>) return "char32";
  if constexpr (std::is_same_v<T, wchar_t>) return "wchar";
  if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? "f32" : "f64";
  constexpr std::string_view is_signed[] = {"i8", "i16", "i32", "i64"};
  constexpr std::string_view is_unsigned[] = {"u8", "u16", "u32", "u64"};
  constexpr std::size_t width = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return std::is_signed_v<T> ? is_signed[width] : is_unsigned[width];
}

template <class T>
inline constexpr bool keeps_equal_keys = requires(T& v) {
  { v.insert(std::declval<typename T::value_type>()) } -> std::same_as<typename T::iterator>;
};

template <class T>
void append_fraction(schema_text& out) {
  append_schema<typename T::rep>(out);
  out.add(",");
  out.add_number(static_cast<std::uint64_t>(T::period::num));
  out.add("/");
  out.add_number(static_cast<std::uint64_t>(T::period::den));
  out.add(">");
}

template <class T>
void append_keyed(schema_text& out, std::string_view unordered) {
  out.add(unordered);
  out.add(keeps_equal_keys<T> ? "multi" : "");
  if constexpr (requires { typename T::mapped_type; })
    append_template<key_of<T>, typename T::mapped_type>(out, "map");
  else
    append_template<key_of<T>>(out, "set");
}

template <class T>
void append_class(schema_text& out) {
  if (!out.enter(&type_mark<T>)) return;
  out.add("{");
  [&]<class... Fs>(type_list<Fs...>) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((out.comma_unless_first(), out.add(part_name<T, I>()), out.add(":"),
        append_schema<std::remove_cv_t<Fs>>(out)),
       ...);
    }(std::index_sequence_for<Fs...>{});
  }(parts_of<T>());
  out.add("}");
  out.leave();
}

// What a time point counts from: clocks of one name share an epoch. The file clock of libstdc++ starts in 2174.
template <class Clock>
consteval char const* clock_name() {
  if constexpr (Clock::is_steady)
    return "steady";
  else if constexpr (requires(typename Clock::time_point t) { Clock::to_time_t(t); })
    return "time";
  else if constexpr (requires(typename Clock::time_point t) { Clock::to_sys(t); })
    return "file_time";
  else
    return "other_time";
}

template <class T>
void append_stored_schema(schema_text& out) {
  constexpr form s = form_of<T>;
  if constexpr (s == form::codec) {
    out.add(codec<T>::schema);
  } else if constexpr (s == form::boolean) {
    out.add("bool");
  } else if constexpr (s == form::number) {
    out.add(number_name<T>());
  } else if constexpr (s == form::wide_float) {
    out.add(std::numeric_limits<T>::digits == 64 ? "f80" : "f128");
  } else if constexpr (s == form::enumeration) {
    append_template<std::underlying_type_t<T>>(out, "enum");
  } else if constexpr (s == form::text || s == form::text_view) {
    out.add("str");
  } else if constexpr (s == form::path) {
    out.add("path");
  } else if constexpr (s == form::unit) {
    out.add("unit");
  } else if constexpr (s == form::array) {
    out.add("arr<");
    append_schema<element_of<T>>(out);
    out.add(",");
    out.add_number(array_size<T>);
    out.add(">");
  } else if constexpr (s == form::view) {
    append_template<element_of<T>>(out, "vec");
  } else if constexpr (s == form::sequence) {
    constexpr bool is_list = requires(T& v) { v.sort(); };
    constexpr bool is_deque = requires(T& v) { v.push_front(v.front()); };
    append_template<element_of<T>>(out, is_list ? "list" : is_deque ? "deque" : "vec");
  } else if constexpr (s == form::set || s == form::map) {
    append_keyed<T>(out, "");
  } else if constexpr (s == form::unordered_set || s == form::unordered_map) {
    append_keyed<T>(out, "u");
  } else if constexpr (s == form::optional) {
    append_template<element_of<T>>(out, "opt");
  } else if constexpr (s == form::pointer) {
    append_template<element_of<T>>(out, "ptr");
  } else if constexpr (s == form::complex) {
    append_template<element_of<T>>(out, "complex");
  } else if constexpr (s == form::duration) {
    out.add("dur<");
    append_fraction<T>(out);
  } else if constexpr (s == form::time_point) {
    append_template<typename T::duration>(out, clock_name<typename T::clock>());
  } else if constexpr (s == form::variant || s == form::product) {
    out.add(s == form::variant ? "variant<" : is_pair<T> ? "pair<" : "tuple<");
    append_list(out, parts_of<T>());
    out.add(">");
  } else if constexpr (s == form::cereal) {
    append_cereal<T>(out);
  } else if constexpr (s == form::hana || s == form::aggregate) {
    append_class<T>(out);
  } else {
    out.add("none");
  }
}

template <class T>
void append_schema(schema_text& out) {
  if constexpr (requires { hash_of<T>::schema; }) {
    out.add(hash_of<T>::schema);
  } else if constexpr (has_hash_of<T>) {
    out.add("as<");
    append_schema<hash_stand_in<T>>(out);
    out.add(",");
    append_stored_schema<T>(out);
    out.add(">");
  } else {
    append_stored_schema<T>(out);
  }
}

template <class T>
std::string make_schema() {
  schema_text out;
  append_schema<T>(out);
  return out.take();
}

}  // namespace detail

/// The schema of T. The text is made on first use and lives as long as the program; any thread may ask.
template <class T>
std::string_view schema_of() {
  static std::string const text = detail::make_schema<std::remove_cv_t<T>>();
  return text;
}

}  // namespace memo
