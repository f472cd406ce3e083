import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveSignature } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { writeTextFile } from "../workspace/files.ts";

/** File of the signature of an archive's contents: base64, as `cosign verify-blob --signature` reads it. */
export const SIGNATURE_FILE = "contents.json.sig";

/**
 * A signer from a private key: EC (SHA-256, DER), RSA (PKCS #1 1.5 with SHA-256) or ed25519, in PEM. The forms are those that
 * `cosign verify-blob --key` checks.
 * @throws MirrorError `SIGNATURE_INVALID` for anything else
 */
export function signingKey(pem: string, path: string): { readonly signature: ArchiveSignature; sign(bytes: Uint8Array): string } {
  const key = readKey(() => createPrivateKey(pem), path);
  const hash = hashOf(key, path);
  return {
    signature: { file: SIGNATURE_FILE, keyId: keyId(createPublicKey(key)), algorithm: algorithmOf(key) },
    sign: (bytes) => sign(hash, bytes, key).toString("base64"),
  };
}

/** Signs a file, writing the signature beside it as `FILE.sig`. Returns its path. */
export async function signFile(path: string, key: { sign(bytes: Uint8Array): string }): Promise<string> {
  await writeTextFile(`${path}.sig`, `${key.sign(await readFile(path))}\n`);
  return `${path}.sig`;
}

/** Checks the detached signature of bytes against public keys (PEM); true when one of them made it. */
export function isSignedBy(
  bytes: Uint8Array,
  signature: string,
  keys: readonly { readonly pem: string; readonly path: string }[],
): boolean {
  const made = Buffer.from(signature.trim(), "base64");
  return keys.some(({ pem, path }) => {
    const key = readKey(() => createPublicKey(pem), path);
    return verify(hashOf(key, path), bytes, key, made);
  });
}

/**
 * Checks the signature of an archive's contents.
 * @throws MirrorError `SIGNATURE_INVALID` when there is none, or none of these keys made it
 */
export async function checkSignature(
  dir: string,
  contents: Uint8Array,
  keys: readonly { readonly pem: string; readonly path: string }[],
): Promise<void> {
  if (keys.length === 0) return;
  const path = join(dir, SIGNATURE_FILE);
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) throw invalid(dir, `it has no signature (${SIGNATURE_FILE})`);
  if (!isSignedBy(contents, text, keys)) throw invalid(dir, "its signature was made by another key, or its contents were changed");
}

function invalid(dir: string, why: string): MirrorError {
  return new MirrorError({
    code: "SIGNATURE_INVALID",
    message: `Cannot trust archive ${dir}: ${why}`,
    subject: dir,
    hint: "Ask for the archive anew, or for the key it was signed with. Nothing was written to the target.",
  });
}

function hashOf(key: KeyObject, path: string): string | null {
  if (key.asymmetricKeyType === "ed25519") return null;
  if (key.asymmetricKeyType === "ec" || key.asymmetricKeyType === "rsa") return "sha256";
  throw new MirrorError({
    code: "SIGNATURE_INVALID",
    message: `Cannot use key ${path}: it is ${key.asymmetricKeyType ?? "of an unknown kind"}, expected EC, RSA or ed25519`,
    subject: path,
  });
}

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === "ed25519") return "ed25519";
  return key.asymmetricKeyType === "rsa" ? "rsa-pkcs1v15-sha256" : "ecdsa-sha256";
}

function keyId(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}

function readKey(read: () => KeyObject, path: string): KeyObject {
  try {
    return read();
  } catch {
    // The cause may quote the key.
    throw new MirrorError({
      code: "SIGNATURE_INVALID",
      message: `Cannot read key ${path}: it is no PEM key, or it is encrypted`,
      subject: path,
      hint: "Keys are PEM: EC, RSA or ed25519, without a passphrase. 'openssl ecparam -name prime256v1 -genkey' makes one.",
    });
  }
}
