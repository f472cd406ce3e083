import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, parseImageSetConfig } from "@skerry/mirror";
import { describe, expect, test } from "vitest";
import { sharedPath } from "../shared-data.ts";

const folder = sharedPath("golden", "oc-mirror", "selection");

interface Case {
  readonly id: string;
  readonly config: string;
  readonly exit: number;
  readonly errors: readonly string[];
}

function cases(): Case[] {
  if (folder === undefined) return [];
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Case);
}

function pathsOfFaults(config: string): string[] {
  try {
    parseImageSetConfig(config, { path: "imageset.yaml" });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map((fault) => fault.path);
    throw error;
  }
}

/** What is refused here and only here, or earlier than there, by path; each with the reason. */
const REFUSED_HERE: Readonly<Record<string, readonly [path: string, reason: string]>> = {
  "add-baddigest": ["mirror.additionalImages[0].name", "found there when the image is collected"],
  "add-empty": ["mirror.additionalImages[0].name", "found there when the image is collected"],
  "add-notag": ["mirror.additionalImages[0].name", "found there when the image is collected"],
  "add-space": ["mirror.additionalImages[0].name", "fails there when it is copied"],
  "add-target-bad": ["mirror.additionalImages[0].targetRepo", "found there when the image is collected"],
  "add-trailing-at": ["mirror.additionalImages[0].name", "found there when the image is collected"],
  "add-upper": ["mirror.additionalImages[0].name", "fails there when it is copied"],
  "arch-neg": ["archiveSize", "a negative size says nothing"],
  "block-empty": ["mirror.blockedImages[0].name", "it blocks every image, which is found there when nothing is left"],
  "cfg-api": ["apiVersion", "apiVersion is not looked at there"],
  "cfg-emptymirror": ["mirror", "found there when nothing is left to copy"],
  "cfg-noapi": ["apiVersion", "apiVersion is not looked at there"],
  "cfg-samples": ["mirror.samples", "accepted there and not implemented"],
  "cfg-two-docs": ["", "the second document is ignored there"],
  "cfg-v1alpha2-plain": ["apiVersion", "apiVersion is not looked at there"],
  "ch-swapped": ["mirror.operators[0].packages[0].channels[0].minVersion", "found there when the catalog is filtered"],
  "chan-noname": ["mirror.operators[0].packages[0].channels[0].name", "found there when the catalog is filtered"],
  "def-notinlist": ["mirror.operators[0].packages[0].defaultChannel", "found there when the catalog is filtered"],
  "full-range-ch": ["mirror.operators[0].packages[0].channels[0].minVersion", "found there when the catalog is filtered"],
  "full-range-pkg": ["mirror.operators[0].packages[0].minVersion", "found there when the catalog is filtered"],
  "name-empty": ["mirror.operators[0].packages[0].name", "found there when the catalog is filtered"],
  "pkgr-swapped": ["mirror.operators[0].packages[0].minVersion", "found there when the catalog is filtered"],
  "plat-bad": ["mirror.operators[0].platforms[0].architecture", "no image has that architecture, so everything would be left out"],
};

/** oc mirror stops for something in the file, by the words it uses. */
function isConfigFault(item: Case): boolean {
  return (
    item.exit === 1 &&
    item.errors.some((error) => /decode|invalid configuration|unmarshal|configuration missing|cannot parse|is not allowed/.test(error))
  );
}

describe.skipIf(folder === undefined)("configurations of ../shared/data/golden/oc-mirror", () => {
  test.each(cases().map((item) => [item.id, item] as const))("%s", (id, item) => {
    const found = pathsOfFaults(item.config);
    const here = REFUSED_HERE[id];
    if (here !== undefined) expect(found).toContain(here[0]);
    else if (isConfigFault(item)) expect(found.length).toBeGreaterThan(0);
    else expect(found).toEqual([]);
  });

  test("the list of differences names cases that exist", () => {
    const known = new Set(cases().map((item) => item.id));
    expect(Object.keys(REFUSED_HERE).filter((id) => !known.has(id))).toEqual([]);
  });
});
