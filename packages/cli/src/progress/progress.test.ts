import { OciError, parseDigest } from "@skerry/oci";
import { describe, expect, test } from "vitest";
import { describeError } from "../output/error.ts";
import { createScreen } from "../output/screen.ts";
import { createProgress } from "./create.ts";
import { Tally } from "./tally.ts";
import type { ProgressEvent, ProgressMode } from "./types.ts";

const a = parseDigest(`sha256:${"a".repeat(64)}`);
const b = parseDigest(`sha256:${"b".repeat(64)}`);
const descriptor = { mediaType: "x", digest: a, size: 1 };
const fault = new OciError({ code: "UNREACHABLE", message: "Cannot reach h: \u001b[2Jrefused" });

const script: readonly ProgressEvent[] = [
  { event: "image.start", id: "one" },
  { event: "blob.start", digest: a, size: 1000, to: "x/y" },
  { event: "blob.bytes", digest: a, bytes: 400 },
  { event: "blob.bytes", digest: a, bytes: 600 },
  { event: "blob.end", digest: a, size: 1000, how: "copied" },
  { event: "blob.start", digest: b, size: 500, to: "x/\u001b[2J" },
  { event: "blob.bytes", digest: b, bytes: 100 },
  { event: "blob.end", digest: b, size: 500, how: "failed" },
  { event: "image.end", id: "one", outcome: { id: "one", outcome: "copied", descriptor } },
  { event: "image.end", id: "two", outcome: { id: "two", outcome: "failed", descriptor, error: fault } },
];

interface Played {
  readonly text: string;
  readonly resize: () => void;
}

function play(
  mode: ProgressMode,
  options: { readonly terminal?: boolean; readonly quiet?: boolean; readonly stepMs?: number } = {},
): Played {
  let text = "";
  let now = Date.UTC(2026, 0, 1);
  const resizers = new Set<() => void>();
  const stderr = {
    isTTY: options.terminal === true,
    write: (more: string) => {
      text += more;
    },
    columns: () => 60,
    onResize: (listener: () => void) => {
      resizers.add(listener);
      return () => resizers.delete(listener);
    },
  };
  const progress = createProgress(mode, createScreen(stderr, false), { quiet: options.quiet === true, now: () => now });
  progress.start({ images: 2, bytes: 1500 });
  for (const event of script) {
    now += options.stepMs ?? 10;
    progress.event(event);
  }
  for (const resize of resizers) resize();
  progress.stop();
  progress.stop();
  expect(resizers.size).toBe(0);
  return { text, resize: () => undefined };
}

describe("progress", () => {
  test("plain: one line per image", () => {
    expect(play("plain").text).toBe("[1/2] copied   one\n[2/2] failed   two: Cannot reach h: \\u001b[2Jrefused\n");
    expect(play("auto").text).toBe(play("plain").text);
  });

  test("json: one object a line, with totals; blob.bytes at most four a second", () => {
    const lines = play("json")
      .text.trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line["event"])).toEqual([
      "image.start",
      "blob.start",
      "blob.bytes",
      "blob.end",
      "blob.start",
      "blob.end",
      "image.end",
      "image.end",
    ]);
    expect(lines[2]).toMatchObject({ at: "2026-01-01T00:00:00.030Z", doneBytes: 400, totalBytes: 1500 });
    expect(lines.at(-1)).toMatchObject({ id: "two", outcome: "failed", error: describeError(fault) });
    const slow = play("json", { stepMs: 300 }).text;
    expect(slow.match(/blob\.bytes/g)).toHaveLength(3);
  });

  test("bar: the cursor comes back, lines fit, failures stay, nothing foreign gets through", () => {
    const { text } = play("bar", { terminal: true });
    expect(text.startsWith("\u001b[?25l")).toBe(true);
    expect(text.endsWith("\u001b[?25h")).toBe(true);
    expect(text).toContain("failed   two: Cannot reach h: \\u001b[2Jrefused\n");
    expect(text).toContain("/2 images");
    expect(text).not.toContain("\u001b[2J");
    for (const line of text.split("\n")) expect(line.replaceAll(/\u001b\[[?0-9]*[a-zA-Z]/g, "").length).toBeLessThanOrEqual(60);
    expect(play("auto", { terminal: true }).text).toContain("\u001b[?25l");
  });

  test("none and quiet are silent, but for JSON that was asked for", () => {
    expect(play("none").text).toBe("");
    expect(play("auto", { quiet: true }).text).toBe("");
    expect(play("json", { quiet: true }).text).not.toBe("");
  });
});

test("the tally takes back what a failed blob had", () => {
  const tally = new Tally();
  tally.start({ bytes: 1500 });
  for (const event of script) tally.take(event);
  expect(tally).toMatchObject({ doneBytes: 1000, movedBytes: 1100, imagesDone: 2, imagesFailed: 1 });
  tally.take({ event: "blob.end", digest: b, size: 500, how: "mounted" });
  expect(tally.doneBytes).toBe(1500);
});
