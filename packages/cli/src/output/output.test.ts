import fc from "fast-check";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { Interruption, OutputClosedError } from "../world/types.ts";
import { formatJson, formatYaml } from "./documents.ts";
import { describeError, exitCodeOf, formatError, redact } from "./error.ts";
import { escapeLine, escapeText } from "./escape.ts";
import { cutLine, displayWidth, formatFields, formatTable } from "./table.ts";

const hostile = "\u001b[31mred\u0007\u009b2J\u202eevil\u200b\u2028x\rz";

describe("escaping", () => {
  test("nothing that a terminal obeys is left", () => {
    expect(escapeText(hostile)).toBe("\\u001b[31mred\\u0007\\u009b2J\\u202eevil\\u200b\\u2028x\\u000dz");
    expect(escapeText("a\n\tb ü 漢 😀")).toBe("a\n\tb ü 漢 😀");
    expect(escapeLine("a\n\tb")).toBe("a\\n\\tb");
    expect(escapeText("\ud800x\udc00")).toBe("\\ud800x\\udc00");
  });

  test("any text is left with harmless characters only", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(escapeLine(text)),
      ),
    );
  });

  test("JSON and YAML read back as they were, whatever is in them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom("", hostile), (text, more) => {
        const result = { kind: "Test", value: text + more, list: [more] };
        expect(JSON.parse(formatJson(result))).toEqual({ apiVersion: "skerry.dev/v1", ...result });
        expect(load(formatYaml(result))).toEqual({ apiVersion: "skerry.dev/v1", ...result });
      }),
    );
    expect(formatJson({ kind: "Test", value: hostile })).not.toMatch(/[\u001b\u009b\u202e]/);
    expect(formatYaml({ kind: "Test", value: hostile })).not.toMatch(/[\u001b\u009b\u202e]/);
  });
});

describe("tables", () => {
  test("columns line up, figures to the right, nothing after the last one", () => {
    const text = formatTable(
      [{ title: "name" }, { title: "size", right: true }, { title: "what" }],
      [
        ["a", "1 B", ""],
        ["漢字", "100 B", "x"],
      ],
    );
    expect(text).toBe("NAME   SIZE  WHAT\na       1 B\n漢字  100 B  x\n");
  });

  test("cells are escaped", () => {
    expect(formatTable([{ title: "a" }], [["\u001b[2J\n"]])).toBe("A\n\\u001b[2J\\n\n");
    expect(
      formatFields([
        ["Name", "\u202ex"],
        ["Gone", undefined],
      ]),
    ).toBe("Name:  \\u202ex\n");
  });

  test("a cut line fits", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, columns) => displayWidth(cutLine(text, columns)) <= columns),
    );
  });
});

describe("errors", () => {
  const error = Object.assign(
    new Error("Cannot read manifest h/x:y: status 401", { cause: new Error("socket closed", { cause: new Error("ECONNRESET") }) }),
    {
      code: "UNAUTHORIZED",
      subject: "h/x:y",
      hint: "Log in.",
      host: "h",
      status: 401,
      registryCode: "UNAUTHORIZED",
      tries: 3,
    },
  );

  test("text says what, why and what to do, without a stack", () => {
    expect(formatError(error, "text", false)).toBe(
      "error: Cannot read manifest h/x:y: status 401\n  answered by: h, status 401, UNAUTHORIZED (3 tries)\n  because: socket closed: ECONNRESET\n  next: Log in.\n",
    );
  });

  test("the document has the contract's keys", () => {
    expect(JSON.parse(formatError(error, "json", false))).toEqual({
      apiVersion: "skerry.dev/v1",
      kind: "Error",
      code: "UNAUTHORIZED",
      message: "Cannot read manifest h/x:y: status 401",
      subject: "h/x:y",
      cause: "socket closed: ECONNRESET",
      hint: "Log in.",
      host: "h",
      status: 401,
      registryCode: "UNAUTHORIZED",
      tries: 3,
    });
  });

  test("a programming fault shows no stack", () => {
    const text = formatError(new TypeError("x is not a function"), "text", false);
    expect(text).toBe("error: x is not a function\n");
    expect(describeError("thrown text").code).toBe("INTERNAL");
  });

  test.each([
    [new Interruption("SIGINT"), 130],
    [new Interruption("SIGTERM"), 143],
    [new OutputClosedError(""), 0],
    [Object.assign(new Error(""), { code: "REFERENCE_INVALID" }), 2],
    [Object.assign(new Error(""), { code: "BUSY" }), 4],
    [Object.assign(new Error(""), { code: "UNREACHABLE" }), 1],
    [new Error(""), 1],
  ])("%s ends with %d", (thrown, code) => expect(exitCodeOf(thrown)).toBe(code));

  test("secrets of addresses and headers are hidden", () => {
    expect(redact("GET https://bob:secret@h/x?X-Amz-Signature=abc&y=1 with Bearer abcdefgh12345")).toBe(
      "GET https://***@h/x?X-Amz-Signature=***&y=1 with Bearer ***",
    );
  });
});
