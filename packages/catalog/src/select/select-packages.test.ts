import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPackage } from "../check/check-package.ts";
import { opmRules } from "../check/opm-release.ts";
import { channelGraph } from "../model/channel-graph.ts";
import { type MadePackage, madeCatalog } from "../testing/made-catalog.ts";
import type { Catalog, CatalogSelection, ChannelEntry, PackageSelection, Selected } from "../types.ts";
import { compareVersions, parseVersion } from "../version/version.ts";
import { channelFault } from "./channel-problem.ts";
import { parseSelects } from "./parse-select.ts";
import { selectPackages } from "./select-packages.ts";
import { upgradePath } from "./upgrade-path.ts";

const AMBER: MadePackage = {
  name: "amber",
  channels: {
    stable: [
      { name: "amber.v1.0.0" },
      { name: "amber.v1.1.0", replaces: "amber.v1.0.0" },
      { name: "amber.v1.2.0", replaces: "amber.v1.1.0", skipRange: ">=1.0.0 <1.2.0" },
      { name: "amber.v2.0.0", replaces: "amber.v1.2.0", skips: ["amber.v2.0.0-rc.1"] },
      { name: "amber.v2.0.0-rc.1" },
    ],
    old: [{ name: "amber.v1.0.0" }],
  },
};

async function select(selection: CatalogSelection, ...packages: readonly MadePackage[]): Promise<Selected> {
  const catalog = await madeCatalog(packages.length === 0 ? [AMBER] : packages);
  return selectPackages(catalog, selection);
}

function kept(selected: Selected): Record<string, readonly string[]> {
  return Object.fromEntries(
    selected.packages.flatMap((one) =>
      one.channels.map((channel) => [`${one.name}/${channel.name}`, channel.entries.map((entry) => entry.name)]),
    ),
  );
}

