import type { MirrorReport, Problem } from "@skerry/mirror";
import { expect, test } from "vitest";
import { reportText } from "./show-report.ts";

const undecided: Problem = {
  code: "REF_EMPTY",
  severity: "error",
  subject: "app.v1.0.0",
  bundle: "app.v1.0.0",
  field: "relatedImages[2].image",
  action: "dropped",
  waived: false,
  message: "no value found\u001b[2J",
  hint: "Ask the publisher.",
};

/** The command that a report ends with. */
const VERIFY = "skerry verify docker://m.io";

const image = { origin: "quay.io/org/app:v1", outcome: "copied" } as MirrorReport["images"][number];

function report(fields: Partial<MirrorReport>): MirrorReport {
  const none = { blobs: 0, bytes: 0, manifests: 0, mountedBlobs: 0, mountedBytes: 0, presentBlobs: 0, presentBytes: 0 };
  return {
    apiVersion: "skerry.dev/v1",
    kind: "MirrorReport",
    target: "docker://m.io",
    result: "partial",
    startedAt: "2026-01-01T00:00:00Z",
    endedAt: "2026-01-01T00:00:01Z",
    images: [image],
    moved: none,
    requests: {},
    retries: 0,
    catalogs: [],
    problems: [undecided],
    files: { resources: "out/resources" },
    ...fields,
  };
}

test("with nothing but an undecided problem it says that everything moved, and what the problem wants", () => {
  const text = reportText(report({}), VERIFY);
  expect(text).toContain("Everything in the lock has moved; 1 problem needs your decision");
  expect(text).toContain("REF_EMPTY  app.v1.0.0  relatedImages[2].image: no value found\\u001b[2J\n");
  expect(text).toContain("mend it: Ask the publisher.\n");
  expect(text).toContain("accept it: --waive REF_EMPTY=app.v1.0.0\n");
  expect(text).toContain("Next: skerry verify docker://m.io\n");
  expect(text).not.toContain("Mend what failed");
});

test("several are counted, and the accepted ones are left out", () => {
  const text = reportText(
    report({ problems: [undecided, { ...undecided, subject: "b" }, { ...undecided, subject: "c", waived: true }] }),
    VERIFY,
  );
  expect(text).toContain("2 problems need your decision");
  expect(text).not.toContain("REF_EMPTY=c");
});

test.each(["failed", "skipped"] as const)("an image that %s is what comes first", (outcome) => {
  const text = reportText(report({ images: [image, { ...image, outcome }] }), VERIFY);
  expect(text).toContain("Mend what failed and run the same command again");
  expect(text).not.toContain("Everything in the lock");
});

test("a run without trouble ends with what to do next", () => {
  expect(reportText(report({ result: "done", problems: [] }), VERIFY)).toMatch(/requests, 0 retries\nNext: skerry verify/);
});

test("a run that found nothing does not say that everything moved", () => {
  const text = reportText(report({ images: [], result: "failed" }), VERIFY);
  expect(text).toContain("Nothing was found to move; 1 problem needs your decision");
  expect(text).not.toContain("Everything in the lock");
});
