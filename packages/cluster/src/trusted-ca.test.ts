import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { isClusterError } from "./errors.ts";
import { buildCaConfigMap, caKey, imageConfigPatch } from "./trusted-ca.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB==\n-----END CERTIFICATE-----\n";

test("one key a registry, the port after two dots", () => {
  const map = buildCaConfigMap(
    "mirror-ca",
    [
      { host: "m.test:8443", pem: `# note\r\n${PEM}${PEM.replaceAll("\n", "\r\n")}` },
      { host: "a.test", pem: PEM },
    ],
    "edge",
  );
  expect(map).toMatchObject({
    kind: "ConfigMap",
    metadata: { name: "mirror-ca", namespace: "openshift-config", labels: { "skerry.dev/image-set": "edge" } },
    data: { "a.test": PEM, "m.test..8443": PEM + PEM },
  });
});

test("the patch names the map", () => {
  expect(load(imageConfigPatch("mirror-ca"))).toEqual({ spec: { additionalTrustedCA: { name: "mirror-ca" } } });
});

describe("refused", () => {
  test.each([
    ["no certificate", "m.test", "hello"],
    ["a private key", "m.test", `${PEM}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`],
    ["a damaged certificate", "m.test", "-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----\n"],
    ["an IPv6 address", "[::1]:5000", PEM],
  ])("%s", (_name, host, pem) => {
    let message = "";
    try {
      buildCaConfigMap("x", [{ host, pem }], "edge");
    } catch (error) {
      if (isClusterError(error) && error.code === "CERTIFICATE_INVALID") message = error.message;
    }
    expect(message).toContain(host);
    expect(message).not.toContain("AAAA");
  });

  test("a host without a port is its own key", () => {
    expect(caKey("mirror.example.com")).toBe("mirror.example.com");
  });
});