describe("selectPackages", () => {
  it("keeps the head of every channel, everything with full, a window with bounds", async () => {
    expect(kept(await select({}))).toEqual({ "amber/old": ["amber.v1.0.0"], "amber/stable": ["amber.v2.0.0"] });
    expect(kept(await select({ full: true, packages: [{ name: "amber" }] }))["amber/stable"]).toHaveLength(5);
    const window = await select({ packages: [{ name: "amber", channels: [{ name: "stable", minVersion: "1.1", maxVersion: "1.2.0" }] }] });
    expect(kept(window)).toEqual({ "amber/stable": ["amber.v1.1.0", "amber.v1.2.0"] });
    expect(window.packages[0]).toMatchObject({ defaultChannel: "stable", bundles: ["amber.v1.1.0", "amber.v1.2.0"] });
  });

  it("does not stretch a window to a head that only skips what others below it hold", async () => {
    const beryl = {
      name: "beryl",
      channels: {
        stable: [
          { name: "beryl.v1.0.0" },
          { name: "beryl.v1.1.0", replaces: "beryl.v1.0.0" },
          { name: "beryl.v1.2.0", replaces: "beryl.v1.1.0", skips: ["beryl.v1.0.0", "beryl.v1.1.0", "beryl.v1.1.5"] },
          { name: "beryl.v1.1.5" },
        ],
      },
    };
    const window = async (maxVersion: string): Promise<readonly string[] | undefined> =>
      kept(await select({ packages: [{ name: "beryl", channels: [{ name: "stable", maxVersion }] }] }, beryl))["beryl/stable"];
    expect(await window("1.1.0")).toEqual(["beryl.v1.0.0", "beryl.v1.1.0"]);
    // Nothing else leads to 1.1.5.
    expect(await window("1.1.5")).toEqual(["beryl.v1.0.0", "beryl.v1.1.0", "beryl.v1.2.0", "beryl.v1.1.5"]);
    expect(await window("1.1")).toHaveLength(4);
  });

  it("takes a pre-release part at one end of a window for both ends", async () => {
    const window = async (range: { minVersion?: string; maxVersion?: string }): Promise<readonly string[] | undefined> =>
      kept(await select({ packages: [{ name: "amber", channels: [{ name: "stable", ...range }] }] }))["amber/stable"];
    expect(await window({ minVersion: "1.2.0", maxVersion: "2.0.0" })).toEqual(["amber.v1.2.0", "amber.v2.0.0"]);
    expect(await window({ minVersion: "1.2.0-0", maxVersion: "2.0.0" })).toEqual(["amber.v1.2.0", "amber.v2.0.0", "amber.v2.0.0-rc.1"]);
  });

  it("links entries below a skipped one to the head, as nothing else leads from them", async () => {
    const selected = await select(
      { full: true, packages: [{ name: "coral" }] },
      {
        name: "coral",
        channels: {
          stable: [
            { name: "coral.v1.0.0" },
            { name: "coral.v1.1.0", replaces: "coral.v1.0.0" },
            { name: "coral.v1.2.0", replaces: "coral.v1.1.0", skips: ["coral.v1.1.0"] },
          ],
        },
      },
    );
    expect(selected.problems).toEqual([]);
    expect(selected.packages[0]?.channels[0]?.entries.at(-1)?.skips).toEqual(["coral.v1.1.0", "coral.v1.0.0"]);
  });

  it("copies the source as it is only for full without packages", async () => {
    expect((await select({ full: true })).unchanged).toBe(true);
    expect((await select({ full: true, packages: [{ name: "amber" }] })).unchanged).toBe(false);
  });

  it.each([
    ["a package", { name: "ambre" }, "SELECTION_UNKNOWN_PACKAGE", /"amber"/],
    ["a channel", { name: "amber", channels: [{ name: "stabel" }] }, "SELECTION_UNKNOWN_CHANNEL", /"stable"/],
    ["a version", { name: "amber", channels: [{ name: "stable", minVersion: "9.0.0" }] }, "SELECTION_UNKNOWN_VERSION", /2\.0\.0/],
    ["a default that is not kept", { name: "amber", channels: [{ name: "old" }] }, "SELECTION_INVALID", /"old"/],
    [
      "two ranges",
      { name: "amber", minVersion: "1.0.0", channels: [{ name: "stable", maxVersion: "2.0.0" }] },
      "SELECTION_INVALID",
      /one of the two/,
    ],
    ["a bound", { name: "amber", minVersion: "latest" }, "VERSION_INVALID", /1\.2\.3/],
  ] as const)("refuses %s that the user wrote wrong, with what is right", async (_, wish, code, hint) => {
    await expect(select({ packages: [wish as PackageSelection] })).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(hint) as string,
    });
  });

  it("leaves out what the publisher wrote wrong, and nothing else", async () => {
    const selected = await select(
      {},
      AMBER,
      { name: "heads", channels: { stable: [{ name: "heads.v1.0.0" }, { name: "heads.v1.1.0" }], good: [{ name: "heads.v1.0.0" }] } },
      {
        name: "ring",
        defaultChannel: "good",
        channels: {
          good: [{ name: "ring.v1.0.0" }],
          bad: [
            { name: "ring.v1.0.0", replaces: "ring.v1.1.0" },
            { name: "ring.v1.1.0", replaces: "ring.v1.0.0" },
          ],
        },
      },
    );
    expect(selected.packages.map((one) => one.name)).toEqual(["amber", "ring"]);
    expect(kept(selected)["ring/good"]).toEqual(["ring.v1.0.0"]);
    expect(selected.problems.map((row) => [row.code, row.subject, row.action])).toEqual([
      ["CHANNEL_HEADS", "heads/stable", "dropped"],
      ["PACKAGE_INVALID", "heads", "dropped"],
      ["CHANNEL_CYCLE", "ring/bad", "dropped"],
    ]);
  });

  it("ends the chain above an entry without a usable bundle, and takes the only channel for a missing default", async () => {
    const selected = await select(
      { full: true, packages: [{ name: "gap" }] },
      {
        name: "gap",
        defaultChannel: "gone",
        channels: {
          only: [{ name: "gap.v1.0.0" }, { name: "gap.v1.1.0", replaces: "gap.v1.0.0" }, { name: "gap.v1.2.0", replaces: "gap.v1.1.0" }],
        },
        withoutBundle: ["gap.v1.1.0"],
      },
    );
    expect(kept(selected)).toEqual({ "gap/only": ["gap.v1.2.0"] });
    expect(selected.packages[0]?.defaultChannel).toBe("only");
    expect(selected.problems.map((row) => row.action)).toEqual(["dropped", "repaired"]);
  });

  it("keeps the way from an installed version to the head, the shortest one", async () => {
    const from = async (version: string): Promise<readonly string[] | undefined> =>
      kept(await select({ packages: [{ name: "amber", channels: [{ name: "stable" }] }], installed: [{ package: "amber", version }] }))[
        "amber/stable"
      ];
    expect(await from("1.0.0")).toEqual(["amber.v1.2.0", "amber.v2.0.0"]);
    expect(await from("2.0.0-rc.1")).toEqual(["amber.v2.0.0"]);
    const lost = await select({ packages: [{ name: "amber" }], installed: [{ package: "amber", version: "0.1.0" }] });
    expect(lost.problems).toMatchObject([{ code: "PATH_BROKEN", subject: "amber@0.1.0" }]);
  });

  it("says which cut broke which path, and the nearest selection that holds", async () => {
    const graph = {
      name: "lost",
      defaultChannel: "new",
      channels: {
        new: [{ name: "lost.v2.1.0", replaces: "lost.v2.0.0" }, { name: "lost.v2.0.0" }],
        old: [{ name: "lost.v1.2.0", replaces: "lost.v1.1.0" }, { name: "lost.v1.1.0", replaces: "lost.v1.0.0" }, { name: "lost.v1.0.0" }],
      },
    };
    const row = async (channel: object, version: string): Promise<unknown> => {
      const wish = { name: "lost", anyDefault: true, channels: [channel as { name: string }] };
      const selected = await select({ packages: [wish], installed: [{ package: "lost", version }] }, graph);
      return selected.problems.find((problem) => problem.code === "PATH_BROKEN");
    };
    expect(await row({ name: "old", maxVersion: "1.0.0" }, "1.1.0")).toMatchObject({
      severity: "error",
      channel: "old",
      message: expect.stringContaining('ends channel "old" at lost.v1.0.0, and the way from 1.1.0 leads to lost.v1.1.0 only') as unknown,
      hint: expect.stringContaining("lost/old@1.1.0.") as unknown,
    });
    expect(await row({ name: "new" }, "1.0.0")).toMatchObject({
      severity: "error",
      message: expect.stringContaining('only "old" leads on from it') as unknown,
      hint: expect.stringContaining("Nearest selection that holds: lost/old.") as unknown,
    });
    expect(await row({ name: "new" }, "0.1.0")).toMatchObject({ severity: "warning" });
  });

  it("reads selections of the command line", async () => {
    expect(kept(await select(parseSelects(["amber/stable@>=1.1.0 <2.0.0-0", "amber/old"])))).toEqual({
      "amber/old": ["amber.v1.0.0"],
      "amber/stable": ["amber.v1.1.0", "amber.v1.2.0"],
    });
    expect(parseSelects(['amber/stable@">=1.1.0 <2.0.0-0"'])).toEqual(parseSelects(["amber/stable@>=1.1.0 <2.0.0-0"]));
    expect(kept(await select(parseSelects(["amber/old"])))).toEqual({ "amber/old": ["amber.v1.0.0"] });
    expect(kept(await select(parseSelects(["amber/stable@1.1.0"])))).toEqual({ "amber/stable": ["amber.v1.1.0"] });
    expect(kept(await select(parseSelects(["amber/stable@1.1.0", "amber/stable@1.2.0"])))).toEqual({
      "amber/stable": ["amber.v1.1.0", "amber.v1.2.0"],
    });
    for (const wrong of ["", "/stable", "amber/", "amber@", "amber@^1.0.0", 'amber@""', 'amber@"'])
      expect(() => parseSelects([wrong])).toThrow(expect.objectContaining({ name: "CatalogError" }));
    expect(() => parseSelects(["amber", "amber/stable"])).toThrow(expect.objectContaining({ code: "SELECTION_INVALID" }));
  });
});

