import { describe, expect, it } from "vitest";
import type { Bundle, ChannelEntry } from "../types.ts";
import { renderTemplate } from "./render-template.ts";

/** A bundle whose image is its version. */
async function source(image: string): Promise<Bundle> {
  const value = { packageName: "amber", version: image };
  return { name: `amber.v${image}`, package: "amber", image, properties: [{ type: "olm.package", value }], relatedImages: [] };
}

async function entriesOf(template: object, channel: string): Promise<readonly ChannelEntry[] | undefined> {
  const catalog = await renderTemplate(JSON.stringify(template), { source });
  const entries = catalog.package("amber")?.channels.find(({ name }) => name === channel)?.entries;
  await catalog.close();
  return entries;
}

describe("semver templates", () => {
  it("sort what an entry skips by name", async () => {
    const bundles = ["1.10.0", "1.9.0", "1.11.0", "1.10.1", "1.2.0"].map((image) => ({ image }));
    const entries = await entriesOf({ schema: "olm.semver", generateMajorChannels: true, stable: { bundles } }, "stable-v1");
    expect(entries?.at(-1)).toEqual({
      name: "amber.v1.11.0",
      replaces: "amber.v1.10.1",
      skips: ["amber.v1.10.0", "amber.v1.2.0", "amber.v1.9.0"],
    });
  });
});

describe("substitutes templates", () => {
  const channel = (name: string, entries: readonly object[]): object => ({ schema: "olm.channel", package: "amber", name, entries });
  const bundle = (version: string): object => ({
    schema: "olm.bundle",
    package: "amber",
    name: `amber.v${version}`,
    image: version,
    properties: [{ type: "olm.package", value: { packageName: "amber", version } }],
  });
  const template = {
    schema: "olm.template.substitutes",
    entries: [
      { schema: "olm.package", name: "amber", defaultChannel: "a" },
      channel("a", [
        { name: "amber.v1.0.0" },
        { name: "amber.v1.1.0" },
        { name: "amber.v1.2.0", skips: ["amber.v1.0.0", "amber.v1.1.0", "amber.v0.9.0"] },
      ]),
      channel("b", [{ name: "amber.v1.2.0", replaces: "amber.v1.1.0", skips: ["amber.v1.1.0"] }]),
      ...["1.0.0", "1.1.0", "1.2.0"].map(bundle),
    ],
    substitutions: [{ name: "1.1.1", base: "amber.v1.1.0" }],
  };

  it("put a substitute last among what an entry skips, and in every channel that names the base", async () => {
    expect(await entriesOf(template, "a")).toEqual([
      { name: "amber.v1.0.0" },
      { name: "amber.v1.1.0" },
      { name: "amber.v1.2.0", skips: ["amber.v1.0.0", "amber.v0.9.0", "amber.v1.1.1"] },
      { name: "amber.v1.1.1", skips: ["amber.v1.1.0"] },
    ]);
    expect(await entriesOf(template, "b")).toEqual([
      { name: "amber.v1.2.0", replaces: "amber.v1.1.1", skips: ["amber.v1.1.0", "amber.v1.1.0"] },
    ]);
  });
});
