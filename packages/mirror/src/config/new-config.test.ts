import { describe, expect, it } from "vitest";
import { newConfigText } from "./new-config.ts";
import { parseImageSetConfig } from "./parse.ts";

const CATALOG = "registry.redhat.io/redhat/redhat-operator-index:v4.20";

describe("a new configuration", () => {
  it("is one that can be read, with what was asked for", () => {
    const text = newConfigText({
      catalog: CATALOG,
      packages: [
        { name: "etcd" },
        { name: "yes", versions: ["1.0.0"] },
        { name: "logging", channels: [{ name: "stable-5.8", range: ">=5.8.1 <=5.8.9" }, { name: "1.5" }] },
      ],
      clusterVersion: "4.20",
    });
    const config = parseImageSetConfig(text, { path: "x" });
    expect(config.operators[0]).toMatchObject({
      catalog: CATALOG,
      selection: {
        packages: [
          { name: "etcd" },
          { name: "yes", minVersion: "1.0.0", maxVersion: "1.0.0" },
          { name: "logging", channels: [{ name: "stable-5.8", minVersion: "5.8.1", maxVersion: "5.8.9" }, { name: "1.5" }] },
        ],
      },
    });
    expect(config.skerry.clusterVersion).toBe("4.20");
  });

  it("shows what may be added, and reads when it is", () => {
    const text = newConfigText({ catalog: CATALOG, packages: [] });
    expect(parseImageSetConfig(text, { path: "x" }).additionalImages).toEqual([]);
    const all = parseImageSetConfig(text.replaceAll(/^( *)# ((?: *)(?:additionalImages|blockedImages|packages|- name))/gm, "$1$2"), {
      path: "x",
    });
    expect(all).toMatchObject({ additionalImages: [{}], blockedImages: [{}], operators: [{ selection: { packages: [{}] } }] });
  });

  it("refuses ranges that have no words there", () => {
    expect(() => newConfigText({ catalog: CATALOG, packages: [{ name: "a", range: ">1.0.0 || <0.5.0" }] })).toThrow(/lowest and a highest/);
  });
});