/** A channel with one head: a chain, and skipped entries hanging on it, in any order. */
const channelEntries: fc.Arbitrary<readonly ChannelEntry[]> = fc
  .record({
    versions: fc.uniqueArray(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.boolean()), {
      minLength: 1,
      maxLength: 9,
      selector: (core) => core.join("."),
    }),
    parents: fc.array(fc.nat(8), { minLength: 9, maxLength: 9 }),
    kinds: fc.array(fc.constantFrom("replaces", "skips", "both"), { minLength: 9, maxLength: 9 }),
    ranges: fc.array(fc.constantFrom(undefined, undefined, ">=0.0.0 <9.0.0", "<2.0.0"), { minLength: 9, maxLength: 9 }),
    tail: fc.constantFrom(undefined, "p.v0.0.0-gone"),
  })
  .map(({ versions, parents, kinds, ranges, tail }) => {
    const names = versions.map(([major, minor, patch, pre]) => `p.v${major}.${minor}.${patch}${pre ? "-rc.1" : ""}`);
    const unique = [...new Set(names)];
    const entries = unique.map((name, at) => ({
      name,
      replaces: undefined as string | undefined,
      skips: [] as string[],
      skipRange: ranges[at],
    }));
    entries.forEach((entry, at) => {
      if (at === 0) return;
      const parent = entries[(parents[at] ?? 0) % at];
      if (parent === undefined) return;
      if (kinds[at] !== "skips" && parent.replaces === undefined) parent.replaces = entry.name;
      else parent.skips.push(entry.name);
    });
    const last = entries.findLast((entry) => entry.replaces === undefined);
    if (last !== undefined && tail !== undefined) last.replaces = tail;
    return entries.map(({ name, replaces, skips, skipRange }) => ({
      name,
      ...(replaces === undefined ? {} : { replaces }),
      ...(skips.length === 0 ? {} : { skips }),
      ...(skipRange === undefined ? {} : { skipRange }),
    }));
  });

