import { parseImageSetConfig } from "@skerry/mirror";
import { expect, test } from "vitest";
import { checkVolumeSize, volumeBytesOf } from "./volume-size.ts";

const CONFIG = `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
archiveSize: 2
mirror:
  additionalImages:
    - name: registry.example.com/a/b:v1
`;

test("a volume is as large as the flag says, else the configuration, else a FAT32 file", () => {
  const config = parseImageSetConfig(CONFIG, { path: "imageset.yaml" });
  expect(volumeBytesOf({ "volume-size": 1000 }, config)).toBe(1000);
  expect(volumeBytesOf({ "volume-size": undefined }, config)).toBe(2 * 1024 ** 3);
  expect(volumeBytesOf({}, undefined)).toBe(4095 * 1024 ** 2);
});

test("a bare number that was meant as GiB is refused", () => {
  expect(() => checkVolumeSize(4)).toThrow("cannot cut volumes of 4 B: the least is 16.0 KiB");
  for (const bytes of [undefined, 16 * 1024]) expect(() => checkVolumeSize(bytes)).not.toThrow();
});
