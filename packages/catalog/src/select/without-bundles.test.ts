import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelGraph } from "../model/channel-graph.ts";
import type { ChannelEntry, Selected } from "../types.ts";
import { channelFault } from "./channel-problem.ts";
import { withoutBundles } from "./without-bundles.ts";

function chain(name: string, versions: readonly number[]): ChannelEntry[] {
  return versions.map((version, index) => ({
    name: `${name}.v${version}`,
    ...(index === 0 ? {} : { replaces: `${name}.v${versions[index - 1]}` }),
  }));
}

function selection(channels: Readonly<Record<string, readonly ChannelEntry[]>>): Selected {
  const names = new Set(Object.values(channels).flatMap((entries) => entries.map((entry) => entry.name)));
  return {
    packages: [
      {
        name: "amber",
        defaultChannel: Object.keys(channels)[0] ?? "",
        channels: Object.entries(channels).map(([name, entries]) => ({ name, entries, head: entries.at(-1)?.name ?? "" })),
        bundles: [...names].sort(),
      },
    ],
    problems: [],
    unchanged: true,
  };
}

function without(selected: Selected, ...names: readonly string[]): ReturnType<typeof withoutBundles> {
  return withoutBundles(selected, new Map([["amber", new Set(names)]]));
}

describe("a selection without some bundles", () => {
  const both = selection({ stable: chain("a", [1, 2, 3]), fast: chain("a", [2, 3, 4]) });

  it("ends at the entry below a head that goes, in the channels that had it", () => {
    const result = without(both, "a.v4");
    if (!result.holds) throw new Error("expected it to hold");
    const [only] = result.selected.packages;
    expect(only?.channels.map(({ name, head }) => [name, head])).toEqual([
      ["stable", "a.v3"],
      ["fast", "a.v3"],
    ]);
    expect(only?.bundles).toEqual(["a.v1", "a.v2", "a.v3"]);
    expect(result.selected.unchanged).toBe(false);
  });

  it("keeps the edge that leads from an installed version whose bundle goes", () => {
    const result = without(selection({ stable: chain("a", [1, 2, 3]) }), "a.v1");
    if (!result.holds) throw new Error("expected it to hold");
    expect(result.selected.packages[0]?.channels[0]?.entries[0]).toEqual({ name: "a.v2", replaces: "a.v1" });
  });

  it("says which cut broke which channel, and takes nothing away", () => {
    expect(without(both, "a.v3")).toEqual({
      holds: false,
      broken: [{ package: "amber", channel: "fast", bundles: ["a.v3"], why: "it has 2 heads: a.v2, a.v4", alsoWithout: ["a.v2"] }],
    });
    expect(without(selection({ stable: chain("a", [1]) }), "a.v1")).toEqual({
      holds: false,
      broken: [{ package: "amber", channel: "stable", bundles: ["a.v1"], why: "it has no entries" }],
    });
  });

  it("refuses heads that only a skipping entry held together", () => {
    const entries = [{ name: "a.v1" }, { name: "a.v2" }, { name: "a.v3", skips: ["a.v1", "a.v2"] }];
    expect(without(selection({ stable: entries }), "a.v3")).toMatchObject({
      holds: false,
      broken: [{ why: "it has 2 heads: a.v1, a.v2" }],
    });
  });

  it("is the same selection when nothing of it goes", () => {
    expect(without(both, "b.v1")).toEqual({ holds: true, selected: both });
    expect(withoutBundles(both, new Map())).toEqual({ holds: true, selected: both });
  });

  it("holds when what it names is cut too", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (length, cut) => {
        const whole = selection({
          stable: chain(
            "a",
            Array.from({ length }, (_, index) => index + 1),
          ),
        });
        const names = cut.map((version) => `a.v${version}`);
        const result = without(whole, ...names);
        const also = result.holds ? undefined : result.broken[0]?.alsoWithout;
        return also === undefined || (also.length > 0 && without(whole, ...names, ...also).holds);
      }),
    );
  });

  it("is valid whenever it holds, for any chain and any cut", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.uniqueArray(fc.integer({ min: 1, max: 12 })), (length, cut) => {
        const entries = chain(
          "a",
          Array.from({ length }, (_, index) => index + 1),
        );
        const result = without(selection({ stable: entries }), ...cut.map((version) => `a.v${version}`));
        if (!result.holds) return result.broken.length > 0;
        const channel = result.selected.packages[0]?.channels[0];
        if (channel === undefined) return false;
        const graph = channelGraph(channel);
        return (
          channelFault(graph) === undefined &&
          graph.heads[0] === channel.head &&
          cut.every((version) => !graph.entries.has(`a.v${version}`))
        );
      }),
    );
  });
});
