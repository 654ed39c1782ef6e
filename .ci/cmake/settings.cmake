# Language, warnings, hardening and sanitizers for every target. Included once.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

option(SB_WERROR "warnings are errors" ON)
option(SB_FUZZ "build the libFuzzer targets (clang)" OFF)
set(SB_SANITIZE "" CACHE STRING "address,undefined or thread")

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla -Wcast-qual -Wformat=2 -Wswitch-enum
  -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wimplicit-fallthrough -Wdouble-promotion
  -fno-strict-aliasing -fvisibility=hidden)
if(SB_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wlogical-op -Wduplicated-cond -Wjump-misses-init)
else()
  add_compile_options(-Wcomma -Wconditional-uninitialized -Wno-gnu-zero-variadic-macro-arguments)
endif()

set(CMAKE_C_FLAGS_RELEASE "-O2 -g -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -DSB_DEBUG=1")
set(CMAKE_EXE_LINKER_FLAGS_RELEASE "-pie -Wl,-z,relro,-z,now")

if(SB_SANITIZE)
  add_compile_options(-fsanitize=${SB_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SB_SANITIZE})
endif()
if(SB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
