# memo_code_version(TARGET target NAME name SOURCES file... [DEPTH n] [INCLUDE_DIRECTORIES folder...] [HEADER file])
#
# Gives `target` a header, <name.hpp> unless HEADER names it, with a constant for .version<name>(): the digest of the sources
# and of the project's headers that they include, without comments and spacing. The header is written only when the number
# changes, so that an edit to a comment compiles nothing that includes it.
#
#   NAME                 the constant, also with namespaces: app::solver_version (then the header is solver_version.hpp)
#   SOURCES              relative to the current source folder; generated ones too
#   DEPTH                0: the sources only, 1: what they include, ...; without it, all
#   INCLUDE_DIRECTORIES  folders searched before those of the target; headers in them count, wherever they lie
#
# A header counts if it lies in the source or build folder of the top project, or in the folder of a source, and not in a
# system folder of the target.
# An #include in any branch of #if counts; one whose name is a macro is not followed: name that file in SOURCES. Definitions
# and flags do not count. Where a header appears, in the source folder, that an #include would now find, the next build sees it.
# A code version's own header never counts.
#
# The tool is built with the project's compiler. For cross compiling, MEMO_CODE_VERSION_TOOL names one that runs here.

set(MEMO_CODE_VERSION_TOOL "" CACHE FILEPATH "A memo_code_version that runs on this machine, where compiled programs do not")
mark_as_advanced(MEMO_CODE_VERSION_TOOL)

# A function keeps the policies under which it was read; the paths in a depfile need CMP0116.
cmake_policy(PUSH)
cmake_policy(VERSION 3.21)

set_property(GLOBAL PROPERTY memo_code_version_folder ${CMAKE_CURRENT_LIST_DIR})

function(memo_code_version_tool)
  if(TARGET memo_code_version OR MEMO_CODE_VERSION_TOOL)
    return()
  endif()
  get_property(folder GLOBAL PROPERTY memo_code_version_folder)
  find_file(source code_version.cpp PATHS ${folder}/../tool ${folder}/../../memo NO_CACHE NO_DEFAULT_PATH
            NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  add_executable(memo_code_version EXCLUDE_FROM_ALL ${source})
  target_link_libraries(memo_code_version PRIVATE memo::memo)
  # The project's own warnings, checks and folders are for its programs.
  set_target_properties(memo_code_version PROPERTIES
    COMPILE_OPTIONS "" COMPILE_DEFINITIONS "" CXX_CLANG_TIDY "" CXX_CPPCHECK "" CXX_INCLUDE_WHAT_YOU_USE ""
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/memo_code_version)
endfunction()

function(memo_code_version)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;NAME;DEPTH;HEADER" "SOURCES;INCLUDE_DIRECTORIES")
  foreach(needed IN ITEMS TARGET NAME SOURCES)
    if(NOT arg_${needed})
      message(FATAL_ERROR "memo_code_version: ${needed} is missing")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "memo_code_version: unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT TARGET ${arg_TARGET})
    message(FATAL_ERROR "memo_code_version: there is no target ${arg_TARGET}")
  endif()
  memo_code_version_tool()
  set(tool memo_code_version)
  if(MEMO_CODE_VERSION_TOOL)
    set(tool ${MEMO_CODE_VERSION_TOOL})
  endif()

  string(REGEX REPLACE "^.*::" "" short_name ${arg_NAME})
  if(NOT arg_HEADER)
    set(arg_HEADER ${short_name}.hpp)
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/memo_code_version/${arg_TARGET})
  set(sources "")
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(source ${source} ABSOLUTE)
    list(APPEND sources ${source})
  endforeach()
  set(options "")
  if(DEFINED arg_DEPTH)
    list(APPEND options --depth ${arg_DEPTH})
  endif()
  foreach(include IN LISTS arg_INCLUDE_DIRECTORIES)
    get_filename_component(include ${include} ABSOLUTE)
    list(APPEND options --include ${include})
  endforeach()
  set(includes $<TARGET_PROPERTY:${arg_TARGET},INCLUDE_DIRECTORIES>)
  set(systems "$<FILTER:$<TARGET_PROPERTY:${arg_TARGET},SYSTEM_INCLUDE_DIRECTORIES>,INCLUDE,^/>")

  # The stamp tells when the tool ran last; the header keeps its time while its number stays.
  add_custom_command(
    OUTPUT ${folder}/${short_name}.stamp
    BYPRODUCTS ${folder}/${arg_HEADER}
    COMMAND ${tool} --name ${arg_NAME} --output ${folder}/${arg_HEADER} --stamp ${folder}/${short_name}.stamp
            --depfile ${folder}/${short_name}.d --project ${CMAKE_SOURCE_DIR} --project ${CMAKE_BINARY_DIR}
            --build ${CMAKE_BINARY_DIR} ${options} "$<$<BOOL:${includes}>:-I$<SEMICOLON>$<JOIN:${includes},;-I;>>"
            "$<$<BOOL:${systems}>:--system$<SEMICOLON>$<JOIN:${systems},;--system;>>" ${sources}
    DEPENDS ${sources} ${tool}
    DEPFILE ${folder}/${short_name}.d
    COMMENT "Code version ${arg_NAME}"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${arg_TARGET}_${short_name} DEPENDS ${folder}/${short_name}.stamp)
  add_dependencies(${arg_TARGET} ${arg_TARGET}_${short_name})
  get_target_property(type ${arg_TARGET} TYPE)
  if(type STREQUAL INTERFACE_LIBRARY)
    target_include_directories(${arg_TARGET} INTERFACE $<BUILD_INTERFACE:${folder}>)
  else()
    target_include_directories(${arg_TARGET} PRIVATE ${folder})
  endif()
endfunction()

cmake_policy(POP)
