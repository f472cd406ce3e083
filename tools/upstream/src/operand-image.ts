import type { Platform } from "@skerry/oci";
import {
  type BuiltImage,
  type BuiltManifest,
  buildAttestation,
  buildCosignTag,
  buildIndex,
  buildManifest,
  buildReferrer,
  type PlatformContent,
} from "./image.ts";
import { buildLayer, type Layer } from "./layer.ts";
import { fraction, pick, seededBytes, seededHex } from "./seeded.ts";

/** What the parts of generated images weigh on average, in bytes. */
export interface Sizes {
  /** An image's own layers, all platforms together. */
  readonly imageBytes: number;
  /** The base layer that all images of an organisation share, of one platform. */
  readonly baseBytes: number;
}

/** What decides about a generated image. */
export interface OperandSpec {
  readonly seed: string;
  /** Original digest, or `host/repository:tag` where there is none. */
  readonly key: string;
  /** `quay.io/strimzi`: images of one organisation share their base layers. */
  readonly organisation: string;
  readonly sizes: Sizes;
}

const PLATFORM_SETS = [
  ["amd64"],
  ["amd64"],
  ["amd64", "arm64"],
  ["amd64", "arm64", "ppc64le", "s390x"],
] as const satisfies readonly (readonly string[])[];

/**
 * A small image of the kinds that real registries hold: one platform or an index of two or four, OCI or Docker types,
 * some with an attestation child, a referrer or a cosign signature. The spec alone decides about every byte.
 */
export async function buildOperandImage(spec: OperandSpec): Promise<BuiltImage> {
  const { seed, key } = spec;
  const architectures = pick(PLATFORM_SETS, seed, key, "platforms");
  const docker = fraction(seed, key, "docker") < 0.5;
  const children = [];
  for (const architecture of architectures) {
    children.push(buildManifest(await platformContent(spec, architecture, architectures.length), docker));
  }
  const [first] = children;
  if (first === undefined) throw new TypeError("an image without platforms");
  if (children.length === 1) {
    const { platform: _, ...root } = first.root;
    return { root, manifests: [first.built, ...companions(spec, root)] };
  }
  if (!docker && fraction(seed, key, "attestation") < 0.3) {
    children.push(buildAttestation(first.root, { _type: "https://in-toto.io/Statement/v1", id: seededHex(16, seed, key) }));
  }
  const index = buildIndex(
    children.map((child) => child.root),
    docker,
  );
  return { root: index.root, manifests: [...children.map((child) => child.built), index.built, ...companions(spec, index.root)] };
}

function companions({ seed, key }: OperandSpec, root: BuiltImage["root"]): BuiltManifest[] {
  const payload = { id: seededHex(16, seed, key, "companion") };
  const found: BuiltManifest[] = [];
  if (fraction(seed, key, "referrer") < 0.12) found.push(buildReferrer(root, "application/spdx+json", payload));
  if (fraction(seed, key, "cosign") < 0.12) found.push(buildCosignTag(root, payload));
  return found;
}

async function platformContent(spec: OperandSpec, architecture: string, platforms: number): Promise<PlatformContent> {
  const own = Math.max(64, Math.floor((spec.sizes.imageBytes * spread(spec)) / platforms));
  const layer = await buildLayer(
    [{ path: "usr/lib/operand/data", bytes: seededBytes(own, spec.seed, spec.key, architecture, "own") }],
    false,
  );
  return {
    platform: platformOf(architecture),
    layers: [await buildBaseLayer(spec, architecture), layer],
    labels: { name: spec.organisation },
    entrypoint: ["/usr/lib/operand/data"],
  };
}

/** The base layer of an organisation for one architecture. */
export function buildBaseLayer(spec: Pick<OperandSpec, "seed" | "organisation" | "sizes">, architecture: string): Promise<Layer> {
  const bytes = seededBytes(Math.max(64, spec.sizes.baseBytes), spec.seed, spec.organisation, architecture, "base");
  return buildLayer([{ path: "usr/lib/base/data", bytes }], false);
}

export function platformOf(architecture: string): Platform {
  return { os: "linux", architecture, ...(architecture === "arm64" ? { variant: "v8" } : {}) };
}

/** Sizes differ as real ones do: many small, few large, 1 on average. */
function spread({ seed, key }: OperandSpec): number {
  return 3 * fraction(seed, key, "size") ** 2;
}
