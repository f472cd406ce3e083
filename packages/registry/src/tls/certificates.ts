import { randomBytes } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { makeFolder } from "@skerry/oci";
import { RegistryError } from "../errors.ts";
import { errorCode } from "../store/files.ts";
import { type CertificateFacts, caPermits, certificateFacts, issueCa, issueServer, type PemPair } from "./issue.ts";

const RENEW_BEFORE_MS = 30 * 24 * 3600_000;
const ALWAYS = ["localhost", "127.0.0.1", "::1"];

/** Where the registry's own certificates are: `ca.crt`, `ca.key`, `server.crt`, `server.key`. */
export function certificateFolder(root: string): string {
  return join(root, "tls");
}

/** How the registry gets its certificate. `auto` makes a CA of its own. */
export type TlsChoice =
  | { readonly kind: "off" }
  | { readonly kind: "auto" }
  | { readonly kind: "files"; readonly certificate: string; readonly key: string };

export interface ServerCertificate extends PemPair {
  /** Milliseconds since 1970. */
  readonly endsAt: number;
  /** Why it could not be renewed although it should be. */
  readonly warning?: string;
}

/**
 * The certificate to serve with now. In `auto` a CA and a certificate are made when they are missing, and the certificate
 * again when its end is nearer than 30 days or it lacks a name. Without the CA's key, which may be kept elsewhere, the one
 * that is there is used to its end.
 * @throws RegistryError `CERTIFICATE_INVALID`
 */
export async function serverCertificate(
  choice: Exclude<TlsChoice, { kind: "off" }>,
  options: CertificateOptions,
): Promise<ServerCertificate> {
  if (choice.kind === "files") return givenCertificate(choice);
  const folder = certificateFolder(options.root);
  const hosts = certificateHosts(options.hosts);
  await makeFolder(folder, 0o700);
  const ca = await ownCa(folder, hosts, options.now);
  const present = await readPair(folder, "server");
  const facts = present === undefined ? undefined : await certificateFacts(present.certificate);
  const fits = facts !== undefined && hosts.every((host) => facts.hosts.includes(host));
  if (present !== undefined && facts !== undefined && fits && facts.endsAt - options.now > RENEW_BEFORE_MS) {
    return { ...withChain(present, ca.certificate), endsAt: facts.endsAt };
  }
  if (ca.key === undefined) return withoutKey(present, { ca: ca.certificate, endsAt: facts?.endsAt, fits });
  const issued = await issueServer({ certificate: ca.certificate, key: ca.key }, hosts, options.now);
  await writePair(folder, "server", issued);
  return { ...withChain(issued, ca.certificate), endsAt: (await certificateFacts(issued.certificate)).endsAt };
}

export interface CertificateOptions {
  readonly root: string;
  /** Names and addresses besides those of the loopback. */
  readonly hosts: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The CA's certificate as PEM, or undefined when none was made yet. */
export async function caCertificate(root: string): Promise<string | undefined> {
  return textOf(join(certificateFolder(root), "ca.crt"));
}

/** Names in a certificate for these hosts: lower case, sorted, with the loopback. */
function certificateHosts(hosts: readonly string[]): string[] {
  const own = hosts.map((host) => host.toLowerCase()).filter((host) => !ALWAYS.includes(host));
  return [...new Set(own)].sort().concat(ALWAYS);
}

async function ownCa(folder: string, hosts: readonly string[], now: number): Promise<{ certificate: string; key: string | undefined }> {
  const [certificate, key] = await Promise.all([textOf(join(folder, "ca.crt")), textOf(join(folder, "ca.key"))]);
  if (certificate === undefined) {
    const made = await issueCa(hosts, now);
    await writePair(folder, "ca", made);
    return made;
  }
  if (key !== undefined && !caPermits(certificate, hosts)) {
    throw new RegistryError({
      code: "CERTIFICATE_INVALID",
      message: `Cannot use the CA in ${folder}: it was made for other host names than ${hosts.join(", ")}`,
      subject: folder,
      hint: "Start with the earlier names, or remove the folder to make a new CA, which every client then has to trust.",
    });
  }
  return { certificate, key };
}

function withoutKey(present: PemPair | undefined, known: { ca: string; endsAt: number | undefined; fits: boolean }): ServerCertificate {
  if (present === undefined || known.endsAt === undefined) {
    throw new RegistryError({
      code: "CERTIFICATE_INVALID",
      message: "Cannot make a server certificate: the CA's key is not there",
      hint: "Put ca.key back into the tls folder for one start.",
    });
  }
  const why = known.fits ? "it is near its end" : "it lacks a host name";
  return {
    ...withChain(present, known.ca),
    endsAt: known.endsAt,
    warning: `The server certificate needs renewal (${why}), but the CA's key is not there.`,
  };
}

async function givenCertificate(choice: { readonly certificate: string; readonly key: string }): Promise<ServerCertificate> {
  const [certificate, key] = await Promise.all([textOf(choice.certificate), textOf(choice.key)]);
  try {
    if (certificate === undefined || key === undefined) throw new Error("the file is not there");
    createSecureContext({ cert: certificate, key });
    return { certificate, key, endsAt: (await certificateFacts(certificate)).endsAt };
  } catch (cause) {
    throw new RegistryError({
      code: "CERTIFICATE_INVALID",
      message: `Cannot use certificate ${choice.certificate} with key ${choice.key}: ${cause instanceof Error ? cause.message : "unreadable"}`,
      subject: choice.certificate,
      hint: "Name a PEM certificate chain with --cert and its PEM key with --key.",
      cause,
    });
  }
}

function withChain(server: PemPair, ca: string): PemPair {
  return { certificate: `${server.certificate}${ca}`, key: server.key };
}

async function readPair(folder: string, name: string): Promise<PemPair | undefined> {
  const [certificate, key] = await Promise.all([textOf(join(folder, `${name}.crt`)), textOf(join(folder, `${name}.key`))]);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

/** The key first: a certificate without its key would be used, a key without its certificate is replaced. */
async function writePair(folder: string, name: string, pair: PemPair): Promise<void> {
  await replaceFile(join(folder, `${name}.key`), pair.key, 0o600);
  await replaceFile(join(folder, `${name}.crt`), pair.certificate, 0o644);
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString("hex")}`;
  const file = await open(temporary, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Names and end of the certificate in the root's own folder; undefined when there is none. */
export async function serverCertificateFacts(root: string): Promise<CertificateFacts | undefined> {
  const certificate = await textOf(join(certificateFolder(root), "server.crt"));
  return certificate === undefined ? undefined : certificateFacts(certificate);
}
