import { describe, expect, test } from "vitest";
import { checkHostNames } from "./host-names.ts";

describe("checkHostNames", () => {
  test("takes names and addresses", () => {
    checkHostNames([]);
    checkHostNames(["mirror", "Mirror.Example.com", "10.0.0.7", "fd00::7", "a-b.c1", "my_host.lan", "xn--bcher-kva.example"]);
  });

  test.each([
    ["https://mirror.example.com:8443", "Write mirror.example.com."],
    ["mirror.example.com:8443", "Write mirror.example.com."],
    ["mirror.example.com/ocp", "Write mirror.example.com."],
    ["[fd00::7]:8443", "Write fd00::7."],
    ["*.example.com", "without scheme"],
    ["", "without scheme"],
    ["a b", "without scheme"],
    ["-a.example", "without scheme"],
    ["mirror.example.com.", "without scheme"],
    ["böcher.example", "without scheme"],
  ])("refuses %j", (host, hint) => {
    expect(() => checkHostNames(["fine", host])).toThrow(
      expect.objectContaining({ code: "LISTEN_INVALID", subject: host, hint: expect.stringContaining(hint) }),
    );
  });
});