const bound = fc.option(
  fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((core) => core.join(".")),
  { nil: undefined },
);
const rules = opmRules();

function isValid(catalog: Catalog, selected: Selected): readonly string[] {
  return selected.packages.flatMap((one) => {
    const info = catalog.package(one.name);
    if (info === undefined) return ["unknown package"];
    const bundles = new Map(
      one.bundles.map((name) => [
        name,
        { name, version: info.bundles.get(name)?.version ?? "", release: "", hasImage: true, hasObjects: false, taggedImages: 0 },
      ]),
    );
    return checkPackage({ ...info, defaultChannel: one.defaultChannel, channels: one.channels }, bundles, rules).map(
      (finding) => finding.message,
    );
  });
}

describe("selections of random graphs", () => {
  it("are valid, hold every version in range that the chain leads to, and every head they name", async () => {
    await fc.assert(
      fc.asyncProperty(
        channelEntries,
        channelEntries,
        bound,
        bound,
        fc.constantFrom("head", "full", "range"),
        async (first, second, min, max, mode) => {
          const catalog = await madeCatalog([{ name: "p", channels: { first, second } }]);
          const range = { ...(min === undefined ? {} : { minVersion: min }), ...(max === undefined ? {} : { maxVersion: max }) };
          const wish = mode === "range" ? { name: "p", anyDefault: true, ...range } : { name: "p" };
          let selected: Selected;
          try {
            selected = selectPackages(catalog, { full: mode === "full", packages: [wish] });
          } catch (error) {
            expect(error).toMatchObject({ name: "CatalogError" });
            return;
          }
          expect(isValid(catalog, selected)).toEqual([]);
          for (const channel of selected.packages[0]?.channels ?? []) {
            const source = catalog.package("p")?.channels.find(({ name }) => name === channel.name);
            expect(channel.entries.some((entry) => entry.name === channel.head)).toBe(true);
            if (mode === "full") expect(channel.entries).toHaveLength(source?.entries.length ?? 0);
            if (mode === "head") expect(channel.head).toBe(source === undefined ? "" : channelGraph(source).heads[0]);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it("let an installed version reach the kept head if and only if it could before", async () => {
    await fc.assert(
      fc.asyncProperty(channelEntries, fc.nat(20), async (entries, pick) => {
        const catalog = await madeCatalog([{ name: "p", channels: { only: entries } }]);
        const info = catalog.package("p");
        const channel = info?.channels[0];
        fc.pre(channel !== undefined && channelFault(channelGraph(channel)) === undefined);
        if (info === undefined || channel === undefined) return;
        const from = entries[pick % entries.length]?.name ?? "";
        const version = info.bundles.get(from)?.version ?? "";
        const head = channelGraph(channel).heads[0] ?? "";
        const versionOf = (name: string): ReturnType<typeof parseVersion> | undefined => {
          const text = info.bundles.get(name)?.version;
          return text === undefined ? undefined : parseVersion(text);
        };
        const before = upgradePath(parseVersion(version), { entries, head, versionOf, from });
        const selected = selectPackages(catalog, { packages: [{ name: "p" }], installed: [{ package: "p", version }] });
        const after = upgradePath(parseVersion(version), {
          entries: selected.packages[0]?.channels[0]?.entries ?? [],
          head,
          versionOf,
          from,
        });
        expect(isValid(catalog, selected)).toEqual([]);
        expect(after === undefined).toBe(before === undefined);
        expect(selected.problems.some((row) => row.code === "PATH_BROKEN")).toBe(before === undefined);
      }),
      { numRuns: 400 },
    );
  });

  it("keep every chain entry in range", async () => {
    await fc.assert(
      fc.asyncProperty(channelEntries, bound, async (entries, min) => {
        fc.pre(min !== undefined);
        const catalog = await madeCatalog([{ name: "p", channels: { only: entries } }]);
        const channel = catalog.package("p")?.channels[0];
        if (min === undefined || channel === undefined || channelFault(channelGraph(channel)) !== undefined) return;
        const wanted = channelGraph(channel).chain.filter((name) => {
          const version = parseVersion(name.slice(3));
          return version.pre.length === 0 && compareVersions(version, parseVersion(min)) >= 0;
        });
        if (wanted.length === 0) return;
        const selected = selectPackages(catalog, { packages: [{ name: "p", minVersion: min }] });
        for (const name of wanted) expect(selected.packages[0]?.bundles).toContain(name);
      }),
      { numRuns: 300 },
    );
  });
});
