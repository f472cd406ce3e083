import { describe, expect, it } from "vitest";
import { parseInstalled } from "./parse-installed.ts";

describe("parseInstalled", () => {
  it("reads lines", () => {
    expect(parseInstalled("# cluster one\namber 1.2.3\n\nberyl 2.0.0-rc.1 # pinned\namber 1.2.3\n", "f")).toEqual([
      { package: "amber", version: "1.2.3" },
      { package: "beryl", version: "2.0.0-rc.1" },
    ]);
    expect(() => parseInstalled("amber\n", "f")).toThrow(
      expect.objectContaining({ code: "SELECTION_INVALID", message: expect.stringContaining("line 1") as string }),
    );
  });

  it("reads CSVs, copied ones once, by the label that OLM sets", () => {
    const csv = (namespace: string, labels: object): object => ({
      kind: "ClusterServiceVersion",
      metadata: { name: "amber-operator.v1.2.3", namespace, labels },
      spec: { version: "1.2.3" },
    });
    const list = {
      kind: "List",
      items: [csv("a", { "operators.coreos.com/amber.a": "" }), csv("a", { "operators.coreos.com/amber.a": "" })],
    };
    expect(parseInstalled(JSON.stringify(list), "f")).toEqual([{ package: "amber", version: "1.2.3", bundle: "amber-operator.v1.2.3" }]);
  });

  it("reads subscriptions, and refuses other objects", () => {
    const list = {
      items: [
        { kind: "Subscription", spec: { name: "amber" }, status: { installedCSV: "amber-operator.v1.2.3-4" } },
        { kind: "Subscription", spec: { name: "new" } },
      ],
    };
    expect(parseInstalled(JSON.stringify(list), "f")).toEqual([
      { package: "amber", version: "1.2.3-4", bundle: "amber-operator.v1.2.3-4" },
    ]);
    expect(() => parseInstalled('{"kind":"Pod"}', "f")).toThrow(/got Pod/);
    expect(() => parseInstalled("{", "f")).toThrow(/no JSON/);
  });
});
