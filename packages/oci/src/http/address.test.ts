import { describe, expect, test } from "vitest";
import { hostName, privateAddresses } from "./address.ts";
import { proxiesFromEnvironment, proxyFor } from "./proxy.ts";
import { redactText, redactUrl } from "./redact.ts";

describe("private addresses", () => {
  const isPrivate = privateAddresses();
  test.each([
    "127.0.0.1",
    "127.255.0.9",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "0.0.0.0",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "[::1]",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "2002:a00:1::",
    "64:ff9b::10.0.0.1",
    "224.0.0.1",
  ])("%s is private", (address) => expect(isPrivate(address)).toBe(true));
  test.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:8.8.8.8", "2002:808:808::", "quay.io", ""])(
    "%s is not",
    (address) => expect(isPrivate(address)).toBe(false),
  );
  test.each([
    ["quay.io", "quay.io"],
    ["QUAY.io:443", "quay.io"],
    ["[::1]:5000", "::1"],
    ["[fe80::1]", "fe80::1"],
    ["::1", "::1"],
  ])("the name of %s is %s", (host, name) => expect(hostName(host)).toBe(name));
});

describe("proxies, as Go reads them", () => {
  const via = (origin: string, no: string): boolean => proxyFor(origin, { http: "http://p:3128", https: "p:3128", no }) !== undefined;
  test.each([
    ["https://quay.io", "", true],
    ["https://quay.io", "*", false],
    ["https://quay.io", "quay.io", false],
    ["https://cdn.quay.io", "quay.io", false],
    ["https://notquay.io", "quay.io", true],
    ["https://quay.io", ".quay.io", true],
    ["https://cdn.quay.io", ".quay.io", false],
    ["https://cdn.quay.io", "*.quay.io", false],
    ["https://quay.io:8443", "quay.io:443", true],
    ["https://quay.io", "quay.io:443", false],
    ["https://10.1.2.3", "10.0.0.0/8", false],
    ["https://11.1.2.3", "10.0.0.0/8", true],
    ["https://10.1.2.3:5000", "10.1.2.3", false],
    ["https://[fd00::1]", "fd00::/8", false],
    ["https://[fd00::1]:5000", "[fd00::1]:5000", false],
    ["https://quay.io", " a.io , quay.io ", false],
    ["https://localhost:5000", "", false],
    ["https://127.0.0.1:5000", "", false],
    ["http://quay.io", "", true],
  ])("%s with NO_PROXY=%j: %s", (origin, no, expected) => expect(via(origin, no)).toBe(expected));

  test("both cases of the variables, upper first; empty counts as missing", () => {
    expect(proxiesFromEnvironment({ HTTPS_PROXY: "", https_proxy: "low", HTTP_PROXY: "UP", http_proxy: "low", no_proxy: "x" })).toEqual({
      http: "UP",
      https: "low",
      no: "x",
    });
  });

  test("another kind of proxy is refused without its password", () => {
    expect(() => proxyFor("https://a.io", { https: "socks5://u:hunter2@p" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.not.stringContaining("hunter2") }),
    );
  });
});

describe("redaction", () => {
  test.each([
    ["https://user:pw@h.io/p", "https://***@h.io/p"],
    [
      "https://s3.io/b?X-Amz-Signature=abc&X-Amz-Credential=k&digest=sha256:1",
      "https://s3.io/b?X-Amz-Signature=***&X-Amz-Credential=***&digest=sha256%3A1",
    ],
    ["https://acr.io/b?se=1&sig=abc%3D", "https://acr.io/b?se=***&sig=***"],
    ["not a url //u:p@h", "not a url //***@h"],
  ])("%s", (url, expected) => expect(redactUrl(url)).toBe(expected));

  test.each([
    ["Authorization: Bearer abcdefgh.ijkl", "abcdefgh"],
    ['sent "authorization": Basic dXNlcjpwYXNz', "dXNlcjpwYXNz"],
    ["token was Bearer eyJhbGciOiJub25lIn0.x.y", "eyJ"],
    ['{"access_token": "tok-123", "password":"p1"}', "tok-123"],
    ['{"access_token": "tok-123", "password":"p1"}', "p1"],
    ["see https://u:hunter2@h.io/x?token=abc", "hunter2"],
    ["see https://u:hunter2@h.io/x?token=abc", "abc"],
  ])("%s does not show %s", (text, secret) => expect(redactText(text)).not.toContain(secret));

  test("control characters, line breaks and direction marks do not survive, length is bounded", () => {
    expect(redactText("a\u001b[31mb\r\nc\u202ed")).toBe("a [31mb c d");
    expect(redactText("x".repeat(1000), 10)).toBe("xxxxxxxxxx…");
  });
});
