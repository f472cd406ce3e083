// The x509 library needs it to be there first.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { nameConstraints } from "./name-constraints.ts";

const DAY_MS = 24 * 3600_000;
/** Ten years. */
export const CA_DAYS = 3653;
/** What browsers and some verifiers accept at most. */
export const SERVER_DAYS = 397;
/** Clocks of the machines that are to trust it may be behind. */
const BACKDATED_MS = 3600_000;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A certificate and its key, both as PEM. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a CA that can vouch for the given host names and addresses only. */
export async function issueCa(hosts: readonly string[], now: number): Promise<PemPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: `CN=Skerry registry CA ${randomBytes(3).toString("hex")}`,
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(now + CA_DAYS * DAY_MS),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        new Extension("2.5.29.30", true, new Uint8Array(nameConstraints(split(hosts)))),
      ],
    },
    webcrypto,
  );
  return { certificate: `${certificate.toString("pem")}\n`, key: await exported(keys.privateKey) };
}

/** Makes a server certificate for the given host names and addresses. */
export async function issueServer(ca: PemPair, hosts: readonly string[], now: number): Promise<PemPair> {
  const issuer = new X509Certificate(ca.certificate);
  const signingKey = await imported(ca.key);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { dns, addresses } = split(hosts);
  const names = [...dns.map((value) => ({ type: "dns" as const, value })), ...addresses.map((value) => ({ type: "ip" as const, value }))];
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: `CN=${hosts[0] ?? "localhost"}`,
      issuer: issuer.subject,
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(Math.min(now + SERVER_DAYS * DAY_MS, issuer.notAfter.getTime())),
      signingKey,
      publicKey: keys.publicKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: `${certificate.toString("pem")}\n`, key: await exported(keys.privateKey) };
}

/** What matters of a certificate for its renewal. */
export interface CertificateFacts {
  /** Milliseconds since 1970. */
  readonly endsAt: number;
  /** Names and addresses, lower case. */
  readonly hosts: readonly string[];
  readonly fingerprint: string;
}

/** Reads the first certificate of a PEM text. */
export async function certificateFacts(pem: string): Promise<CertificateFacts> {
  const certificate = new X509Certificate(pem);
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const fingerprint = Buffer.from(await certificate.getThumbprint("SHA-256", webcrypto)).toString("hex");
  return { endsAt: certificate.notAfter.getTime(), hosts: names.map((name) => name.value.toLowerCase()), fingerprint };
}

/** True when the CA may vouch for these hosts. */
export function caPermits(pem: string, hosts: readonly string[]): boolean {
  const found = new X509Certificate(pem).getExtension("2.5.29.30");
  return found === null || Buffer.from(found.value).equals(nameConstraints(split(hosts)));
}

function split(hosts: readonly string[]): { dns: string[]; addresses: string[] } {
  return { dns: hosts.filter((host) => isIP(host) === 0), addresses: hosts.filter((host) => isIP(host) !== 0) };
}

/** 127 random bits: RFC 5280 4.1.2.2 wants a positive number of at most twenty bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

async function exported(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

async function imported(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = PemConverter.decodeFirst(pem);
  return webcrypto.subtle.importKey("pkcs8", bytes, ALGORITHM, false, ["sign"]);
}
