/** Operating systems that Go's toolchain knows (`go tool dist list`), which image indexes use. Image-spec "image index". */
export const KNOWN_SYSTEMS: readonly string[] = [
  ...["linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos", "aix", "android", "ios", "js"],
  ...["plan9", "wasip1"],
];

/** Architectures that Go's toolchain knows. */
export const KNOWN_ARCHITECTURES: readonly string[] = [
  ...["amd64", "arm64", "ppc64le", "s390x", "arm", "386", "riscv64", "loong64", "ppc64", "mips", "mipsle", "mips64", "mips64le", "wasm"],
];
