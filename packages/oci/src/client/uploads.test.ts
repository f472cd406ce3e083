import { describe, expect, test } from "vitest";
import type { Repository } from "./repository.ts";
import { uploadLocation } from "./uploads.ts";

const at = { host: "reg.io:8443", repository: "a/b" } as Repository;

function located(location: string | undefined, url = "https://reg.io:8443/v2/a/b/blobs/uploads/"): string {
  return uploadLocation(at, { url, header: (name) => (name === "location" ? location : undefined) }).href;
}

describe("where an upload goes on", () => {
  test.each([
    ["/u/1", "https://reg.io:8443/u/1"],
    ["u1?a=b", "https://reg.io:8443/v2/a/b/blobs/uploads/u1?a=b"],
    ["https://reg.io:8443/u/1?_state=x%2By%3D", "https://reg.io:8443/u/1?_state=x%2By%3D"],
    ["https://reg.io/u/1", "https://reg.io:8443/u/1"],
    ["http://reg.io/u/1", "https://reg.io:8443/u/1"],
    ["http://reg.io:5000/u/1", "https://reg.io:8443/u/1"],
    ["https://reg.io:9443/u/1", "https://reg.io:9443/u/1"],
    ["https://storage.example/u/1?sig=x", "https://storage.example/u/1?sig=x"],
    ["//reg.io:8443/u/1", "https://reg.io:8443/u/1"],
  ])("%s is %s", (location, expected) => expect(located(location)).toBe(expected));

  test.each([undefined, "http://[", ""])("%s is no location", (location) => {
    // An empty location is the request's own address, which no registry means.
    expect(() => located(location)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });

  test.each(["http://storage.example/u/1?sig=secret", "ftp://storage.example/u/1"])("%s leaves HTTPS", (location) => {
    expect(() => located(location)).toThrow(
      expect.objectContaining({ code: "UNTRUSTED_ADDRESS", message: expect.not.stringContaining("secret") }),
    );
  });
});
