import type { Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";

/** Points at content by media type, digest and size in bytes. Image-spec "descriptor". */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Size of the content in bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** Where foreign layers may be fetched from. */
  readonly urls?: readonly string[];
  /** The content itself, base64; a convenience that is still verified when used. */
  readonly data?: string;
}
