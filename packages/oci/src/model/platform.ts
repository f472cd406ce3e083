import { OciError } from "../errors.ts";

/** Platform of an image, as in an index entry. Image-spec "image index". */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly "os.version"?: string;
}

/** `linux/arm64/v8`; the variant is left out when it is the default of its architecture (`arm64/v8`). */
export function formatPlatform(platform: Platform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant === undefined || platform.variant === "" ? base : `${base}/${platform.variant}`;
}

/**
 * Reads `os/arch[/variant]`.
 * @throws OciError `CONFIG_INVALID` when it is not of that form
 */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().toLowerCase().split("/");
  const [os, architecture, variant] = parts;
  if (
    parts.length < 2 ||
    parts.length > 3 ||
    parts.some((part) => !/^[a-z0-9][a-z0-9._-]*$/.test(part)) ||
    os === undefined ||
    architecture === undefined
  ) {
    throw new OciError({
      code: "CONFIG_INVALID",
      message: `Cannot read platform ${JSON.stringify(text)}: expected os/arch or os/arch/variant`,
      subject: text,
      hint: "Write it as linux/amd64 or linux/arm64/v8.",
    });
  }
  return variant === undefined
    ? { os, architecture: architectureAlias(architecture) }
    : { os, architecture: architectureAlias(architecture), variant };
}

/** Which children of an index a sparse copy takes. */
export type PlatformFilter = (platform: Platform) => boolean;

/** A filter that accepts any of the given platforms; a wanted platform without variant accepts every variant. */
export function platformFilter(wanted: readonly Platform[]): PlatformFilter {
  return (platform) =>
    wanted.some(
      (want) =>
        want.os === platform.os &&
        want.architecture === platform.architecture &&
        (want.variant === undefined || want.variant === (platform.variant ?? defaultVariant(platform.architecture))),
    );
}

/** `unknown/unknown`: how buildkit marks attestation manifests. They follow their image, never a filter. */
export function isUnknownPlatform(platform: Platform | undefined): boolean {
  return platform !== undefined && platform.os === "unknown" && platform.architecture === "unknown";
}

function defaultVariant(architecture: string): string | undefined {
  return architecture === "arm64" ? "v8" : architecture === "arm" ? "v7" : undefined;
}

function architectureAlias(architecture: string): string {
  return architecture === "x86_64" ? "amd64" : architecture === "aarch64" ? "arm64" : architecture;
}
