import { digestOf } from "@skerry/oci";
import { expect, it } from "vitest";
import type { PlanDocument } from "./document.ts";
import { planHtml } from "./html.ts";

const digest = digestOf(new TextEncoder().encode("x"));
const HOSTILE = `<script>alert("1")</script>\u202e\u001b[2J&'\nend`;

const plan: PlanDocument = {
  apiVersion: "skerry.dev/v1",
  kind: "Plan",
  imageSet: { name: "edge", configDigest: digest },
  target: "docker://mirror.example/ocp",
  catalogs: [
    {
      catalog: HOSTILE,
      targetCatalog: "a/b:c",
      targetDigest: digest,
      unchanged: false,
      mode: "scratch",
      platforms: [],
      bytes: 1,
      packages: [
        {
          name: "buoy",
          defaultChannel: "stable",
          channels: [{ name: "stable", head: "buoy.v1", versions: [{ version: HOSTILE, bundle: "buoy.v1", image: "x" }] }],
        },
      ],
    },
  ],
  images: [
    {
      origin: HOSTILE,
      kind: "related",
      destination: { repository: "a/b", tag: "c" },
      platforms: [],
      reasons: [],
      digest,
      mediaType: "x",
      manifestBytes: 1,
      children: [],
      referrers: [],
      totalBytes: 2048,
      uniqueBytes: 2048,
      present: false,
    },
  ],
  operators: [{ catalog: HOSTILE, package: "buoy", images: 3, uniqueBytes: 1536, sharedBytes: 0, dropSavesBytes: 1 }],
  totals: { images: 1, manifests: 1, blobs: 1, totalBytes: 2048, uniqueBytes: 2048, presentBytes: 0, moveBytes: 2048, volumes: null },
  estimate: { seconds: null, bytesPerSecond: null, basis: null, space: [] },
  difference: {
    added: [HOSTILE],
    removed: [],
    changed: [],
    bundles: { added: [], removed: [] },
    addedBytes: 0,
    removedBytes: 0,
  },
  problems: [{ code: "REF_EMPTY", severity: "error", subject: HOSTILE, action: "dropped", waived: true, message: HOSTILE, hint: HOSTILE }],
  files: {},
};

it("shows packages, problems and images, and lets nothing foreign be more than text", () => {
  const page = [...planHtml(plan)].join("");
  expect(page).toContain("Plan of edge");
  expect(page).toContain("1.5 KiB");
  expect(page).toContain("dropped, waived");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|<img|<link|\ssrc=|\shref=|\son\w+=/i);
  expect(page).not.toMatch(/[\u001b\u202e]/);
  expect(page).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;\\u{202e}\\u{1b}[2J&amp;&#39;<br>end");
});

it("gives the same bytes for the same plan", () => {
  expect([...planHtml(plan)].join("")).toBe([...planHtml(structuredClone(plan))].join(""));
});
