import { createCipheriv, createHash } from "node:crypto";

/** A number from 0 up to 1 that depends only on the labels. */
export function fraction(...labels: readonly string[]): number {
  return hash(labels).readUIntBE(0, 6) / 2 ** 48;
}

/** One of the choices, by the labels. */
export function pick<T>(choices: readonly [T, ...T[]], ...labels: readonly string[]): T {
  return choices[Math.floor(fraction(...labels) * choices.length)] ?? choices[0];
}

/** Bytes that depend only on the labels and do not compress. */
export function seededBytes(size: number, ...labels: readonly string[]): Buffer {
  const key = hash(labels);
  return createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16, 32)).update(Buffer.alloc(size));
}

/** Lower-case hex digits that depend only on the labels; at most 64. */
export function seededHex(digits: number, ...labels: readonly string[]): string {
  return hash(labels).toString("hex").slice(0, digits);
}

function hash(labels: readonly string[]): Buffer {
  return createHash("sha256").update(labels.join("\0")).digest();
}
