import { expect } from "vitest";
import {
  type Clock,
  type CredentialSource,
  type Descriptor,
  digestOf,
  type ManifestBytes,
  MEDIA_TYPES,
  type OciError,
  Registries,
  type RegistriesOptions,
} from "../src/index.ts";
import { ScriptedServer, type Step } from "./scripted-server.ts";

/** A clock whose sleeps pass at once and are written down. */
export class QuickClock implements Clock {
  readonly slept: number[] = [];
  #ahead = 0;

  now(): number {
    return Date.now() + this.#ahead;
  }

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    this.slept.push(ms);
    this.#ahead += ms;
    return new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a played row gets to work with. */
export interface Played {
  readonly server: ScriptedServer;
  readonly net: Registries;
  readonly clock: QuickClock;
  readonly at: { readonly repository: string };
}

export const REPOSITORY = "org/app";
export const USER: CredentialSource = { find: () => Promise.resolve({ kind: "basic", username: "user", password: "secret-word" }) };

/** Plays a script against a client and makes sure that every step was taken and nothing else was asked. Uploads go the usual way, in two requests. */
export async function play(steps: readonly Step[], run: (played: Played) => Promise<void>, options: RegistriesOptions = {}): Promise<void> {
  const clock = new QuickClock();
  await using server = await ScriptedServer.start(steps);
  await using net = new Registries({ insecureHosts: "all", clock, wholeUploads: false, ...options });
  await run({ server, net, clock, at: { repository: REPOSITORY } });
  expect(server.faults).toEqual([]);
  expect(server.remaining).toEqual([]);
}

/** The error that a promise ends in; fails when it does not. */
export async function failure(promise: Promise<unknown>): Promise<OciError> {
  return promise.then(
    (value) => expect.fail(`expected an error, got ${JSON.stringify(value)}`),
    (error: unknown) => error as OciError,
  );
}

/** A small valid image manifest. */
export function sampleManifest(text = "x"): ManifestBytes & { readonly descriptor: Descriptor } {
  const config = { mediaType: MEDIA_TYPES.ociConfig, digest: digestOf(Buffer.from(text)), size: text.length };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: [] }));
  const digest = digestOf(bytes);
  return {
    mediaType: MEDIA_TYPES.ociManifest,
    digest,
    bytes,
    descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest, size: bytes.length },
  };
}

/** A blob and its descriptor. */
export function sampleBlob(size = 2000): { readonly bytes: Buffer; readonly descriptor: Descriptor } {
  const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 7) & 255));
  return { bytes, descriptor: { mediaType: MEDIA_TYPES.ociLayerGzip, digest: digestOf(bytes), size } };
}

/** Everything a stream yields. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

/** A body of one chunk. */
export async function* bodyOf(bytes: Uint8Array, chunk: number = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}

/** Path below the sample repository. */
export function path(rest: string): string {
  return `/v2/${REPOSITORY}/${rest}`;
}
