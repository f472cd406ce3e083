import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serverCertificate } from "./certificates.ts";
import { issueServer } from "./issue.ts";
import { registryCertificate } from "./show.ts";
import { trustTexts } from "./trust.ts";

const DAY_MS = 24 * 3600_000;
const now = Date.UTC(2030, 0, 1);
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "skerry-tls-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const make = (options: { now?: number; hosts?: readonly string[] } = {}) =>
  serverCertificate({ kind: "auto" }, { root, hosts: options.hosts ?? ["Mirror.example.com", "10.0.0.7"], now: options.now ?? now });

test("the first start makes a CA for ten years and a certificate for 397 days, keys for the owner only", async () => {
  const made = await make();
  const server = new X509Certificate(made.certificate);
  const ca = new X509Certificate(await readFile(join(root, "tls", "ca.crt")));
  expect(server.checkIssued(ca)).toBe(true);
  expect(server.verify(ca.publicKey)).toBe(true);
  expect([server.checkHost("mirror.example.com"), server.checkIP("10.0.0.7"), server.checkHost("other.example.com")]).toEqual([
    "mirror.example.com",
    "10.0.0.7",
    undefined,
  ]);
  expect(Math.round((made.endsAt - now) / DAY_MS)).toBe(397);
  expect(Math.round((Date.parse(ca.validTo) - now) / DAY_MS)).toBe(3653);
  for (const key of ["ca.key", "server.key"]) expect((await stat(join(root, "tls", key))).mode & 0o777).toBe(0o600);
});

test("it is kept until 30 days before its end, then renewed under the same CA", async () => {
  const first = await make();
  expect((await make({ now: now + 360 * DAY_MS })).certificate).toBe(first.certificate);
  const later = await make({ now: now + 370 * DAY_MS });
  expect(later.endsAt).toBeGreaterThan(first.endsAt);
  expect(later.certificate.split("-----END CERTIFICATE-----")[1]).toBe(first.certificate.split("-----END CERTIFICATE-----")[1]);
});

test("without the CA's key it goes on with what it has, and says so when that nears its end", async () => {
  await make();
  await rm(join(root, "tls", "ca.key"));
  expect((await make({ now: now + DAY_MS })).warning).toBeUndefined();
  expect((await make({ now: now + 380 * DAY_MS })).warning).toMatch(/near its end/);
});

test("the CA is of no use for another name", async () => {
  await make();
  await expect(make({ hosts: ["bank.example.com"] })).rejects.toMatchObject({ code: "CERTIFICATE_INVALID" });
  const [certificate, key] = await Promise.all([
    readFile(join(root, "tls", "ca.crt"), "utf8"),
    readFile(join(root, "tls", "ca.key"), "utf8"),
  ]);
  // Whoever has the key can sign anything; verifiers refuse it by the constraint, which is critical.
  const forged = await issueServer({ certificate, key }, ["bank.example.com"], Date.now());
  expect(new X509Certificate(forged.certificate).verify(new X509Certificate(certificate).publicKey)).toBe(true);
  const der = new X509Certificate(certificate).raw.toString("latin1");
  expect([der.includes("mirror.example.com"), der.includes("bank.example.com")]).toEqual([true, false]);
});

test("given files are checked", async () => {
  const made = await make();
  const files = { kind: "files" as const, certificate: join(root, "tls", "server.crt"), key: join(root, "tls", "server.key") };
  expect((await serverCertificate(files, { root, hosts: [], now })).endsAt).toBe(made.endsAt);
  await expect(serverCertificate({ ...files, key: join(root, "tls", "ca.key") }, { root, hosts: [], now })).rejects.toMatchObject({
    code: "CERTIFICATE_INVALID",
  });
});

test("the trust texts name host and port as each reader wants them", async () => {
  await make();
  const { ca, hosts } = await registryCertificate(root);
  expect(hosts[0]).toBe("mirror.example.com");
  const texts = trustTexts(ca, "mirror.example.com", 8443);
  expect(texts.configMap).toContain("  mirror.example.com..8443: |\n    -----BEGIN CERTIFICATE-----");
  expect(texts.certsD).toContain("/etc/containers/certs.d/mirror.example.com:8443/ca.crt");
  expect(texts.rhel).toContain("update-ca-trust");
});
